"""Which requests an order needs against those it has: new ones, and those that must be stopped; pure (R15)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from canonical.order import Order, OrderLine
from canonical.request import FulfillmentRequest, RequestCharge, RequestLine
from canonical.status import RequestStatus
from canonical.totals import total_of
from sync.orders.holds import DOCUMENT, LIVE, SHIP
from sync.orders.lines import Sellable
from sync.orders.routing import Portion
from sync.orders.shares import cut, part_of

UNSENT = frozenset({RequestStatus.WAITING, RequestStatus.BLOCKED})
CANCELED_THERE = "canceled_there"
"""The reason of a request that its target called off by itself."""
TAKEN = "reference_taken"
"""The reason of a request whose reference another order has there."""
GIVEN_UP = "given_up"
"""The reason of a request of which a person expects nothing more: it was not called off, and may ship yet."""
WE_WANTED = frozenset({"cancel_refused", "cannot_cancel"})
"""Reasons of a request that was to be called off, but could not be: a person does it there."""
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
    reason: str = ""
    ships: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    why: str = ""

    @property
    def units(self) -> dict[str, int]:
        """Units by line."""
        return {line.line_id: line.quantity for line in self.document.lines}

    @property
    def places(self) -> Mapping[str, Mapping[str, int]]:
        """Units by place and line that its target ships itself; a document is for the books unless it was routed."""
        return {self.location: self.units} if self.role == SHIP else self.ships

    @property
    def canceled_there(self) -> bool:
        """Whether its target called it off, and no one has decided since what is to become of it."""
        return self.status is RequestStatus.CANCELED and self.reason == CANCELED_THERE

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
    given: Sequence[RequestLine] = (),
    location: str = "",
    method: str = "",
) -> FulfillmentRequest:
    """Compose the document: the units asked for with their share of the money; a whole one has the charges too.

    ``given`` are the lines that other places were asked for: with theirs, the shares of a line sum to the line. The
    total is that of the document's own parts; the order's, where it has all of them.
    """
    lines = tuple(
        _line(line, units[line.id], sellables, [one for one in given if one.line_id == line.id], order.currency)
        for line in order.lines
        if units.get(line.id)
    )
    shipping = ", ".join(one.title or one.code for one in order.shipping if one.title or one.code)
    made = FulfillmentRequest(
        reference=reference(channel, order.id, generation),
        channel=channel,
        order_id=order.id,
        order_number=order.number,
        placed_at=order.placed_at,
        currency=order.currency,
        lines=lines,
        charges=_charges(order) if whole else (),
        taxes_included=order.taxes_included,
        location=location,
        shipping_method=method or shipping,
        customer=order.customer,
        shipping_address=order.shipping_address,
        billing_address=order.billing_address,
        note=order.note,
    )
    return msgspec.structs.replace(made, total=total_of(made))


def given_of(existing: Sequence[Existing], currency: str) -> list[RequestLine]:
    """The lines that places were asked to ship, with their money; of what was stopped, the units that had left."""
    found: list[RequestLine] = []
    for one in existing:
        if one.role != SHIP:
            continue
        for line in one.document.lines:
            standing = line.quantity if one.live or one.status in UNSENT else (one.shipped or {}).get(line.line_id, 0)
            if standing:
                found.append(cut(line, min(standing, line.quantity), currency))
    return found


def _line(
    line: OrderLine, units: int, sellables: Mapping[str, Sellable], given: Sequence[RequestLine], currency: str
) -> RequestLine:
    known = sellables.get(line.id)
    part = part_of(line, units, given, currency)
    return msgspec.structs.replace(part, sku=known.sku) if known else part


def _charges(order: Order) -> tuple[RequestCharge, ...]:
    shipping = [
        RequestCharge(kind="shipping", amount=one.amount - one.discount, title=one.title or "Shipping", taxes=one.taxes)
        for one in order.shipping
    ]
    others = [
        RequestCharge(kind=one.kind.value, amount=one.amount, title=one.title, taxes=one.taxes)
        for one in order.adjustments
    ]
    # A line without units has no place among the goods; where it costs something all the same, that is a fee.
    leftover = [
        RequestCharge(kind="fee", amount=one.net, title=one.title, taxes=one.taxes)
        for one in order.lines
        if not one.quantity and (one.net or any(tax.amount for tax in one.taxes))
    ]
    return (*shipping, *others, *leftover)


def content(document: FulfillmentRequest) -> tuple[object, ...]:
    """What makes two documents of one order the same demand: everything but its key."""
    fields = [name for name in document.__struct_fields__ if name not in {"reference", "order_number", "note"}]
    return tuple(getattr(document, name) for name in fields)


def stale(existing: Existing, wanted: FulfillmentRequest) -> bool:
    """Whether a request no longer says what is wanted; what is redacted now says nothing (R13)."""
    if wanted.customer.redacted:
        asked = existing.document
        wanted = msgspec.structs.replace(
            wanted,
            customer=asked.customer,
            shipping_address=asked.shipping_address,
            billing_address=asked.billing_address,
        )
    return content(existing.document) != content(wanted)


def still_to_ship(need: Mapping[str, int], shipped: Mapping[str, int], asked: Sequence[Existing]) -> dict[str, int]:
    """Units by line that no one was asked to ship yet: needs, less what left, less what is under way.

    Below zero where more is under way than is needed, also of a line that is not needed at all any more.
    """
    under_way: dict[str, int] = {}
    for one in asked:
        if one.live or one.status in UNSENT:
            for line in {line for here in one.places.values() for line in here}:
                left = sum(here.get(line, 0) for here in one.places.values()) - (one.shipped or {}).get(line, 0)
                under_way[line] = under_way.get(line, 0) + max(0, left)
    rest = {line: units - shipped.get(line, 0) - under_way.get(line, 0) for line, units in need.items()}
    rest |= {line: -units for line, units in under_way.items() if line not in need}
    return {line: units for line, units in rest.items() if units}


def ships(portions: Sequence[Portion], order: Order, method: str = "") -> list[tuple[Portion, str]]:
    """Each portion with the shipping method its place knows it by."""
    code = next((one.code or one.title for one in order.shipping), "")
    return [(one, one.route.methods.get(code, one.route.method or method)) for one in portions]


__all__ = [
    "DOCUMENT",
    "SHIP",
    "UNSENT",
    "Existing",
    "Make",
    "build",
    "content",
    "given_of",
    "reference",
    "ships",
    "stale",
]
