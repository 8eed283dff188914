"""Counting what guards judge: the adopted population, a plan's lines, and the window before it."""

from __future__ import annotations

from sqlalchemy import Connection, Select, func, select

from canonical.clock import instant_text
from sync.config import FlowConfig
from sync.guards import Tally
from sync.hub import Hub
from sync.shadow import SHADOW
from sync.store import tables

_CHANGE = tables.table(tables.PlanChange)
_LINE = tables.table(tables.CallLine)
_CALL = tables.table(tables.CallRow)
_ZERO = b"0"
_NOTHING = (b"0", b"null")


def population(connection: Connection, target: str, entity: str) -> int:
    """Linked records of a target that were equal or written at least once."""
    return int(
        connection.execute(
            select(func.count()).where(
                SHADOW.c.connection == target,
                SHADOW.c.entity == entity,
                SHADOW.c.item_id.is_not(None),
                SHADOW.c.sent.is_not(None),
            )
        ).scalar_one()
    )


def tally(hub: Hub, connection: Connection, plan_id: int, flow: FlowConfig, target: str) -> Tally:
    """What a plan and the window before it change of a flow on a target; an item in both counts once, in the plan."""
    since = instant_text(hub.now() - hub.config.guards.window)
    changed = _planned(plan_id, flow, target)
    zeroed = changed.where(_CHANGE.c.after == _ZERO, _CHANGE.c.before.not_in(_NOTHING))
    changed_before = _done(flow, target, since)
    zeroed_before = changed_before.where(_LINE.c.after == _ZERO, _LINE.c.before.not_in(_NOTHING))
    return Tally(
        population=population(connection, target, flow.entity),
        changed=_count(connection, changed),
        zeroed=_count(connection, zeroed),
        changed_in_window=_count(connection, changed_before.where(_LINE.c.item_id.not_in(changed))),
        zeroed_in_window=_count(connection, zeroed_before.where(_LINE.c.item_id.not_in(zeroed))),
    )


def _count(connection: Connection, items: Select[tuple[int]]) -> int:
    return int(connection.execute(select(func.count()).select_from(items.subquery())).scalar_one())


def _planned(plan_id: int, flow: FlowConfig, target: str) -> Select[tuple[int]]:
    return (
        select(_CHANGE.c.item_id)
        .distinct()
        .where(
            _CHANGE.c.plan_id == plan_id,
            _CHANGE.c.flow == flow.name,
            _CHANGE.c.connection == target,
            _CHANGE.c.status == "planned",
            _CHANGE.c.exempt.is_(False),
        )
    )


def _done(flow: FlowConfig, target: str, since: str) -> Select[tuple[int]]:
    return (
        select(_LINE.c.item_id)
        .distinct()
        .join(_CALL, _CALL.c.id == _LINE.c.call_id)
        .where(
            _CALL.c.connection == target,
            _LINE.c.flow == flow.name,
            _LINE.c.outcome == "applied",
            _LINE.c.done_at >= since,
            _LINE.c.exempt.is_(False),
        )
    )
