"""A ShipHero account in memory, from the vendor's facts: GraphQL, credits, tokens, warehouses and their people."""

from __future__ import annotations

from connectors.shiphero.simulator.simulator import ShipHeroSimulator
from connectors.shiphero.simulator.switches import Switches

__all__ = ["ShipHeroSimulator", "Switches"]
