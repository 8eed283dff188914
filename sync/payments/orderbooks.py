"""The statement of one order, from the processors' books as last read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from canonical.order import Order
from canonical.payment import ChargeRecord, MovementStatus
from sync.hub import Hub
from sync.payments import books, disputes, rows
from sync.payments.match import Books, Mismatch, Sold, match
from sync.payments.statement import Statement, movements
from sync.payments.taking import order_of


def statements(hub: Hub, connection: Connection, row: Row[Any], order: Order) -> list[Statement]:
    """What each processor that the order's channel is paid through says of it."""
    names = [name for name, one in hub.config.processors.items() if row.connection in one.channels]
    waived = disputes.acknowledged(connection) if names else set()
    return [_statement(hub, connection, name, row, order, waived) for name in names]


def _statement(hub: Hub, connection: Connection, name: str, row: Row[Any], order: Order, waived: set[str]) -> Statement:
    booked = _of_order(hub, connection, name, row, order)
    found = match([Sold(row.connection, order)], booked, hub.config.processors[name].gateways)
    mismatches = [*found.exceptions, *_of_two(hub, connection, name, booked.charges)]
    moved = movements(booked, books.entries(connection, name), books.payouts(connection, name))
    return Statement(name, moved, tuple(mismatches), frozenset(waived | rows.settled(connection, name)))


def _of_order(hub: Hub, connection: Connection, name: str, row: Row[Any], order: Order) -> Books:
    """What a processor booked for an order: the charges it names or that name it, and what is about these."""
    whole = books.books(connection, name)
    charges = _charges(hub, connection, name, row, order, whole.charges)
    ids, payments = {one.id for one in charges}, {one.payment_id for one in charges} - {""}
    return Books(
        charges=charges,
        refunds=[one for one in whole.refunds if one.charge_id in ids or one.payment_id in payments],
        disputes=[one for one in whole.disputes if one.charge_id in ids or one.payment_id in payments],
    )


def _charges(
    hub: Hub, connection: Connection, name: str, row: Row[Any], order: Order, charges: Sequence[ChargeRecord]
) -> list[ChargeRecord]:
    """The charges an order names; where it names none, those that name it and no other order."""
    references = {payment.reference for payment in order.payments} - {""}
    named = [one for one in charges if {one.id, one.payment_id} & references]
    hints = {order.id, order.number, order.number.lstrip("#")} - {""}
    hinted = [] if named else [one for one in charges if one.order_hint in hints]
    return named + [one for one in hinted if order_of(hub, connection, name, one.id, one.payment_id) == row.id]


def _of_two(hub: Hub, connection: Connection, name: str, charges: Sequence[ChargeRecord]) -> list[Mismatch]:
    """Charges that another order names as well."""
    channels = hub.config.processors[name].channels
    return [
        Mismatch("charge_of_two_orders", one.id, one.amount, one.currency, "another order names it as well")
        for one in charges
        if one.status is MovementStatus.SUCCEEDED
        and len(rows.orders_of(connection, channels, {one.id, one.payment_id} - {""})) > 1
    ]
