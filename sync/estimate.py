"""What applying a plan would cost: its write calls, packed as they would be sent, and the pace of the last ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from canonical.clock import parse_instant
from canonical.errors import SkippableError
from sync.batch import build_rows
from sync.hub import Hub
from sync.store import tables

_CHANGE = tables.table(tables.PlanChange)
_CALL = tables.table(tables.CallRow)
_CHUNK = 5000
_LAST = 50


def write_calls(hub: Hub, plan_id: int, targets: Sequence[str]) -> Counter[str]:
    """Write calls by connection if nothing moved, nothing is refused and no batch is halved; sends nothing."""
    counted: Counter[str] = Counter()
    for target in targets:
        connector = hub.connector(target)
        after = 0
        while rows := _next_lines(hub, plan_id, target, after):
            after = rows[-1].number
            with hub.database.begin() as connection:
                batch, _ = build_rows(hub, connection, target, rows)
            try:
                counted[target] += len(connector.pack(batch.rows, lambda: "estimate"))
            except SkippableError:
                continue
    return counted


def seconds_per_call(hub: Hub, target: str) -> float | None:
    """How long the last write calls of a connection took on average; None when there were none."""
    with hub.database.begin() as connection:
        rows = connection.execute(
            select(_CALL.c.sent_at, _CALL.c.done_at)
            .where(_CALL.c.connection == target, _CALL.c.state == "done", _CALL.c.done_at != "")
            .order_by(_CALL.c.id.desc())
            .limit(_LAST)
        ).all()
    if not rows:
        return None
    taken = [(parse_instant(row.done_at) - parse_instant(row.sent_at)).total_seconds() for row in rows]
    return sum(taken) / len(taken)


def _next_lines(hub: Hub, plan_id: int, target: str, after: int) -> Sequence[Row[Any]]:
    with hub.database.begin() as connection:
        return connection.execute(
            select(_CHANGE)
            .where(
                _CHANGE.c.plan_id == plan_id,
                _CHANGE.c.connection == target,
                _CHANGE.c.status == "planned",
                _CHANGE.c.action != "adopt",
                _CHANGE.c.number > after,
            )
            .order_by(_CHANGE.c.number)
            .limit(_CHUNK)
        ).all()
