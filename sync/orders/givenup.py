"""Requests that a person gave up while their connection was gone, and that it still has now that it is back (R20)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from canonical.fulfillment import TargetOrder
from canonical.status import FulfillmentStatus, RequestStatus
from sync.hub import Hub
from sync.orders import store
from sync.orders.requests import GIVEN_UP, UNSENT

KIND = "given_up"
"""The incident of a request that was given up, and ships or may ship all the same."""


def waits(hub: Hub, connection: Connection, row: Row[Any], document: TargetOrder) -> bool:
    """Whether a request stays given up, since another place has its goods; a person is told of what may ship twice.

    What nobody else was asked for goes on where it was. Goods that left are a fact, whoever else was asked.
    """
    if row.reason != GIVEN_UP:
        return False
    subject = f"{row.connection} {row.reference}"
    if document.status is RequestStatus.CANCELED:
        store.close_incidents(connection, KIND, subject, hub.stamp())
        return False
    others = [
        f"{one.connection} ({one.document.reference})"
        for one in store.requests_of(connection, row.order_id)
        if one.id != row.id and one.role == row.role and (one.live or one.status in UNSENT)
    ]
    if not others:
        return False
    left = any(one.status is not FulfillmentStatus.CANCELED for one in document.shipments)
    number, named = store.order_row(connection, row.order_id).number, ", ".join(others)
    if left:
        said = f"{row.connection} shipped {row.reference} of order {number}, which was given up there, and {named} was"
        said = f"{said} asked for it since: see that it does not leave twice"
    else:
        said = f"{row.connection} still has {row.reference} of order {number}, which {named} was asked for since"
        said = f"{said}: stop it there by hand"
    store.open_incident(connection, KIND, subject, said, hub.stamp(), stands=True, order_id=row.order_id)
    return not left
