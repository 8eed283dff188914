"""A channel's order as commerce knows it: what was bought, what it costs in parts, and what happened to it since.

Amounts are in the shop's currency unless said otherwise and are those of the order as it stands now, after edits; the
units at the time of ordering are kept beside them. ``presentment_total`` is what the buyer was shown, in the buyer's
currency: it is never added to anything. A channel's raw record is stored before it is read into this.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum

import msgspec

from canonical.fulfillment import Assignment, Fulfillment
from canonical.money import Money
from canonical.party import Address, Customer
from canonical.payment import Payment, Refund
from canonical.status import FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus

_ZERO = Decimal(0)


class AdjustmentKind(Enum):
    """What a part of a total is that is neither goods, nor shipping, nor their taxes."""

    DISCOUNT = "discount"
    TIP = "tip"
    DUTY = "duty"
    FEE = "fee"
    GIFT_CARD = "gift_card"
    TAX = "tax"
    ROUNDING = "rounding"


class Tax(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One tax on a line or on shipping; the rate is a fraction (0.19), where the platform tells it."""

    amount: Decimal
    title: str = ""
    rate: Decimal | None = None


class Adjustment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A typed part of the total, with its sign: a discount is below zero."""

    kind: AdjustmentKind
    amount: Decimal
    title: str = ""
    taxes: tuple[Tax, ...] = ()


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One position: units wanted now and when ordered, what they cost together, and what is taken off that.

    ``amount`` is the whole line before its discount: a price of one unit need not divide it evenly. ``record_id`` is
    the platform's id of the variant. ``sku`` is what the line says, which may be nothing. ``deducted`` are the units
    that the platform itself says it holds off its stock for the line; None where it does not say.
    """

    id: str
    quantity: int
    amount: Decimal
    ordered: int = 0
    discount: Decimal = _ZERO
    taxes: tuple[Tax, ...] = ()
    sku: str = ""
    title: str = ""
    record_id: str = ""
    requires_shipping: bool = True
    deducted: int | None = None

    @property
    def net(self) -> Decimal:
        """The line less its discount, without taxes where those come on top."""
        return self.amount - self.discount


class ShippingLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What shipping costs, and how it was to be sent."""

    amount: Decimal
    title: str = ""
    code: str = ""
    discount: Decimal = _ZERO
    taxes: tuple[Tax, ...] = ()


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Units of a line that come back."""

    line_id: str
    quantity: int
    reason: str = ""


class Return(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Goods announced to come back, or that came back; a restock here is no stock elsewhere."""

    id: str
    status: ReturnStatus
    lines: tuple[ReturnedLine, ...] = ()


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order of one channel."""

    id: str
    number: str
    placed_at: datetime
    updated_at: datetime
    currency: str
    total: Decimal
    lines: tuple[OrderLine, ...]
    status: OrderStatus
    payment_status: PaymentStatus
    fulfillment_status: FulfillmentStatus = FulfillmentStatus.UNFULFILLED
    return_status: ReturnStatus = ReturnStatus.NONE
    platform_status: str = ""
    taxes_included: bool = False
    shipping: tuple[ShippingLine, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    presentment_total: Decimal | None = None
    presentment_currency: str = ""
    customer: Customer = Customer()
    shipping_address: Address | None = None
    billing_address: Address | None = None
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    fulfillments: tuple[Fulfillment, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    returns: tuple[Return, ...] = ()
    test: bool = False
    canceled_at: datetime | None = None
    cancel_reason: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()

    @property
    def money(self) -> Money:
        """The total with its currency."""
        return Money(self.total, self.currency)

    def line(self, line_id: str) -> OrderLine | None:
        """The position of that id."""
        return next((line for line in self.lines if line.id == line_id), None)
