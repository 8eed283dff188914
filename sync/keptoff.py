"""Units that the owner's figures still hold and that no channel may list: by which drop or order, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from canonical.slot import parse_slot
from sync import drops
from sync.config import FlowConfig, FlowKind
from sync.evaluate import gather
from sync.hub import Hub
from sync.known import Known
from sync.orders import store
from sync.stock import standing


@dataclass(frozen=True, slots=True)
class KeptOff:
    """Units of a stock item kept off a channel, by one cause: a drop, ``drop:5``, or an order, its number.

    ``location`` is the place that misses them, nothing where that is not known.
    """

    target: str
    sku: str
    location: str
    units: int
    drop: int | None = None
    order: str = ""


def kept_off(hub: Hub, connection: Connection, item: int) -> list[KeptOff]:
    """Everything that keeps units of an item, or of what it is a kit of, off the channels that list it."""
    found: list[KeptOff] = []
    for flow in hub.config.flows.values():
        if flow.kind is FlowKind.INVENTORY:
            known = gather(hub, connection, flow, [item])
            linked = [name for name in flow.targets if _listed(known, name, item)]
            for one in _stock_items(hub, known, item):
                found += _by_drops(connection, known, one, linked)
                found += _by_orders(hub, connection, flow, known, one, linked)
    return found


def _listed(known: Known, target: str, item: int) -> bool:
    view = known.views[target].get(item)
    return view is not None and not view.gone


def _stock_items(hub: Hub, known: Known, item: int) -> list[int]:
    kit = hub.config.kits.get(known.skus.get(item, ""), ())
    return [known.ids[part.sku] for part in kit if part.sku in known.ids] if kit else [item]


def _by_drops(connection: Connection, known: Known, item: int, targets: list[str]) -> Iterator[KeptOff]:
    if not known.open_drops.get(item):
        return
    for row in drops.open_of(connection, item):
        for target in targets:
            yield KeptOff(target, _sku(known, item), parse_slot(row.slot).scope, row.open_units, drop=row.id)


def _by_orders(
    hub: Hub, connection: Connection, flow: FlowConfig, known: Known, item: int, targets: list[str]
) -> Iterator[KeptOff]:
    promised: dict[tuple[int, str, str], int] = {}
    for held in standing(hub.config, flow, known, item):
        for target in targets:
            key = (held.order_id, target, held.place_on(target))
            promised[key] = promised.get(key, 0) + held.promised_on(target)
    orders = {order for order, _, _ in promised}
    named = select(store.ORDER.c.id, store.ORDER.c.number).where(store.ORDER.c.id.in_(orders))
    numbers = {row.id: row.number for row in connection.execute(named)} if orders else {}
    for (order, target, place), units in sorted(promised.items()):
        if units:
            yield KeptOff(target, _sku(known, item), place, units, order=numbers[order])


def _sku(known: Known, item: int) -> str:
    return known.skus.get(item) or next((sku for sku, one in known.ids.items() if one == item), "")
