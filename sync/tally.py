"""Counting what guards judge: the adopted population, a plan's lines, and the window before it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, func, select

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
    """What a plan and the window before it change of a flow on a target."""
    since = instant_text(hub.now() - hub.config.guards.window)
    return Tally(
        population=population(connection, target, flow.entity),
        changed=_planned(connection, plan_id, flow, target),
        zeroed=_planned(connection, plan_id, flow, target, _CHANGE.c.after == _ZERO),
        changed_in_window=_done(connection, flow, target, since),
        zeroed_in_window=_done(connection, flow, target, since, _LINE.c.after == _ZERO),
    )


def _planned(connection: Connection, plan_id: int, flow: FlowConfig, target: str, *more: ColumnElement[bool]) -> int:
    zero = [_CHANGE.c.before.not_in(_NOTHING)] if more else []
    return int(
        connection.execute(
            select(func.count(func.distinct(_CHANGE.c.item_id))).where(
                _CHANGE.c.plan_id == plan_id,
                _CHANGE.c.flow == flow.name,
                _CHANGE.c.connection == target,
                _CHANGE.c.status == "planned",
                _CHANGE.c.exempt.is_(False),
                *zero,
                *more,
            )
        ).scalar_one()
    )


def _done(connection: Connection, flow: FlowConfig, target: str, since: str, *more: ColumnElement[bool]) -> int:
    zero = [_LINE.c.before.not_in(_NOTHING)] if more else []
    return int(
        connection.execute(
            select(func.count(func.distinct(_LINE.c.item_id)))
            .join(_CALL, _CALL.c.id == _LINE.c.call_id)
            .where(
                _CALL.c.connection == target,
                _LINE.c.flow == flow.name,
                _LINE.c.outcome == "applied",
                _LINE.c.done_at >= since,
                _LINE.c.exempt.is_(False),
                *zero,
                *more,
            )
        ).scalar_one()
    )
