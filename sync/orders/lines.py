"""Which stock items an order line takes: by the channel's own record first, by its SKU else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from canonical.order import Order, OrderLine
from sync.config import HubConfig
from sync.part import Part
from sync.shadow import SHADOW
from sync.store import tables
from sync.store.database import among, chunks

_ITEM = tables.table(tables.Item)
_SOLD = or_(SHADOW.c.entity == "variant", SHADOW.c.entity == "inventory")


@dataclass(frozen=True, slots=True)
class Sellable:
    """What a line sells: the item, its SKU, and the stock items that one unit takes (components of a kit, R7)."""

    item_id: int
    sku: str
    parts: tuple[Part, ...]


def resolve(config: HubConfig, connection: Connection, channel: str, order: Order) -> dict[str, Sellable]:
    """The sellable of each line that could be told, by the line's id."""
    return resolve_lines(config, connection, channel, order.lines)


def resolve_lines(
    config: HubConfig, connection: Connection, channel: str, lines: Sequence[OrderLine]
) -> dict[str, Sellable]:
    """The sellable of each of these lines that could be told."""
    linked = _by_record(connection, channel, [line.record_id for line in lines if line.record_id])
    ids = {line.id: linked.get(line.record_id) for line in lines}
    named = _by_sku(connection, [line.sku for line in lines if ids[line.id] is None and line.sku])
    found = {line.id: ids[line.id] or named.get(line.sku) for line in lines}
    skus = _skus(connection, [item for item in found.values() if item is not None])
    parts = _components(config, connection, skus)
    return {
        line: Sellable(item, skus[item], parts[item])
        for line, item in found.items()
        if item is not None and item in parts
    }


def _by_record(connection: Connection, channel: str, records: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(sorted(set(records))):
        rows = connection.execute(
            select(SHADOW.c.external_id, SHADOW.c.item_id).where(
                SHADOW.c.connection == channel,
                _SOLD,
                SHADOW.c.item_id.is_not(None),
                among(connection, SHADOW.c.external_id, part),
            )
        )
        found.update({row.external_id: row.item_id for row in rows})
    return found


def _by_sku(connection: Connection, skus: Sequence[str]) -> dict[str, int]:
    """Items by SKU, only where one item alone carries it: a guess is worse than a blocked line (R18)."""
    found: dict[str, list[int]] = {}
    for part in chunks(sorted(set(skus))):
        rows = connection.execute(select(_ITEM.c.sku, _ITEM.c.id).where(among(connection, _ITEM.c.sku, part)))
        for row in rows:
            found.setdefault(row.sku, []).append(row.id)
    return {sku: items[0] for sku, items in found.items() if len(items) == 1}


def _skus(connection: Connection, items: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in chunks(sorted(set(items))):
        rows = connection.execute(select(_ITEM.c.id, _ITEM.c.sku).where(among(connection, _ITEM.c.id, part)))
        found.update({row.id: row.sku for row in rows})
    return found


def _components(config: HubConfig, connection: Connection, skus: dict[int, str]) -> dict[int, tuple[Part, ...]]:
    """What one unit of each item takes; a kit with an unknown component is left out."""
    wanted = {part.sku for sku in skus.values() for part in config.kits.get(sku, ())}
    ids = _by_sku(connection, sorted(wanted))
    found: dict[int, tuple[Part, ...]] = {}
    for item, sku in skus.items():
        kit = config.kits.get(sku)
        if kit is None:
            found[item] = (Part(item, config.units.get(sku, 1)),)
        elif all(part.sku in ids for part in kit):
            found[item] = tuple(Part(ids[part.sku], part.units) for part in kit)
    return found
