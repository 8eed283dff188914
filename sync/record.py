"""Recording what deciding found: conflicts and holds, units that left, and slots that are equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from canonical.clock import instant_text, parse_instant
from canonical.slot import Slot, parse_slot
from canonical.value import Value
from sync import conflicts, drops, ledger, overrides
from sync.config import FlowKind, Policy
from sync.decision import UNCONFIRMED, Event, EventKind, Verdict
from sync.diff import SlotOverride
from sync.drops import Left
from sync.known import Line
from sync.orders import owns
from sync.orders.store import open_incident
from sync.shadow import Settled, settle

_FALLS = {EventKind.SALE: "sale", EventKind.DROP: "unaccounted_drop", EventKind.EDIT: "edit"}


def record(
    connection: Connection, lines: Sequence[Line], now: str, lags: Mapping[str, timedelta] = MappingProxyType({})
) -> set[int]:
    """Record the events of decided lines and advance the shadow of equal slots; tells which items must be decided anew.

    A movement of stock is recorded once: with it the base moves to what was seen, so the next look explains it. What
    moves a kit moves its components (R7). ``lags`` is by target how long it may show what was there before a write.
    """
    again: set[int] = set()
    for line in lines:
        for event in line.decision.events:
            _event(connection, line, event, now)
        if line.flow.kind is FlowKind.INVENTORY and line.decision.events:
            again.update((line.view.item_id, *(part.item_id for part in line.parts)))
    _close_settled(connection, lines, now)
    settle(connection, [change for line in lines if (change := _settled(line, lags)) is not None])
    return again


def _event(connection: Connection, line: Line, event: Event, now: str) -> None:
    view, slot = line.view, line.slot
    if event.kind is EventKind.OWN:
        owns.absorb(connection, line.target, view.item_id, slot, event.units, event.since)
    elif event.kind is EventKind.LOST:
        subject = f"{line.target} {line.sku} {slot} {line.view.as_of}"
        said = f"{event.units} sold units were listed again by a write; the figure was lowered"
        open_incident(connection, "lost_sale", subject, said, now, item_id=view.item_id)
    elif event.kind in _FALLS and event.units:
        pool = line.flow.rules[line.target].pool
        for part in line.stock_items:
            units = event.units * part.units
            awaits = bool(line.orders_since) and line.orders_since <= event.since
            gone = Left(line.target, part.item_id, pool, slot, _FALLS[event.kind], units, awaits)
            ledger.left(connection, gone, event.since, now)
    elif event.kind is EventKind.CANCEL:
        for part in line.stock_items:
            units = event.units * part.units
            units -= drops.restore(connection, line.target, part.item_id, units, now)
            _came_back(connection, line, part.item_id, units, now)
    elif event.kind is EventKind.RAISED:
        for part in line.stock_items:
            _came_back(connection, line, part.item_id, event.units * part.units, now)
        _open(connection, line, event, "stock_raised_by_other", now)
    elif event.kind is EventKind.CONFLICT:
        conflict = _open(connection, line, event, "changed_by_other", now)
        if line.decision.verdict is Verdict.HELD:
            hold(connection, line, now, conflict)
    elif event.kind is EventKind.ENDED:
        overrides.end(connection, line.target, view.entity, view.item_id, slot)
        conflicts.close_slot(connection, line.target, view.entity, view.item_id, slot, "values agree again", now)


def _came_back(connection: Connection, line: Line, item: int, units: int, now: str) -> None:
    pool = line.flow.rules[line.target].pool
    drops.came_back(connection, Left(line.target, item, pool, line.slot, "", units), now)


def _open(connection: Connection, line: Line, event: Event, kind: str, now: str) -> int:
    found = conflicts.Finding(
        connection=line.target,
        entity=line.view.entity,
        item_id=line.view.item_id,
        slot=line.slot,
        kind=kind,
        external_id=line.view.external_id,
        theirs=line.view.observed.get(line.slot),
        ours=line.decision.desired,
        base=event.base,
    )
    return conflicts.open_conflict(connection, found, now)


def hold(connection: Connection, line: Line, now: str, conflict: int | None = None) -> None:
    """Freeze a slot as it is until its conflict is resolved."""
    theirs = line.view.observed.get(line.slot)
    override = SlotOverride("hold", theirs, line.decision.desired)
    view = line.view
    overrides.put(connection, line.target, view.entity, view.item_id, line.slot, override, now, conflict)


def adopt(connection: Connection, line: Line, now: str) -> None:
    """Let their value stand until the owner's value next changes."""
    theirs = line.view.observed.get(line.slot)
    override = SlotOverride("adopt", theirs, line.decision.desired)
    view = line.view
    overrides.put(connection, line.target, view.entity, view.item_id, line.slot, override, now)
    conflicts.close_slot(connection, line.target, view.entity, view.item_id, line.slot, "adopted", now)
    settle(connection, [Settled(view.id, {line.slot: line.decision.desired}, {line.slot: theirs})])


def restored(connection: Connection, lines: Iterable[Line], now: str) -> None:
    """The owner's value was written back over theirs: their conflicts are closed."""
    for line in lines:
        view = line.view
        conflicts.close_slot(
            connection, line.target, view.entity, view.item_id, line.slot, f"written: {line.decision.desired}", now
        )


def _close_settled(connection: Connection, lines: Sequence[Line], now: str) -> None:
    agreeing: dict[str, list[conflicts.Closing]] = {}
    for line in lines:
        view, slot = line.view, line.slot
        if line.decision.verdict is not Verdict.EQUAL or not line.adopted:
            continue
        if slot in view.writes or view.observed.get(slot) != view.got.get(slot):
            closing = conflicts.Closing(view.entity, view.item_id, slot, "values agree")
            agreeing.setdefault(line.target, []).append(closing)
    for target, closings in agreeing.items():
        conflicts.close_slots(connection, target, closings, now)


def _settled(line: Line, lags: Mapping[str, timedelta]) -> Settled | None:
    """What deciding moves in the shadow: both values where equal, the base where stock moved or was first seen."""
    view, slot, decision = line.view, line.slot, line.decision
    observed = view.observed.get(slot)
    if decision.reason == UNCONFIRMED:
        return None  # what became of the write is judged by the base it was decided with
    equal = decision.verdict is Verdict.EQUAL
    sent: dict[str, Value] = {slot: decision.desired} if equal else {}
    got: dict[str, Value] = {}
    if line.flow.kind is FlowKind.INVENTORY:
        if equal or decision.events or slot not in view.got or view.got[slot] == observed:
            scope = parse_slot(slot).scope
            names = (slot, str(Slot("committed", scope)), str(Slot("on_hand", scope)))
            got = {name: view.observed[name] for name in names if name in view.observed}
    elif equal or slot not in view.got:
        got = {slot: observed}
    if decision.verdict is Verdict.NOTHING or (_known(view.sent, sent) and _known(view.got, got)):
        return _reset_attempts(line, lags)
    return Settled(view.id, sent, got, writes=_no_attempts(line, lags))


def _known(old: Any, new: dict[str, Value]) -> bool:
    return all(key in old and old[key] == value for key, value in new.items())


def _no_attempts(line: Line, lags: Mapping[str, timedelta]) -> dict[str, Value] | None:
    """A read made after the write that shows the value proves that it sticks.

    Not as long as the platform may still show what was there before: that would not be known for an old copy any more.
    """
    written = line.view.writes.get(line.slot)
    if line.decision.verdict is not Verdict.EQUAL or not isinstance(written, list):
        return None
    sticks = instant_text(parse_instant(str(written[2])) + lags.get(line.target, timedelta(0)))
    return {line.slot: None} if line.view.as_of > sticks else None


def _reset_attempts(line: Line, lags: Mapping[str, timedelta]) -> Settled | None:
    writes = _no_attempts(line, lags)
    return Settled(line.view.id, {}, {}, writes=writes) if writes else None


def adopts_automatically(line: Line) -> bool:
    """Whether their value is to be adopted without asking, by the flow's policy."""
    return line.decision.verdict is Verdict.ADOPT and line.flow.on_conflict is Policy.ADOPT
