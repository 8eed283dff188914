"""A shop on the Admin API in memory, written from the vendor's schema and facts: any client can talk to it."""

from __future__ import annotations

from connectors.shopify.simulator.cost import Bucket
from connectors.shopify.simulator.simulator import ShopifySimulator
from connectors.shopify.simulator.switches import Switches

__all__ = ["Bucket", "ShopifySimulator", "Switches"]
