"""Stock as WooCommerce keeps it: one figure a product, or one at the parent for all its variations."""

from __future__ import annotations

from connectors.woocommerce.simulator.store import Product, Store


def keeper(store: Store, product: Product) -> Product | None:
    """Whose figure counts for a product: its own, its parent's, or none."""
    if product.get("manage_stock"):
        return product
    parent = store.parent(product)
    return parent if parent is not None and parent.get("manage_stock") else None


def by_parent(store: Store, product: Product) -> bool:
    """Whether the parent counts for this variation."""
    return keeper(store, product) not in (None, product)


def quantity(store: Store, product: Product) -> int | None:
    """The figure that counts, or None when nobody counts."""
    kept = keeper(store, product)
    return None if kept is None else kept.get("stock_quantity")


def set_quantity(product: Product, units: int) -> None:
    """Store a figure; below zero is allowed."""
    product.values["stock_quantity"] = units


def status(store: Store, product: Product) -> str:
    """In stock, out of stock or on backorder: from the figure where one is kept, else as it was set."""
    if product.type == "variable" and not product.get("manage_stock"):
        return _status_of_children(store, product)
    kept = keeper(store, product)
    if kept is None:
        return str(product.get("stock_status"))
    if (kept.get("stock_quantity") or 0) > 0:
        return "instock"
    return "outofstock" if kept.get("backorders") == "no" else "onbackorder"


def _status_of_children(store: Store, product: Product) -> str:
    states = {status(store, child) for child in store.children(product) if child.listed}
    for state in ("instock", "onbackorder"):
        if state in states:
            return state
    return "outofstock"
