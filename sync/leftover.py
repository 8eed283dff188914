"""What an apply left over: the lines of a plan that did not land, each with what became of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, select

from sync.store import tables

_CHANGE = tables.table(tables.PlanChange)
_LEFT = ("moved", "rejected", "unconfirmed", "not_sent")


def listing(connection: Connection, plan_id: int, limit: int | None = None) -> list[Row[Any]]:
    """The lines of an applied plan that did not land, in order."""
    query = select(_CHANGE).where(_CHANGE.c.plan_id == plan_id, _CHANGE.c.status.in_(_LEFT)).order_by(_CHANGE.c.number)
    return list(connection.execute(query if limit is None else query.limit(limit)))


def withheld(connection: Connection, plan_id: int, reason: str) -> dict[tuple[str, str], int]:
    """How many lines of a plan a guard withholds, by flow and connection."""
    rows = connection.execute(
        select(_CHANGE.c.flow, _CHANGE.c.connection, func.count())
        .where(_CHANGE.c.plan_id == plan_id, _CHANGE.c.status == "withheld", _CHANGE.c.reason == reason)
        .group_by(_CHANGE.c.flow, _CHANGE.c.connection)
        .order_by(_CHANGE.c.flow, _CHANGE.c.connection)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def outcomes(connection: Connection, plan_id: int) -> dict[tuple[str, str], int]:
    """How many lines of a plan ended how, by connection and status."""
    rows = connection.execute(
        select(_CHANGE.c.connection, _CHANGE.c.status, func.count())
        .where(_CHANGE.c.plan_id == plan_id)
        .group_by(_CHANGE.c.connection, _CHANGE.c.status)
    )
    return {(row[0], row[1]): row[2] for row in rows}
