"""What a target shows under a reference of ours, against what it was asked for: it may be another order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from canonical.fulfillment import ShippedLine
from canonical.request import RequestLine
from sync.config import HubConfig
from sync.orders.holds import SHIP
from sync.shadow import SHADOW
from sync.store import tables
from sync.store.database import among

_ITEM = tables.table(tables.Item)


@dataclass(frozen=True, slots=True)
class Difference:
    """How its lines differ, in words; ``foreign`` if nothing of it was asked for."""

    text: str = ""
    foreign: bool = False


def ours(
    connection: Connection, name: str, asked: Sequence[RequestLine], shown: Sequence[ShippedLine]
) -> dict[str, str]:
    """Our SKUs by those a target calls them, where the two differ: one was renamed after they were linked (R18)."""
    skus = {line.sku for line in asked}
    strange = {line.sku for line in shown if line.sku} - skus
    if not strange:
        return {}
    linked = select(SHADOW.c.sku, _ITEM.c.sku.label("ours")).join(_ITEM, _ITEM.c.id == SHADOW.c.item_id)
    here = (SHADOW.c.connection == name, among(connection, _ITEM.c.sku, sorted(skus)))
    return {row.sku: row.ours for row in connection.execute(linked.where(*here)) if row.sku in strange}


def difference(
    config: HubConfig, role: str, asked: Sequence[RequestLine], shown: Sequence[ShippedLine], names: Mapping[str, str]
) -> Difference:
    """Compare units by SKU. A known line is what was asked for, whatever SKU it has: the target may have substituted.

    Kits and packs may be shown as what is in them, and who keeps the books has lines for charges as well.
    """
    by_line = {line.line_id: line.sku for line in asked}
    wanted: Counter[str] = Counter()
    for one in asked:
        wanted[one.sku] += one.quantity
    there: Counter[str] = Counter()
    for line in shown:
        there[by_line.get(line.line_id) or names.get(line.sku, line.sku)] += line.quantity
    del there[""]
    loose = config.kits.keys() | config.units.keys()
    if not there or wanted.keys() & loose:
        return Difference()
    compared = wanted.keys() | there.keys() if role == SHIP else wanted.keys()
    wrong = sorted(sku for sku in compared if there[sku] != wanted[sku])
    text = ", ".join(f"{there[sku]} instead of {wanted[sku]} {sku or 'without a SKU'}" for sku in wrong)
    return Difference(text, foreign=not there.keys() & wanted.keys())
