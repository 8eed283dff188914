"""The identity of items follows its owner: a renamed SKU renames the item; links stay as they are."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, update

from canonical import gtin as gtins
from sync.config import HubConfig
from sync.shadow import Changed
from sync.store import tables
from sync.topology import identity_owner

_ITEM = tables.table(tables.Item)


def follow(config: HubConfig, connection: Connection, name: str, entity: str, changed: Iterable[Changed]) -> None:
    """Take over SKU and GTIN from the identity owner's changed records."""
    if entity != "variant" or identity_owner(config) != name:
        return
    rows = [
        {
            "row_id": one.item_id,
            "new_sku": one.mapped.sku,
            "new_folded": one.mapped.sku.casefold(),
            "new_gtin": gtins.canonical(one.mapped.gtin) or "",
        }
        for one in changed
        if one.item_id is not None and one.mapped.sku
    ]
    if rows:
        connection.execute(
            update(_ITEM)
            .where(_ITEM.c.id == bindparam("row_id"))
            .values(sku=bindparam("new_sku"), sku_folded=bindparam("new_folded"), gtin=bindparam("new_gtin")),
            rows,
        )
