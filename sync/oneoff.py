"""A planned one-off write to an owner: the value someone else set is to become the owner's (R11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from canonical.errors import DataError
from canonical.slot import parse_slot
from canonical.value import Value
from sync import items, shadow
from sync.batch import ChangeLine
from sync.config import FlowConfig, FlowKind
from sync.decision import Decision, Verdict, fingerprint
from sync.hub import Hub
from sync.known import Line
from sync.shadow import SHADOW, ShadowView
from sync.store import body, tables
from sync.store.database import insert_returning_id

TO_OWNER = "to-owner"
_PLAN = tables.table(tables.Plan)
_CHANGE = tables.table(tables.PlanChange)


def plan_to_owner(hub: Hub, connection: Connection, conflict: Row[Any], owner: str, theirs: Value) -> int:
    """Plan the write of one slot to its owner; tells the plan's id. DataError when the owner has no such record.

    Where the owner keeps the value on a parent, every record that shares it has a line of the plan.
    """
    view = shadow.views(connection, owner, conflict.entity, [conflict.item_id]).get(conflict.item_id)
    if view is None or conflict.slot not in view.observed:
        raise DataError(f"{owner} has no {conflict.slot} for this record", hint="link it there first")
    written = [view, *_sharing(hub, connection, view, conflict.slot)]
    skus = items.skus(connection, [one.item_id for one in written])
    row = {"created_at": hub.stamp(), "config_version": hub.config.version, "state": "open", "counts": None}
    plan_id = insert_returning_id(connection, _PLAN, row)
    rows = []
    for number, one in enumerate(written, start=1):
        line = _line(owner, one, conflict.slot, theirs, one.observed[conflict.slot])
        rows.append(_row(hub, plan_id, number, line, skus.get(one.item_id, ""), f"conflict {conflict.id}"))
    connection.execute(insert(_CHANGE), rows)
    return plan_id


def also_changed(hub: Hub, connection: Connection, conflict: Row[Any], owner: str) -> str:
    """Which other SKUs a write of a conflict's slot to its owner changes, as an end of a sentence; often empty."""
    view = shadow.views(connection, owner, conflict.entity, [conflict.item_id]).get(conflict.item_id)
    shared = _sharing(hub, connection, view, conflict.slot) if view is not None else []
    if not shared:
        return ""
    known = items.skus(connection, [one.item_id for one in shared])
    skus = ", ".join(sorted(known.get(one.item_id) or one.external_id for one in shared))
    return f"; also changes {skus}, which share{'s' if len(shared) == 1 else ''} this value"


def _sharing(hub: Hub, connection: Connection, view: ShadowView, slot: str) -> list[ShadowView]:
    """The other linked records of the same parent, where the value is written to the parent."""
    rule = hub.config.connections[view.connection].mappings[view.entity].fields.get(parse_slot(slot).field)
    operation = rule.operation(view.kind) if rule is not None else ""
    spec = hub.config.connections[view.connection].manifest.writes.get(operation)
    if spec is None or spec.addresses != "parent" or not view.parent_id:
        return []
    query = select(SHADOW.c.item_id).where(
        SHADOW.c.connection == view.connection,
        SHADOW.c.entity == view.entity,
        SHADOW.c.parent_id == view.parent_id,
        SHADOW.c.item_id.is_not(None),
        SHADOW.c.id != view.id,
    )
    found = shadow.views(connection, view.connection, view.entity, connection.execute(query).scalars())
    return [one for _, one in sorted(found.items()) if slot in one.observed and not one.gone]


def _row(hub: Hub, plan_id: int, number: int, line: Line, sku: str, reason: str) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "number": number,
        "flow": TO_OWNER,
        "connection": line.target,
        "entity": line.view.entity,
        "item_id": line.view.item_id,
        "external_id": line.view.external_id,
        "slot": line.slot,
        "sku": sku,
        "owner": line.owner,
        "action": Verdict.WRITE.value,
        "before": body.encode(line.decision.base),
        "after": body.encode(line.decision.desired),
        "exempt": True,
        "reason": reason,
        "fingerprint": fingerprint(line.view.external_id, line.slot, line.decision, hub.config.version),
        "status": "planned",
        "detail": "",
    }


def decide_to_owner(connection: Connection, owner: str, changes: Sequence[ChangeLine]) -> list[Line]:
    """Decide one-off lines again: what the owner holds now, against what is to be written."""
    lines: list[Line] = []
    for change in changes:
        view = shadow.views(connection, owner, change.entity, [change.item_id]).get(change.item_id)
        if view is not None and change.slot in view.observed:
            lines.append(_line(owner, view, change.slot, change.after, view.observed[change.slot]))
    return lines


def _line(owner: str, view: ShadowView, slot: str, after: Value, before: Value) -> Line:
    flow = FlowConfig(TO_OWNER, FlowKind.STATE, view.entity, (), "", (owner,))
    return Line(flow, owner, view, "", slot, owner, Decision(Verdict.WRITE, after, before))
