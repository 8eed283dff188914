"""What a channel shows as shipped that none of ours shipped: somebody's own hands, or a place's own app there (R15)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from canonical.fulfillment import Fulfillment, ShippedLine
from canonical.order import Order
from canonical.status import FulfillmentStatus
from sync.orders import store
from sync.orders.case import Case
from sync.orders.parcels import is_notice, same, units_in
from sync.orders.rules import wanted_units
from sync.store.columns import filled
from sync.store.database import insert_returning_id
from sync.store.orders import Shipment

_CANCELED, _FULFILLED = FulfillmentStatus.CANCELED, FulfillmentStatus.FULFILLED
UNLISTED = "unlisted"
"""The id of the shipment of a channel that shows an order as shipped, and no shipment of it."""


def keep(case: Case) -> None:
    """Keep the channel's own shipments as facts beside those of the places that were asked."""
    rows = store.shipments_of(case.connection, case.row.id)
    known = {row.external_id: row for row in rows if row.connection == case.row.connection}
    others = [store.shipment_body(row) for row in rows if row.connection != case.row.connection]
    back = [one for one in others if one.status is _CANCELED]
    others = [one for one in others if one.status is not _CANCELED]
    for one in (*case.order.fulfillments, *_unlisted(case, others)):
        row = known.get(name_of(case.row.external_id, one.id))
        ours = is_notice(one.reference, case.hub.config.connections)
        if one.status is _CANCELED and (row is None or row.status == _CANCELED.value):
            continue
        body = {"status": one.status.value, "body": msgspec.json.encode(one)}
        if row is not None and (row.status, bytes(row.body)) != (body["status"], body["body"]):
            if one.status is _CANCELED:
                body.pop("body")  # what was said once stays known
            case.connection.execute(store.SHIPMENT.update().where(store.SHIPMENT.c.id == row.id).values(**body))
        elif row is None and not ours and (one.id == UNLISTED or _is_foreign(one, case.order, others, back)):
            values = {
                **body,
                "connection": case.row.connection,
                "external_id": name_of(case.row.external_id, one.id),
                "order_id": case.row.id,
                "first_seen": case.hub.stamp(),
            }
            insert_returning_id(case.connection, store.SHIPMENT, filled(Shipment, values))


def _unlisted(case: Case, others: Sequence[Fulfillment]) -> list[Fulfillment]:
    """What a channel only says of the whole order: someone set it to shipped.

    An order that comes as shipped from the start is taken for a shop's habit. What a place tells of later was its own.
    """
    listed = [one for one in case.order.fulfillments if one.status is not _CANCELED]
    if not case.row.fulfilled_at:
        return [Fulfillment(id=UNLISTED, status=_CANCELED)]
    told = [units_in(others), units_in(listed)]
    lines = tuple(
        ShippedLine(quantity=rest, line_id=line.id, sku=line.sku)
        for line in case.order.lines
        if line.requires_shipping
        and (rest := wanted_units(case.order, line) - max(one.get(line.id, 0) for one in told)) > 0
    )
    return [Fulfillment(id=UNLISTED, lines=lines, status=_FULFILLED if lines else _CANCELED)]


def units(connection: Connection, order_id: int) -> dict[str, int]:
    """Units by line that the channel shows as shipped, and nobody else, by now."""
    rows = [row for row in store.shipments_of(connection, order_id) if row.status != _CANCELED.value]
    ours = [store.shipment_body(row) for row in rows if row.request_id is not None]
    theirs = (store.shipment_body(row) for row in rows if row.request_id is None)
    return units_in(one for one in theirs if not any(same(one, other) for other in ours))


def name_of(order_id: str, shipment_id: str) -> str:
    """The key of a channel's own shipment: some platforms number them within an order only."""
    return f"{order_id.rsplit('/', 1)[-1]}-{shipment_id.rsplit('/', 1)[-1]}"


def _is_foreign(
    shipment: Fulfillment, order: Order, others: Sequence[Fulfillment], back: Sequence[Fulfillment]
) -> bool:
    """Whether nobody of ours shipped it: the channel shows more units as shipped than they say, and not this parcel."""
    if shipment.status is _CANCELED or any(same(shipment, one) for one in (*others, *back)):
        return False
    theirs = units_in(one for one in order.fulfillments if one.status is not _CANCELED)
    ours = units_in(others)
    return any(theirs.get(line.line_id, 0) > ours.get(line.line_id, 0) for line in shipment.lines)
