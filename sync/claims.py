"""Ticks that were claimed and schedules that are due: rows, so that replicas agree and a crash forgets nothing.

A tick only marks its schedule as due. However often it fires, and in however many processes, the mark is one row.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from canonical.clock import instant_text
from sync.store.database import upsert
from sync.store.schedules import ScheduleClaim, ScheduleDue
from sync.store.tables import table

_CLAIM, _DUE = table(ScheduleClaim), table(ScheduleDue)
_KEPT = timedelta(hours=1)


class Due(NamedTuple):
    """A schedule that is to run, and the tick that asked for it last."""

    name: str
    tick: str
    since: str


def claim(connection: Connection, name: str, tick: datetime, now: datetime) -> bool:
    """Take a tick; whether it was still free. Claims older than an hour are dropped, but never the latest."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = {"name": name, "tick": instant_text(tick), "claimed_at": instant_text(now)}
    statement = insert(_CLAIM).values(**row).on_conflict_do_nothing().returning(_CLAIM.c.tick)
    taken = connection.execute(statement).first() is not None
    if taken:
        old = instant_text(min(now, tick) - _KEPT)
        connection.execute(delete(_CLAIM).where(_CLAIM.c.name == name, _CLAIM.c.tick < old))
    return taken


def fire(connection: Connection, name: str, tick: datetime, now: datetime) -> bool:
    """Claim a tick and mark its schedule as due; whether this process was the first."""
    if not claim(connection, name, tick, now):
        return False
    upsert(connection, _DUE, [{"name": name, "tick": instant_text(tick), "since": instant_text(now)}], keep=("since",))
    return True


def catch_up(connection: Connection, name: str, tick: datetime, now: datetime) -> bool:
    """At a start: fire the last tick if it was missed, once, however many were; a new schedule waits for its next."""
    known = last(connection, name)
    if not known:
        claim(connection, name, tick, now)
        return False
    return known < instant_text(tick) and fire(connection, name, tick, now)


def last(connection: Connection, name: str) -> str:
    """The latest tick that was claimed; empty for none."""
    return str(connection.execute(select(func.max(_CLAIM.c.tick)).where(_CLAIM.c.name == name)).scalar() or "")


def due(connection: Connection) -> list[Due]:
    """What is to run, the longest waiting first."""
    return [Due(*row) for row in connection.execute(select(_DUE).order_by(_DUE.c.since, _DUE.c.name))]


def still_due(connection: Connection, name: str) -> bool:
    """Whether a schedule is still to run: another process may have run it meanwhile."""
    return connection.execute(select(_DUE.c.name).where(_DUE.c.name == name)).first() is not None


def done(connection: Connection, one: Due) -> None:
    """A run ended: its mark goes, unless a later tick asked again meanwhile."""
    connection.execute(delete(_DUE).where(_DUE.c.name == one.name, _DUE.c.tick == one.tick))


def forget_others(connection: Connection, names: Collection[str]) -> None:
    """Drop the marks of schedules that are not configured any more."""
    connection.execute(delete(_DUE).where(_DUE.c.name.not_in(list(names))))
