"""The observe set: external records that must be read again, filled from outside or by a refused write (R18)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select, update

from sync.store import tables
from sync.store.bulk import Adding
from sync.store.database import among

_OBSERVE, _SHADOW = tables.table(tables.Observe), tables.table(tables.Shadow)
_MOST, _SHRINK = 500, 8
_NEXT = select(func.coalesce(func.max(_OBSERVE.c.seq), 0) + 1)
_MARKING = Adding(
    _OBSERVE,
    ["connection", "resource", "external_id"],
    lambda _, again: {"seq": again.seq, "last_at": again.last_at},
)


@dataclass(frozen=True, slots=True)
class Due:
    """Records of one resource to read: external id to the sequence of its mark.

    ``attempts`` is how often they could not be read, all of them equally often.
    """

    resource: str
    refs: Mapping[str, int]
    attempts: int = 0

    def only(self, refs: Iterable[str]) -> Due:
        """Just these of them."""
        return replace(self, refs={ref: self.refs[ref] for ref in refs})


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
    seq = int(connection.execute(_NEXT).scalar_one())
    # Since when a mark is set stays when it is set again, and so does what it is put off for.
    _MARKING.add(connection, [(*one, seq, now, now, 0, "") for one in distinct])


def due(connection: Connection, name: str, resources: Collection[str], now: str, until: int | None = None) -> Due:
    """The marks of a connection to read next, all of one of these resources; empty when there are none.

    Those that could not be read come last, in fewer at a time the more often they could not: none of them is in
    company for long. With ``until`` only marks up to that sequence count.
    """
    ripe = [_OBSERVE.c.connection == name, _OBSERVE.c.not_before <= now]
    if until is not None:
        ripe.append(_OBSERVE.c.seq <= until)
    first = connection.execute(
        select(_OBSERVE.c.resource, _OBSERVE.c.attempts)
        .where(*ripe, among(connection, _OBSERVE.c.resource, resources))
        .order_by(_OBSERVE.c.attempts, _OBSERVE.c.seq)
        .limit(1)
    ).first()
    if first is None:
        return Due("", {})
    rows = connection.execute(
        select(_OBSERVE.c.external_id, _OBSERVE.c.seq)
        .where(*ripe, _OBSERVE.c.resource == first.resource, _OBSERVE.c.attempts == first.attempts)
        .order_by(_OBSERVE.c.seq)
        .limit(max(1, _MOST // _SHRINK**first.attempts))
    )
    return Due(first.resource, {row[0]: row[1] for row in rows}, first.attempts)


def newest(connection: Connection) -> int:
    """The sequence of the latest mark."""
    return int(connection.execute(_NEXT).scalar_one()) - 1


def put_off(connection: Connection, name: str, failed: Due, until: str) -> None:
    """These could not be read: leave them alone until then."""
    rows = [{"x": ref} for ref in sorted(failed.refs)]
    connection.execute(
        update(_OBSERVE)
        .where(
            _OBSERVE.c.connection == name,
            _OBSERVE.c.resource == failed.resource,
            _OBSERVE.c.external_id == bindparam("x"),
        )
        .values(attempts=failed.attempts + 1, not_before=until),
        rows,
    )


def clear(connection: Connection, name: str, done: Due) -> None:
    """Take marks out that were not set again meanwhile, in the order in which they are set."""
    rows = [{"x": ref, "s": seq} for ref, seq in sorted(done.refs.items())]
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


def unread(connection: Connection, name: str) -> list[str]:
    """What could not be read of a connection though it is marked: how many records of each resource."""
    missed = (_OBSERVE.c.connection == name, _OBSERVE.c.attempts > 0)
    rows = connection.execute(select(_OBSERVE.c.resource, func.count()).where(*missed).group_by(_OBSERVE.c.resource))
    return [f"{count} marked {resource}" for resource, count in rows]


def ripe(connection: Connection, now: str) -> set[str]:
    """The connections that have marks to be read now."""
    query = select(_OBSERVE.c.connection).where(_OBSERVE.c.not_before <= now).distinct()
    return set(connection.execute(query).scalars())


def items(connection: Connection, now: str) -> set[int]:
    """The items whose records are to be read now, as far as they are linked."""
    same = (_SHADOW.c.connection == _OBSERVE.c.connection) & (_SHADOW.c.external_id == _OBSERVE.c.external_id)
    query = select(_SHADOW.c.item_id).join(_OBSERVE, same)
    return set(connection.execute(query.where(_OBSERVE.c.not_before <= now, _SHADOW.c.item_id.is_not(None))).scalars())


def counts(connection: Connection) -> dict[str, int]:
    """How many records of each connection are marked to be read again."""
    query = select(_OBSERVE.c.connection, func.count()).group_by(_OBSERVE.c.connection)
    return {row[0]: row[1] for row in connection.execute(query)}
