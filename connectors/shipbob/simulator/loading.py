"""A catalog in a simulated account: products, their variants, and goods in its centers."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.shipbob.simulator.simulator import ShipBobSimulator
from connectors.simulation import CatalogItem

CENTERS = {"WH1": 8, "WH2": 20}


def load(simulator: ShipBobSimulator, items: Iterable[CatalogItem]) -> None:
    """Let the merchant have set up these items, and let their goods have arrived."""
    products: dict[str, int] = {}
    for item in items:
        group = item.product or item.sku
        known = products.get(group, 0)
        variant = simulator.admin.add(item.sku, item.title, gtin=item.gtin, product=known)
        products[group] = simulator.account.variants[variant].product_id
        for place, units in item.stock.items():
            simulator.admin.receive(item.sku, CENTERS[place], units)
