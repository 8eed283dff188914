"""Shipments told to orders: each once, out of fulfillment orders that may be fulfilled now, never more than is left.

Shopify keeps no key of ours with a fulfillment, so one is known by its tracking numbers and the units under them. A
shipment without a number is known by its units alone, which is enough only when no others of the same size could have
been meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from canonical.clock import instant_text, parse_instant
from canonical.errors import SkippableError
from connectors.base import JSON, Call, CallOutcome, Effect, RowOutcome, RowStatus
from connectors.shopify.allotment import Part, Shortage, allot
from connectors.shopify.documents import ORDERS
from connectors.shopify.effectdocs import PLANS, SHIPPED, TRACKED
from connectors.shopify.orderreads import OrderDesk
from connectors.shopify.toldparcels import Units, bears, live, numbers_of, told_before, units_of

_CLOCKS_APART = timedelta(minutes=5)


class Shipment(msgspec.Struct, frozen=True):
    """A shipment to be told: its order, units by line, and parcels; ``since`` is when it was composed.

    One that ``amends`` only adds parcels to the shipment that bears those ``told``, or none if none were.
    """

    order: str
    lines: dict[str, int]
    tracking: dict[str, Any]
    notify: bool
    since: str
    amends: bool = False
    told: tuple[str, ...] = ()

    @property
    def numbers(self) -> frozenset[str]:
        """The tracking numbers, if it has any."""
        return frozenset(self.tracking.get("numbers") or ())


class ShipmentWriter:
    """Tells orders of their shipments."""

    def __init__(self, desk: OrderDesk, now: Callable[[], datetime]) -> None:
        self._desk = desk
        self._now = now

    def compose(self, effect: Effect, key: str) -> Call:
        """The shipment to be told; SkippableError when it names no order, or units of no line."""
        document = effect.document
        order = str(document.get("orderId") or effect.target)
        lines = document.get("lines")
        if not order.startswith("gid://shopify/Order/") or not isinstance(lines, list) or not lines:
            raise SkippableError("invalid_value", f"shipment {effect.reference} names no order, or no units of one")
        units: Units = {}
        for line in lines:
            name, count = _line(effect, line)
            units[name] = units.get(name, 0) + count
        told = document.get("told")
        shipment = Shipment(
            order,
            units,
            tracking_of(document.get("tracking")),
            bool(document.get("notifyCustomer")),
            self._stamp(),
            bool(document.get("amends")),
            tuple(str(number) for number in told) if isinstance(told, list) else (),
        )
        return Call(SHIPPED, msgspec.json.encode(shipment), (0,), ORDERS, effect.reference)

    def push(self, call: Call) -> CallOutcome:
        """Tell the order, unless it knows."""
        shipment = msgspec.json.decode(call.body, type=Shipment)
        order = self._desk.order(shipment.order, PLANS, "orders.plans")
        if order is None:
            return _refused("deleted_there", f"there is no order {shipment.order}")
        return {0: self._amend(shipment, order) if shipment.amends else self._tell(shipment, order)}

    def resolve(self, call: Call) -> CallOutcome | None:
        """Look whether the order knows of it; one told of a part is told of the rest. None where it cannot be told."""
        shipment = msgspec.json.decode(call.body, type=Shipment)
        order = self._desk.order(shipment.order, PLANS, "orders.plans")
        if order is None:
            return _refused("deleted_there", f"there is no order {shipment.order}")
        untouched = {0: RowOutcome(RowStatus.UNTOUCHED, "the order does not know of it")}
        if shipment.amends:
            return {0: RowOutcome(RowStatus.APPLIED)} if bears(order, shipment.numbers) else untouched
        if shipment.numbers:
            return {0: self._tell(shipment, order)} if _told(order, shipment.numbers) else untouched
        if not _twins(order, shipment.lines, shipment.since):
            return untouched
        if isinstance(allot(order, shipment.lines), Shortage):
            return {0: RowOutcome(RowStatus.APPLIED, "seen at the order, which waits for no such units any more")}
        return None

    def _tell(self, shipment: Shipment, order: Mapping[str, Any], *, begun: bool = False) -> RowOutcome:
        told = {} if begun else _told(order, shipment.numbers)
        missing = {line: units - told.get(line, 0) for line, units in shipment.lines.items()}
        missing = {line: units for line, units in missing.items() if units > 0}
        if not missing:
            return RowOutcome(RowStatus.APPLIED, "the order knew of it")
        parts = allot(order, missing)
        if isinstance(parts, Shortage):
            known = [] if begun else _twins(order, missing, "")
            if not known or parts.reason == "on_hold":
                return RowOutcome(RowStatus.REJECTED, parts.message, reason=parts.reason)
            return self._track(shipment, known[0]["id"])
        complaint = self._send(shipment, parts[0])
        if complaint:
            reason = "on_hold" if "on_hold" in complaint else "rejected"
            return RowOutcome(RowStatus.REJECTED, complaint, reason=reason)
        left = {line: units - parts[0].units.get(line, 0) for line, units in missing.items()}
        return self._go_on(shipment, {line: units for line, units in left.items() if units})

    def _go_on(self, shipment: Shipment, left: Units) -> RowOutcome:
        """Tell the rest; what a call took may have given the others new ids, so the order is read again."""
        if not left:
            return RowOutcome(RowStatus.APPLIED)
        order = self._desk.order(shipment.order, PLANS, "orders.plans")
        if order is None:
            return RowOutcome(RowStatus.REJECTED, f"there is no order {shipment.order}", reason="deleted_there")
        return self._tell(msgspec.structs.replace(shipment, lines=left), order, begun=True)

    def _send(self, shipment: Shipment, part: Part) -> str:
        entry: dict[str, JSON] = {"lineItemsByFulfillmentOrder": part.entries, "notifyCustomer": shipment.notify}
        if shipment.tracking:
            entry["trackingInfo"] = shipment.tracking
        return self._desk.write(SHIPPED, {"fulfillment": entry})

    def _amend(self, shipment: Shipment, order: Mapping[str, Any]) -> RowOutcome:
        """Give the shipments that were told before their parcels; no unit is told."""
        if bears(order, shipment.numbers):
            return RowOutcome(RowStatus.APPLIED, "the order knew of it")
        before = told_before(order, shipment.lines, frozenset(shipment.told))
        if not before:
            said = "the order has no shipment of these units that the parcels could be of"
            return RowOutcome(RowStatus.REJECTED, said, reason="not_fulfillable")
        outcomes = [self._track(shipment, one) for one in before]
        return next((one for one in outcomes if one.status is RowStatus.REJECTED), outcomes[0])

    def _track(self, shipment: Shipment, fulfillment: str) -> RowOutcome:
        """The same units were told without a number: it is added to what is there."""
        if not shipment.tracking:
            return RowOutcome(RowStatus.APPLIED, "the order knew of these units")
        given: dict[str, JSON] = {"id": fulfillment, "tracking": shipment.tracking, "notify": shipment.notify}
        complaint = self._desk.write(TRACKED, given)
        if complaint:
            return RowOutcome(RowStatus.REJECTED, complaint)
        return RowOutcome(RowStatus.APPLIED, "its parcels were added to the shipment that was there")

    def _stamp(self) -> str:
        return instant_text(self._now())


def tracking_of(parcels: JSON) -> dict[str, JSON]:
    """Parcels as Shopify takes them: one carrier for all, and addresses only where every number has one."""
    rows = [one for one in parcels if isinstance(one, dict)] if isinstance(parcels, list) else []
    found: dict[str, JSON] = {}
    carriers = {str(one["company"]) for one in rows if one.get("company")}
    numbered = [one for one in rows if one.get("number")]
    if len(carriers) == 1:
        found["company"] = carriers.pop()
    if numbered:
        found["numbers"] = [str(one["number"]) for one in numbered]
    urls = [str(one["url"]) for one in numbered or rows if one.get("url")]
    if urls and len(urls) == len(numbered or urls[:1]):
        found["urls"] = list(urls)
    return found


def _told(order: Mapping[str, Any], numbers: frozenset[str]) -> Units:
    """Units by line in the order's shipments that bear one of these numbers."""
    found: Units = {}
    for one in live(order):
        if numbers & numbers_of(one):
            for line, units in units_of(one).items():
                found[line] = found.get(line, 0) + units
    return found


def _twins(order: Mapping[str, Any], lines: Units, since: str) -> list[Mapping[str, Any]]:
    """Shipments without a number of exactly these units, made since then, give or take how far clocks are apart."""
    found = [one for one in live(order) if not numbers_of(one) and units_of(one) == lines]
    if not since:
        return found
    start = parse_instant(since) - _CLOCKS_APART
    return [one for one in found if parse_instant(one["createdAt"]) >= start]


def _line(effect: Effect, line: JSON) -> tuple[str, int]:
    name = str(line.get("lineItemId") or "") if isinstance(line, dict) else ""
    count = line.get("quantity") if isinstance(line, dict) else None
    if not name.startswith("gid://shopify/LineItem/"):
        raise SkippableError("unmatched_line", f"shipment {effect.reference} has units of no line of the order")
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise SkippableError("invalid_value", f"shipment {effect.reference}: {count!r} are no units")
    return name, count


def _refused(reason: str, message: str) -> CallOutcome:
    return {0: RowOutcome(RowStatus.REJECTED, message, reason=reason)}
