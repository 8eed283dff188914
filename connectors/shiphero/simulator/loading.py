"""A catalog for the account: products with their stock in two warehouses."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.shiphero.simulator.simulator import ShipHeroSimulator
from connectors.simulation import CatalogItem

WAREHOUSES = ("WH1", "WH2")


def load(simulator: ShipHeroSimulator, items: Iterable[CatalogItem], customer: str = "") -> None:
    """Make the products and put their stock on the shelves."""
    known = {row["identifier"] for row in simulator.state.all("Warehouse")}
    for name in WAREHOUSES:
        if name not in known:
            simulator.admin.warehouse(name)
    for item in items:
        simulator.admin.product(item.sku, item.title, f"{item.price:.2f}", barcode=item.gtin, customer=customer)
        for name, units in item.stock.items():
            simulator.admin.count(item.sku, name, units)
