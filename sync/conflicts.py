"""The conflict log: one open conflict a slot, which shows the newest desired value (R11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select, update

from canonical.value import Value
from sync.store import body, tables
from sync.store.database import insert_returning_id

_CONFLICT = tables.table(tables.Conflict)


def find_open(connection: Connection, name: str, entity: str, item_id: int, slot: str) -> Row[Any] | None:
    """The open conflict of a slot, or None."""
    return connection.execute(
        select(_CONFLICT).where(
            _CONFLICT.c.connection == name,
            _CONFLICT.c.entity == entity,
            _CONFLICT.c.item_id == item_id,
            _CONFLICT.c.slot == slot,
            _CONFLICT.c.state == "open",
        )
    ).first()


@dataclass(frozen=True, slots=True)
class Finding:
    """What contradicts: the slot, what kind of contradiction, and the values theirs, ours and before."""

    connection: str
    entity: str
    item_id: int
    slot: str
    kind: str
    external_id: str
    theirs: Value = None
    ours: Value = None
    base: Value = None


def open_conflict(connection: Connection, found: Finding, now: str) -> int:
    """Open a slot's conflict, or bring the open one up to date; tells its id."""
    known = find_open(connection, found.connection, found.entity, found.item_id, found.slot)
    values = {"theirs": body.encode(found.theirs), "ours": body.encode(found.ours)}
    if known is not None:
        connection.execute(update(_CONFLICT).where(_CONFLICT.c.id == known.id).values(**values))
        return int(known.id)
    row = {
        **values,
        "connection": found.connection,
        "entity": found.entity,
        "item_id": found.item_id,
        "slot": found.slot,
        "kind": found.kind,
        "state": "open",
        "external_id": found.external_id,
        "base": body.encode(found.base),
        "opened_at": now,
        "closed_at": "",
        "resolution": "",
    }
    return insert_returning_id(connection, _CONFLICT, row)


def close(connection: Connection, conflict_id: int, resolution: str, now: str) -> None:
    """Close a conflict with how it ended."""
    connection.execute(
        update(_CONFLICT)
        .where(_CONFLICT.c.id == conflict_id, _CONFLICT.c.state == "open")
        .values(state="closed", closed_at=now, resolution=resolution)
    )


def close_slot(
    connection: Connection, name: str, entity: str, item_id: int, slot: str, resolution: str, now: str
) -> None:
    """Close the open conflict of a slot, if there is one."""
    close_slots(connection, name, [Closing(entity, item_id, slot, resolution)], now)


class Closing(NamedTuple):
    """A slot whose conflict, if one is open, has ended, and how."""

    entity: str
    item_id: int
    slot: str
    resolution: str


def close_slots(connection: Connection, name: str, closings: Sequence[Closing], now: str) -> None:
    """Close the open conflicts of these slots of a connection; where none is open this costs one query."""
    if not closings or not _any_open(connection, name):
        return
    connection.execute(
        update(_CONFLICT)
        .where(
            _CONFLICT.c.connection == name,
            _CONFLICT.c.entity == bindparam("e"),
            _CONFLICT.c.item_id == bindparam("i"),
            _CONFLICT.c.slot == bindparam("s"),
            _CONFLICT.c.state == "open",
        )
        .values(state="closed", closed_at=now, resolution=bindparam("r")),
        [{"e": one.entity, "i": one.item_id, "s": one.slot, "r": one.resolution} for one in closings],
    )


def _any_open(connection: Connection, name: str) -> bool:
    query = select(_CONFLICT.c.id).where(_CONFLICT.c.connection == name, _CONFLICT.c.state == "open").limit(1)
    return connection.execute(query).first() is not None


def listing(connection: Connection, state: str = "open") -> list[Row[Any]]:
    """Conflicts of a state, oldest first; every one for ``all``."""
    query = select(_CONFLICT).order_by(_CONFLICT.c.id)
    return list(connection.execute(query if state == "all" else query.where(_CONFLICT.c.state == state)))


def get(connection: Connection, conflict_id: int) -> Row[Any] | None:
    """One conflict by its number."""
    return connection.execute(select(_CONFLICT).where(_CONFLICT.c.id == conflict_id)).first()
