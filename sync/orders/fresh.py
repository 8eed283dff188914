"""Reading a channel's orders before its stock is judged: what no known order explains is asked for first (R3)."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from sync import cursors
from sync.contain import contained
from sync.documents import observe_documents
from sync.hub import Hub
from sync.observe import ReadMode, ReadReport
from sync.orders.reading import takers
from sync.shadow import SHADOW


def read_orders_first(hub: Hub, channels: list[str], failed: dict[str, str]) -> None:
    """Read the orders of those channels whose stock was seen later than their orders were."""
    for name in channels:
        if name not in hub.config.orders or name in failed or name in hub.unready:
            continue
        with hub.database.begin() as connection:
            if not _older(hub, connection, name):
                continue
        with contained(name, failed), hub.hold(name):
            read_orders(hub, name)


def read_orders(hub: Hub, name: str) -> None:
    """Read what changed of a channel's orders; the caller holds its lock.

    Nothing, while all of them are being read, further up, or were never read.
    """
    if name in hub.config.orders and name not in hub.lane.documents and not _never_read(hub, name):
        observe_documents(hub, name, ReadMode.DELTA, takers(hub.config, name), ReadReport(name))


def _never_read(hub: Hub, name: str) -> bool:
    if name not in hub.unready:
        return False
    with hub.database.read() as connection:
        return not cursors.load(connection, name, resource_of(hub, name)).cursor


def resource_of(hub: Hub, name: str) -> str:
    """What a channel's orders are read from."""
    return hub.config.connections[name].documents["order"].resource


def _older(hub: Hub, connection: Connection, name: str) -> bool:
    read_at = cursors.load(connection, name, resource_of(hub, name)).read_at
    newest = connection.execute(
        select(func.max(SHADOW.c.as_of)).where(SHADOW.c.connection == name, SHADOW.c.entity == "inventory")
    ).scalar()
    return newest is not None and read_at < str(newest)
