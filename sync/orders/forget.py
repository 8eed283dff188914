"""Forgetting who bought: of an order that is over, names, addresses and notes go; what was done for it stays.

The rows of the order, its requests and its effects are kept: they are what keeps a platform that shows the order again
from being sent a second document. A forgotten order stays forgotten, whatever its channel shows of it later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, and_, not_, select, update
from sqlalchemy.sql.elements import ColumnElement

from canonical.order import Order
from canonical.party import Address, Customer
from canonical.request import FulfillmentRequest
from sync import documents
from sync.orders import store
from sync.orders.holds import DOCUMENT
from sync.orders.reservations import OPEN
from sync.store import body
from sync.store.orders import Document, Reservation
from sync.store.tables import table

_DOCUMENT, _HELD = table(Document), table(Reservation)
_OVER = ("done", "canceled", "reference")
_ENDED = ("shipped", "canceled")
_DONE = ("done", "dropped")
_Person = TypeVar("_Person", Order, FulfillmentRequest)


def over(before: str) -> Sequence[ColumnElement[bool]]:
    """What is true of an order's row when nothing moved since a time, nothing is open, and its buyer is remembered."""
    order = store.ORDER.c
    changed_since = select(_DOCUMENT.c.external_id).where(
        _DOCUMENT.c.connection == order.connection,
        _DOCUMENT.c.kind == "order",
        _DOCUMENT.c.external_id == order.external_id,
        _DOCUMENT.c.as_of >= before,
    )
    # Who keeps the books and ships nothing never says more than that it has taken a document.
    kept = and_(store.REQUEST.c.role == DOCUMENT, store.REQUEST.c.state == "accepted")
    open_request = and_(store.REQUEST.c.state.not_in(_ENDED), not_(kept))
    asked = select(store.REQUEST.c.id).where(store.REQUEST.c.order_id == order.id, open_request)
    wanted = select(store.EFFECT.c.id).where(store.EFFECT.c.order_id == order.id, store.EFFECT.c.state.not_in(_DONE))
    held = select(_HELD.c.order_id).where(_HELD.c.order_id == order.id, _HELD.c.state == OPEN)
    return (
        order.forgotten_at == "",
        order.state.in_(_OVER),
        order.due == 0,
        order.changed_at < before,
        *(~one.exists() for one in (changed_since, asked, wanted, held)),
    )


def forget(connection: Connection, order_ids: Iterable[int], now: str) -> None:
    """Forget who bought these orders, wherever it is kept."""
    for order_id in order_ids:
        row = store.order_row(connection, order_id)
        order = documents.load(connection, row.connection, "order", row.external_id, Order)
        if isinstance(order, Order):
            _keep(connection, row, nameless(order))
        for one in store.request_rows(connection, order_id):
            document = msgspec.json.encode(nameless(msgspec.json.decode(one.body, type=FulfillmentRequest)))
            mine = store.EFFECT.c.request_id == one.id, store.EFFECT.c.kind == "request"
            connection.execute(update(store.EFFECT).where(*mine).values(document=document))
            values = {"body": document, "digest": body.digest(document)}
            connection.execute(update(store.REQUEST).where(store.REQUEST.c.id == one.id).values(**values))
        connection.execute(update(store.EFFECT).where(store.EFFECT.c.order_id == order_id).values(call_body=None))
        connection.execute(update(store.ORDER).where(store.ORDER.c.id == order_id).values(forgotten_at=now))


def take_again(connection: Connection, row: Any, order: Order) -> Order:
    """A forgotten order that its channel shows again, as it is taken in: without its buyer."""
    known = nameless(order)
    _keep(connection, row, known)
    return known


def nameless(document: _Person) -> _Person:
    """A document without whoever it is for; the country stays, for taxes and routes are told by it."""
    shipped = document.shipping_address
    there = Address(country=shipped.country, region=shipped.region) if shipped else None
    return msgspec.structs.replace(document, customer=Customer(), shipping_address=there, billing_address=None, note="")


def _keep(connection: Connection, row: Any, order: Order) -> None:
    same = (
        _DOCUMENT.c.connection == row.connection,
        _DOCUMENT.c.kind == "order",
        _DOCUMENT.c.external_id == row.external_id,
    )
    connection.execute(update(_DOCUMENT).where(*same).values(raw=b"", body=msgspec.json.encode(order)))
