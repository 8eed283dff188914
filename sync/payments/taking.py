"""Taking in what a processor gave back, and finding the order it is for; one that is for none stays to be seen."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from canonical.payment import ChargeRecord, MovementStatus, RefundRecord
from sync import documents
from sync.documents import Found
from sync.hub import Hub
from sync.orders import store
from sync.payments import rows
from sync.store.database import among

KIND = "refund_without_order"


def take_refund(hub: Hub, connection: Connection, found: Found) -> None:
    """Keep a processor's refund, and look at the order it is for again."""
    record = found.document
    if not isinstance(record, RefundRecord):
        return
    values = {
        "amount": str(record.amount),
        "currency": record.currency,
        "status": record.status.value,
        "charge": record.charge_id,
        "payment": record.payment_id,
    }
    row = rows.put(connection, found.connection, found.external_id, values, hub.stamp())
    if row.order_id is not None:
        store.mark_due(connection, row.order_id)


def match_open(hub: Hub, connection: Connection) -> None:
    """Look for the order of every refund that has none yet; tell a person of one that has none still."""
    for row in rows.without_order(connection):
        known = row.connection in hub.config.processors
        order = order_of(hub, connection, row.connection, row.charge, row.payment) if known else None
        subject = f"{row.connection} {row.external_id}"
        if order is not None:
            rows.assign(connection, row.id, order)
            store.mark_due(connection, order)
            store.close_incidents(connection, KIND, subject, hub.stamp())
        elif row.status == MovementStatus.SUCCEEDED.value:
            said = f"{row.amount} {row.currency} were given back, and no order names that payment"
            store.open_incident(connection, KIND, subject, said, hub.stamp(), stands=True)


def order_of(hub: Hub, connection: Connection, processor: str, charge_id: str, payment_id: str) -> int | None:
    """The one order that names a payment of a processor, or that its charge names; never a guess."""
    channels = hub.config.processors[processor].channels
    charge = documents.load(connection, processor, "charge", charge_id, ChargeRecord) if charge_id else None
    known = charge if isinstance(charge, ChargeRecord) else None
    names = {charge_id, payment_id, known.payment_id if known else ""} - {""}
    found = rows.orders_of(connection, channels, names)
    if not found and known is not None and known.order_hint:
        hint = known.order_hint.removeprefix("#")
        named = or_(store.ORDER.c.number.in_([hint, f"#{hint}"]), store.ORDER.c.external_id == hint)
        here = among(connection, store.ORDER.c.connection, sorted(channels))
        found = set(connection.execute(select(store.ORDER.c.id).where(named, here)).scalars())
    return found.pop() if len(found) == 1 else None
