"""The trade of each in-memory world, made at first use."""

from __future__ import annotations

from connectors.memory.simulator.trade import MemoryTrade
from connectors.memory.simulator.world import world

_TRADES: dict[str, MemoryTrade] = {}


def trade(name: str = "default") -> MemoryTrade:
    """The orders and requests of the world of a name; a new world begins without any."""
    found = _TRADES.get(name)
    if found is None or found.world is not world(name):
        found = _TRADES[name] = MemoryTrade(world(name))
    return found
