"""Letting go: reservations that the owner's figures provably contain are over, and what they held is free (R1).

A figure is as new as the last read that proves it unchanged: an owner whose record does not move again still ends them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from canonical.slot import parse_slot
from sync import cursors, facts
from sync.config import FlowKind
from sync.facts import Said
from sync.hub import Hub
from sync.orders import reservations, stock
from sync.orders.reservations import Held
from sync.stock import settle_of


def let_go(hub: Hub, connection: Connection) -> int:
    """Close every reservation that is over, and look at its items again; tells how many there were."""
    reservations.forget(connection, hub.stamp())
    held = reservations.listing(connection, booked=True)
    if not held:
        return 0
    said = facts.load(connection, {one.item_id for one in held})
    proven: dict[str, str] = {}
    flows = (one for one in hub.config.flows.values() if one.kind is FlowKind.INVENTORY)
    settle = max((settle_of(hub.config, one) for one in flows), default=timedelta(0))
    over: Sequence[Held] = [
        one
        for one in held
        if not one.counts_against(_read(hub, connection, said.get((one.item_id, "inventory"), {}), proven), settle)
    ]
    reservations.close(connection, over)
    stock.mark_items(hub, connection, {one.item_id for one in over})
    return len(over)


def _read(hub: Hub, connection: Connection, said: Mapping[str, Said], proven: dict[str, str]) -> dict[str, str]:
    """When each place's figure is known to have been what it is."""
    found: dict[str, str] = {}
    for slot, one in said.items():
        if parse_slot(slot).field != "stock":
            continue
        if one.owner not in proven:
            proven[one.owner] = _proven(hub, connection, one.owner)
        found[parse_slot(slot).scope] = max(one.as_of, proven[one.owner])
    return found


def _proven(hub: Hub, connection: Connection, owner: str) -> str:
    known = hub.config.connections.get(owner)
    mapping = known.mappings.get("inventory") if known else None
    return cursors.load(connection, owner, mapping.resource).read_at if mapping else ""
