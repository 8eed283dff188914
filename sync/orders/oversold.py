"""Oversells: more is promised to orders than there is; each raises an incident that names the orders (R8)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from canonical.slot import parse_slot
from sync import facts
from sync.config import FlowConfig
from sync.facts import Said
from sync.hub import Hub
from sync.orders import reservations, store
from sync.orders.reservations import Held
from sync.stock import settle_of
from sync.store import tables
from sync.store.database import among
from sync.store.orders import Incident

_ITEM = tables.table(tables.Item)
_INCIDENT = tables.table(Incident)
KIND = "oversold"
_NAMED = 10


def watch(hub: Hub, connection: Connection, flow: FlowConfig, items: Iterable[int]) -> None:
    """Tell of every item of these that is promised more often than it is there, and close what is over."""
    wanted = sorted(set(items))
    said, held = facts.load(connection, wanted), reservations.load(connection, wanted)
    skus = {
        row.id: row.sku
        for row in connection.execute(select(_ITEM.c.id, _ITEM.c.sku).where(among(connection, _ITEM.c.id, wanted)))
    }
    for item in wanted:
        figures = _figures(flow, said.get((item, "inventory"), {}))
        open_holds = _standing(hub, flow, figures, held.get(item, []))
        short = sum(one.units for one in open_holds) - sum(_units(one) for one in figures.values())
        if figures and short > 0:
            _open(hub, connection, item, skus.get(item, ""), short, open_holds)
        else:
            _close(hub, connection, item)


def _figures(flow: FlowConfig, said: dict[str, Said]) -> dict[str, Said]:
    return {
        parse_slot(slot).scope: one
        for slot, one in said.items()
        if parse_slot(slot).field == "stock" and one.owner == flow.source
    }


def _units(said: Said) -> int:
    return said.value if isinstance(said.value, int) else 0


def _standing(hub: Hub, flow: FlowConfig, figures: dict[str, Said], held: list[Held]) -> list[Held]:
    read = {place: one.as_of for place, one in figures.items()}
    settle = settle_of(hub.config, flow)
    return [one for one in held if one.counts_against(read, settle)]


def _open(hub: Hub, connection: Connection, item: int, sku: str, short: int, held: list[Held]) -> None:
    owing = held or reservations.latest(connection, item, _NAMED)
    rows = [store.order_row(connection, order) for order in dict.fromkeys(one.order_id for one in owing)]
    numbers = [f"{row.number} ({row.connection})" for row in rows[:_NAMED]]
    said = f"{short} units too few for the orders {', '.join(numbers)}: cancel one, or get more"
    store.open_incident(connection, KIND, sku, said, hub.stamp(), stands=True, item_id=item)


def _close(hub: Hub, connection: Connection, item: int) -> None:
    of_it = (_INCIDENT.c.kind == KIND, _INCIDENT.c.item_id == item)
    for subject in connection.execute(select(_INCIDENT.c.subject).where(*of_it)).scalars().all():
        store.close_incidents(connection, KIND, subject, hub.stamp())
