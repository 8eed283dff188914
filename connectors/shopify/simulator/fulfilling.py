"""Goods leave, are held, moved to another place, and come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.shopify.simulator.order_book import name_of
from connectors.shopify.simulator.order_desk import OrderDesk
from connectors.shopify.simulator.order_records import (
    Fulfillment,
    FulfillmentLine,
    FulfillmentOrder,
    Hold,
    Line,
    PlannedLine,
    Return,
    ReturnLine,
)
from connectors.shopify.simulator.records import Location

Parcels = Sequence[tuple[PlannedLine, int]]
_READY = frozenset({"OPEN", "IN_PROGRESS"})


class RefusedError(Exception):
    """The platform does not do that, and says why."""


class FulfillmentDesk:
    """What places do with the orders they are to send; callers hold the platform's turn."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk

    def send(
        self, wanted: Mapping[FulfillmentOrder, Parcels], at: datetime, tracking: Mapping[str, object]
    ) -> Fulfillment:
        """Units of fulfillment orders of one order and one place leave together; RefusedError else."""
        plans = list(wanted)
        first = plans[0]
        if any(plan.order is not first.order or plan.location is not first.location for plan in plans):
            raise RefusedError("All fulfillment orders must belong to the same order and the same location.")
        for plan, parts in wanted.items():
            if plan.status not in _READY:
                status = plan.status.lower()
                raise RefusedError(f"Fulfillment order {plan.number} has an unfulfillable status= {status}.")
            if not parts or any(not 0 < units <= part.remaining for part, units in parts):
                raise RefusedError("Invalid fulfillment order line item quantity requested.")
        sent = self._desk.book.make(Fulfillment, at, first.order, first.location)
        sent.name = f"{name_of(first.order)}-F{len(first.order.fulfillments) + 1}"
        first.order.fulfillments.append(sent)
        for plan, parts in wanted.items():
            self._leave(sent, plan, parts, at)
        track(sent, tracking)
        self._desk.book.touch(first.order, at, "FULFILLMENTS_CREATE", record=sent)
        return sent

    def hold(self, plan: FulfillmentOrder, at: datetime, reason: str, notes: str | None, handle: str | None) -> Hold:
        """A fulfillment order must wait."""
        if plan.status not in ("OPEN", "ON_HOLD", "SCHEDULED"):
            raise RefusedError("The fulfillment order can't be put on hold.")
        held = self._desk.book.make(Hold, at, reason, notes, handle)
        plan.holds.append(held)
        plan.status, plan.updated_at = "ON_HOLD", at
        self._desk.book.touch(plan.order, at)
        return held

    def release(self, plan: FulfillmentOrder, at: datetime, holds: Sequence[str] | None = None) -> None:
        """Holds end; with none left the goods may be sent."""
        plan.holds = [one for one in plan.holds if holds is not None and one.gid not in holds]
        if plan.status == "ON_HOLD" and not plan.holds:
            plan.status = "SCHEDULED" if plan.fulfill_at is not None and plan.fulfill_at > at else "OPEN"
        plan.updated_at = at
        self._desk.book.touch(plan.order, at)

    def move(self, plan: FulfillmentOrder, place: Location, at: datetime) -> FulfillmentOrder:
        """What is left is to be sent from another place: a new fulfillment order, and the old one ends."""
        moved = self._desk.book.make(FulfillmentOrder, at, plan.order, place)
        for part in plan.lines:
            units = part.remaining
            if not units:
                continue
            self._desk.shelf.promise(part.line, plan.location, -units, at)
            self._desk.shelf.promise(part.line, place, units, at)
            moved.lines.append(self._desk.book.make(PlannedLine, at, part.line, units))
            part.total, part.remaining = part.total - units, 0
        plan.order.plans.append(moved)
        plan.status = "CLOSED" if any(part.total for part in plan.lines) else "CANCELLED"
        plan.updated_at = at
        self._desk.book.touch(plan.order, at)
        return moved

    def take_back(self, sent: Fulfillment, at: datetime) -> None:
        """A fulfillment is canceled: its units are to be sent again, by a new fulfillment order."""
        sent.status, sent.updated_at = "CANCELLED", at
        for part in sent.lines:
            self._desk.shelf.send(part.line, sent.location, -part.quantity, at)
            self._desk.shelf.promise(part.line, sent.location, -part.quantity, at)
            self._desk.plan(part.line, sent.location, part.quantity, at)
        self._desk.book.touch(sent.order, at, "FULFILLMENTS_UPDATE", record=sent)

    def announce(self, units: Mapping[Line, int], at: datetime, status: str, reason: str) -> Return:
        """Goods that were sent are to come back."""
        order = next(iter(units)).order
        back = self._desk.book.make(Return, at, order, status)
        back.name = f"{name_of(order)}-R{len(order.returns) + 1}"
        for line, count in units.items():
            sent = next(part for one in order.fulfillments for part in one.lines if part.line is line)
            back.lines.append(self._desk.book.make(ReturnLine, at, sent, count, reason))
        order.returns.append(back)
        self._desk.book.touch(order, at)
        return back

    def step(self, back: Return, at: datetime, status: str) -> None:
        """A return gets on."""
        back.status = status
        if status == "CLOSED":
            back.closed_at = at
            for line in back.lines:
                line.processed = line.quantity
        self._desk.book.touch(back.order, at)

    def _leave(self, sent: Fulfillment, plan: FulfillmentOrder, parts: Parcels, at: datetime) -> None:
        sent.sources.append(plan)
        for part, units in parts:
            part.remaining -= units
            sent.lines.append(self._desk.book.make(FulfillmentLine, at, part.line, units))
            self._desk.shelf.send(part.line, plan.location, units, at)
        plan.updated_at = at
        if not any(part.remaining for part in plan.lines):
            plan.status = "CLOSED"
        elif self._desk.switches.partial_splits:
            self._split(plan, at)
        else:
            plan.status = "IN_PROGRESS"

    def _split(self, plan: FulfillmentOrder, at: datetime) -> None:
        """What was not sent goes on under a new id."""
        rest = self._desk.book.make(FulfillmentOrder, at, plan.order, plan.location)
        for part in plan.lines:
            if part.remaining:
                rest.lines.append(self._desk.book.make(PlannedLine, at, part.line, part.remaining))
                part.total, part.remaining = part.total - part.remaining, 0
        plan.lines = [part for part in plan.lines if part.total]
        plan.order.plans.append(rest)
        plan.status = "CLOSED"


def track(sent: Fulfillment, tracking: Mapping[str, object]) -> None:
    """Write what is known of the parcels down; what is not said is not kept."""
    company = tracking.get("company")
    sent.company = str(company) if company else None
    sent.numbers = _texts(tracking, "numbers", "number")
    sent.urls = _texts(tracking, "urls", "url")


def _texts(tracking: Mapping[str, object], many: str, one: str) -> list[str]:
    found = tracking.get(many)
    if isinstance(found, list) and found:
        return [str(each) for each in found]
    single = tracking.get(one)
    return [str(single)] if single else []
