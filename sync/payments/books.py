"""The processor's books and the channels' orders, as last read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, select

from canonical.order import Order
from canonical.payment import BalanceEntry, ChargeRecord, DisputeRecord, PayoutRecord, RefundRecord
from sync.documents import Found
from sync.hub import Hub
from sync.payments.match import Books, Sold
from sync.store.orders import Document
from sync.store.tables import table

_DOCUMENT = table(Document)
KINDS: tuple[str, ...] = ("charge", "refund_record", "dispute", "balance_entry", "payout")
T = TypeVar("T")


def keep(_hub: Hub, _connection: Connection, _found: Found) -> None:
    """A booking is kept as it is; it is matched when someone asks."""


def books(connection: Connection, processor: str) -> Books:
    """Charges, refunds and disputes of a processor."""
    return Books(
        charges=_all(connection, processor, "charge", ChargeRecord),
        refunds=_all(connection, processor, "refund_record", RefundRecord),
        disputes=disputes(connection, processor),
    )


def disputes(connection: Connection, processor: str) -> list[DisputeRecord]:
    """The disputes of a processor."""
    return _all(connection, processor, "dispute", DisputeRecord)


def payouts(connection: Connection, processor: str) -> list[PayoutRecord]:
    """The payouts of a processor."""
    return _all(connection, processor, "payout", PayoutRecord)


def entries(connection: Connection, processor: str) -> list[BalanceEntry]:
    """The bookings on a processor's balance."""
    return _all(connection, processor, "balance_entry", BalanceEntry)


def sold(connection: Connection, channels: Sequence[str]) -> list[Sold]:
    """Every order of some channels."""
    return [Sold(name, order) for name in channels for order in _all(connection, name, "order", Order)]


def _all(connection: Connection, name: str, kind: str, struct: type[T]) -> list[T]:
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(struct)
    rows = connection.execute(
        select(_DOCUMENT.c.body)
        .where(_DOCUMENT.c.connection == name, _DOCUMENT.c.kind == kind, _DOCUMENT.c.body.is_not(None))
        .order_by(_DOCUMENT.c.external_id)
    )
    return [decoder.decode(row.body) for row in rows]
