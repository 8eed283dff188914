"""What a hub that came to rest shows a person, by SKU: why it lists less than it could."""

from __future__ import annotations

from sqlalchemy import Connection, select

from sync import conflicts, drops
from sync.store import tables

UNKNOWN, RETURNED, HELD = "a fall that no order explains", "the owner's figure came back", "held for a person"
_ITEM = tables.table(tables.Item)


def shown(connection: Connection) -> dict[str, str]:
    """By SKU, from the same listings that ``conflicts list`` prints."""
    skus = {row.id: row.sku for row in connection.execute(select(_ITEM.c.id, _ITEM.c.sku))}
    held = {skus[row.item_id]: HELD for row in conflicts.listing(connection) if row.slot.startswith("stock")}
    # A fall that was booked, and whose booking the owner's figure took back, was closed once and is open again (006).
    fallen = {skus[row.item_id]: UNKNOWN if row.booked_from is None else RETURNED for row in drops.listing(connection)}
    return {**held, **fallen}
