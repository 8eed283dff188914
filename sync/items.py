"""The SKUs of items, for those who show them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from sync.store import tables
from sync.store.database import chunks

_ITEM = tables.table(tables.Item)


def skus(connection: Connection, items: Iterable[int | None]) -> dict[int, str]:
    """The SKU of each item that exists."""
    found: dict[int, str] = {}
    for part in chunks(sorted({item for item in items if item is not None})):
        rows = connection.execute(select(_ITEM.c.id, _ITEM.c.sku).where(_ITEM.c.id.in_(part)))
        found.update({row[0]: row[1] for row in rows})
    return found
