"""A planned one-off write to an owner: the value someone else set is to become the owner's (R11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert

from canonical.errors import DataError
from canonical.value import Value
from sync import shadow
from sync.batch import ChangeLine
from sync.config import FlowConfig, FlowKind
from sync.decision import Decision, Verdict, fingerprint
from sync.hub import Hub
from sync.known import Line
from sync.shadow import ShadowView
from sync.store import body, tables
from sync.store.database import insert_returning_id

TO_OWNER = "to-owner"
_PLAN = tables.table(tables.Plan)
_CHANGE = tables.table(tables.PlanChange)


def plan_to_owner(hub: Hub, connection: Connection, conflict: Row[Any], owner: str, theirs: Value) -> int:
    """Plan the write of one slot to its owner; tells the plan's id. DataError when the owner has no such record."""
    view = shadow.views(connection, owner, conflict.entity, [conflict.item_id]).get(conflict.item_id)
    if view is None or conflict.slot not in view.observed:
        raise DataError(f"{owner} has no {conflict.slot} for this record", hint="link it there first")
    line = _line(owner, view, conflict.slot, theirs, view.observed[conflict.slot])
    row = {"created_at": hub.stamp(), "config_version": hub.config.version, "state": "open", "counts": None}
    plan_id = insert_returning_id(connection, _PLAN, row)
    connection.execute(
        insert(_CHANGE).values(
            plan_id=plan_id,
            number=1,
            flow=TO_OWNER,
            connection=owner,
            entity=conflict.entity,
            item_id=conflict.item_id,
            external_id=view.external_id,
            slot=conflict.slot,
            sku="",
            owner=owner,
            action=Verdict.WRITE.value,
            before=body.encode(line.decision.base),
            after=body.encode(theirs),
            exempt=True,
            reason=f"conflict {conflict.id}",
            fingerprint=fingerprint(view.external_id, conflict.slot, line.decision, hub.config.version),
            status="planned",
            detail="",
        )
    )
    return plan_id


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
