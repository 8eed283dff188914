"""Tryton in memory: JSON-RPC, sessions, lock tokens, stock by moves and inventory documents."""

from __future__ import annotations

from connectors.tryton.simulator.admin import Admin
from connectors.tryton.simulator.simulator import TrytonSimulator

__all__ = ["Admin", "TrytonSimulator"]
