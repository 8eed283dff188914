"""Orders as a person looks at them: where each stands, who was asked, what was sent, shipped and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from canonical.money import in_minor_units
from canonical.order import Order
from canonical.payment import MovementStatus
from canonical.request import FulfillmentRequest
from canonical.totals import parts_of, rest_of
from sync.orders import reservations, store
from sync.orders.holds import SHIP
from sync.orders.ingest import load_order
from sync.orders.shipped import shipped
from sync.payments import rows as payment_rows
from sync.payments.refunds import paid_by_buyer, pair, side_of
from sync.store import tables
from sync.store.database import among

_ITEM = tables.table(tables.Item)
_BODY = msgspec.json.Decoder(FulfillmentRequest)
NEEDS_SOMEONE = ("blocked", "unreadable", "undeclared")
"""States in which an order goes on only when a person does something."""


def listing(
    connection: Connection, states: Sequence[str] = (), channel: str = "", limit: int | None = None
) -> list[Row[Any]]:
    """Orders, newest first."""
    query = select(store.ORDER)
    if states:
        query = query.where(store.ORDER.c.state.in_(states))
    if channel:
        query = query.where(store.ORDER.c.connection == channel)
    query = query.order_by(store.ORDER.c.placed_at.desc(), store.ORDER.c.id.desc())
    return list(connection.execute(query if limit is None else query.limit(limit)))


def channels(connection: Connection) -> set[str]:
    """The channels that orders are known of, those that are configured no more among them."""
    return set(connection.execute(select(store.ORDER.c.connection).distinct()).scalars())


def counts(connection: Connection) -> dict[str, int]:
    """How many orders stand where."""
    rows = connection.execute(select(store.ORDER.c.state, func.count()).group_by(store.ORDER.c.state))
    return {state: int(count) for state, count in rows}


def find(connection: Connection, text: str) -> list[Row[Any]]:
    """Orders by what a person calls them: number, with or without #, or the platform's id; also CHANNEL:NUMBER."""
    channel, _, name = text.partition(":")
    here = and_(store.ORDER.c.connection == channel, _called(name))
    query = select(store.ORDER).where(or_(_called(text), here) if name else _called(text))
    return list(connection.execute(query.order_by(store.ORDER.c.id)))


def _called(text: str) -> ColumnElement[bool]:
    names = [text, f"#{text}", text.removeprefix("#")]
    return or_(store.ORDER.c.number.in_(names), store.ORDER.c.external_id == text, _ends_with(text))


def _ends_with(text: str) -> Any:
    return store.ORDER.c.external_id.endswith(f"/{text}", autoescape=True)


def lines(connection: Connection, row: Row[Any], order: Order) -> list[dict[str, object]]:
    """Each position: wanted, booked, asked of who ships, shipped, held."""
    by_books: dict[str, Counter[str]] = {}
    asked: Counter[str] = Counter()
    for one in (one for one in store.requests_of(connection, row.id) if one.live):
        if one.role != SHIP:
            by_books.setdefault(one.connection, Counter()).update(one.units)
        for here in one.places.values():
            asked.update(here)
    gone = shipped(connection, row.id, order)
    held = _held(connection, row.id)
    return [
        {
            "line": line.id,
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "ordered": line.ordered or line.quantity,
            "amount": in_minor_units(line.amount, order.currency),
            "discount": in_minor_units(line.discount, order.currency),
            "booked": max((mine[line.id] for mine in by_books.values()), default=0),
            "asked": asked[line.id],
            "shipped": gone.get(line.id, 0),
            "reserved": held.get(line.id, ""),
        }
        for line in order.lines
    ]


def _held(connection: Connection, order_id: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in reservations.of_order(connection, order_id):
        said = f"{one.units} at {one.location or 'any place'}{', booked' if one.booked_at else ''}"
        found[one.line_id] = f"{found[one.line_id]}; {said}" if one.line_id in found else said
    return found


def requests(connection: Connection, row: Row[Any]) -> list[dict[str, object]]:
    """Everyone who was asked: for what, why them, and how they hold it."""
    return [
        {
            "id": one.id,
            "connection": one.connection,
            "role": one.role,
            "location": one.location,
            "reference": one.reference,
            "state": one.state,
            "external_id": one.external_id,
            "units": {line.sku or line.line_id: line.quantity for line in _BODY.decode(one.body).lines},
            "why": one.why,
            "reason": one.reason,
            "detail": one.detail,
        }
        for one in store.request_rows(connection, row.id)
    ]


def effects(connection: Connection, order_id: int) -> list[dict[str, object]]:
    """What was, is or is to be done once for an order."""
    rows = connection.execute(
        select(store.EFFECT).where(store.EFFECT.c.order_id == order_id).order_by(store.EFFECT.c.id)
    )
    return [effect_row(row) for row in rows]


def waiting_effects(connection: Connection, limit: int | None = None) -> list[dict[str, object]]:
    """What an apply would have done once, with the order it is for."""
    query = (
        select(store.EFFECT, store.ORDER.c.number)
        .join(store.ORDER, store.ORDER.c.id == store.EFFECT.c.order_id)
        .where(store.EFFECT.c.state == "waiting")
        .order_by(store.EFFECT.c.connection, store.EFFECT.c.id)
    )
    rows = connection.execute(query if limit is None else query.limit(limit))
    return [{**effect_row(row), "order": row.number} for row in rows]


def effect_counts(connection: Connection) -> dict[str, int]:
    """How many effects stand where."""
    rows = connection.execute(select(store.EFFECT.c.state, func.count()).group_by(store.EFFECT.c.state))
    return {state: int(count) for state, count in rows}


def unknown_effects(connection: Connection, order_id: int | None = None) -> list[dict[str, object]]:
    """Calls of which nobody can tell whether they took effect, of one order or of all."""
    query = select(store.EFFECT).where(store.EFFECT.c.state == "unknown").order_by(store.EFFECT.c.id)
    rows = connection.execute(query if order_id is None else query.where(store.EFFECT.c.order_id == order_id))
    return [effect_row(row) for row in rows]


def effect_row(row: Row[Any]) -> dict[str, object]:
    """One effect in words."""
    return {
        "id": row.id,
        "kind": row.kind,
        "connection": row.connection,
        "operation": row.operation,
        "reference": row.reference,
        "state": row.state,
        "external_id": row.external_id,
        "reason": row.reason,
        "detail": row.detail,
        "sent_at": row.sent_at,
        "done_at": row.done_at,
    }


def money(order: Order) -> list[dict[str, object]]:
    """The total in its typed parts, what they leave unexplained, and what is left of it by the channel's refunds."""
    parts = parts_of(order)
    paid = paid_by_buyer(order)
    refunded = sum((one.amount for one in order.refunds if one.currency == order.currency), Decimal(0))
    rows: list[tuple[str, Decimal | None]] = [
        ("goods", parts.goods),
        ("discount", -parts.discount if parts.discount else None),
        ("shipping", parts.shipping or None),
        ("tax on top", parts.tax or None),
        *((kind.value.replace("_", " "), amount) for kind, amount in parts.adjustments.items()),
        ("total", order.total),
        ("not explained", rest_of(order) or None),
        ("paid", paid if refunded and paid else None),
        ("refunded", -refunded if refunded else None),
        ("kept of what was paid", paid - refunded if refunded and paid else None),
    ]
    return [
        {"part": name, "amount": in_minor_units(amount, order.currency), "currency": order.currency}
        for name, amount in rows
        if amount is not None
    ]


def refunds(connection: Connection, row: Row[Any]) -> list[dict[str, object]]:
    """What was given back on an order, as each side tells it, and which of it is the same money told twice."""
    told = payment_rows.of_order(connection, row.id)
    done = [one for one in told if one.status == MovementStatus.SUCCEEDED.value]
    here = [side_of(one) for one in done if one.connection == row.connection]
    there = [side_of(one) for one in done if one.connection != row.connection]
    same = {theirs.id: ours.id for ours, theirs in pair(here, there) if ours and theirs}
    return [{**_refund(one), "same_as": same.get(one.id)} for one in told]


def refunds_without_order(connection: Connection) -> list[dict[str, object]]:
    """What was given back, and no order is known for."""
    return [_refund(row) for row in payment_rows.without_order(connection)]


def _refund(row: Row[Any]) -> dict[str, object]:
    return {
        "id": row.id,
        "connection": row.connection,
        "external_id": row.external_id,
        "amount": row.amount,
        "currency": row.currency,
        "status": row.status,
    }


def returns(connection: Connection, row: Row[Any], order: Order | None) -> list[dict[str, object]]:
    """Goods that come back: as the channel announces them, and as the places report that take them in."""
    announced: list[dict[str, object]] = [
        {
            "connection": row.connection,
            "id": one.id,
            "status": one.status.value,
            "units": ", ".join(f"{line.quantity} x {_sku(order, line.line_id)}" for line in one.lines),
            "reason": ", ".join(dict.fromkeys(line.reason for line in one.lines if line.reason)),
        }
        for one in (order.returns if order else ())
    ]
    reported: list[dict[str, object]] = [
        {
            "connection": one.connection,
            "id": one.external_id,
            "status": one.status,
            "units": ", ".join(f"{line.quantity} x {line.sku or line.line_id}" for line in body.lines),
            "reason": "",
        }
        for one, body in store.returns_of(connection, row.id)
    ]
    return [*announced, *reported]


def _sku(order: Order | None, line_id: str) -> str:
    line = order.line(line_id) if order else None
    return line.sku if line is not None and line.sku else line_id


def held_longest(connection: Connection, limit: int | None = None) -> list[dict[str, object]]:
    """Every open reservation, oldest first, with its order and SKU."""
    held = reservations.listing(connection)
    held = held if limit is None else held[:limit]
    orders = {
        row.id: row
        for row in connection.execute(
            select(store.ORDER).where(among(connection, store.ORDER.c.id, sorted({one.order_id for one in held})))
        )
    }
    query = select(_ITEM.c.id, _ITEM.c.sku).where(among(connection, _ITEM.c.id, sorted({one.item_id for one in held})))
    skus = {row.id: row.sku for row in connection.execute(query)}
    return [
        {
            "order": orders[one.order_id].number,
            "channel": one.channel,
            "state": orders[one.order_id].state,
            "reason": orders[one.order_id].reason,
            "sku": skus.get(one.item_id, ""),
            "location": one.location,
            "units": one.units,
            "booked_at": one.booked_at,
            "since": one.since,
        }
        for one in held
    ]


def order_of(connection: Connection, row: Row[Any]) -> Order | None:
    """The order itself, as last read."""
    return load_order(connection, row)
