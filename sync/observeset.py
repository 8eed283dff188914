"""The observe set: external records that must be read again, filled from outside or by a refused write (R18)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, select

from sync.store import tables
from sync.store.database import upsert

_OBSERVE = tables.table(tables.Observe)


@dataclass(frozen=True, slots=True)
class Due:
    """Records of one resource to read: external id to the sequence of its mark."""

    resource: str
    refs: Mapping[str, int]


def mark(connection: Connection, name: str, resource: str, refs: Iterable[str], now: str) -> None:
    """Mark records to be read again; a repeated mark moves its sequence, so a read under way does not clear it."""
    distinct = sorted(set(refs))
    if not distinct:
        return
    seq = int(connection.execute(select(func.coalesce(func.max(_OBSERVE.c.seq), 0))).scalar_one()) + 1
    rows = [
        {"connection": name, "resource": resource, "external_id": ref, "seq": seq, "since": now} for ref in distinct
    ]
    upsert(connection, _OBSERVE, rows, keep=("since",))


def due(connection: Connection, name: str, limit: int) -> Due:
    """The oldest marks of a connection, all of one resource; empty when there are none."""
    first = connection.execute(
        select(_OBSERVE.c.resource).where(_OBSERVE.c.connection == name).order_by(_OBSERVE.c.seq).limit(1)
    ).scalar()
    if first is None:
        return Due("", {})
    rows = connection.execute(
        select(_OBSERVE.c.external_id, _OBSERVE.c.seq)
        .where(_OBSERVE.c.connection == name, _OBSERVE.c.resource == first)
        .order_by(_OBSERVE.c.seq)
        .limit(limit)
    )
    return Due(first, {row[0]: row[1] for row in rows})


def clear(connection: Connection, name: str, done: Due) -> None:
    """Take marks out that were not set again meanwhile."""
    rows = [{"x": ref, "s": seq} for ref, seq in done.refs.items()]
    if rows:
        connection.execute(
            delete(_OBSERVE).where(
                _OBSERVE.c.connection == name,
                _OBSERVE.c.resource == done.resource,
                _OBSERVE.c.external_id == bindparam("x"),
                _OBSERVE.c.seq == bindparam("s"),
            ),
            rows,
        )


def count(connection: Connection) -> int:
    """How many records are marked to be read again."""
    return int(connection.execute(select(func.count()).select_from(_OBSERVE)).scalar_one())
