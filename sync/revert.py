"""Putting back what a run changed: a plan like any other, whose values are those the journal has from before (R11).

Each slot that is put back is pinned: it stays as it was until its owner's value changes, or until it is released.
Figures of stock are never put back, for they were true at another time: they are computed anew from their owner. What
is done once, a document or a payment, is not undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, delete, select

from canonical.slot import parse_slot
from canonical.value import REDACTED, Value
from mappings.compiled import CompiledMapping
from sync import facts, marks, overrides, shadow
from sync.apply import ApplyReport, apply
from sync.config import FlowConfig, FlowKind
from sync.diff import SlotOverride
from sync.hub import Hub
from sync.observe import reread
from sync.oneoff import TO_OWNER
from sync.planner import plan_slots
from sync.shadow import ShadowView
from sync.store import body, tables
from sync.store.database import insert_returning_id
from sync.written import Written, by_run, effects_by_run

_PLAN, _CHANGE = tables.table(tables.Plan), tables.table(tables.PlanChange)
_OVERRIDE = tables.table(tables.Override)
RECOMPUTED = "stock is computed anew from its owner, never put back"
_ONCE = "it was done once and is not undone: cancel or correct it where it stands"


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one thing a run did: ``planned``, ``withheld``, ``skipped`` or ``refused``, and why."""

    status: str
    connection: str
    sku: str
    slot: str
    now: Value
    then: Value
    reason: str = ""
    flow: str = ""
    external_id: str = ""
    number: int = 0


@dataclass
class Revert:
    """A plan to put back what a run changed; after ``carry_out`` with what became of it."""

    run_id: int
    plan_id: int = 0
    lines: list[Line] = field(default_factory=list)
    applied: ApplyReport | None = None

    def count(self, status: str) -> int:
        """How many lines have a status."""
        return sum(one.status == status for one in self.lines)


def preview(hub: Hub, run_id: int, *, force: bool = False) -> Revert:
    """Plan it, and leave nothing behind but what was read on the way."""
    found = Revert(run_id)
    _read(hub, run_id)
    with hub.database.begin() as connection:
        tried = connection.begin_nested()
        _plan(hub, connection, found, force=force)
        tried.rollback()
    return found


def carry_out(hub: Hub, run_id: int, *, force: bool = False) -> Revert:
    """Plan it, pin what is put back, and write; a slot whose write did not land is not pinned."""
    found = Revert(run_id)
    _read(hub, run_id)
    with hub.database.begin() as connection:
        _plan(hub, connection, found, force=force)
    found.applied = apply(hub, found.plan_id)
    with hub.database.begin() as connection:
        _settle(connection, found)
    return found


def release(hub: Hub, run_id: int) -> int:
    """End the pins on what a run wrote, so that the owner's values are written again; tells how many there were."""
    count = 0
    with hub.database.begin() as connection:
        for one in by_run(connection, run_id):
            pinned = _OVERRIDE.c.kind == "revert", *_is(one)
            if connection.execute(delete(_OVERRIDE).where(*pinned)).rowcount:
                count += 1
                flows = [flow for flow in hub.config.flows_of(one.connection) if flow.entity == one.entity]
                again = [marks.Mark(one.connection, flow.name, one.item_id) for flow in flows]
                marks.mark(connection, again, hub.stamp())
    return count


def _is(one: Written) -> tuple[Any, ...]:
    return (
        _OVERRIDE.c.connection == one.connection,
        _OVERRIDE.c.entity == one.entity,
        _OVERRIDE.c.item_id == one.item_id,
        _OVERRIDE.c.slot == one.slot,
    )


def _read(hub: Hub, run_id: int) -> None:
    """Read the records that were written, and those of their owners, as they are now."""
    with hub.database.begin() as connection:
        written = by_run(connection, run_id)
        wanted: dict[tuple[str, str], set[str]] = {}
        for one in written:
            flow = hub.config.flows.get(one.flow)
            for name in (one.connection, flow.source if flow else one.connection):
                known = hub.config.connections.get(name)
                if known is None or one.entity not in known.mappings:
                    continue
                view = shadow.views(connection, name, one.entity, [one.item_id]).get(one.item_id)
                if view is not None:
                    wanted.setdefault((name, known.mappings[one.entity].resource), set()).add(view.external_id)
    for (name, resource), ids in wanted.items():
        reread(hub, name, resource, sorted(ids))


def _plan(hub: Hub, connection: Connection, found: Revert, *, force: bool) -> None:
    now = hub.stamp()
    plan = {"created_at": now, "config_version": hub.config.version, "state": "open", "counts": None}
    found.plan_id = insert_returning_id(connection, _PLAN, plan)
    pinned: dict[str, list[Written]] = {}
    for one in by_run(connection, found.run_id):
        flow = hub.config.flows.get(one.flow)
        line = _line(one, _seen(hub, connection, one))
        if flow is not None and flow.kind is FlowKind.INVENTORY:
            pinned.setdefault(flow.name, []).append(one)
            continue
        why = _why_not(hub, connection, one, flow)
        if why or flow is None:
            found.lines.append(replace(line, status="skipped", reason=why))
            continue
        owners = facts.load(connection, [one.item_id])[one.item_id, one.entity][one.slot].value
        override = SlotOverride("revert", one.before, owners)
        overrides.put(connection, one.connection, one.entity, one.item_id, one.slot, override, now)
        pinned.setdefault(flow.name, []).append(one)
    for name, slots in pinned.items():
        _plan_flow(hub, connection, found, hub.config.flows[name], slots, force=force)
    found.lines += [
        Line("refused", row.connection, row.number, row.kind, None, None, _ONCE, external_id=row.external_id)
        for row in effects_by_run(connection, found.run_id)
    ]


def _plan_flow(
    hub: Hub, connection: Connection, found: Revert, flow: FlowConfig, slots: Sequence[Written], *, force: bool
) -> None:
    asked = {(one.connection, one.item_id, one.slot) for one in slots}
    first = 1 + sum(one.number > 0 for one in found.lines)
    rows = plan_slots(hub, connection, flow, asked, found.plan_id, first, force=force)
    planned = {(row["connection"], row["item_id"], row["slot"]): row for row in rows}
    counts = flow.kind is FlowKind.INVENTORY
    for one in slots:
        row = planned.get((one.connection, one.item_id, one.slot))
        line = _line(one, _seen(hub, connection, one))
        if row is None:
            why = f"{RECOMPUTED}; nothing is to be written now" if counts else "it cannot be written now"
            found.lines.append(replace(line, status="skipped", reason=why))
            _unpin(connection, [one])
            continue
        if row["status"] != "planned":
            _unpin(connection, [one])
        why = RECOMPUTED if counts and row["status"] == "planned" else row["reason"]
        then = body.decode(row["after"])
        found.lines.append(replace(line, status=row["status"], then=then, reason=why, number=row["number"]))


def _line(one: Written, seen: Value) -> Line:
    return Line("planned", one.connection, one.sku, one.slot, seen, one.before, "", one.flow, one.external_id)


def _seen(hub: Hub, connection: Connection, one: Written) -> Value:
    view = shadow.views(connection, one.connection, one.entity, [one.item_id]).get(one.item_id)
    return view.observed.get(one.slot) if view is not None else None


def _why_not(hub: Hub, connection: Connection, one: Written, flow: FlowConfig | None) -> str:
    """Why a slot is not put back; empty where it is."""
    if one.flow == TO_OWNER:
        return "it was written to its owner, by a person's word: change it there"
    known = hub.config.connections.get(one.connection)
    mapping = known.mappings.get(one.entity) if known is not None else None
    if flow is None or mapping is None or one.connection not in flow.targets:
        return "no flow writes it any more"
    view = shadow.views(connection, one.connection, one.entity, [one.item_id]).get(one.item_id)
    if view is None or view.gone or view.external_id != one.external_id:
        return "its record is not linked any more"
    if one.outcome != "applied":
        return "it is not known whether it was written: crossdock sync finds out"
    said = facts.load(connection, [one.item_id]).get((one.item_id, one.entity), {}).get(one.slot)
    if said is None or said.owner != flow.source:
        return "its owner says nothing of it"
    return _not_writable(mapping, view, one) or _moved(mapping, view, one)


def _not_writable(mapping: CompiledMapping, view: ShadowView, one: Written) -> str:
    rule = mapping.fields.get(parse_slot(one.slot).field)
    if rule is None or not rule.operation(view.kind):
        return "the connector cannot write this field"
    if REDACTED in (one.before, view.observed.get(one.slot)):
        return "its value was erased"
    if one.before is None and not rule.clear:
        return "it was empty, and the mapping does not say `clear: true`"
    return ""


def _moved(mapping: CompiledMapping, view: ShadowView, one: Written) -> str:
    """Whether somebody wrote it since, we ourselves included: then it is not that run's value any more."""
    name, seen = parse_slot(one.slot).field, view.observed.get(one.slot)
    ours = one.slot in view.sent and mapping.same(name, view.sent[one.slot], one.after)
    if ours and mapping.same(name, seen, view.got.get(one.slot)):
        return ""
    return "it is as it was already" if mapping.same(name, seen, one.before) else "it was changed since"


def _unpin(connection: Connection, slots: Iterable[Written]) -> None:
    for one in slots:
        connection.execute(delete(_OVERRIDE).where(_OVERRIDE.c.kind == "revert", *_is(one)))


def _settle(connection: Connection, found: Revert) -> None:
    """Take over what became of each planned line; what did not land is not pinned."""
    rows = {row.number: row for row in connection.execute(select(_CHANGE).where(_CHANGE.c.plan_id == found.plan_id))}
    lines = []
    for line in found.lines:
        row = rows.get(line.number)
        if row is None or line.status != "planned":
            lines.append(line)
            continue
        lines.append(replace(line, status=row.status, reason=row.detail or line.reason))
        if row.status not in ("applied", "already", "unconfirmed"):
            pinned = (
                _OVERRIDE.c.kind == "revert",
                _OVERRIDE.c.connection == row.connection,
                _OVERRIDE.c.entity == row.entity,
                _OVERRIDE.c.item_id == row.item_id,
                _OVERRIDE.c.slot == row.slot,
            )
            connection.execute(delete(_OVERRIDE).where(*pinned))
    found.lines = lines
