"""Which requests an order needs against those it has: new ones, and those that must be stopped; pure (R15)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from canonical.order import Order, OrderLine
from canonical.request import FulfillmentRequest, RequestCharge, RequestLine
from canonical.status import RequestStatus
from sync.orders.holds import DOCUMENT, LIVE, SHIP
from sync.orders.lines import Sellable
from sync.orders.routing import Portion

UNSENT = frozenset({RequestStatus.WAITING, RequestStatus.BLOCKED})
_SAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Existing:
    """A request that was made before, as its row holds it."""

    id: int
    connection: str
    role: str
    location: str
    generation: int
    status: RequestStatus
    document: FulfillmentRequest
    external_id: str = ""
    shipped: Mapping[str, int] | None = None

    @property
    def units(self) -> dict[str, int]:
        """Units by line."""
        return {line.line_id: line.quantity for line in self.document.lines}

    @property
    def live(self) -> bool:
        """Whether its target may act on it."""
        return self.status in LIVE

    @property
    def started(self) -> bool:
        """Whether goods have left for it: then it is not stopped any more."""
        return self.status in (RequestStatus.PARTIALLY_SHIPPED, RequestStatus.SHIPPED)


@dataclass(frozen=True, slots=True)
class Make:
    """A request to be made: whom to ask for what, and why it is them."""

    connection: str
    role: str
    location: str
    document: FulfillmentRequest
    why: str


def reference(channel: str, order_id: str, generation: int) -> str:
    """The key of a request: connection, order and generation, in letters every platform takes."""
    tail = _SAFE.sub("-", order_id.rsplit("/", 1)[-1]).strip("-")
    return f"{channel}-{tail}-{generation}"


def build(
    channel: str,
    order: Order,
    units: Mapping[str, int],
    sellables: Mapping[str, Sellable],
    generation: int,
    *,
    whole: bool,
    location: str = "",
    method: str = "",
) -> FulfillmentRequest:
    """Compose the document: the units asked for with their share of the money; a whole one has the charges too."""
    lines = tuple(_line(line, units[line.id], sellables) for line in order.lines if units.get(line.id))
    shipping = ", ".join(one.title or one.code for one in order.shipping if one.title or one.code)
    return FulfillmentRequest(
        reference=reference(channel, order.id, generation),
        channel=channel,
        order_id=order.id,
        order_number=order.number,
        placed_at=order.placed_at,
        currency=order.currency,
        lines=lines,
        charges=_charges(order) if whole else (),
        taxes_included=order.taxes_included,
        total=order.total if whole else sum((line.amount - line.discount for line in lines), start=order.total * 0),
        location=location,
        shipping_method=method or shipping,
        customer=order.customer,
        shipping_address=order.shipping_address,
        billing_address=order.billing_address,
        note=order.note,
    )


def _line(line: OrderLine, units: int, sellables: Mapping[str, Sellable]) -> RequestLine:
    known = sellables.get(line.id)
    # The money of a part of a line is told where it divides evenly into the whole; a place that ships needs none.
    part = line.amount * units / line.quantity if line.quantity else line.amount
    discount = line.discount * units / line.quantity if line.quantity else line.discount
    return RequestLine(
        line_id=line.id,
        sku=known.sku if known else line.sku,
        quantity=units,
        title=line.title,
        amount=part if units != line.quantity else line.amount,
        discount=discount if units != line.quantity else line.discount,
        taxes=line.taxes if units == line.quantity else (),
    )


def _charges(order: Order) -> tuple[RequestCharge, ...]:
    shipping = [
        RequestCharge(kind="shipping", amount=one.amount - one.discount, title=one.title or "Shipping", taxes=one.taxes)
        for one in order.shipping
    ]
    others = [
        RequestCharge(kind=one.kind.value, amount=one.amount, title=one.title, taxes=one.taxes)
        for one in order.adjustments
    ]
    return (*shipping, *others)


def content(document: FulfillmentRequest) -> tuple[object, ...]:
    """What makes two documents of one order the same demand: everything but its key."""
    fields = [name for name in document.__struct_fields__ if name not in {"reference", "order_number", "note"}]
    return tuple(getattr(document, name) for name in fields)


def stale(existing: Existing, wanted: FulfillmentRequest) -> bool:
    """Whether a request no longer says what is wanted."""
    return content(existing.document) != content(wanted)


def still_to_ship(need: Mapping[str, int], shipped: Mapping[str, int], asked: Sequence[Existing]) -> dict[str, int]:
    """Units by line that no one was asked to ship yet: needs, less what left, less what is under way.

    Below zero where more is under way than is needed, also of a line that is not needed at all any more.
    """
    under_way: dict[str, int] = {}
    for one in asked:
        if one.role == SHIP and (one.live or one.status in UNSENT):
            for line, units in one.units.items():
                left = units - (one.shipped or {}).get(line, 0)
                under_way[line] = under_way.get(line, 0) + max(0, left)
    rest = {line: units - shipped.get(line, 0) - under_way.get(line, 0) for line, units in need.items()}
    rest |= {line: -units for line, units in under_way.items() if line not in need}
    return {line: units for line, units in rest.items() if units}


def ships(portions: Sequence[Portion], order: Order, method: str = "") -> list[tuple[Portion, str]]:
    """Each portion with the shipping method its place knows it by."""
    code = next((one.code or one.title for one in order.shipping), "")
    return [(one, one.route.methods.get(code, one.route.method or method)) for one in portions]


__all__ = ["DOCUMENT", "SHIP", "UNSENT", "Existing", "Make", "build", "content", "reference", "ships", "stale"]
