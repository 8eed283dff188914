"""The door for documents: one of somebody who was forgotten comes in without the person."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from canonical.clock import instant_text
from canonical.order import Order
from sync.privacy import ledger
from sync.privacy.ledger import CUSTOMER, EMAIL, Ledger
from sync.privacy.redaction import NOTHING, redacted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync.documents import Found

_NAMING = {
    "reference": ledger.REQUEST,
    "target_id": "target_order",
    "charge_id": ledger.PAID,
    "payment_id": ledger.PAID,
    "order_hint": ledger.HINT,
}


def open_door(connection: Connection) -> Ledger | None:
    """What the documents of a page are held against; None where nobody was ever forgotten."""
    return None if ledger.is_empty(connection) else ledger.load(connection)


def admitted(known: Ledger | None, found: Found, raw: bytes) -> tuple[Found, bytes]:
    """A document as it may be kept, with its raw form."""
    if known is None or not forgotten(known, found):
        return found, raw
    document = redacted(found.document) if isinstance(found.document, Order) else found.document
    return replace(found, document=document, detail=""), NOTHING


def forgotten(known: Ledger, found: Found) -> bool:
    """Whether a document is of somebody who was forgotten after it was made."""
    if known.erased_at(found.connection, found.kind, found.external_id):
        return True
    if any(known.erased_at(found.connection, kind, name) for kind, name in _about(found)):
        return True
    return isinstance(found.document, Order) and of_forgotten(known, found.connection, found.document)


def _about(found: Found) -> Iterator[tuple[str, str]]:
    """What a document of who ships, or of a payment processor, names: it may be read only after the erasure."""
    for name, kind in _NAMING.items():
        value = getattr(found.document, name, "")
        if value and not isinstance(found.document, Order):
            yield kind, value.lstrip("#")


def of_forgotten(known: Ledger, connection: str, order: Order) -> bool:
    """Whether an order was placed by a customer before they were forgotten."""
    placed = instant_text(order.placed_at)
    when = (
        known.erased_at(connection, CUSTOMER, order.customer.external_id),
        known.erased_at(connection, EMAIL, order.customer.email),
    )
    return any(placed <= one for one in when if one)
