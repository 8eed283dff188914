"""What is kept of a customer, as it is kept: the answer to whom the law lets ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from sync.privacy.erase import Person, orders_of, tail
from sync.privacy.find import DOCUMENT, Key, holdings
from sync.privacy.messages import INBOX
from sync.privacy.redaction import names_in


def export(connection: Connection, person: Person) -> dict[str, Any]:
    """Every document, request and message that is about somebody, in plain values."""
    keys = orders_of(connection, person)
    held = holdings(connection, keys)
    return {
        "connection": person.connection,
        "documents": [_document(connection, key) for key in (*keys, *held.documents)],
        "requests": [
            {"connection": row.connection, "reference": row.reference, "state": row.state, "asked": _value(row.body)}
            for row in held.requests
        ],
        "sent": [
            {"connection": row.connection, "what": row.operation, "at": row.sent_at, "body": _value(row.call_body)}
            for row in held.effects
            if row.sent_at
        ],
        "messages": list(_messages(connection, person, {tail(key.external_id) for key in keys})),
    }


def _document(connection: Connection, key: Key) -> dict[str, Any]:
    row = connection.execute(
        select(DOCUMENT).where(
            DOCUMENT.c.connection == key.connection,
            DOCUMENT.c.kind == key.kind,
            DOCUMENT.c.external_id == key.external_id,
        )
    ).one()
    named = {"connection": key.connection, "kind": key.kind, "id": key.external_id, "read_at": row.as_of}
    return {**named, "as_read": _value(row.raw), "as_understood": _value(row.body)}


def _messages(connection: Connection, person: Person, orders: set[str]) -> Iterator[dict[str, Any]]:
    for row in connection.execute(select(INBOX).where(INBOX.c.connection == person.connection).order_by(INBOX.c.id)):
        raw = bytes(row.body)
        if _is_theirs(person, raw, orders):
            yield {"topic": row.topic, "received_at": row.received_at, "body": _value(raw)}


def _is_theirs(person: Person, raw: bytes, orders: set[str]) -> bool:
    named = set(names_in(raw))
    ids = {tail(text) for kind, text in named if kind == "customer"}
    emails = {text.strip().casefold() for kind, text in named if kind == "email"}
    mail = person.email.strip().casefold()
    if tail(person.customer_id or "?") in ids or (mail and mail in emails):
        return True
    found = _value(raw)
    return isinstance(found, dict) and bool({tail(str(found.get(name))) for name in ("id", "order_id")} & orders)


def _value(raw: bytes | None) -> Any:
    if not raw:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw.decode("utf-8", "replace")
