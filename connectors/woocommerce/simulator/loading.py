"""Filling the shop from the catalog shape that all simulators share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from connectors.simulation import CatalogItem
from connectors.woocommerce.simulator import writing
from connectors.woocommerce.simulator.store import VARIATION_TYPE, Product, Store


def load(store: Store, items: Iterable[CatalogItem], at: datetime) -> None:
    """Add items as of an instant; those that share a product become variations of one variable product."""
    parents: dict[str, Product] = {}
    for item in items:
        if item.product:
            parent = parents.get(item.product)
            if parent is None:
                parent = _parent(store, item, at)
                parents[item.product] = parent
            _add(store, item, at, parent)
        else:
            _add(store, item, at, None)


def _parent(store: Store, item: CatalogItem, at: datetime) -> Product:
    parent = store.add("variable", at)
    tags = [{"id": store.tag(name)} for name in item.tags]
    writing.save(store, parent, {"name": item.title, "description": item.description, "tags": tags}, at)
    return parent


def _add(store: Store, item: CatalogItem, at: datetime, parent: Product | None) -> None:
    product = store.add(VARIATION_TYPE if parent else "simple", at, parent)
    body: dict[str, object] = {
        "sku": item.sku,
        "global_unique_id": item.gtin,
        "regular_price": format(item.price, "f"),
        "manage_stock": True,
        "stock_quantity": sum(item.stock.values()),
    }
    if parent is None:
        tags = [{"id": store.tag(name)} for name in item.tags]
        body |= {"name": item.title, "description": item.description, "tags": tags}
    else:
        option = item.option or item.sku
        body["attributes"] = [{"id": 0, "name": "Option", "option": option}]
    writing.save(store, product, body, at)
