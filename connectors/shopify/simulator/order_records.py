"""What was bought, what it costs and what happened to it: the records around an order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from connectors.shopify.simulator.records import Location, Record, Variant

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax: its rate is a fraction; the amount is that of all units."""

    title: str
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Gone:
    """Units of a line that are not wanted any more, and what was taken off the order for them."""

    units: int
    net: Decimal
    tax: Decimal


class Address(Record):
    """A postal address; any part may be missing."""

    __slots__ = ("parts",)
    TYPENAME = "MailingAddress"

    def __init__(self, number: int, at: datetime, parts: dict[str, str | None]) -> None:
        super().__init__(number, at)
        self.parts = parts


class Customer(Record):
    """Someone with an account."""

    __slots__ = ("email", "first_name", "last_name", "phone")
    TYPENAME = "Customer"

    def __init__(self, number: int, at: datetime, buyer: dict[str, str | None]) -> None:
        super().__init__(number, at)
        self.first_name = buyer.get("first_name")
        self.last_name = buyer.get("last_name")
        self.email = buyer.get("email")
        self.phone = buyer.get("phone")


class Line(Record):
    """One position; ``quantity`` has every unit that ever was in it, ``gone`` those that are not any more."""

    __slots__ = (
        "discounts",
        "duties",
        "gift_card",
        "gone",
        "order",
        "quantity",
        "requires_shipping",
        "sku",
        "taxes",
        "title",
        "unit",
        "variant",
    )
    TYPENAME = "LineItem"

    def __init__(self, number: int, at: datetime, order: Order, title: str, unit: Decimal, quantity: int) -> None:
        super().__init__(number, at)
        self.order = order
        self.title = title
        self.unit = unit
        self.quantity = quantity
        self.variant: Variant | None = None
        self.sku: str | None = None
        self.discounts: list[Decimal] = []
        self.taxes: list[Tax] = []
        self.duties: list[Duty] = []
        self.gone: list[Gone] = []
        self.requires_shipping = True
        self.gift_card = False

    @property
    def current(self) -> int:
        """Units that are still wanted, or were sent and kept."""
        return self.quantity - sum(one.units for one in self.gone)

    @property
    def net(self) -> Decimal:
        """All units less their discounts."""
        return self.unit * self.quantity - sum(self.discounts, ZERO)

    @property
    def current_net(self) -> Decimal:
        """What is left of that."""
        return self.net - sum((one.net for one in self.gone), ZERO)

    @property
    def current_tax(self) -> Decimal:
        """What is left of its taxes."""
        return sum((one.amount for one in self.taxes), ZERO) - sum((one.tax for one in self.gone), ZERO)


class Duty(Record):
    """An import duty on a line, or a fee of the whole order when it has a name."""

    __slots__ = ("amount", "name", "refunded", "taxes")
    TYPENAME = "Duty"

    def __init__(self, number: int, at: datetime, amount: Decimal, taxes: list[Tax]) -> None:
        super().__init__(number, at)
        self.amount = amount
        self.taxes = taxes
        self.name = ""
        self.refunded = ZERO


class Fee(Duty):
    """A fee of the whole order."""

    __slots__ = ()
    TYPENAME = "AdditionalFee"


class Shipping(Record):
    """A way of shipping that was chosen, and what of its price was given back."""

    __slots__ = ("code", "discount", "order", "price", "refunded", "refunded_tax", "removed", "taxes", "title")
    TYPENAME = "ShippingLine"

    def __init__(
        self, number: int, at: datetime, order: Order, title: str, code: str, price: Decimal, discount: Decimal
    ) -> None:
        super().__init__(number, at)
        self.order = order
        self.title = title
        self.code = code
        self.price = price
        self.discount = discount
        self.taxes: list[Tax] = []
        self.refunded = ZERO
        self.refunded_tax = ZERO
        self.removed = False

    @property
    def current(self) -> Decimal:
        """The price now."""
        return ZERO if self.removed else self.price - self.discount - self.refunded

    @property
    def current_tax(self) -> Decimal:
        """The taxes on that."""
        return ZERO if self.removed else sum((one.amount for one in self.taxes), ZERO) - self.refunded_tax


class Transaction(Record):
    """Money that moved, or was to; amounts are above zero."""

    __slots__ = ("amount", "gateway", "kind", "order", "parent", "payment_id", "rounding", "status")
    TYPENAME = "OrderTransaction"

    def __init__(self, number: int, at: datetime, order: Order, kind: str, gateway: str, amount: Decimal) -> None:
        super().__init__(number, at)
        self.order = order
        self.kind = kind
        self.gateway = gateway
        self.amount = amount
        self.status = "SUCCESS"
        self.parent: Transaction | None = None
        self.payment_id: str | None = None
        self.rounding = ZERO


class RefundLine(Record):
    """Units of a line in a refund."""

    __slots__ = ("line", "location", "net", "quantity", "restock_type", "tax")
    TYPENAME = "RefundLineItem"

    def __init__(self, number: int, at: datetime, line: Line, quantity: int, restock_type: str) -> None:
        super().__init__(number, at)
        self.line = line
        self.quantity = quantity
        self.restock_type = restock_type
        self.net = ZERO
        self.tax = ZERO
        self.location: Location | None = None


class RefundShipping(Record):
    """Shipping that is given back."""

    __slots__ = ("net", "shipping", "tax")
    TYPENAME = "RefundShippingLine"

    def __init__(self, number: int, at: datetime, shipping: Shipping, net: Decimal, tax: Decimal) -> None:
        super().__init__(number, at)
        self.shipping = shipping
        self.net = net
        self.tax = tax


class Discrepancy(Record):
    """What a refund gave more (below zero) or less than its units and shipping are worth."""

    __slots__ = ("amount", "order", "reason")
    TYPENAME = "OrderAdjustment"

    def __init__(self, number: int, at: datetime, order: Order, amount: Decimal, reason: str) -> None:
        super().__init__(number, at)
        self.order = order
        self.amount = amount
        self.reason = reason


class Refund(Record):
    """Units and money that are given back; a removal by an edit is one without money."""

    __slots__ = ("discrepancies", "duties", "lines", "note", "order", "return_", "shipping", "transactions")
    TYPENAME = "Refund"

    def __init__(self, number: int, at: datetime, order: Order, note: str | None) -> None:
        super().__init__(number, at)
        self.order = order
        self.note = note
        self.lines: list[RefundLine] = []
        self.shipping: list[RefundShipping] = []
        self.discrepancies: list[Discrepancy] = []
        self.transactions: list[Transaction] = []
        self.duties: list[tuple[Duty, Decimal]] = []
        self.return_: Return | None = None


class FulfillmentLine(Record):
    """Units of a line in a parcel or several."""

    __slots__ = ("line", "quantity")
    TYPENAME = "FulfillmentLineItem"

    def __init__(self, number: int, at: datetime, line: Line, quantity: int) -> None:
        super().__init__(number, at)
        self.line = line
        self.quantity = quantity


class Fulfillment(Record):
    """What left a place together; ``numbers`` and ``urls`` belong together by position."""

    __slots__ = ("company", "lines", "location", "name", "numbers", "order", "sources", "status", "urls")
    TYPENAME = "Fulfillment"

    def __init__(self, number: int, at: datetime, order: Order, location: Location) -> None:
        super().__init__(number, at)
        self.order = order
        self.location = location
        self.name = ""
        self.status = "SUCCESS"
        self.company: str | None = None
        self.numbers: list[str] = []
        self.urls: list[str] = []
        self.lines: list[FulfillmentLine] = []
        self.sources: list[FulfillmentOrder] = []


class PlannedLine(Record):
    """Units of a line that a place is to send: in all, and those that are left to send."""

    __slots__ = ("line", "remaining", "total")
    TYPENAME = "FulfillmentOrderLineItem"

    def __init__(self, number: int, at: datetime, line: Line, units: int) -> None:
        super().__init__(number, at)
        self.line = line
        self.total = units
        self.remaining = units


class Hold(Record):
    """Why a fulfillment order must wait."""

    __slots__ = ("handle", "notes", "reason")
    TYPENAME = "FulfillmentHold"

    def __init__(self, number: int, at: datetime, reason: str, notes: str | None, handle: str | None) -> None:
        super().__init__(number, at)
        self.reason = reason
        self.notes = notes
        self.handle = handle


class FulfillmentOrder(Record):
    """What one place is to send of an order."""

    __slots__ = ("fulfill_at", "holds", "lines", "location", "order", "status")
    TYPENAME = "FulfillmentOrder"

    def __init__(self, number: int, at: datetime, order: Order, location: Location) -> None:
        super().__init__(number, at)
        self.order = order
        self.location = location
        self.status = "OPEN"
        self.lines: list[PlannedLine] = []
        self.holds: list[Hold] = []
        self.fulfill_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything of it is still to be sent."""
        return self.status not in ("CLOSED", "CANCELLED", "INCOMPLETE")


class ReturnLine(Record):
    """Units that come back."""

    __slots__ = ("note", "processed", "quantity", "reason", "sent")
    TYPENAME = "ReturnLineItem"

    def __init__(self, number: int, at: datetime, sent: FulfillmentLine, quantity: int, reason: str) -> None:
        super().__init__(number, at)
        self.sent = sent
        self.quantity = quantity
        self.reason = reason
        self.note = ""
        self.processed = 0


class Return(Record):
    """Goods announced to come back, or that came back."""

    __slots__ = ("closed_at", "lines", "name", "order", "status")
    TYPENAME = "Return"

    def __init__(self, number: int, at: datetime, order: Order, status: str) -> None:
        super().__init__(number, at)
        self.order = order
        self.status = status
        self.name = ""
        self.lines: list[ReturnLine] = []
        self.closed_at: datetime | None = None


@dataclass(slots=True)
class Terms:
    """How an order's money is to be read: currencies, the rate between them, and whether prices have taxes in them."""

    currency: str
    presentment: str
    rate: Decimal = Decimal(1)
    taxes_included: bool = False
    round_once: bool = False


@dataclass(slots=True)
class Extras:
    """Parts of an order that are no lines: fees, a tip, the rounding of cash."""

    fees: list[Fee] = field(default_factory=list)
    tip: Decimal = ZERO
    rounding: Decimal = ZERO


class Order(Record):
    """One order with everything that happened to it."""

    __slots__ = (
        "billing",
        "cancel_reason",
        "canceled_at",
        "closed_at",
        "customer",
        "edited",
        "email",
        "expired",
        "extras",
        "fulfillments",
        "lines",
        "note",
        "original_total",
        "phone",
        "plans",
        "refunds",
        "returns",
        "shipping",
        "shipping_address",
        "tags",
        "terms",
        "test",
        "transactions",
    )
    TYPENAME = "Order"

    def __init__(self, number: int, at: datetime, terms: Terms) -> None:
        super().__init__(number, at)
        self.terms = terms
        self.extras = Extras()
        self.lines: list[Line] = []
        self.shipping: list[Shipping] = []
        self.transactions: list[Transaction] = []
        self.refunds: list[Refund] = []
        self.fulfillments: list[Fulfillment] = []
        self.plans: list[FulfillmentOrder] = []
        self.returns: list[Return] = []
        self.customer: Customer | None = None
        self.shipping_address: Address | None = None
        self.billing: Address | None = None
        self.email: str | None = None
        self.phone: str | None = None
        self.note: str | None = None
        self.tags: tuple[str, ...] = ()
        self.test = False
        self.edited = False
        self.expired = False
        self.canceled_at: datetime | None = None
        self.cancel_reason: str | None = None
        self.closed_at: datetime | None = None
        self.original_total = ZERO
