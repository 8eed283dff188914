"""The identity of items follows its owner: a renamed SKU renames the item, unless another has it; links stay."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from canonical import gtin as gtins
from sync import quarantine
from sync.hub import Hub
from sync.quarantine import Entry
from sync.shadow import SHADOW, Changed
from sync.store import tables
from sync.store.database import among
from sync.topology import identity_owner

_ITEM = tables.table(tables.Item)
_QUARANTINE = tables.table(tables.Quarantine)
_TAKEN = "duplicate_sku"


@dataclass(frozen=True, slots=True)
class _Said:
    """What the owner's record says of an item's identity."""

    external_id: str
    sku: str
    gtin: str


def follow(hub: Hub, connection: Connection, name: str, entity: str, changed: Iterable[Changed]) -> None:
    """Take over SKU and GTIN from the identity owner's changed records.

    A SKU that another item has is not taken over: the record is quarantined until the SKU is free.
    """
    if entity != "variant" or identity_owner(hub.config) != name:
        return
    waiting = _waiting(connection, name)
    said = {**waiting}
    for one in changed:
        if one.item_id is not None and one.mapped.sku:
            said[one.item_id] = _Said(one.mapped.external_id, one.mapped.sku, one.mapped.gtin)
    if not said:
        return
    current = _skus(connection, said)
    wanted = {item: one.sku or current[item] for item, one in said.items()}
    refused = _refused(connection, wanted, current)
    refused |= {item: sku for item, sku in wanted.items() if sku != current[item] and _configured(hub, current[item])}
    free = [("variant", one.external_id, "") for item, one in waiting.items() if item not in refused]
    quarantine.release_each(connection, name, free)
    entries = [
        Entry(name, entity, said[item].external_id, "", _TAKEN, _why(hub, current[item], sku), sku)
        for item, sku in refused.items()
    ]
    quarantine.put(connection, entries, hub.stamp())
    _rename(connection, said, {item: current[item] if item in refused else one.sku for item, one in said.items()})


def _configured(hub: Hub, sku: str) -> bool:
    """Whether kits or units of the configuration name a SKU: they would silently stop to apply to its item (R7)."""
    kits, units = hub.config.kits, hub.config.units
    return sku in kits or sku in units or any(part.sku == sku for parts in kits.values() for part in parts)


def _why(hub: Hub, old: str, sku: str) -> str:
    if _configured(hub, old):
        return f"kits or units in the configuration still name {old}; write {sku} there, then it is renamed"
    return f"another item is {sku}"


def _waiting(connection: Connection, name: str) -> dict[int, _Said]:
    """Linked records whose new SKU another item had."""
    query = (
        select(SHADOW.c.item_id, SHADOW.c.external_id, SHADOW.c.sku, SHADOW.c.gtin)
        .join(
            _QUARANTINE,
            (_QUARANTINE.c.connection == SHADOW.c.connection)
            & (_QUARANTINE.c.entity == SHADOW.c.entity)
            & (_QUARANTINE.c.external_id == SHADOW.c.external_id),
        )
        .where(
            _QUARANTINE.c.connection == name,
            _QUARANTINE.c.entity == "variant",
            _QUARANTINE.c.slot == "",
            _QUARANTINE.c.reason == _TAKEN,
            SHADOW.c.item_id.is_not(None),
        )
    )
    return {row[0]: _Said(row[1], row[2], row[3]) for row in connection.execute(query)}


def _skus(connection: Connection, items: Iterable[int]) -> dict[int, str]:
    query = select(_ITEM.c.id, _ITEM.c.sku).where(among(connection, _ITEM.c.id, items))
    return {row[0]: row[1] for row in connection.execute(query)}


def _refused(connection: Connection, wanted: Mapping[int, str], current: Mapping[int, str]) -> dict[int, str]:
    """Items that cannot have the SKU they want: another keeps it, or wants it too. Two may swap theirs."""
    renames = {item: sku for item, sku in wanted.items() if sku != current[item]}
    holders: dict[str, set[int]] = defaultdict(set)
    if renames:
        query = select(_ITEM.c.id, _ITEM.c.sku).where(among(connection, _ITEM.c.sku, set(renames.values())))
        for row in connection.execute(query):
            holders[row[1]].add(row[0])
    refused: dict[int, str] = {}
    while True:
        moving = {item: sku for item, sku in renames.items() if item not in refused}
        asked = Counter(moving.values())
        taken = {item: sku for item, sku in moving.items() if asked[sku] > 1 or holders[sku] - moving.keys()}
        if not taken:
            return refused
        refused.update(taken)


def _rename(connection: Connection, said: Mapping[int, _Said], skus: Mapping[int, str]) -> None:
    rows = [
        {
            "row_id": item,
            "new_sku": sku,
            "new_folded": sku.casefold(),
            "new_gtin": gtins.canonical(said[item].gtin) or "",
        }
        for item, sku in skus.items()
        if said[item].sku
    ]
    if rows:
        connection.execute(
            update(_ITEM)
            .where(_ITEM.c.id == bindparam("row_id"))
            .values(sku=bindparam("new_sku"), sku_folded=bindparam("new_folded"), gtin=bindparam("new_gtin")),
            rows,
        )
