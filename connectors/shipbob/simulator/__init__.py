"""A ShipBob account in memory, written from the vendor's facts and its published schema."""

from __future__ import annotations

from connectors.shipbob.simulator.simulator import ShipBobSimulator
from connectors.shipbob.simulator.switches import Switches

__all__ = ["ShipBobSimulator", "Switches"]
