"""Resolving conflicts: ours, theirs, or theirs to the owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Row, select

from canonical.display import displayed
from canonical.errors import DataError
from canonical.slot import parse_slot
from canonical.value import Value
from sync import conflicts, cursors, drops, flowstate, journal, marks, overrides, shadow
from sync.config import FlowConfig, FlowKind
from sync.diff import SlotOverride
from sync.evaluate import evaluate
from sync.hub import Hub
from sync.oneoff import also_changed, plan_to_owner
from sync.planner import decide_and_record
from sync.shadow import Settled, settle
from sync.store import body, tables

_DROP = tables.table(tables.Drop)


class Choice(Enum):
    """OURS writes the owner's value back, THEIRS stays until the owner's next change, TO_OWNER makes it the owner's."""

    OURS = "ours"
    THEIRS = "theirs"
    TO_OWNER = "to-owner"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a resolution did; ``plan_id`` is the planned write to the owner, where that was chosen."""

    conflict_id: int
    text: str
    plan_id: int | None = None


def resolve(hub: Hub, conflict_id: int, choice: Choice) -> Resolved:
    """Resolve an open conflict; DataError when there is none or the choice makes no sense for it."""
    with hub.database.begin() as connection:
        conflict = conflicts.get(connection, conflict_id)
        if conflict is None:
            raise DataError(f"there is no conflict {conflict_id}", hint="`crossdock conflicts list` shows them")
        if conflict.state != "open":
            raise DataError(f"conflict {conflict_id} is closed already: {conflict.resolution}")
        if not conflict.slot:
            return _resolve_gone(hub, connection, conflict)
        flow = _flow_of(hub, conflict)
        if flow.kind is FlowKind.INVENTORY and choice is not Choice.OURS:
            raise stock_is_computed()
        return _resolve_slot(hub, connection, conflict, flow, choice)


def stock_is_computed() -> DataError:
    """Why a channel's stock never becomes the owner's."""
    return DataError("stock is recomputed, never adopted", hint="correct it at the owner, then resolve with --ours")


def _flow_of(hub: Hub, conflict: Row[Any]) -> FlowConfig:
    name = parse_slot(conflict.slot).field
    for flow in hub.config.flows_of(conflict.connection):
        if flow.entity == conflict.entity and name in flow.fields:
            return flow
    raise DataError(f"no flow moves {conflict.slot} to {conflict.connection} any more")


def _resolve_slot(hub: Hub, connection: Connection, conflict: Row[Any], flow: FlowConfig, choice: Choice) -> Resolved:
    now, name, item, slot = hub.stamp(), conflict.connection, conflict.item_id, conflict.slot
    if flow.kind is FlowKind.INVENTORY:
        # What was read since the last plan is recorded first: a sale among it must not be taken for the base (R3).
        decide_and_record(hub, connection, flow, [item])
    view = shadow.views(connection, name, conflict.entity, [item]).get(item)
    if view is None:
        raise DataError(f"the record of conflict {conflict.id} is no longer linked")
    if (item, slot) in journal.pending_slots(connection, name, conflict.entity, [item]):
        raise DataError(
            f"whether the last write to {name} took effect is not known yet, so conflict {conflict.id} may be over",
            hint="run `crossdock sync`, which finds out; then look at the conflict again",
        )
    theirs, ours = view.observed.get(slot), _owners_value(hub, connection, conflict, flow)
    if choice is not Choice.OURS:
        _as_shown(conflict, flow.source, slot, ours, body.decode(conflict.ours))
        _as_shown(conflict, name, slot, theirs, body.decode(conflict.theirs))
    overrides.end(connection, name, conflict.entity, item, slot)
    plan_id = None
    if choice is Choice.OURS:
        settle(connection, [Settled(view.id, {}, {slot: theirs}, forget=frozenset({slot}), writes={slot: None})])
        text = f"the owner's value {displayed(slot, ours)} is written at the next apply"
    else:
        override = SlotOverride("adopt", theirs, ours)
        overrides.put(connection, name, conflict.entity, item, slot, override, now)
        settle(connection, [Settled(view.id, {slot: ours}, {slot: theirs})])
        text = f"{displayed(slot, theirs)} stays until the owner's value next changes"
        if choice is Choice.TO_OWNER:
            plan_id = plan_to_owner(hub, connection, conflict, flow.source, theirs)
            text = f"{displayed(slot, theirs)} is planned as a write to {flow.source}"
            text += also_changed(hub, connection, conflict, flow.source)
    conflicts.close(connection, conflict.id, f"{choice.value}: {text}", now)
    marks.mark(connection, [marks.Mark(name, flow.name, item)], now)
    return Resolved(conflict.id, text, plan_id)


def _as_shown(conflict: Row[Any], who: str, slot: str, now: Value, shown: Value) -> None:
    """A value that was not shown is not decided on: the conflict shows the newest one after the next plan (R11)."""
    if now != shown:
        raise DataError(
            f"{who} now says {displayed(slot, now)}, conflict {conflict.id} showed {displayed(slot, shown)}",
            hint="plan again, look at the conflict, then resolve it",
        )


def _owners_value(hub: Hub, connection: Connection, conflict: Row[Any], flow: FlowConfig) -> Value:
    """What the owner's value asks for now; the conflict may show an older one."""
    for line in evaluate(hub, connection, flow, [conflict.item_id], targets=[conflict.connection]):
        if line.slot == conflict.slot:
            return line.decision.desired
    return body.decode(conflict.ours)


def _resolve_gone(hub: Hub, connection: Connection, conflict: Row[Any]) -> Resolved:
    """The operator agrees that a record is gone: its link ends, and nothing is created in its place."""
    shadow.unlink(connection, conflict.connection, conflict.entity, conflict.external_id)
    text = "the link to the record that is gone was ended"
    conflicts.close(connection, conflict.id, text, hub.stamp())
    return Resolved(conflict.id, text)


def resolve_drop(hub: Hub, drop_id: int) -> Resolved:
    """The operator says that the owner's figure holds these units: raises may go out again."""
    with hub.database.begin() as connection:
        row = connection.execute(select(_DROP).where(_DROP.c.id == drop_id)).first()
        if row is None or row.open_units == 0:
            raise DataError(f"there is no open drop {drop_id}", hint="`crossdock conflicts list` shows them")
        drops.close_one(connection, drop_id, hub.stamp())
        marked = [
            marks.Mark(target, flow.name, row.item_id)
            for flow in hub.config.flows.values()
            if flow.kind is FlowKind.INVENTORY
            for target in flow.targets
        ]
        marks.mark(connection, marked, hub.stamp())
    return Resolved(drop_id, f"{row.open_units} units on {row.connection} count as booked by the owner")


def approve_source(hub: Hub, flow: FlowConfig) -> None:
    """Accept that a source shrank: the flow goes on, and the source's next complete read is the new measure."""
    with hub.database.begin() as connection:
        for target in flow.targets:
            flowstate.thaw(connection, flow.name, target)
        cursors.forget_counts(connection, flow.source)


def approve_doubted(hub: Hub, flows: Iterable[FlowConfig]) -> None:
    """Accept the sources that an earlier read found shrunken; one that nobody has been told of is never accepted."""
    for flow in flows:
        with hub.database.begin() as connection:
            frozen = {flowstate.load(connection, flow.name, target).frozen for target in flow.targets}
        if "guard_shrunk" in frozen:
            approve_source(hub, flow)
