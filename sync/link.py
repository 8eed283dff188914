"""Linking: which external records are which canonical item; ambiguous is a finding, never a guess (R18)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from canonical import gtin as gtins
from sync import facts, quarantine
from sync.hub import Hub
from sync.marks import mark
from sync.quarantine import Entry
from sync.shadow import SHADOW
from sync.store import body, tables
from sync.store.database import among, chunks
from sync.topology import entities_of, identity_owner
from sync.updates import fact_change, marks_for

_ITEM = tables.table(tables.Item)
_CHUNK = 500


@dataclass
class LinkReport:
    """What linking one connection found."""

    linked: int = 0
    created: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)


def link(hub: Hub, name: str) -> LinkReport:
    """Link every unlinked record of a connection, a page a transaction; the identity owner's make new items."""
    report = LinkReport()
    creates = identity_owner(hub.config) == name
    for entity in sorted(entities_of(hub.config, name), key=lambda one: one != "variant"):
        after = 0
        while True:
            with hub.database.begin() as connection:
                rows = _unlinked(connection, name, entity, after)
                if not rows:
                    break
                after = rows[-1].id
                _link_page(hub, connection, name, entity, rows, report, creates=creates and entity == "variant")
    return report


def _unlinked(connection: Connection, name: str, entity: str, after: int) -> Sequence[Row[Any]]:
    return connection.execute(
        select(SHADOW)
        .where(
            SHADOW.c.connection == name,
            SHADOW.c.entity == entity,
            SHADOW.c.item_id.is_(None),
            SHADOW.c.gone_since == "",
            SHADOW.c.id > after,
        )
        .order_by(SHADOW.c.id)
        .limit(_CHUNK)
    ).all()


def _link_page(
    hub: Hub,
    connection: Connection,
    name: str,
    entity: str,
    rows: Sequence[Row[Any]],
    report: LinkReport,
    *,
    creates: bool,
) -> None:
    entries: list[Entry] = []
    candidates: list[Row[Any]] = []
    repeated = _repeated(connection, name, entity, [row.sku for row in rows if row.sku])
    for row in rows:
        if not row.sku and not row.gtin:
            entries.append(_entry(row, "missing_sku"))
        elif row.sku in repeated:
            entries.append(_entry(row, "duplicate_sku", f"{repeated[row.sku]} records"))
        else:
            candidates.append(row)
    matches = _match(connection, candidates)
    if creates:
        _create_items(connection, name, [row for row in candidates if row.id not in matches], matches, report)
    taken = _taken(connection, name, entity, list(matches.values()))
    folded = _folded(connection, [row.sku for row in candidates if row.id not in matches])
    links: list[tuple[Row[Any], int]] = []
    for row in candidates:
        item = matches.get(row.id)
        if item is None:
            near = folded.get(row.sku.casefold())
            entries.append(_entry(row, "sku_case_differs", f"like {near}") if near else _entry(row, "unmatched"))
        elif item < 0:
            entries.append(_entry(row, "ambiguous_match", row.sku or row.gtin))
        elif item in taken:
            entries.append(_entry(row, "duplicate_sku", f"already linked to {taken[item]}"))
        else:
            taken[item] = row.external_id
            links.append((row, item))
    report.quarantined.update(entry.reason for entry in entries)
    quarantine.put(connection, entries, hub.stamp())
    _store_links(hub, connection, name, entity, links)
    report.linked += len(links)


def _entry(row: Row[Any], reason: str, detail: str = "") -> Entry:
    return Entry(row.connection, row.entity, row.external_id, "", reason, detail, row.sku)


def _repeated(connection: Connection, name: str, entity: str, skus: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(sorted(set(skus))):
        rows = connection.execute(
            select(SHADOW.c.sku, func.count())
            .where(
                SHADOW.c.connection == name,
                SHADOW.c.entity == entity,
                SHADOW.c.gone_since == "",
                SHADOW.c.item_id.is_(None),
                among(connection, SHADOW.c.sku, part),
            )
            .group_by(SHADOW.c.sku)
            .having(func.count() > 1)
        )
        found.update({row[0]: row[1] for row in rows})
    return found


def _match(connection: Connection, rows: Sequence[Row[Any]]) -> dict[int, int]:
    """Shadow row id to item id; -1 where a SKU or GTIN fits several items."""
    by_sku = _items_by(connection, "sku", [row.sku for row in rows if row.sku])
    without = [row for row in rows if row.sku not in by_sku and gtins.canonical(row.gtin)]
    by_gtin = _items_by(connection, "gtin", [gtins.canonical(row.gtin) or "" for row in without])
    found = {row.id: _only(by_sku[row.sku]) for row in rows if row.sku in by_sku}
    for row in without:
        items = by_gtin.get(gtins.canonical(row.gtin) or "")
        # A record with a SKU of its own that fits nothing is not adopted by its GTIN alone: it may be a pack.
        if items and not row.sku:
            found[row.id] = _only(items)
    return found


def _only(items: Sequence[int]) -> int:
    return items[0] if len(items) == 1 else -1


def _items_by(connection: Connection, column: str, keys: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for part in chunks(sorted(set(keys))):
        for row in connection.execute(
            select(_ITEM.c.id, _ITEM.c[column]).where(among(connection, _ITEM.c[column], part))
        ):
            found[row[1]].append(row[0])
    return found


def _folded(connection: Connection, skus: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in chunks(sorted({sku.casefold() for sku in skus if sku})):
        rows = connection.execute(
            select(_ITEM.c.sku_folded, _ITEM.c.sku).where(among(connection, _ITEM.c.sku_folded, part))
        )
        found.update({row[0]: row[1] for row in rows})
    return found


def _taken(connection: Connection, name: str, entity: str, items: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in chunks(sorted(set(items))):
        rows = connection.execute(
            select(SHADOW.c.item_id, SHADOW.c.external_id).where(
                SHADOW.c.connection == name, SHADOW.c.entity == entity, among(connection, SHADOW.c.item_id, part)
            )
        )
        found.update({row[0]: row[1] for row in rows if row[0] is not None})
    return found


def _create_items(
    connection: Connection, name: str, rows: Sequence[Row[Any]], matches: dict[int, int], report: LinkReport
) -> None:
    fresh = [row for row in rows if row.sku]
    if not fresh:
        return
    connection.execute(
        insert(_ITEM),
        [
            {
                "sku": row.sku,
                "sku_folded": row.sku.casefold(),
                "gtin": gtins.canonical(row.gtin) or "",
                "origin": name,
            }
            for row in fresh
        ],
    )
    made = _items_by(connection, "sku", [row.sku for row in fresh])
    matches.update({row.id: made[row.sku][0] for row in fresh})
    report.created += len(fresh)


def _store_links(
    hub: Hub, connection: Connection, name: str, entity: str, links: Sequence[tuple[Row[Any], int]]
) -> None:
    if not links:
        return
    connection.execute(
        update(SHADOW).where(SHADOW.c.id == bindparam("row_id")).values(item_id=bindparam("item")),
        [{"row_id": row.id, "item": item} for row, item in links],
    )
    quarantine.release_whole(connection, name, entity, [row.external_id for row, _ in links])
    changes = [
        change
        for row, item in links
        if (change := fact_change(hub.config, name, entity, item, body.decode_slots(row.observed), row.as_of))
    ]
    moved = facts.store(connection, changes)
    touched = [item for _, item in links]
    mark(connection, marks_for(hub.config, connection, name, entity, touched, moved), hub.stamp())
