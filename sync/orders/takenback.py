"""Shipments that whoever shipped them takes back after others were told of them: a person sets that right (R15)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select

from canonical.fulfillment import Fulfillment
from canonical.order import Order
from canonical.status import FulfillmentStatus
from sync.orders import store
from sync.orders.case import Case, Standing
from sync.orders.parcels import notice_name, same

REASON = "shipment_taken_back"
_UNTOLD = ("waiting", "blocked")


def look(case: Case) -> Standing | None:
    """Tell of each shipment that was taken back after it was told, until it is there again or off the channel."""
    standing: Standing | None = None
    for row in store.shipments_of(case.connection, case.row.id):
        subject = f"{row.connection} {row.external_id}"
        told = _told(case, row)
        body = store.shipment_body(row)
        if told and not _is_off(row, body, case.order):
            said = _said(case, row, body, told)
            more = {"stands": True, "order_id": case.row.id}
            store.open_incident(case.connection, REASON, subject, said, case.hub.stamp(), **more)
            standing = standing or Standing("blocked", REASON, said)
        elif row.request_id is not None:
            store.close_incidents(case.connection, REASON, subject, case.hub.stamp())
    return None if case.waives(REASON) else standing


def taken_back(connection: Connection, order_id: int) -> list[tuple[Row[Any], Fulfillment]]:
    """Shipments of those who were asked that count no more."""
    rows = store.shipments_of(connection, order_id)
    gone = (one for one in rows if one.request_id is not None and one.status == FulfillmentStatus.CANCELED.value)
    return [(row, store.shipment_body(row)) for row in gone]


def is_it(shown: Fulfillment, row: Row[Any], body: Fulfillment) -> bool:
    """Whether a channel shows this shipment, as it was told of it."""
    return shown.reference == notice_name(row.connection, row.external_id) or same(shown, body)


def _told(case: Case, row: Row[Any]) -> list[str]:
    """Who was told of a shipment that is canceled by now; who was not yet, is told no more."""
    if row.request_id is None or row.status != FulfillmentStatus.CANCELED.value:
        return []
    effect, cause = store.EFFECT, f"shipment:{row.id}"
    parts = or_(*(effect.c.cause.startswith(f"{cause}{mark}", autoescape=True) for mark in "/:"))
    of_it = (effect.c.kind.in_(("shipment", "tracking")), or_(effect.c.cause == cause, parts))
    case.connection.execute(delete(effect).where(*of_it, effect.c.state.in_(_UNTOLD)))
    return list(
        case.connection.execute(
            select(effect.c.connection).where(*of_it, effect.c.state != "dropped").distinct()
        ).scalars()
    )


def _is_off(row: Row[Any], body: Fulfillment, order: Order) -> bool:
    """Whether the channel, which was told, shows it as canceled by now."""
    shown = [one for one in order.fulfillments if is_it(one, row, body)]
    return bool(shown) and all(one.status is FulfillmentStatus.CANCELED for one in shown)


def _said(case: Case, row: Row[Any], body: Fulfillment, told: list[str]) -> str:
    units = sum(line.quantity for line in body.lines)
    numbers = ", ".join(one.number for one in body.tracking if one.number) or row.external_id
    return f"{row.connection} took back {numbers} ({units} units) of order {case.row.number}, told to {', '.join(told)}"
