"""What the hub has to say after a run, in plain values that tests compare."""

from __future__ import annotations

from collections import Counter

import httpx

from connectors.simulation import SimTransport
from sync import conflicts, drops, quarantine
from sync.hub import Hub
from sync.planfile import lines_of
from sync.run import SyncReport
from tests.support.trade import Trade


def reasons(hub: Hub, connection: str) -> dict[str, set[str]]:
    """Reason code to the SKUs (or ids, where there is no SKU) that are quarantined on a connection."""
    found: dict[str, set[str]] = {}
    with hub.database.begin() as db:
        for row in quarantine.listing(db, limit=10_000):
            if row.connection == connection:
                found.setdefault(row.reason, set()).add(row.sku or row.external_id)
    return found


def open_conflicts(hub: Hub) -> set[tuple[str, str]]:
    """Connection and kind of every open conflict."""
    with hub.database.begin() as db:
        return {(row.connection, row.kind) for row in conflicts.listing(db)}


def open_drops(hub: Hub) -> dict[str, int]:
    """Units not yet booked by the owner, by connection."""
    found: Counter[str] = Counter()
    with hub.database.begin() as db:
        for row in drops.listing(db):
            found[row.connection] += row.open_units
    return dict(found)


def lines(hub: Hub, plan_id: int) -> set[tuple[str, str, str, object, str]]:
    """Connection, SKU, slot, new value and status of every line of a plan."""
    with hub.database.begin() as db:
        return {(one.connection, one.sku, one.slot, one.after, one.status) for one in lines_of(db, plan_id)}


def applied(report: SyncReport) -> int:
    """Lines that took effect."""
    return sum(one.applied for one in report.applied)


def cut(trade: Trade, name: str, transport: httpx.BaseTransport) -> None:
    """Put another transport under a connection."""
    trade.hub.close()
    trade.hub.transports = {**trade.hub.transports, name: transport}


def restore(trade: Trade) -> None:
    """Let every connection reach its simulator again."""
    trade.hub.close()
    simulators = {"erp": trade.erp, "shop_eu": trade.shopify, "shop_web": trade.woo}
    trade.hub.transports = {name: SimTransport(simulator) for name, simulator in simulators.items()}
