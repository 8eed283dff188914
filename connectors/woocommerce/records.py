"""Records as they leave the connector: the shop's own bytes, with a variation's type and parent where they lack."""

from __future__ import annotations

import msgspec

from connectors.base import Page
from connectors.woocommerce.client import Head, Listing
from connectors.woocommerce.parents import VARIATION

RESOURCE = "products"


def page_of(listing: Listing, parent_id: int = 0) -> Page:
    """A page of a list; ``parent_id`` is the product whose variations it shows, if it is such a list."""
    records = [
        filled(raw, head, parent_id) if parent_id else bytes(raw)
        for raw, head in zip(listing.records, listing.heads, strict=True)
    ]
    return Page(RESOURCE, records, listing.started)


def filled(raw: msgspec.Raw, head: Head, parent_id: int) -> bytes:
    """A variation with its type and parent; versions before 10.3 leave one or both out."""
    if not head.id or (head.parent_id and head.type):
        return bytes(raw)
    record = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    record["type"] = msgspec.Raw(msgspec.json.encode(VARIATION))
    record["parent_id"] = msgspec.Raw(msgspec.json.encode(parent_id))
    return msgspec.json.encode(record)
