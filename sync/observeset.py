"""The observe set: external records that must be read again, filled from outside or by a refused write (R18)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select

from sync.store import tables
from sync.store.database import among, upsert

_OBSERVE = tables.table(tables.Observe)


@dataclass(frozen=True, slots=True)
class Due:
    """Records of one resource to read: external id to the sequence of its mark."""

    resource: str
    refs: Mapping[str, int]


class Mark(NamedTuple):
    """One record to read again."""

    connection: str
    resource: str
    external_id: str


def mark(connection: Connection, name: str, resource: str, refs: Iterable[str], now: str) -> None:
    """Mark records to be read again; a repeated mark moves its sequence, so a read under way does not clear it."""
    mark_all(connection, [Mark(name, resource, ref) for ref in refs], now)


def mark_all(connection: Connection, marks: Iterable[Mark], now: str) -> None:
    """Mark records of any connections, in the order of their key so that two who mark never wait for each other."""
    distinct = sorted(set(marks))
    if not distinct:
        return
    seq = int(connection.execute(select(func.coalesce(func.max(_OBSERVE.c.seq), 0))).scalar_one()) + 1
    upsert(
        connection,
        _OBSERVE,
        [{**one._asdict(), "seq": seq, "since": now, "last_at": now} for one in distinct],
        keep=("since",),
    )


def due(connection: Connection, name: str, limit: int, resources: Collection[str]) -> Due:
    """The oldest marks of a connection among some resources, all of one of them; empty when there are none."""
    first = connection.execute(
        select(_OBSERVE.c.resource)
        .where(_OBSERVE.c.connection == name, among(connection, _OBSERVE.c.resource, resources))
        .order_by(_OBSERVE.c.seq)
        .limit(1)
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


def drop_others(connection: Connection, name: str, resources: Collection[str]) -> None:
    """Take out the marks of a connection that nobody will ever read: those of other resources than these."""
    others = _OBSERVE.c.resource.not_in(list(resources))
    connection.execute(delete(_OBSERVE).where(_OBSERVE.c.connection == name, others))


def count(connection: Connection) -> int:
    """How many records are marked to be read again."""
    return int(connection.execute(select(func.count()).select_from(_OBSERVE)).scalar_one())


def counts(connection: Connection) -> dict[str, int]:
    """How many records of each connection are marked to be read again."""
    query = select(_OBSERVE.c.connection, func.count()).group_by(_OBSERVE.c.connection)
    return {row[0]: row[1] for row in connection.execute(query)}
