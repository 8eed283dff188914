"""Shipping: what left a place in which parcels, and our requests as the places that ship them hold them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from canonical.status import FulfillmentStatus, RequestStatus, ReturnStatus


class Tracking(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One parcel's carrier and number; either may be unknown."""

    carrier: str = ""
    number: str = ""
    url: str = ""


class ShippedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Units in a shipment, by the order's line where it is known, else by SKU."""

    quantity: int
    line_id: str = ""
    sku: str = ""


class Fulfillment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One shipment of an order: the units, the place they left, and its parcels.

    A shipment that was canceled stays, with its status: what was said once is not unsaid (R15). ``reference`` is that
    of the notice which made it, where the platform keeps one: it then tells nothing new.
    """

    id: str
    reference: str = ""
    lines: tuple[ShippedLine, ...] = ()
    tracking: tuple[Tracking, ...] = ()
    location: str = ""
    status: FulfillmentStatus = FulfillmentStatus.FULFILLED
    shipped_at: datetime | None = None


class Assignment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Units of a line that the channel itself assigned to one of its places; ``id`` is its record of that."""

    line_id: str
    quantity: int
    location: str = ""
    id: str = ""
    on_hold: bool = False


class TargetOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fulfillment request as the ERP or 3PL that got it holds it.

    ``reference`` is the one we sent. ``closed`` says that its document takes no more edits (R15).
    """

    id: str
    reference: str
    status: RequestStatus
    number: str = ""
    lines: tuple[ShippedLine, ...] = ()
    shipments: tuple[Fulfillment, ...] = ()
    closed: bool = False
    updated_at: datetime | None = None


class TargetReturn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Goods that came back, or are to, as the place that takes them in holds it; what it restocks is its own affair.

    It is about a request of ours: by ``reference``, else by ``target_id``, the place's own id of the request, or by
    ``shipment_id``, its id of the shipment that comes back.
    """

    id: str
    status: ReturnStatus
    lines: tuple[ShippedLine, ...] = ()
    reference: str = ""
    target_id: str = ""
    shipment_id: str = ""
    updated_at: datetime | None = None
