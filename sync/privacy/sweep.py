"""Carrying erasures out: whatever the list matches is redacted wherever it is kept; again and again, with no harm.

Run after something was added to the list, and whenever data may have come back: a restored backup, a late message.
A call whose outcome is not known yet keeps its body, for it may have to be repeated; a later sweep takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, Table, func, select, update

from canonical.clock import instant_text
from connectors.webhooks import Webhooks
from sync.hub import Hub
from sync.orders.store import EFFECT, ORDER, REQUEST
from sync.privacy import ledger
from sync.privacy.find import DOCUMENT, Heading, Holdings, Key, holdings, order_documents
from sync.privacy.ledger import CUSTOMER, EMAIL, Ledger
from sync.privacy.messages import forget_messages
from sync.privacy.redaction import ERASED, NOTHING, personal_of, redacted_body, values_of
from sync.store.database import among
from sync.store.orders import Incident, MoneyBack
from sync.store.tables import CallRow, Run, table

_OPEN = ("in_flight", "unknown")
_REFUND = table(MoneyBack)
_TOLD: tuple[tuple[Table, str], ...] = (
    (table(Incident), "detail"),
    (table(Run), "detail"),
    (table(CallRow), "detail"),
    (DOCUMENT, "detail"),
    (ORDER, "detail"),
    (REQUEST, "detail"),
    (EFFECT, "detail"),
)


@dataclass
class Swept:
    """What a sweep redacted; ``open`` are calls that must be known first, ``elsewhere`` what others hold."""

    orders: list[str] = field(default_factory=list)
    documents: int = 0
    messages: int = 0
    open: int = 0
    elsewhere: list[str] = field(default_factory=list)


def sweep(hub: Hub, connection: Connection, readers: Callable[[str], Webhooks | None]) -> Swept:
    """Redact everything that the list of erasures matches."""
    known = ledger.load(connection)
    keys = [
        key
        for channel in sorted(known.connections())
        for key in order_documents(connection, channel, _matcher(known, channel))
    ]
    held = holdings(connection, keys)
    ledger.add(connection, _names(hub, connection, keys, held), hub.stamp())
    known = ledger.load(connection)
    values = _values(connection, keys, held)
    done = Swept([f"{row.connection} {row.number}" for row in held.orders])
    done.elsewhere = sorted({f"{row.connection} {row.external_id or row.reference}" for row in held.requests})
    done.documents = _forget_documents(connection, [*keys, *held.documents])
    done.open = _forget_work(connection, held, hub.stamp())
    _forget_words(connection, values)
    done.messages = forget_messages(connection, known, readers)
    return done


def _matcher(known: Ledger, channel: str) -> Callable[[str, Heading | None, bytes], bool]:
    def matches(external_id: str, heading: Heading | None, _raw: bytes) -> bool:
        if known.erased_at(channel, ledger.ORDER, external_id):
            return True
        if heading is None:
            return False
        when = (
            known.erased_at(channel, CUSTOMER, heading.customer.external_id),
            known.erased_at(channel, EMAIL, heading.customer.email),
        )
        placed = instant_text(heading.placed_at) if heading.placed_at else ""
        return any(placed <= one for one in when if one)

    return matches


def _names(hub: Hub, connection: Connection, keys: Sequence[Key], held: Holdings) -> list[tuple[str, str, str]]:
    """What must be recognized later on: the orders themselves, and what hangs on them elsewhere."""
    found = [(key.connection, key.kind, key.external_id) for key in (*keys, *held.documents)]
    for row in held.requests:
        found += [(row.connection, "target_order", row.external_id), (row.connection, ledger.REQUEST, row.reference)]
    for processor in hub.config.processors:
        found += [(processor, ledger.PAID, one) for one in held.paid]
        found += [
            (processor, ledger.HINT, name) for row in held.orders for name in (row.number.lstrip("#"), row.external_id)
        ]
    for key, raw in _bodies(connection, keys):
        found.append((key.connection, EMAIL, personal_of(raw).customer.email))
    return found


def _values(connection: Connection, keys: Sequence[Key], held: Holdings) -> list[str]:
    """The texts by which the persons are recognized, before they are gone."""
    bodies = [raw for _, raw in _bodies(connection, keys)] + [bytes(row.body) for row in held.requests]
    return list(dict.fromkeys(text for raw in bodies for text in values_of(personal_of(raw))))


def _bodies(connection: Connection, keys: Sequence[Key]) -> Iterable[tuple[Key, bytes]]:
    for key in keys:
        raw = connection.execute(select(DOCUMENT.c.body).where(*_is(key))).scalar()
        if raw:
            yield key, bytes(raw)


def _forget_documents(connection: Connection, keys: Sequence[Key]) -> int:
    count = 0
    for key in keys:
        row = connection.execute(select(DOCUMENT.c.body, DOCUMENT.c.raw).where(*_is(key))).first()
        if row is None or bytes(row.raw) == NOTHING:
            continue
        body = redacted_body(bytes(row.body)) if row.body and key.kind == ledger.ORDER else row.body
        connection.execute(update(DOCUMENT).where(*_is(key)).values(raw=NOTHING, body=body, detail=""))
        count += 1
    return count


def _forget_work(connection: Connection, held: Holdings, now: str) -> int:
    """Requests and effects; what was not sent yet is not sent any more. Tells how many calls must be known first."""
    for row in held.requests:
        values: dict[str, object] = {"body": redacted_body(bytes(row.body))}
        if row.state == "waiting":
            values |= {"state": "blocked", "reason": "redacted", "changed_at": now}
        connection.execute(update(REQUEST).where(REQUEST.c.id == row.id).values(**values))
    still = 0
    for row in held.effects:
        done: dict[str, object] = {"document": redacted_body(bytes(row.document))}
        if row.state in _OPEN:
            still += 1
        elif row.call_body is not None:
            done["call_body"] = NOTHING
        if row.state == "waiting" and row.kind == "request":
            done |= {"state": "blocked", "reason": "redacted", "done_at": now}
        connection.execute(update(EFFECT).where(EFFECT.c.id == row.id).values(**done))
    orders = [row.id for row in held.orders]
    connection.execute(update(_REFUND).where(among(connection, _REFUND.c.order_id, orders)).values(reason=""))
    return still


def _forget_words(connection: Connection, values: Sequence[str]) -> None:
    """Names and addresses in what was said of errors, whoever it was said of."""
    for text in sorted(values, key=len, reverse=True):
        for where, name in _TOLD:
            column = where.c[name]
            said = column.contains(text, autoescape=True)
            connection.execute(update(where).where(said).values({name: func.replace(column, text, ERASED)}))


def _is(key: Key) -> tuple[ColumnElement[bool], ...]:
    return (
        DOCUMENT.c.connection == key.connection,
        DOCUMENT.c.kind == key.kind,
        DOCUMENT.c.external_id == key.external_id,
    )
