"""What an effect's outcome means for the request, the shipment and the order it belongs to."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, update

from canonical.errors import SkippableError
from canonical.fulfillment import TargetOrder
from canonical.request import (
    CancelRequest,
    FulfillmentRequest,
    RefundNotice,
    RefundRequest,
    RequestLine,
    ShipmentNotice,
)
from canonical.status import RequestStatus
from connectors.base import RowOutcome
from sync import shadow
from sync.hub import Hub
from sync.orders import store
from sync.orders.reports import REOPENED, report
from sync.orders.requests import WE_WANTED
from sync.store import tables
from sync.store.database import among

_ITEM = tables.table(tables.Item)
UNKNOWN = "unknown_outcome"
"""The reason of a call of which nobody can tell whether it took effect."""
GONE = "reference_canceled"
"""The reason of a target that holds a canceled document under the reference: a new generation is made."""


def prepare(hub: Hub, name: str, struct: msgspec.Struct) -> msgspec.Struct:
    """A document in the target's own ids: products as they are linked there, the record that is to be called off."""
    if isinstance(struct, FulfillmentRequest):
        with hub.database.begin() as connection:
            return msgspec.structs.replace(struct, lines=_linked(connection, name, struct.lines))
    if isinstance(struct, CancelRequest):
        query = select(store.REQUEST.c.external_id).where(
            store.REQUEST.c.connection == name, store.REQUEST.c.reference == struct.reference
        )
        with hub.database.begin() as connection:
            known = connection.execute(query).scalar()
        return msgspec.structs.replace(struct, target_id=known or struct.target_id)
    return struct


def _linked(connection: Connection, name: str, lines: tuple[RequestLine, ...]) -> tuple[RequestLine, ...]:
    skus = sorted({line.sku for line in lines if line.sku})
    rows = connection.execute(select(_ITEM.c.sku, _ITEM.c.id).where(among(connection, _ITEM.c.sku, skus))).all()
    items = {row.sku: row.id for row in rows}
    views = shadow.views(connection, name, "variant", items.values())
    ids = {sku: views[item].external_id for sku, item in items.items() if item in views and not views[item].gone}
    return tuple(msgspec.structs.replace(line, record_id=ids.get(line.sku, "")) for line in lines)


def target_of(struct: msgspec.Struct) -> str:
    """The platform's id of the record an effect acts on."""
    if isinstance(struct, CancelRequest):
        return struct.target_id
    if isinstance(struct, ShipmentNotice):
        return struct.target_id or struct.order_id
    if isinstance(struct, RefundRequest):
        return struct.payment_id
    return struct.order_id if isinstance(struct, RefundNotice) else ""


def sent(hub: Hub, connection: Connection, row: Row[Any]) -> None:
    """An effect is about to be sent: from now on its target may act on it, and its units stay reserved (R1)."""
    if row.kind == "request":
        store.set_request(connection, row.request_id, hub.stamp(), state=RequestStatus.SENT.value)


def not_sent(hub: Hub, connection: Connection, row: Row[Any]) -> None:
    """Nothing was sent after all."""
    if row.kind == "request" and not _call_off(hub, connection, row):
        store.set_request(connection, row.request_id, hub.stamp(), state=RequestStatus.WAITING.value)


def _call_off(hub: Hub, connection: Connection, row: Row[Any]) -> bool:
    """A request that turns out not to be there, though it was to be called off: it is, and nobody is asked (R1)."""
    waiting = (store.EFFECT.c.kind == "cancel", store.EFFECT.c.state == "waiting")
    query = select(store.EFFECT.c.id).where(store.EFFECT.c.request_id == row.request_id, *waiting)
    if connection.execute(query).first() is None:
        return False
    _canceled(connection, row, hub.stamp())
    store.drop_effect(connection, row.request_id, hub.stamp())
    return True


def done(hub: Hub, connection: Connection, name: str, row: Row[Any], outcome: RowOutcome) -> None:
    """It was done, now or by the call whose answer was lost."""
    now = hub.stamp()
    seen = _seen(hub, name, outcome)
    external_id = seen.id if seen is not None else ""
    values = {
        "state": "done",
        "done_at": now,
        "external_id": external_id,
        "reason": "",
        "detail": outcome.message[:500],
    }
    connection.execute(update(store.EFFECT).where(store.EFFECT.c.id == row.id).values(**values))
    if row.kind == "cancel":
        _canceled(connection, row, now)
    elif row.kind == "request":
        request = connection.execute(select(store.REQUEST).where(store.REQUEST.c.id == row.request_id)).one()
        if seen is not None:
            report(hub, connection, request, seen)
        else:
            store.set_request(
                connection, row.request_id, now, accepted_at=now, state=RequestStatus.ACCEPTED.value, reason=""
            )
    store.mark_due(connection, row.order_id)


def _seen(hub: Hub, name: str, outcome: RowOutcome) -> TargetOrder | None:
    known = hub.config.connections.get(name)
    mapping = known.documents.get("target_order") if known is not None else None
    if mapping is None or outcome.record is None:
        return None
    try:
        document = mapping.decode(outcome.record)
    except SkippableError:
        return None
    return document if isinstance(document, TargetOrder) else None


def _canceled(connection: Connection, row: Row[Any], now: str) -> None:
    store.set_request(connection, row.request_id, now, state=RequestStatus.CANCELED.value, reason="")
    for kind in (*WE_WANTED, REOPENED):
        store.close_incidents(connection, kind, f"{row.connection} {row.reference}", now)


def refused(hub: Hub, connection: Connection, row: Row[Any], outcome: RowOutcome) -> None:
    """The target did not take it: it stays visible with its reason, until what it was made of changes."""
    now = hub.stamp()
    values = {"state": "blocked", "reason": outcome.reason, "detail": outcome.message[:500], "done_at": now}
    connection.execute(update(store.EFFECT).where(store.EFFECT.c.id == row.id).values(**values))
    if row.kind == "request":
        gone = outcome.reason == GONE
        state = RequestStatus.CANCELED if gone else RequestStatus.BLOCKED
        told = {"reason": outcome.reason, "detail": outcome.message[:500]}
        store.set_request(connection, row.request_id, now, state=state.value, **told)
    elif row.kind == "cancel":
        _not_canceled(connection, row, outcome, now)
    store.mark_due(connection, row.order_id)


def _not_canceled(connection: Connection, row: Row[Any], outcome: RowOutcome, now: str) -> None:
    """It came too late: the request goes on, and the order says so. What was seen of it meanwhile stands."""
    state = connection.execute(select(store.REQUEST.c.state).where(store.REQUEST.c.id == row.request_id)).scalar_one()
    if state == RequestStatus.CANCELED.value:
        return
    told = {"reason": "cancel_refused", "detail": outcome.message[:500]}
    if state == RequestStatus.CANCELING.value:
        told["state"] = RequestStatus.ACCEPTED.value
    store.set_request(connection, row.request_id, now, **told)
    subject = f"{row.connection} {row.reference}"
    said = f"{row.connection} did not cancel it: {outcome.message}"
    store.open_incident(connection, "cancel_refused", subject, said, now, order_id=row.order_id)


def unknown(connection: Connection, row: Row[Any], detail: str) -> None:
    """Nobody can tell what became of it: it stays as it is until a person has looked, and its order says so."""
    values = {"state": "unknown", "reason": UNKNOWN, "detail": detail}
    connection.execute(update(store.EFFECT).where(store.EFFECT.c.id == row.id).values(**values))
    store.mark_due(connection, row.order_id)


def again(hub: Hub, connection: Connection, row: Row[Any], outcome: RowOutcome, not_before: str) -> None:
    """It is known that nothing was done: it waits for its next turn, as a new generation of the call (R16)."""
    values = {
        "state": "waiting",
        "generation": row.generation + 1,
        "key": "",
        "reason": "",
        "detail": outcome.message[:500],
        "not_before": not_before,
    }
    connection.execute(update(store.EFFECT).where(store.EFFECT.c.id == row.id).values(**values))
    not_sent(hub, connection, row)
    store.mark_due(connection, row.order_id)  # it may not be wanted any more
