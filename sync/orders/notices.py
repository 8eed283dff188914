"""Telling on what was reported: a shipment to the channel and to whoever keeps books, once each (R15)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from canonical.fulfillment import Fulfillment, ShippedLine
from canonical.order import Order
from canonical.request import ShipmentNotice
from canonical.status import FulfillmentStatus
from sync.hub import Hub
from sync.orders import store
from sync.orders.amends import amend
from sync.orders.holds import DOCUMENT
from sync.orders.parcels import echo, echoes, same
from sync.orders.requests import Existing


def tell(hub: Hub, connection: Connection, row: Row[Any], order: Order) -> None:
    """Want every shipment told to everyone who has to know it and does not say it already."""
    requests = store.requests_of(connection, row.id)
    shipments = store.shipments_of(connection, row.id)
    keepers = {one.id for one in requests if one.role == DOCUMENT}
    for shipment in shipments:
        body = store.shipment_body(shipment)
        if shipment.status == FulfillmentStatus.CANCELED.value or not body.lines or _is_ours(hub, body.reference):
            continue
        # Who keeps the books was told, and shows it since; a place may have told the channel itself before us.
        books = shipment.request_id in keepers
        firsts = shipments if books else [one for one in shipments if one.request_id is None]
        if shipment.request_id is not None and _repeats(shipment, body, firsts, books=books):
            continue
        for target, operation, notice in _notices(hub, row, order, shipment, body, requests):
            wanted = {
                "kind": "shipment",
                "cause": f"shipment:{shipment.id}",
                "connection": target,
                "operation": operation,
                "reference": notice.reference,
                "order_id": row.id,
                "request_id": None,
                "document": msgspec.json.encode(notice),
            }
            if not store.add_effect(connection, wanted, hub.stamp()):
                amend(hub, connection, wanted, notice)


def _notices(
    hub: Hub, row: Row[Any], order: Order, shipment: Row[Any], body: Fulfillment, requests: list[Existing]
) -> Iterator[tuple[str, str, ShipmentNotice]]:
    flow = hub.config.orders[row.connection]
    if shipment.connection != row.connection and not told(order, body):
        mapping = hub.config.connections[row.connection].documents.get("shipment_notice")
        if mapping is not None:
            notice = _notice(shipment, body, order.id, body.lines, notify=flow.notify_customer)
            yield row.connection, mapping.operation, notice
    for target in flow.targets:
        mapping = hub.config.connections[target].documents.get("shipment_notice")
        keeps = next((one for one in requests if one.connection == target and one.role == DOCUMENT and one.live), None)
        if target != shipment.connection and mapping is not None and keeps is not None and keeps.external_id:
            skus = {line.line_id: line.sku for line in keeps.document.lines}
            lines = tuple(
                ShippedLine(quantity=one.quantity, line_id=one.line_id, sku=skus.get(one.line_id, one.sku))
                for one in body.lines
            )
            yield target, mapping.operation, _notice(shipment, body, keeps.external_id, lines)


def _notice(
    shipment: Row[Any], body: Fulfillment, order_id: str, lines: tuple[ShippedLine, ...], *, notify: bool = False
) -> ShipmentNotice:
    return ShipmentNotice(
        reference=_reference(shipment),
        order_id=order_id,
        lines=lines,
        tracking=body.tracking,
        location=body.location,
        notify_customer=notify,
        shipped_at=body.shipped_at,
    )


def _repeats(shipment: Row[Any], body: Fulfillment, others: list[Row[Any]], *, books: bool) -> bool:
    """Whether it only says again what was reported before."""
    for one in others:
        if one.connection == shipment.connection or one.id > shipment.id:
            continue
        alike = echo if books else same if one.request_id else echoes
        if alike(body, store.shipment_body(one)):
            return True
    return False


def _reference(shipment: Row[Any]) -> str:
    """What a shipment is told under, wherever it is told."""
    return f"{shipment.connection}-{shipment.external_id}"


def _is_ours(hub: Hub, reference: str) -> bool:
    """Whether a shipment was made by a notice of ours, also by one that this database has forgotten."""
    return any(reference.startswith(f"{name}-") for name in hub.config.connections)


def told(order: Order, shipment: Fulfillment) -> bool:
    """Whether the channel says this shipment already: the same tracking number, or, where there is none, the units.

    Someone may have entered it there by hand.
    """
    shown = (one for one in order.fulfillments if one.status is not FulfillmentStatus.CANCELED)
    return any(same(shipment, one) for one in shown)
