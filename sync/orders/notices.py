"""Telling on what was reported: a shipment to the channel and to whoever keeps books, once each (R15)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from canonical.fulfillment import Fulfillment
from canonical.order import Order
from canonical.status import FulfillmentStatus
from sync.hub import Hub
from sync.orders import store
from sync.orders.amends import tell_changed
from sync.orders.holds import DOCUMENT
from sync.orders.parcels import echo, echoes, is_notice, same
from sync.orders.telling import Telling, notice, want


def tell(hub: Hub, connection: Connection, row: Row[Any], order: Order) -> None:
    """Want every shipment told to everyone who has to know it and does not say it already."""
    requests = store.requests_of(connection, row.id)
    shipments = store.shipments_of(connection, row.id)
    keepers = {one.id for one in requests if one.role == DOCUMENT}
    books = [
        Telling(hub, connection, row, target, requests, shipments)
        for target in hub.config.orders[row.connection].targets
    ]
    for shipment in shipments:
        body = store.shipment_body(shipment)
        if shipment.status == FulfillmentStatus.CANCELED.value or not body.lines:
            continue
        if is_notice(body.reference, hub.config.connections):
            continue
        # Who keeps the books was told, and shows it since; a place may have told the channel itself before us.
        shown = shipment.request_id in keepers
        firsts = shipments if shown else [one for one in shipments if one.request_id is None]
        if shipment.request_id is not None and _repeats(shipment, body, firsts, books=shown):
            continue
        _tell_channel(hub, connection, row, order, shipment, body)
        for one in books:
            one.tell(shipment, body)


def _tell_channel(
    hub: Hub, connection: Connection, row: Row[Any], order: Order, shipment: Row[Any], body: Fulfillment
) -> None:
    mapping = hub.config.connections[row.connection].documents.get("shipment_notice")
    if mapping is None or shipment.connection == row.connection:
        return
    tell_changed(hub, connection, row, shipment, body)
    if told(order, body):
        return
    notify = hub.config.orders[row.connection].notify_customer
    document = notice(shipment, body, order.id, body.lines, notify=notify)
    want(hub, connection, row, row.connection, mapping.operation, document, f"shipment:{shipment.id}")


def _repeats(shipment: Row[Any], body: Fulfillment, others: list[Row[Any]], *, books: bool) -> bool:
    """Whether it only says again what was reported before."""
    for one in others:
        if one.connection == shipment.connection or one.id > shipment.id:
            continue
        alike = echo if books else same if one.request_id else echoes
        if alike(body, store.shipment_body(one)):
            return True
    return False


def told(order: Order, shipment: Fulfillment) -> bool:
    """Whether the channel says this shipment already: the same tracking number, or, where there is none, the units.

    Someone may have entered it there by hand.
    """
    shown = (one for one in order.fulfillments if one.status is not FulfillmentStatus.CANCELED)
    return any(same(shipment, one) for one in shown)
