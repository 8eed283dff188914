"""Taking in how a target holds a request: its state, and what it shipped; facts that move the order on (R15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from canonical.fulfillment import Fulfillment, ShippedLine, TargetOrder
from canonical.request import FulfillmentRequest, RequestLine
from canonical.status import FulfillmentStatus, RequestStatus, unlikely
from sync.documents import Found
from sync.hub import Hub
from sync.orders import givenup, store
from sync.orders.requests import CANCELED_THERE, GIVEN_UP, TAKEN, WE_WANTED
from sync.orders.shown import difference, ours
from sync.store.columns import filled
from sync.store.database import insert_returning_id
from sync.store.orders import Shipment

DIFFERS = "lines_differ"
"""The incident of a record that is ours, and is not what was asked for."""
REOPENED = "reopened_there"
"""The incident of a request that runs again, though it was called off."""
_BODY = msgspec.json.Decoder(FulfillmentRequest)
_ACCEPTED = frozenset({RequestStatus.ACCEPTED, RequestStatus.PARTIALLY_SHIPPED, RequestStatus.SHIPPED})
_RUNNING = frozenset({RequestStatus.SENT, RequestStatus.ACCEPTED, RequestStatus.ON_HOLD})
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
    now, asked = hub.stamp(), _BODY.decode(row.body).lines
    names = ours(connection, row.connection, asked, (*document.lines, *_shipped_lines(document)))
    if _is_another(hub, connection, row, document, asked, names):
        return
    if givenup.waits(hub, connection, row, document):
        return
    before = RequestStatus(row.state)
    status = _status(before, document.status)
    said, name = unlikely(before, status), f"{row.connection} {row.reference}"
    reopened = before is RequestStatus.CANCELED and status in _RUNNING
    if reopened:
        told = f"{row.connection} goes on with {row.reference}, which counted as called off"
        store.open_incident(connection, REOPENED, name, told, now, order_id=row.order_id)
    elif said and before not in (RequestStatus.WAITING, RequestStatus.BLOCKED):
        subject = f"{name}: {before.value} -> {status.value}"
        store.open_incident(connection, "unlikely_step", subject, said, now, order_id=row.order_id)
    values: dict[str, Any] = {"state": status.value, "external_id": document.id, "closed": document.closed}
    called_off = status is RequestStatus.CANCELED and before not in (RequestStatus.CANCELING, RequestStatus.CANCELED)
    if called_off and row.reason not in WE_WANTED:
        values |= {"reason": CANCELED_THERE, "detail": f"{row.connection} called it off"}
    if document.status in _NOT_ACCEPTED:
        values["accepted_at"] = ""
    elif document.status in _ACCEPTED and not row.accepted_at:
        values["accepted_at"] = now
    if status is RequestStatus.CANCELED:
        store.close_incidents(connection, REOPENED, name, now)
    if row.reason in (TAKEN, GIVEN_UP) or reopened:
        values |= {"reason": "", "detail": ""}
    store.set_request(connection, row.id, now, **values)
    left = {one.line_id: one.quantity for one in asked}
    unasked: Counter[str] = Counter()
    for shipment in document.shipments:
        counts = shipment.status is not FulfillmentStatus.CANCELED
        known = _by_line(shipment, asked, left if counts else dict(left), names)
        _keep(connection, row, shipment, known, now)
        if counts:
            unasked += _unasked(shipment, known, names)
    _take_back(connection, row, document)
    _tell_unasked(connection, row, unasked, now)
    store.mark_due(connection, row.order_id)


def _shipped_lines(document: TargetOrder) -> Iterator[ShippedLine]:
    for shipment in document.shipments:
        yield from shipment.lines


def _is_another(
    hub: Hub,
    connection: Connection,
    row: Row[Any],
    document: TargetOrder,
    asked: Sequence[RequestLine],
    names: Mapping[str, str],
) -> bool:
    """Whether it is not the record that the request made, but another order of its name: nothing of it is believed.

    A record that is ours, and says something else than it was asked for, is told to a person.
    """
    now, subject = hub.stamp(), f"{row.connection} {row.reference}"
    found = difference(hub.config, row.role, asked, document.lines, names)
    if document.status is RequestStatus.CANCELED or not found.text:
        store.close_incidents(connection, DIFFERS, subject, now)
        return False
    other = found.foreign and document.id != row.external_id
    if other and not row.external_id:
        said = f"another order has {row.reference} there: {found.text}"
        blocked = {"state": RequestStatus.BLOCKED.value, "reason": TAKEN, "detail": said[:500], "accepted_at": ""}
        store.set_request(connection, row.id, now, **blocked)
        store.mark_due(connection, row.order_id)
    else:
        said = f"{row.connection} has {found.text} under {row.reference}"
        store.open_incident(connection, DIFFERS, subject, said, now, stands=True, order_id=row.order_id)
    return other


def _unasked(told: Fulfillment, known: Fulfillment, names: Mapping[str, str]) -> Counter[str]:
    """Units by SKU that left and are on no line of the request, or more of one than it asked for."""
    rest: Counter[str] = Counter()
    for one in told.lines:
        rest[names.get(one.sku, one.sku)] += one.quantity
    for one in known.lines:
        rest[one.sku] -= one.quantity
    return +rest


def _tell_unasked(connection: Connection, row: Row[Any], rest: Counter[str], now: str) -> None:
    """Goods that left and that nobody asked for: nobody sold them, and a buyer or a shelf has them (R8)."""
    if not rest:
        return
    named = ", ".join(f"{units} {sku or 'without a SKU'}" for sku, units in sorted(rest.items()))
    subject = f"{row.connection} {row.reference}"
    said = f"{row.connection} says that {named} left for {row.reference}, which it was not asked for: ask there"
    store.open_incident(connection, "shipped_unasked", subject, said, now, stands=True, order_id=row.order_id)


def _status(before: RequestStatus, reported: RequestStatus) -> RequestStatus:
    """A cancellation that was asked for stays so until the target has carried it out or shipped."""
    waiting = (RequestStatus.SENT, RequestStatus.ACCEPTED, RequestStatus.ON_HOLD)
    return before if before is RequestStatus.CANCELING and reported in waiting else reported


def _by_line(
    shipment: Fulfillment, asked: Sequence[RequestLine], left: dict[str, int], names: Mapping[str, str]
) -> Fulfillment:
    """A shipment by the order's lines: units known by SKU only are laid on the lines that asked for them, in order.

    ``left`` are the units by line that no earlier shipment of the request took; what is beyond them is left out.
    """
    lines: list[ShippedLine] = []
    for one in shipment.lines:
        sku = names.get(one.sku, one.sku)
        fits = (
            [(one.line_id, sku)] if one.line_id in left else [(line.line_id, sku) for line in asked if line.sku == sku]
        )
        rest = one.quantity
        for line, called in fits:
            taken = min(rest, max(0, left[line]))
            if taken:
                lines.append(ShippedLine(quantity=taken, line_id=line, sku=called))
                left[line] -= taken
                rest -= taken
    return msgspec.structs.replace(shipment, lines=tuple(lines))


def _keep(connection: Connection, row: Row[Any], shipment: Fulfillment, known: Fulfillment, now: str) -> None:
    """Keep a request's part of a shipment: one that has goods of several orders is shown under each of them."""
    table = store.SHIPMENT
    same = (table.c.connection == row.connection, table.c.external_id.in_(_names(row, shipment)))
    shown = connection.execute(select(table).where(*same)).all()
    old = next((one for one in shown if one.request_id == row.id), None)
    if old is not None and known.status is FulfillmentStatus.CANCELED:
        _cancel(connection, old)
        return
    values = {"status": known.status.value, "body": msgspec.json.encode(known)}
    if old is not None:
        connection.execute(table.update().where(table.c.id == old.id).values(**values))
        return
    insert_returning_id(
        connection,
        table,
        filled(
            Shipment,
            {
                **values,
                "connection": row.connection,
                # Whoever came first has the plain id: what is told of a part is told under a name of its own.
                "external_id": _names(row, shipment)[1 if shown else 0],
                "order_id": row.order_id,
                "request_id": row.id,
                "first_seen": now,
            },
        ),
    )


def _names(row: Row[Any], shipment: Fulfillment) -> tuple[str, str]:
    """The keys that a shipment may have for a request: its id, and that with the request's name."""
    return shipment.id, f"{shipment.id}-{row.reference}"


def _take_back(connection: Connection, row: Row[Any], document: TargetOrder) -> None:
    """A shipment that its place does not show any more did not leave."""
    shown = {name for one in document.shipments for name in _names(row, one)}
    mine = (store.SHIPMENT.c.request_id == row.id, store.SHIPMENT.c.order_id == row.order_id)
    for old in connection.execute(select(store.SHIPMENT).where(*mine)).all():
        if old.external_id not in shown:
            _cancel(connection, old)


def _cancel(connection: Connection, old: Row[Any]) -> None:
    """It counts no more; what was said of it once stays known."""
    canceled = FulfillmentStatus.CANCELED
    said = msgspec.structs.replace(store.shipment_body(old), status=canceled)
    values = {"status": canceled.value, "body": msgspec.json.encode(said)}
    connection.execute(store.SHIPMENT.update().where(store.SHIPMENT.c.id == old.id).values(**values))
