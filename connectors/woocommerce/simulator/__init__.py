"""A WooCommerce shop in memory, written from the vendor's facts."""

from __future__ import annotations

from connectors.woocommerce.simulator.simulator import WooSimulator
from connectors.woocommerce.simulator.switches import Switches

__all__ = ["Switches", "WooSimulator"]
