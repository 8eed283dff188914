"""What a moved record means: canonical facts for its owner, marks for every target that depends on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from canonical.value import REDACTED, Value
from sync.config import FlowKind, HubConfig
from sync.facts import FactChange
from sync.marks import Mark
from sync.store import tables
from sync.topology import kits_using, moves, owns

_ITEM = tables.table(tables.Item)


def fact_change(
    config: HubConfig,
    connection: str,
    entity: str,
    item: int,
    slots: Mapping[str, Value],
    as_of: str,
    gone: Iterable[str] = (),
) -> FactChange | None:
    """What a record says canonically: only the slots its connection owns, never a hidden value."""
    values = {
        slot: value for slot, value in slots.items() if value != REDACTED and owns(config, connection, entity, slot)
    }
    lost = frozenset(slot for slot in gone if owns(config, connection, entity, slot))
    if not values and not lost:
        return None
    pools = tuple((pool.name, pool.locations) for pool in config.pools.values()) if entity == "inventory" else ()
    return FactChange(item, entity, connection, as_of, values, lost, pools)


def marks_for(
    config: HubConfig,
    connection: Connection,
    source: str,
    entity: str,
    touched: Iterable[int],
    moved: Mapping[int, set[tuple[str, str]]],
) -> list[Mark]:
    """Marks after records of ``source`` changed: touched items for itself as a target, moved facts for all targets."""
    marks: list[Mark] = []
    for flow in config.flows.values():
        if source in flow.targets and flow.entity == entity:
            marks += [Mark(source, flow.name, item) for item in touched]
        if source == flow.source:
            items = [item for item, slots in moved.items() if any(moves(flow, e, slot) for e, slot in slots)]
            items += kit_items(config, connection, items) if flow.kind is FlowKind.INVENTORY else []
            marks += [Mark(target, flow.name, item) for item in items for target in flow.targets]
    return marks


def kit_items(config: HubConfig, connection: Connection, items: list[int]) -> list[int]:
    """The items of the kits that need any of these items (the reverse index of R7)."""
    if not config.kits or not items:
        return []
    skus = connection.execute(select(_ITEM.c.sku).where(_ITEM.c.id.in_(items))).scalars().all()
    kits = {kit for sku in skus for kit in kits_using(config, sku)}
    return list(connection.execute(select(_ITEM.c.id).where(_ITEM.c.sku.in_(kits))).scalars()) if kits else []
