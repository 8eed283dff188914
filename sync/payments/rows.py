"""Refunds as each side tells them, and which order a payment is for: rows kept and found again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from sync.store.columns import filled
from sync.store.database import among
from sync.store.orders import MoneyBack, PaymentRef
from sync.store.tables import table

REFUND, _REF = table(MoneyBack), table(PaymentRef)


def note_payments(connection: Connection, channel: str, order_id: int, references: Iterable[str]) -> None:
    """Remember which order the processor's ids of its payments belong to."""
    known = set(connection.execute(select(_REF.c.reference).where(_REF.c.order_id == order_id)).scalars())
    fresh = sorted(set(references) - known - {""})
    if fresh:
        rows = [{"connection": channel, "reference": one, "order_id": order_id} for one in fresh]
        connection.execute(insert(_REF), rows)


def orders_of(connection: Connection, channels: Collection[str], references: Collection[str]) -> set[int]:
    """Orders of some channels that name one of these ids of a processor."""
    query = select(_REF.c.order_id).where(
        among(connection, _REF.c.reference, sorted(references)), among(connection, _REF.c.connection, sorted(channels))
    )
    return set(connection.execute(query).scalars())


def put(connection: Connection, name: str, external_id: str, values: Mapping[str, Any], now: str) -> Row[Any]:
    """Keep a refund as it is told now; an order it was found to be for is not forgotten."""
    same = (REFUND.c.connection == name, REFUND.c.external_id == external_id)
    old = connection.execute(select(REFUND).where(*same)).first()
    if old is None:
        row = {**values, "connection": name, "external_id": external_id, "first_seen": now}
        connection.execute(insert(REFUND).values(**filled(MoneyBack, row)))
    else:
        kept = {**values, "order_id": values.get("order_id") or old.order_id}
        connection.execute(update(REFUND).where(REFUND.c.id == old.id).values(**kept))
    return connection.execute(select(REFUND).where(*same)).one()


def of_order(connection: Connection, order_id: int) -> list[Row[Any]]:
    """Everything that was told of money given back on an order, oldest first."""
    return list(connection.execute(select(REFUND).where(REFUND.c.order_id == order_id).order_by(REFUND.c.id)))


def settled(connection: Connection, name: str) -> set[str]:
    """The ids of a processor's refunds of which a person said that they are for no order, or for which."""
    told = (REFUND.c.connection == name, or_(REFUND.c.settled_at != "", REFUND.c.order_id.is_not(None)))
    return set(connection.execute(select(REFUND.c.external_id).where(*told)).scalars())


def without_order(connection: Connection) -> list[Row[Any]]:
    """Refunds of which nobody knows the order, oldest first."""
    unknown = (REFUND.c.order_id.is_(None), REFUND.c.settled_at == "")
    return list(connection.execute(select(REFUND).where(*unknown).order_by(REFUND.c.id)))


def settle(connection: Connection, refund_id: int, now: str) -> None:
    """A refund is for no order, by a person's word."""
    connection.execute(update(REFUND).where(REFUND.c.id == refund_id).values(settled_at=now))


def assign(connection: Connection, refund_id: int, order_id: int) -> None:
    """A refund is for this order."""
    connection.execute(update(REFUND).where(REFUND.c.id == refund_id).values(order_id=order_id))
