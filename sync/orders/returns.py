"""Taking in goods that come back to a place: a fact that is kept and shown; it moves no stock and no money (R15)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from canonical.fulfillment import TargetReturn
from sync.documents import Found
from sync.hub import Hub
from sync.orders import store


def take_return(hub: Hub, connection: Connection, found: Found) -> None:
    """Keep a place's word on goods that come back of an order of ours; what is not ours is none of our business.

    What the place puts back on its shelf is in its own figures, where it counts them: it is never added to another's.
    """
    document = found.document
    if not isinstance(document, TargetReturn):
        return
    order = _order_of(connection, found.connection, document)
    if order is not None:
        store.put_return(connection, found.connection, document, order, hub.stamp())
        store.mark_due(connection, order)


def _order_of(connection: Connection, name: str, document: TargetReturn) -> int | None:
    request, shipment = store.REQUEST, store.SHIPMENT
    ways = [
        (document.reference, request, request.c.reference),
        (document.target_id, request, request.c.external_id),
        (document.shipment_id, shipment, shipment.c.external_id),
    ]
    for named, where, column in ways:
        query = select(where.c.order_id).where(where.c.connection == name, column == named)
        order = connection.execute(query).scalar() if named else None
        if order is not None:
            return int(order)
    return None
