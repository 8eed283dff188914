"""Held, adopted and reverted slots: rows the loop plans around (R11)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select

from canonical.value import Value
from sync.diff import SlotOverride
from sync.store import body, tables
from sync.store.database import among, chunks, upsert

_OVERRIDE = tables.table(tables.Override)


def load(connection: Connection, name: str, entity: str, items: Iterable[int]) -> dict[tuple[int, str], SlotOverride]:
    """The overrides on items of a connection, by item and slot."""
    found: dict[tuple[int, str], SlotOverride] = {}
    for part in chunks(sorted(set(items))):
        rows = connection.execute(
            select(_OVERRIDE).where(
                _OVERRIDE.c.connection == name,
                _OVERRIDE.c.entity == entity,
                among(connection, _OVERRIDE.c.item_id, part),
            )
        )
        for row in rows:
            override = SlotOverride(row.kind, body.decode(row.value), body.decode(row.owner_value))
            found[row.item_id, row.slot] = override
    return found


def put(
    connection: Connection,
    name: str,
    entity: str,
    item_id: int,
    slot: str,
    override: SlotOverride,
    now: str,
    conflict_id: int | None = None,
) -> None:
    """Set the override of a slot; there is at most one."""
    upsert(
        connection,
        _OVERRIDE,
        [
            {
                "connection": name,
                "entity": entity,
                "item_id": item_id,
                "slot": slot,
                "kind": override.kind,
                "value": body.encode(override.value),
                "owner_value": body.encode(override.owner_value),
                "since": now,
                "expires": "",
                "conflict_id": conflict_id,
            }
        ],
    )


def end(connection: Connection, name: str, entity: str, item_id: int, slot: str) -> None:
    """End the override of a slot."""
    connection.execute(
        delete(_OVERRIDE).where(
            _OVERRIDE.c.connection == name,
            _OVERRIDE.c.entity == entity,
            _OVERRIDE.c.item_id == item_id,
            _OVERRIDE.c.slot == slot,
        )
    )


def end_written(connection: Connection, name: str, slots: Iterable[tuple[str, int, str, Value]]) -> None:
    """End what kept the owner's value off (entity, item, slot), over which it was written; a pin's own value ends none.

    A hold ends with its conflict.
    """
    rows = [{"e": entity, "i": item, "s": slot, "v": body.encode(value)} for entity, item, slot, value in slots]
    if rows:
        connection.execute(
            delete(_OVERRIDE).where(
                _OVERRIDE.c.connection == name,
                or_(
                    _OVERRIDE.c.kind == "adopt",
                    and_(_OVERRIDE.c.kind == "revert", _OVERRIDE.c.value != bindparam("v")),
                ),
                _OVERRIDE.c.entity == bindparam("e"),
                _OVERRIDE.c.item_id == bindparam("i"),
                _OVERRIDE.c.slot == bindparam("s"),
            ),
            rows,
        )


def count(connection: Connection) -> dict[str, int]:
    """How many overrides there are, by kind."""
    rows = connection.execute(select(_OVERRIDE.c.kind, func.count()).group_by(_OVERRIDE.c.kind))
    return {row[0]: row[1] for row in rows}
