"""The project set: items to look at again, marked in the transaction that changed what they depend on (R18)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select, update

from sync.store import tables
from sync.store.database import among, upsert

_PROJECT = tables.table(tables.Project)
_SHADOW = tables.table(tables.Shadow)
_CHUNK = 5000


class Mark(NamedTuple):
    """One item to look at again for a flow's target."""

    connection: str
    flow: str
    item_id: int


def mark(connection: Connection, marks: Iterable[Mark], now: str) -> None:
    """Put items into the project set; a repeated mark moves its sequence, so a running look does not clear it."""
    distinct = sorted(set(marks))
    if not distinct:
        return
    seq = next_seq(connection)
    upsert(connection, _PROJECT, [{**m._asdict(), "seq": seq, "since": now} for m in distinct], keep=("since",))


def renew(connection: Connection, items: Iterable[int]) -> None:
    """Move the marks of these items above every other one, for who looks only at what was marked from now on."""
    wanted = sorted(set(items))
    if wanted:
        seq = next_seq(connection)
        connection.execute(update(_PROJECT).where(among(connection, _PROJECT.c.item_id, wanted)).values(seq=seq))


def next_seq(connection: Connection) -> int:
    """A number above every mark's."""
    return int(connection.execute(select(func.coalesce(func.max(_PROJECT.c.seq), 0))).scalar_one()) + 1


def mark_all(connection: Connection, flow: str, target: str, entity: str, now: str) -> int:
    """Mark every linked item of a target, as after a change of configuration; tells how many."""
    count, after = 0, 0
    linked = (_SHADOW.c.connection == target, _SHADOW.c.entity == entity)
    while True:
        query = select(_SHADOW.c.item_id).where(*linked, _SHADOW.c.item_id > after)
        items = connection.execute(query.order_by(_SHADOW.c.item_id).limit(_CHUNK)).scalars().all()
        if not items:
            return count
        after = items[-1]
        mark(connection, [Mark(target, flow, item) for item in items], now)
        count += len(items)


def due_items(connection: Connection, flow: str, after: int, limit: int, since: int = 0) -> list[int]:
    """The next marked items of a flow by id, over all its targets; of marks from a sequence on, where one is given."""
    return list(
        connection.execute(
            select(_PROJECT.c.item_id)
            .where(_PROJECT.c.flow == flow, _PROJECT.c.item_id > after, _PROJECT.c.seq >= since)
            .distinct()
            .order_by(_PROJECT.c.item_id)
            .limit(limit)
        ).scalars()
    )


def marked(connection: Connection, flow: str, items: list[int]) -> dict[tuple[str, int], int]:
    """Which of these items are marked for which target, with the mark's sequence."""
    rows = connection.execute(
        select(_PROJECT.c.connection, _PROJECT.c.item_id, _PROJECT.c.seq).where(
            _PROJECT.c.flow == flow, among(connection, _PROJECT.c.item_id, items)
        )
    )
    return {(row.connection, row.item_id): row.seq for row in rows}


def clear(connection: Connection, flow: str, settled: Iterable[tuple[str, int, int]]) -> None:
    """Take (connection, item, sequence) marks out, each only if it was not marked again meanwhile."""
    rows = [{"t": target, "i": item, "s": seq} for target, item, seq in settled]
    if rows:
        connection.execute(
            delete(_PROJECT).where(
                _PROJECT.c.flow == flow,
                _PROJECT.c.connection == bindparam("t"),
                _PROJECT.c.item_id == bindparam("i"),
                _PROJECT.c.seq == bindparam("s"),
            ),
            rows,
        )
