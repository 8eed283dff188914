"""Kept messages of those who were forgotten: only their ids stay, so that they can be replayed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from canonical.clock import instant_text, parse_instant
from connectors.webhooks import Webhooks
from sync.privacy.ledger import Ledger
from sync.privacy.redaction import bones, names_in
from sync.store import body as bodies
from sync.store.inbox import Inbox
from sync.store.tables import table

INBOX = table(Inbox)
_PAGE = 500
_REPEATED = timedelta(days=4)
"""Platforms repeat a message for three days at most; what comes later is of something new."""


def forget_messages(connection: Connection, known: Ledger, readers: Callable[[str], Webhooks | None]) -> int:
    """Take the person out of every message that is about them; tells how many there were."""
    count, after = 0, 0
    places = sorted(known.connections())
    while True:
        query = select(INBOX).where(INBOX.c.id > after, INBOX.c.connection.in_(places))
        rows = connection.execute(query.order_by(INBOX.c.id).limit(_PAGE)).all()
        if not rows:
            return count
        after = rows[-1].id
        for row in rows:
            if _is_about(known, row, readers(row.connection)):
                count += strip(connection, row)


def strip(connection: Connection, row: Row[Any]) -> bool:
    """Leave only the ids of a message; whether there was more. Its digest stays: a copy of it is still recognized."""
    kept = bones(bytes(row.body))
    if kept == bytes(row.body):
        return False
    connection.execute(update(INBOX).where(INBOX.c.id == row.id).values(body=kept))
    return True


def _is_about(known: Ledger, row: Row[Any], reader: Webhooks | None) -> bool:
    raw = bytes(row.body)
    if bodies.digest(raw) != bytes(row.digest):
        return False  # stripped before
    kinds = {kind for place, kind in known.known if place == row.connection}
    named = reader.read(row.topic, raw).records if reader is not None else ()
    if any(known.erased_at(row.connection, kind, one.external_id) for one in named for kind in kinds):
        return True
    return any(row.received_at <= _late(known.erased_at(row.connection, *name)) for name in names_in(raw))


def _late(erased_at: str) -> str:
    """Until when a message of somebody who was forgotten may be an old one that is delivered late."""
    return instant_text(parse_instant(erased_at) + _REPEATED) if erased_at else ""
