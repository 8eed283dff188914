"""Taking in how a target holds a request: its state, and what it shipped; facts that move the order on (R15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from canonical.fulfillment import Fulfillment, ShippedLine, TargetOrder
from canonical.request import FulfillmentRequest
from canonical.status import FulfillmentStatus, RequestStatus, unlikely
from sync.documents import Found
from sync.hub import Hub
from sync.orders import store
from sync.orders.requests import CANCELED_THERE, WE_WANTED
from sync.store.columns import filled
from sync.store.database import insert_returning_id
from sync.store.orders import Shipment

_BODY = msgspec.json.Decoder(FulfillmentRequest)
_ACCEPTED = frozenset({RequestStatus.ACCEPTED, RequestStatus.PARTIALLY_SHIPPED, RequestStatus.SHIPPED})
_NOT_ACCEPTED = frozenset({RequestStatus.SENT, RequestStatus.ON_HOLD})
"""What is put back to these is off the figures no more: its units count as promised again (R1)."""


def take_target_order(hub: Hub, connection: Connection, found: Found) -> None:
    """Take in a target's word on a request of ours; what is not ours is none of our business."""
    document = found.document
    if not isinstance(document, TargetOrder) or not document.reference:
        return
    row = connection.execute(
        select(store.REQUEST).where(
            store.REQUEST.c.connection == found.connection, store.REQUEST.c.reference == document.reference
        )
    ).first()
    if row is None:
        return
    report(hub, connection, row, document)


def report(hub: Hub, connection: Connection, row: Row[Any], document: TargetOrder) -> None:
    """Move a request to what its target says, keep its shipments, and look at the order again."""
    now = hub.stamp()
    before = RequestStatus(row.state)
    status = _status(before, document.status)
    said = unlikely(before, status)
    if said and before not in (RequestStatus.WAITING, RequestStatus.BLOCKED):
        subject = f"{row.connection} {row.reference}: {before.value} -> {status.value}"
        store.open_incident(connection, "unlikely_step", subject, said, now, order_id=row.order_id)
    values: dict[str, Any] = {"state": status.value, "external_id": document.id, "closed": document.closed}
    called_off = status is RequestStatus.CANCELED and before not in (RequestStatus.CANCELING, RequestStatus.CANCELED)
    if called_off and row.reason not in WE_WANTED:
        values |= {"reason": CANCELED_THERE, "detail": f"{row.connection} called it off"}
    if document.status in _NOT_ACCEPTED:
        values["accepted_at"] = ""
    elif document.status in _ACCEPTED and not row.accepted_at:
        values["accepted_at"] = now
    store.set_request(connection, row.id, now, **values)
    lines = _BODY.decode(row.body).lines
    asked, left = [(one.line_id, one.sku) for one in lines], {one.line_id: one.quantity for one in lines}
    for shipment in document.shipments:
        counts = shipment.status is not FulfillmentStatus.CANCELED
        known = _by_line(shipment, asked, left if counts else dict(left))
        _keep(connection, row, shipment, known, now)
        if counts:
            _tell_unasked(connection, row, shipment, known, now)
    if any(units < 0 for units in left.values()):
        _tell_more(connection, row, "more units than were asked for", now)
    store.mark_due(connection, row.order_id)


def _tell_unasked(connection: Connection, row: Row[Any], told: Fulfillment, known: Fulfillment, now: str) -> None:
    """Goods that left and are on no line of the request: nobody sold them, and a buyer or a shelf has them (R8)."""
    rest: Counter[str] = Counter()
    for one in told.lines:
        rest[one.sku] += one.quantity
    for one in known.lines:
        rest[one.sku] -= one.quantity
    named = ", ".join(f"{units} {sku or 'without a SKU'}" for sku, units in sorted(rest.items()) if units > 0)
    if named:
        _tell_more(connection, row, named, now)


def _tell_more(connection: Connection, row: Row[Any], what: str, now: str) -> None:
    subject = f"{row.connection} {row.reference}"
    said = f"{row.connection} says that {what} left for {row.reference}, which it was not asked for: ask there"
    store.open_incident(connection, "shipped_unasked", subject, said, now, order_id=row.order_id)


def _status(before: RequestStatus, reported: RequestStatus) -> RequestStatus:
    """A cancellation that was asked for stays so until the target has carried it out or shipped."""
    waiting = (RequestStatus.SENT, RequestStatus.ACCEPTED, RequestStatus.ON_HOLD)
    return before if before is RequestStatus.CANCELING and reported in waiting else reported


def _by_line(shipment: Fulfillment, asked: Sequence[tuple[str, str]], left: dict[str, int]) -> Fulfillment:
    """A shipment by the order's lines: units known by SKU only are laid on the lines that asked for them, in order.

    ``left`` are the units by line that no earlier shipment of the request took.
    """
    lines: list[ShippedLine] = []
    for one in shipment.lines:
        if one.line_id in left:
            lines.append(one)
            left[one.line_id] -= one.quantity
            continue
        rest = one.quantity
        for line, sku in asked:
            taken = min(rest, max(0, left[line])) if sku == one.sku else 0
            if taken:
                lines.append(ShippedLine(quantity=taken, line_id=line, sku=sku))
                left[line] -= taken
                rest -= taken
    return msgspec.structs.replace(shipment, lines=tuple(lines))


def _keep(connection: Connection, row: Row[Any], shipment: Fulfillment, known: Fulfillment, now: str) -> None:
    table = store.SHIPMENT
    same = (table.c.connection == row.connection, table.c.external_id == shipment.id)
    old = connection.execute(select(table.c.id).where(*same)).scalar()
    values = {"status": known.status.value, "body": msgspec.json.encode(known)}
    if old is not None:
        connection.execute(table.update().where(table.c.id == old).values(**values))
        return
    insert_returning_id(
        connection,
        table,
        filled(
            Shipment,
            {
                **values,
                "connection": row.connection,
                "external_id": shipment.id,
                "order_id": row.order_id,
                "request_id": row.id,
                "first_seen": now,
            },
        ),
    )
