"""The inbox: what was told by webhook is kept, and what it names is marked, in one transaction (R18)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, case, func, select

from connectors.webhooks import Accepted, RecordRef, Webhooks
from sync import observeset
from sync.observeset import Mark
from sync.store import body as bodies
from sync.store.bulk import Adding
from sync.store.inbox import Inbox
from sync.store.tables import table

_INBOX = table(Inbox)
_KEEPING = Adding(
    _INBOX,
    ["connection", "delivery_id", "digest"],
    lambda kept, came: {"copies": kept.copies + came.copies, "last_at": came.last_at},
)
_LONGEST = 200
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """An authentic message to a connection, with the bytes it came as."""

    connection: str
    message: Accepted
    body: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """What a connection was told: how many messages, how often they came, when last, and what is demanded in them."""

    messages: int = 0
    deliveries: int = 0
    last_at: str = ""
    demands: int = 0


def keep(connection: Connection, deliveries: Sequence[Delivery], now: str) -> None:
    """Keep messages and mark what they name; one that came before is counted, and marks again."""
    if not deliveries:
        return
    came: dict[tuple[str, str, bytes], tuple[Delivery, int]] = {}
    for one in deliveries:
        key = one.connection, _text(one.message.delivery_id), bodies.digest(one.body)
        first, copies = came.get(key, (one, 0))
        came[key] = first, copies + 1
    # In the order of the key, so that two receivers never wait for each other.
    _KEEPING.add(connection, [(*key, *_row(*came[key], now)) for key in sorted(came)])
    observeset.mark_all(connection, _marks(deliveries), now)


def _row(delivery: Delivery, copies: int, now: str) -> tuple[Any, ...]:
    """What is kept of a message besides its key."""
    demand = ""
    if delivery.message.contents.demands:
        actions = {one.action for one in delivery.message.contents.demands}
        demand = "erase" if "erase" in actions else "tell"
    return _text(delivery.message.topic), delivery.body, demand, copies, now, now, ""


def _text(told: str) -> str:
    """A text of the platform's as any database takes it."""
    told = told[:_LONGEST]
    return told if told.isprintable() else "".join(character for character in told if character.isprintable())


def _marks(deliveries: Sequence[Delivery]) -> Iterator[Mark]:
    for delivery in deliveries:
        yield from _marks_of(delivery.connection, delivery.message.contents.records)


def _marks_of(name: str, records: Sequence[RecordRef]) -> Iterator[Mark]:
    for one in records:
        if one.external_id.isprintable() and 0 < len(one.external_id) <= _LONGEST:
            yield Mark(name, one.resource, one.external_id)


def replay(
    connection: Connection, readers: Mapping[str, Webhooks], now: str, *, after: int = 0, since: str = "", only: int = 0
) -> tuple[int, int, int]:
    """Mark what a page of kept messages names, once more, as messages are read today.

    Messages behind the id ``after`` that came at ``since`` or later, or ``only`` one. Gives the last id looked at, 0 at
    the end, how many messages there were, and how many of them named something.
    """
    query = select(_INBOX.c.id, _INBOX.c.connection, _INBOX.c.topic, _INBOX.c.body).where(
        _INBOX.c.connection.in_(list(readers)), _INBOX.c.id > after, _INBOX.c.last_at >= since
    )
    if only:
        query = query.where(_INBOX.c.id == only)
    rows = connection.execute(query.order_by(_INBOX.c.id).limit(_PAGE)).all()
    marks: list[Mark] = []
    naming = 0
    for row in rows:
        found = list(_marks_of(row.connection, readers[row.connection].read(row.topic, row.body).records))
        naming += bool(found)
        marks += found
    observeset.mark_all(connection, marks, now)
    return (rows[-1].id if rows else 0), len(rows), naming


def standings(connection: Connection) -> dict[str, Standing]:
    """What each connection was told so far."""
    open_demand = func.sum(case(((_INBOX.c.demand != "") & (_INBOX.c.handled_at == ""), 1), else_=0))
    counted = select(
        _INBOX.c.connection, func.count(), func.sum(_INBOX.c.copies), func.max(_INBOX.c.last_at), open_demand
    )
    rows = connection.execute(counted.group_by(_INBOX.c.connection))
    return {row[0]: Standing(row[1], int(row[2]), row[3], int(row[4])) for row in rows}


def last_heard(connection: Connection, name: str) -> str:
    """When the newest message of a connection came last, empty for none; looks at no other message's bytes."""
    newest = select(func.max(_INBOX.c.id)).where(_INBOX.c.connection == name).scalar_subquery()
    return connection.execute(select(_INBOX.c.last_at).where(_INBOX.c.id == newest)).scalar() or ""


def latest(connection: Connection, name: str, limit: int) -> list[Row[Any]]:
    """The newest messages of a connection, without their bodies."""
    columns = [column for column in _INBOX.c if column.name not in ("body", "digest")]
    query = select(*columns, func.length(_INBOX.c.body).label("bytes")).where(_INBOX.c.connection == name)
    return list(connection.execute(query.order_by(_INBOX.c.id.desc()).limit(limit)))
