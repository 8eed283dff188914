"""Taking an order in: where it stands, what it reserves, what its channel deducted, all in the page's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from canonical.clock import instant_text
from canonical.order import Order
from canonical.status import FulfillmentStatus, OrderStatus, PaymentStatus, Status, unlikely
from sync import cursors, documents
from sync.documents import Found
from sync.hub import Hub
from sync.orders import cancels, forget, stock, store
from sync.orders.lines import resolve
from sync.orders.routes import OrderFlow
from sync.payments import rows
from sync.store.columns import filled
from sync.store.database import insert_returning_id
from sync.store.orders import SalesOrder

_OVER = frozenset({FulfillmentStatus.FULFILLED, FulfillmentStatus.NOT_REQUIRED, FulfillmentStatus.CANCELED})

UNREADABLE = "unreadable"
"""The state of an order whose record does not fit its mapping: it is kept, and read again when either changes."""


def take_order(hub: Hub, connection: Connection, found: Found) -> None:
    """Take a changed order in; one that cannot be read as an order is blocked with its reason."""
    row = store.find_order(connection, found.connection, found.external_id)
    if not isinstance(found.document, Order):
        _block(hub, connection, found, row)
        return
    order, now = found.document, hub.stamp()
    if row is not None and row.forgotten_at:
        order = forget.take_again(connection, row, order)
    flow = hub.config.orders[found.connection]
    if row is None:
        row = _add(hub, connection, flow, order, found.external_id, now)
    elif row.state != UNREADABLE:
        _note_steps(connection, row, order, now)
    fulfilled = FulfillmentStatus.FULFILLED
    turned = row.fulfilled_at or (now if row.fulfillment_status != fulfilled.value else "")
    values = {**_statuses(order), "number": order.number, "changed_at": now}
    values["fulfilled_at"] = turned if order.fulfillment_status is fulfilled else ""
    if row.state == UNREADABLE:
        values |= {"placed_at": instant_text(order.placed_at), "reason": "", "detail": ""}
        declared = {"state": row.declared}
        values |= declared if row.declared else _first_state(hub, connection, order, flow, row.external_id)
    connection.execute(store.ORDER.update().where(store.ORDER.c.id == row.id).values(**values))
    rows.note_payments(connection, found.connection, row.id, (one.reference for one in order.payments))
    row = store.order_row(connection, row.id)
    sellables = resolve(hub.config, connection, found.connection, order)
    stock.update(hub, connection, row, order, sellables, found.as_of)
    if row.state not in stock.UNEXPORTED:
        store.mark_due(connection, row.id)


def load_order(connection: Connection, row: Row[Any]) -> Order | None:
    """The last good form of an order."""
    found = documents.load(connection, row.connection, "order", row.external_id, Order)
    return found if isinstance(found, Order) else None


def _statuses(order: Order) -> dict[str, str]:
    return {
        "order_status": order.status.value,
        "payment_status": order.payment_status.value,
        "fulfillment_status": order.fulfillment_status.value,
    }


def _add(hub: Hub, connection: Connection, flow: OrderFlow, order: Order, external_id: str, now: str) -> Row[Any]:
    values = {
        **_statuses(order),
        "connection": flow.channel,
        "external_id": external_id,
        "number": order.number,
        "placed_at": instant_text(order.placed_at),
        **_first_state(hub, connection, order, flow, external_id),
        "first_seen": now,
        "changed_at": now,
    }
    return store.order_row(connection, insert_returning_id(connection, store.ORDER, filled(SalesOrder, values)))


def _first_state(hub: Hub, connection: Connection, order: Order, flow: OrderFlow, external_id: str) -> dict[str, str]:
    """Orders placed before the go-live are reference only; those still open are declared by a person (R12).

    So are those that were taken in before through a connection that is configured no more: it may have been renamed.
    Why is kept with the order: the go-live may be another one by the time a person looks.
    """
    before = _known_as(hub, connection, order, external_id)
    if order.placed_at >= flow.go_live and not before:
        return {"state": "open"}
    if order.status is not OrderStatus.OPEN or order.fulfillment_status in _OVER or order.test:
        return {"state": "reference"}
    if before:
        said = f"it was an order of {before}, which is configured no more: {flow.channel} may be its new name"
        return {"state": "undeclared", "reason": "known_as_other", "detail": said}
    said = f"it was open when it was first read, and placed before the go-live of then: {instant_text(flow.go_live)}"
    return {"state": "undeclared", "reason": "before_go_live", "detail": said}


def _known_as(hub: Hub, connection: Connection, order: Order, external_id: str) -> str:
    """Under which connection, configured no more, it was taken in before; empty if under none."""
    gone = {one.connection for one in cursors.all_states(connection)} - hub.config.connections.keys()
    for name in sorted(gone):
        row = store.find_order(connection, name, external_id)
        if row is not None and row.placed_at == instant_text(order.placed_at):
            return name
    return ""


def _note_steps(connection: Connection, row: Row[Any], order: Order, now: str) -> None:
    """Note a step of a status that the table does not have; it is taken over all the same (R15)."""
    if row.order_status == OrderStatus.CANCELED.value and order.status is not OrderStatus.CANCELED:
        cancels.forget_refusals(connection, row.id)
    steps: list[tuple[Status, Status]] = [
        (OrderStatus(row.order_status), order.status),
        (PaymentStatus(row.payment_status), order.payment_status),
        (FulfillmentStatus(row.fulfillment_status), order.fulfillment_status),
    ]
    for before, after in steps:
        said = unlikely(before, after)
        if said:
            subject = f"{row.connection} {order.number}: {before.value} -> {after.value}"
            store.open_incident(connection, "unlikely_step", subject, said, now, order_id=row.id)


def _block(hub: Hub, connection: Connection, found: Found, row: Row[Any] | None) -> None:
    now = hub.stamp()
    blocked = {"state": UNREADABLE, "reason": found.reason, "detail": found.detail[:500], "changed_at": now}
    if row is not None:
        connection.execute(store.ORDER.update().where(store.ORDER.c.id == row.id).values(**blocked))
        return
    values = {
        **blocked,
        "connection": found.connection,
        "external_id": found.external_id,
        "number": found.external_id,
        "placed_at": now,
        "order_status": OrderStatus.OPEN.value,
        "payment_status": PaymentStatus.PENDING.value,
        "fulfillment_status": FulfillmentStatus.UNFULFILLED.value,
        "first_seen": now,
    }
    insert_returning_id(connection, store.ORDER, filled(SalesOrder, values))
