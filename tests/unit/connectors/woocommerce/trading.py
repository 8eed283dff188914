"""A shop that trades, the connector on it, and its orders as the shipped mapping reads them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from canonical.order import Order
from connectors.base import Environment, Page
from connectors.conformance.world import MemoryState
from connectors.simulation import CatalogItem, SimTransport, Ticker
from connectors.woocommerce.connector import WooCommerceConnector, connect
from connectors.woocommerce.simulator import Switches, WooSimulator
from mappings.documents import DocumentMapping, compile_document, load_documents
from mappings.model import MappingContext

MAPPINGS: dict[str, DocumentMapping] = {
    spec.document: compile_document(spec, MappingContext("EUR", {})) for spec in load_documents("woocommerce")
}
ORDER = MAPPINGS["order"]
CATALOG = [CatalogItem(f"S{n}", f"Thing {n}", Decimal("9.99"), {"WH1": 20}) for n in range(1, 4)] + [
    CatalogItem(f"V{n}", "Shirt", Decimal("24.90"), {"WH1": 20}, product="P", option=str(n)) for n in range(1, 3)
]


def open_shop(catalog: Iterable[CatalogItem] = (), **switches: Any) -> WooSimulator:
    """A shop of a few things with twenty of each."""
    found = WooSimulator(clock=Ticker(), switches=Switches(**switches))
    found.load(catalog or CATALOG)
    return found


def connected(shop: WooSimulator, *, read_only: bool = False) -> WooCommerceConnector:
    """The connector on a shop."""
    settings = {"url": "https://shop.example", "consumer_key": "ck_simulated", "consumer_secret": "cs_simulated"}
    environment = Environment("woo", shop.clock, MemoryState(), read_only, SimTransport(shop))
    return connect(settings, environment)


def decoded(pages: Iterable[Page]) -> list[Order]:
    """The orders on some pages."""
    found = [ORDER.decode(raw) for page in pages for raw in page.records]
    assert all(isinstance(order, Order) for order in found)
    return [order for order in found if isinstance(order, Order)]


def orders_of(woo: WooCommerceConnector) -> dict[str, Order]:
    """Every order, by id."""
    pages = list(woo.pull("orders", ORDER.read_paths))
    assert pages[-1].complete
    return {order.id: order for order in decoded(pages)}


def order_of(woo: WooCommerceConnector, number: int) -> Order:
    """One order."""
    (found,) = decoded(woo.lookup("orders", ORDER.read_paths, [str(number)]))
    return found


def raw_of(woo: WooCommerceConnector, number: int) -> dict[str, Any]:
    """One order's record."""
    (raw,) = [raw for page in woo.lookup("orders", ORDER.read_paths, [str(number)]) for raw in page.records]
    found: dict[str, Any] = msgspec.json.decode(raw)
    return found
