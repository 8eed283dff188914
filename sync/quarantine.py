"""Records and slots that are left out, each with a reason code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, select

from sync.store import tables
from sync.store.database import among, chunks, upsert

_QUARANTINE = tables.table(tables.Quarantine)
UNREADABLE = "invalid_value"
"""The reason of a whole record that cannot be mapped at all."""


class Entry(NamedTuple):
    """One quarantined record (empty slot) or slot."""

    connection: str
    entity: str
    external_id: str
    slot: str
    reason: str
    detail: str = ""
    sku: str = ""


def put(connection: Connection, entries: Iterable[Entry], now: str) -> None:
    """Quarantine records or slots; one that is there already keeps its date."""
    rows = {entry[:4]: {**entry._asdict(), "since": now} for entry in entries}
    upsert(connection, _QUARANTINE, list(rows.values()), keep=("since",))


def release_each(connection: Connection, channel: str, slots: Iterable[tuple[str, str, str]]) -> None:
    """Let slots go, each named by entity, external id and slot."""
    rows = [{"e": entity, "x": external_id, "s": slot} for entity, external_id, slot in slots]
    if rows and _any(connection, channel):
        connection.execute(
            delete(_QUARANTINE).where(
                _QUARANTINE.c.connection == channel,
                _QUARANTINE.c.entity == bindparam("e"),
                _QUARANTINE.c.external_id == bindparam("x"),
                _QUARANTINE.c.slot == bindparam("s"),
            ),
            rows,
        )


def _any(connection: Connection, channel: str) -> bool:
    """Whether anything of a connection is quarantined: mostly nothing is, and many statements are saved."""
    query = select(_QUARANTINE.c.entity).where(_QUARANTINE.c.connection == channel).limit(1)
    return connection.execute(query).first() is not None


def counts(connection: Connection, entity: str = "") -> dict[tuple[str, str], int]:
    """How many are quarantined, by connection and reason; of one entity if it is named."""
    query = select(_QUARANTINE.c.connection, _QUARANTINE.c.reason, func.count()).group_by(
        _QUARANTINE.c.connection, _QUARANTINE.c.reason
    )
    rows = connection.execute(query.where(_QUARANTINE.c.entity == entity) if entity else query)
    return {(row[0], row[1]): row[2] for row in rows}


def listing(connection: Connection, limit: int = 100) -> list[Row[Any]]:
    """What is quarantined, oldest first."""
    return list(connection.execute(select(_QUARANTINE).order_by(_QUARANTINE.c.since).limit(limit)))


def release_whole(connection: Connection, channel: str, entity: str, external_ids: Iterable[str]) -> None:
    """Lift the quarantine of whole records; slots that are quarantined for themselves stay so."""
    _release(connection, channel, entity, external_ids, _QUARANTINE.c.slot == "")


def release_slots(connection: Connection, channel: str, entity: str, external_ids: Iterable[str]) -> None:
    """Lift what was found in the slots of records that are read anew; writes that do not stick stay quarantined."""
    found = (_QUARANTINE.c.slot != "") & (_QUARANTINE.c.reason != "not_converging")
    _release(connection, channel, entity, external_ids, found)


def release_unreadable(
    connection: Connection, channel: str, entities: Iterable[str], external_ids: Sequence[str]
) -> None:
    """Lift the quarantine of records that could not be read and now can."""
    if not external_ids or not _any(connection, channel):
        return
    for part in chunks(external_ids):
        connection.execute(
            delete(_QUARANTINE).where(
                _QUARANTINE.c.connection == channel,
                _QUARANTINE.c.entity.in_(list(entities)),
                among(connection, _QUARANTINE.c.external_id, part),
                _QUARANTINE.c.slot == "",
                _QUARANTINE.c.reason == UNREADABLE,
            )
        )


def _release(
    connection: Connection, channel: str, entity: str, external_ids: Iterable[str], which: ColumnElement[bool]
) -> None:
    rows = [{"x": one} for one in external_ids]
    if rows and _any(connection, channel):
        connection.execute(
            delete(_QUARANTINE).where(
                _QUARANTINE.c.connection == channel,
                _QUARANTINE.c.entity == entity,
                _QUARANTINE.c.external_id == bindparam("x"),
                which,
            ),
            rows,
        )
