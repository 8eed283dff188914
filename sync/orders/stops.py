"""Stopping requests: at once if they were not sent, else by asking their target, whose word counts (R1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from canonical.request import CancelRequest
from canonical.status import RequestStatus
from sync.hub import Hub
from sync.orders import cancels, store
from sync.orders.requests import UNSENT, Existing

RUNNING = frozenset({RequestStatus.SENT, RequestStatus.ACCEPTED, RequestStatus.ON_HOLD})
"""States of a request that can be called off where it was asked for."""


def stop(hub: Hub, connection: Connection, row: Row[Any], requests: Iterable[Existing], why: str) -> None:
    """Stop these requests as far as they can be stopped; goods that left are told of."""
    now = hub.stamp()
    for one in requests:
        if one.status in UNSENT:
            store.set_request(connection, one.id, now, state=RequestStatus.CANCELED.value, detail=why)
            store.drop_effect(connection, one.id, now)
        elif one.status in RUNNING:
            _ask(hub, connection, row, one, why)
        elif one.started and row.order_status == "canceled":
            subject = f"{one.connection} {one.document.reference}"
            units = sum((one.shipped or {}).values())
            said = f"{units} units left for order {row.number}, which was canceled"
            store.open_incident(connection, "shipped_though_canceled", subject, said, now, stands=True, order_id=row.id)


def _ask(hub: Hub, connection: Connection, row: Row[Any], one: Existing, why: str) -> None:
    known = hub.config.connections.get(one.connection)
    mapping = known.documents.get("cancel_request") if known is not None else None
    if mapping is None:
        subject = f"{one.connection} {one.document.reference}"
        because = "takes no cancellations" if known is not None else "is not configured any more"
        told = f"{one.connection} {because}: stop {one.document.reference} there by hand"
        store.open_incident(connection, "cannot_cancel", subject, told, hub.stamp(), stands=True, order_id=row.id)
        said = f"{why}, and {one.connection} {because}: stop it there by hand"
        store.set_request(connection, one.id, hub.stamp(), reason="cannot_cancel", detail=said[:500])
        return
    if cancels.never_holds(connection, one.id, why):
        subject = f"{one.connection} {one.document.reference}"
        told = f"{one.connection} runs {one.document.reference} again each time it is called off: stop it there by hand"
        store.open_incident(connection, "cancel_refused", subject, told, hub.stamp(), stands=True, order_id=row.id)
        store.set_request(connection, one.id, hub.stamp(), reason="cancel_refused", detail=told[:500])
        return
    document = CancelRequest(reference=one.document.reference, target_id=one.external_id, reason=why)
    wanted = {
        "kind": "cancel",
        "connection": one.connection,
        "operation": mapping.operation,
        "reference": one.document.reference,
        "order_id": row.id,
        "request_id": one.id,
        "document": msgspec.json.encode(document),
    }
    if cancels.add(connection, wanted, why, hub.stamp()):
        store.set_request(connection, one.id, hub.stamp(), state=RequestStatus.CANCELING.value, detail=why)


def tell_too_late(hub: Hub, connection: Connection, row: Row[Any], one: Existing) -> None:
    """More is wanted of a document than it takes: goods have left for it, so that it is not replaced (R15)."""
    subject = f"{one.connection} {one.document.reference}"
    said = f"order {row.number} was edited after goods left: ask {one.connection} for the rest by hand"
    store.open_incident(connection, "edited_after_shipping", subject, said, hub.stamp(), stands=True, order_id=row.id)


def tell_shipped_elsewhere(hub: Hub, connection: Connection, row: Row[Any], one: Existing) -> None:
    """Goods left by somebody's hand that a document still has, and it cannot be replaced: goods left for it as well."""
    subject = f"{one.connection} {one.document.reference}"
    said = f"a part of order {row.number} was shipped by hand: take it off at {one.connection} by hand"
    store.open_incident(connection, "shipped_elsewhere", subject, said, hub.stamp(), stands=True, order_id=row.id)


def tell_rest(hub: Hub, connection: Connection, row: Row[Any], one: Existing) -> None:
    """A part left for a request, and the rest is wanted no more: it cannot be stopped as a whole."""
    subject = f"{one.connection} {one.document.reference}"
    said = f"a part left for order {row.number}, and the rest is not wanted any more: stop it at {one.connection}"
    store.open_incident(connection, "rest_not_wanted", subject, said, hub.stamp(), stands=True, order_id=row.id)
