"""Finding what is kept of a person: their orders, and whatever hangs on those at other connections."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from canonical.party import Customer
from sync.orders.store import EFFECT, ORDER, REQUEST
from sync.store.database import among
from sync.store.orders import Document, PaymentRef
from sync.store.tables import table

DOCUMENT, PAYMENT_REF = table(Document), table(PaymentRef)
_ASKED = ("target_order", "target_return")
_BOOKED = ("charge", "refund_record", "dispute")


class Heading(msgspec.Struct, frozen=True):
    """What an order's document says of who placed it, and when."""

    id: str = ""
    number: str = ""
    placed_at: datetime | None = None
    customer: Customer = Customer()


@dataclass(frozen=True, slots=True)
class Key:
    """A document: connection, kind and id."""

    connection: str
    kind: str
    external_id: str


class _Reference(msgspec.Struct, frozen=True):
    id: str = ""
    reference: str = ""
    target_id: str = ""
    charge_id: str = ""
    payment_id: str = ""
    order_hint: str = ""


@dataclass
class Holdings:
    """What hangs on some orders: their rows, requests, effects, and documents elsewhere."""

    orders: list[Row[Any]] = field(default_factory=list)
    requests: list[Row[Any]] = field(default_factory=list)
    effects: list[Row[Any]] = field(default_factory=list)
    documents: list[Key] = field(default_factory=list)
    paid: set[str] = field(default_factory=set)


def order_documents(
    connection: Connection, channel: str, wanted: Callable[[str, Heading | None, bytes], bool]
) -> list[Key]:
    """The order documents of a channel that are wanted, by id, heading (None where unreadable) and raw form."""
    columns = (DOCUMENT.c.external_id, DOCUMENT.c.body, DOCUMENT.c.raw)
    query = select(*columns).where(DOCUMENT.c.connection == channel, DOCUMENT.c.kind == "order")
    found: list[Key] = []
    for row in connection.execute(query):
        heading = msgspec.json.decode(row.body, type=Heading) if row.body else None
        if wanted(row.external_id, heading, bytes(row.raw)):
            found.append(Key(channel, "order", row.external_id))
    return found


def holdings(connection: Connection, keys: Sequence[Key]) -> Holdings:
    """Everything that hangs on these orders."""
    found = Holdings()
    for channel in sorted({key.connection for key in keys}):
        ids = [key.external_id for key in keys if key.connection == channel]
        rows = select(ORDER).where(ORDER.c.connection == channel, among(connection, ORDER.c.external_id, ids))
        found.orders += connection.execute(rows).all()
    numbers = [row.id for row in found.orders]
    asked = select(REQUEST).where(among(connection, REQUEST.c.order_id, numbers))
    found.requests += connection.execute(asked).all()
    done = select(EFFECT).where(among(connection, EFFECT.c.order_id, numbers))
    found.effects += connection.execute(done).all()
    found.documents += _asked(connection, found.requests)
    references = select(PAYMENT_REF.c.reference).where(among(connection, PAYMENT_REF.c.order_id, numbers))
    found.paid = set(connection.execute(references).scalars()) - {""}
    found.documents += _booked(connection, found.orders, found.paid)
    return found


def _asked(connection: Connection, requests: Sequence[Row[Any]]) -> Iterator[Key]:
    """The documents of those who were asked to ship or to keep the books."""
    names = {row.reference for row in requests} | {row.external_id for row in requests} - {""}
    places = {row.connection for row in requests}
    for key, one in _documents(connection, _ASKED, places):
        if {one.reference, one.target_id, key.external_id} & names:
            yield key


def _booked(connection: Connection, orders: Sequence[Row[Any]], paid: Collection[str]) -> Iterator[Key]:
    """The documents of payment processors: charges that the orders name or that name them, and what is about those."""
    hints = {name for row in orders for name in (row.number, row.number.lstrip("#"), row.external_id)} - {""}
    every = list(_documents(connection, _BOOKED, None))
    charges = {
        key
        for key, one in every
        if key.kind == "charge" and ({one.id, one.payment_id} & set(paid) or one.order_hint in hints)
    }
    yield from charges
    about = {key.external_id for key in charges} | set(paid)
    for key, one in every:
        if key.kind != "charge" and {one.charge_id, one.payment_id, one.id} & about:
            yield key


def _documents(
    connection: Connection, kinds: Collection[str], places: Collection[str] | None
) -> Iterator[tuple[Key, _Reference]]:
    columns = (DOCUMENT.c.connection, DOCUMENT.c.kind, DOCUMENT.c.external_id, DOCUMENT.c.body)
    query = select(*columns).where(DOCUMENT.c.kind.in_(kinds))
    if places is not None:
        query = query.where(among(connection, DOCUMENT.c.connection, sorted(places)))
    for row in connection.execute(query):
        one = msgspec.json.decode(row.body, type=_Reference) if row.body else _Reference()
        yield Key(row.connection, row.kind, row.external_id), one
