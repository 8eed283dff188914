"""A shop that trades, the connector on it, and its orders as the shipped mapping reads them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from canonical.order import Order
from connectors.base import Environment, Page
from connectors.conformance.world import MemoryState
from connectors.shopify.connector import ShopifyConnector, connect
from connectors.shopify.simulator import ShopifySimulator, Switches
from connectors.simulation import CatalogItem, SimTransport, Ticker
from mappings.documents import DocumentMapping, compile_document, load_documents
from mappings.model import MappingContext

PLACES = {"WH1": "First warehouse", "WH2": "Second warehouse"}
LOCATIONS = {"gid://shopify/Location/61001": "WH1", "gid://shopify/Location/61002": "WH2"}
MAPPINGS: dict[str, DocumentMapping] = {
    spec.document: compile_document(spec, MappingContext("EUR", LOCATIONS)) for spec in load_documents("shopify")
}
ORDER = MAPPINGS["order"]
CATALOG = [CatalogItem(f"S{n}", f"Thing {n}", Decimal("9.99"), {"WH1": 20, "WH2": 5}) for n in range(1, 4)]


def open_shop(catalog: Iterable[CatalogItem] = (), currency: str = "EUR", **switches: Any) -> ShopifySimulator:
    """A shop of a few things in two warehouses."""
    found = ShopifySimulator(
        clock=Ticker(), currency=currency, tokens=("shpat_1",), locations=PLACES, switches=Switches(**switches)
    )
    found.load(catalog or CATALOG)
    return found


def connected(shop: ShopifySimulator, *, read_only: bool = False, **settings: Any) -> ShopifyConnector:
    """The connector on a shop."""
    environment = Environment("shop_eu", shop.clock, MemoryState(), read_only, SimTransport(shop))
    return connect({"shop": "demo-shop", "access_token": "shpat_1", **settings}, environment)


def decoded(pages: Iterable[Page]) -> list[Order]:
    """The orders on some pages."""
    found = [ORDER.decode(raw) for page in pages for raw in page.records]
    assert all(isinstance(order, Order) for order in found)
    return [order for order in found if isinstance(order, Order)]


def orders_of(shopify: ShopifyConnector) -> dict[str, Order]:
    """Every order, by id."""
    pages = list(shopify.pull("orders", ORDER.read_paths))
    assert pages[-1].complete
    return {order.id: order for order in decoded(pages)}


def order_of(shopify: ShopifyConnector, gid: str) -> Order:
    """One order."""
    (found,) = decoded(shopify.lookup("orders", ORDER.read_paths, [gid]))
    return found


def raw_of(shopify: ShopifyConnector, gid: str) -> dict[str, Any]:
    """One order's record."""
    (raw,) = [raw for page in shopify.lookup("orders", ORDER.read_paths, [gid]) for raw in page.records]
    found: dict[str, Any] = msgspec.json.decode(raw)
    return found
