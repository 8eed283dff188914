"""What we ask an ERP or a 3PL to do: documents that are sent once, each under a reference of its own (R15)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from canonical.fulfillment import ShippedLine, Tracking
from canonical.order import Tax
from canonical.party import Address, Customer


class RequestLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Units of one order line that one place is to ship; the money is that of these units."""

    line_id: str
    sku: str
    quantity: int
    title: str = ""
    record_id: str = ""
    amount: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    taxes: tuple[Tax, ...] = ()


class RequestCharge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of the total that is no goods: shipping, a tip, a fee, rounding, a discount (below zero)."""

    kind: str
    amount: Decimal
    title: str = ""
    taxes: tuple[Tax, ...] = ()


class FulfillmentRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An order, or the part of it that one place ships: order x location x generation (R15).

    ``reference`` is unique for ever: connection, order and generation. ``location`` is our code of the place,
    which the mapping translates. ``record_id`` of a line is the target's own id of the product, where it is linked.
    """

    reference: str
    channel: str
    order_id: str
    order_number: str
    placed_at: datetime
    currency: str
    lines: tuple[RequestLine, ...]
    charges: tuple[RequestCharge, ...] = ()
    taxes_included: bool = False
    total: Decimal = Decimal(0)
    location: str = ""
    shipping_method: str = ""
    customer: Customer = Customer()
    shipping_address: Address | None = None
    billing_address: Address | None = None
    note: str = ""


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Stop a request that was sent; ``target_id`` is the target's own id of it."""

    reference: str
    target_id: str
    reason: str = ""


class ShipmentNotice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tell a channel, or the ERP, that units left: which lines of which order, and the parcels.

    ``reference`` is the shipment's own at the place that sent it. ``order_id`` is the id at the system that is told;
    ``target_id`` the record there that the notice fulfills, where that is another one than the order. ``told`` are the
    parcels' numbers of an earlier notice under the same reference, one that ``amends``: the units are not told again.
    """

    reference: str
    order_id: str
    lines: tuple[ShippedLine, ...]
    tracking: tuple[Tracking, ...] = ()
    location: str = ""
    target_id: str = ""
    notify_customer: bool = False
    shipped_at: datetime | None = None
    amends: bool = False
    told: tuple[str, ...] = ()


class RefundNotice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tell a system that money was given back elsewhere: it must neither pay again nor restock (R15)."""

    reference: str
    order_id: str
    amount: Decimal
    currency: str
    lines: tuple[ShippedLine, ...] = ()
    reason: str = ""


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Pay money back, once under its reference: ``payment_id`` is the processor's own id of what was paid."""

    reference: str
    payment_id: str
    amount: Decimal
    currency: str
    reason: str = ""
