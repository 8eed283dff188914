"""Which requests an order needs against those it has: new ones, and those that must be stopped; pure (R15)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from canonical.money import exponent, round_to
from canonical.order import Order, OrderLine
from canonical.request import FulfillmentRequest, RequestCharge, RequestLine
from canonical.status import RequestStatus
from sync.orders.holds import DOCUMENT, LIVE, SHIP
from sync.orders.lines import Sellable
from sync.orders.routing import Portion

UNSENT = frozenset({RequestStatus.WAITING, RequestStatus.BLOCKED})
CANCELED_THERE = "canceled_there"
"""The reason of a request that its target called off by itself."""
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
    location: str = "",
    method: str = "",
) -> FulfillmentRequest:
    """Compose the document: the units asked for with their share of the money; a whole one has taxes and charges too.

    Its total is that of the order, or where units are left out (refunded, say) the sum of what is in it.
    """
    lines = tuple(
        _line(line, units[line.id], sellables, exponent(order.currency), taxed=whole)
        for line in order.lines
        if units.get(line.id)
    )
    charges = _charges(order) if whole else ()
    complete = whole and all(units.get(line.id, 0) == line.quantity for line in order.lines)
    shipping = ", ".join(one.title or one.code for one in order.shipping if one.title or one.code)
    return FulfillmentRequest(
        reference=reference(channel, order.id, generation),
        channel=channel,
        order_id=order.id,
        order_number=order.number,
        placed_at=order.placed_at,
        currency=order.currency,
        lines=lines,
        charges=charges,
        taxes_included=order.taxes_included,
        total=order.total if complete else _sum(lines, charges, taxed=whole and not order.taxes_included),
        location=location,
        shipping_method=method or shipping,
        customer=order.customer,
        shipping_address=order.shipping_address,
        billing_address=order.billing_address,
        note=order.note,
    )


def _sum(lines: Sequence[RequestLine], charges: Sequence[RequestCharge], *, taxed: bool) -> Decimal:
    """What a part of an order costs; ``taxed`` adds the taxes that come on top."""
    found = sum((line.amount - line.discount for line in lines), Decimal(0))
    found += sum((one.amount for one in charges), Decimal(0))
    parts = [*(line.taxes for line in lines), *(one.taxes for one in charges)]
    taxes = [tax.amount for part in parts for tax in part]
    return found + sum(taxes, Decimal(0)) if taxed else found


def _line(line: OrderLine, units: int, sellables: Mapping[str, Sellable], places: int, *, taxed: bool) -> RequestLine:
    known = sellables.get(line.id)

    def share(amount: Decimal) -> Decimal:
        """The part of an amount that is for these units; cents, for a place that ships it is but a value to declare."""
        same = units == line.quantity or not line.quantity
        return amount if same else round_to(amount * units / line.quantity, places)

    taxes = tuple(msgspec.structs.replace(one, amount=share(one.amount)) for one in line.taxes)
    return RequestLine(
        line_id=line.id,
        sku=known.sku if known else line.sku,
        quantity=units,
        title=line.title,
        amount=share(line.amount),
        discount=share(line.discount),
        taxes=taxes if taxed or units == line.quantity else (),
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
    """Units by line that no one was asked to ship yet: needs, less what left, less what is under way."""
    rest: dict[str, int] = {}
    for line, units in need.items():
        under_way = sum(
            max(0, sum(here.get(line, 0) for here in one.places.values()) - (one.shipped or {}).get(line, 0))
            for one in asked
            if one.live or one.status in UNSENT
        )
        left = units - shipped.get(line, 0) - under_way
        if left:
            rest[line] = left
    return rest


def ships(portions: Sequence[Portion], order: Order, method: str = "") -> list[tuple[Portion, str]]:
    """Each portion with the shipping method its place knows it by."""
    code = next((one.code or one.title for one in order.shipping), "")
    return [(one, one.route.methods.get(code, one.route.method or method)) for one in portions]


__all__ = ["DOCUMENT", "SHIP", "UNSENT", "Existing", "Make", "build", "content", "reference", "ships", "stale"]
