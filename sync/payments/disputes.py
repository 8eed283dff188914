"""Disputes by order. Nothing on any platform ends a lost one, so a person takes it off the list."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Row, select, update

from canonical.payment import DisputeRecord, DisputeStatus
from sync.hub import Hub
from sync.orders import store
from sync.payments import books
from sync.payments.statement import gravest
from sync.payments.taking import order_of

_MARK = "dispute_lost:"


def acknowledge(hub: Hub, row: Row[Any]) -> list[str]:
    """Take a person's word that the lost disputes of an order are dealt with; tells their ids. Later ones are not."""
    with hub.database.begin() as connection:
        waived = store.order_row(connection, row.id).waived.split()
        fresh = [one for one in _lost(hub, connection, row) if f"{_MARK}{one}" not in waived]
        if fresh:
            values = {"waived": " ".join([*waived, *(f"{_MARK}{one}" for one in fresh)])}
            connection.execute(update(store.ORDER).where(store.ORDER.c.id == row.id).values(**values))
    return fresh


def acknowledged(connection: Connection) -> set[str]:
    """The ids of all disputes that a person took off the list."""
    found = connection.execute(select(store.ORDER.c.waived).where(store.ORDER.c.waived.contains(_MARK))).scalars()
    return {word.removeprefix(_MARK) for text in found for word in text.split() if word.startswith(_MARK)}


def by_order(hub: Hub, connection: Connection) -> dict[int, DisputeRecord]:
    """The gravest dispute of every order that has one which was not won."""
    found: dict[int, list[DisputeRecord]] = defaultdict(list)
    for name in hub.config.processors:
        for one in books.disputes(connection, name):
            order = order_of(hub, connection, name, one.charge_id, one.payment_id)
            if order is not None:
                found[order].append(one)
    graves = ((order, gravest(ones)) for order, ones in found.items())
    return {order: one for order, one in graves if one is not None}


def _lost(hub: Hub, connection: Connection, row: Row[Any]) -> list[str]:
    return [
        one.id
        for name, processor in hub.config.processors.items()
        if row.connection in processor.channels
        for one in books.disputes(connection, name)
        if one.status is DisputeStatus.LOST and order_of(hub, connection, name, one.charge_id, one.payment_id) == row.id
    ]
