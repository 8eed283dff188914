"""Cancellations of one request, one after another: what was tried for which reason, and whether to try again (R16).

A refusal stands until something else is wanted, so that nobody is asked the same at every look. What was called off
and runs again is called off again, but not for ever.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select, update

from canonical.request import CancelRequest
from sync.orders import store

_MOST = 3
"""How often a request is called off for one reason, if it runs again each time."""
_UNDER_WAY = ("waiting", "in_flight", "unknown")


def add(connection: Connection, wanted: dict[str, Any], why: str, now: str) -> bool:
    """Want a request called off; False where that is under way, or was refused for the same reason."""
    tried = _tried(connection, wanted["request_id"])
    if any(row.state in _UNDER_WAY or (_refused(row) and _why(row) == why) for row in tried):
        return False
    for row in tried:
        if row.state == "blocked":
            # Its reason stays: that it was refused for this is known on.
            over = {"state": "dropped", "reason": row.reason or "cancel_refused"}
            connection.execute(update(store.EFFECT).where(store.EFFECT.c.id == row.id).values(**over))
    mark = f":{len(tried) + 1}" if tried else ""
    return store.add_effect(connection, {**wanted, "cause": f"request:{wanted['request_id']}{mark}"}, now)


def never_holds(connection: Connection, request_id: int, why: str) -> bool:
    """Whether it was called off for this reason so often that it is left to a person."""
    done = [row for row in _tried(connection, request_id) if row.state == "done" and _why(row) == why]
    return len(done) >= _MOST


def forget_refusals(connection: Connection, order_id: int) -> int:
    """What was refused may be asked again: it is news to who refused it before. Tells how much stood refused."""
    mine = (store.EFFECT.c.order_id == order_id, store.EFFECT.c.kind == "cancel")
    refused = store.EFFECT.c.state.in_(("blocked", "dropped"))
    blocked = select(func.count()).where(*mine, store.EFFECT.c.state == "blocked")
    count = connection.execute(blocked).scalar_one()
    connection.execute(update(store.EFFECT).where(*mine, refused).values(state="dropped", reason=""))
    return int(count)


def _tried(connection: Connection, request_id: int) -> list[Row[Any]]:
    mine = (store.EFFECT.c.kind == "cancel", store.EFFECT.c.request_id == request_id)
    return list(connection.execute(select(store.EFFECT).where(*mine).order_by(store.EFFECT.c.id)))


def _refused(row: Row[Any]) -> bool:
    return row.state == "blocked" or (row.state == "dropped" and bool(row.reason))


def _why(row: Row[Any]) -> str:
    return msgspec.json.decode(row.document, type=CancelRequest).reason
