"""A simulated shop with the real connector on it, and what both were told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import CallOutcome, Environment, Page, WriteRow
from connectors.conformance.world import MemoryState
from connectors.simulation import CatalogItem, SimTransport, Ticker
from connectors.woocommerce.connector import WooCommerceConnector, connect
from connectors.woocommerce.simulator import Switches, WooSimulator

KEY, SECRET = "ck_0123456789abcdef", "cs_fedcba9876543210"
FIELDS = ("sku", "regular_price", "stock_quantity", "manage_stock", "tags[].name")


def items(count: int, product: str = "") -> list[CatalogItem]:
    """So many things with a price and ten units, all of one product if it is named."""
    return [
        CatalogItem(f"S{number:05d}", f"Thing {number}", Decimal("9.50"), {"WH1": 7, "WH2": 3}, product=product)
        for number in range(count)
    ]


@dataclass
class World:
    """A shop, the connector on it, and shortcuts for what tests look at."""

    clock: Ticker
    shop: WooSimulator
    state: MemoryState = field(default_factory=MemoryState)
    url: str = "https://shop.example"

    def connect(self, *, read_only: bool = False, **settings: Any) -> WooCommerceConnector:
        """A connector of a fresh process with the state of the last."""
        given = {"url": self.url, "consumer_key": KEY, "consumer_secret": SECRET, **settings}
        environment = Environment("shop", self.clock, self.state, read_only, SimTransport(self.shop))
        return connect(given, environment)

    def rows(self, values: dict[str, Any], skus: Iterable[str], first: int = 1) -> list[WriteRow]:
        """One row for each SKU with these values."""
        shop = self.shop
        return [
            WriteRow(number, "products", shop.id_of(sku), values, parent_id=shop.parent_of(sku))
            for number, sku in enumerate(skus, first)
        ]

    def skus(self, count: int, start: int = 0) -> list[str]:
        return [f"S{number:05d}" for number in range(start, start + count)]


@pytest.fixture
def make_world(clock: Ticker) -> Callable[..., World]:
    def make(catalog: Iterable[CatalogItem] = (), **switches: Any) -> World:
        shop = WooSimulator(clock=clock, consumer_key=KEY, consumer_secret=SECRET, switches=Switches(**switches))
        shop.load(catalog)
        return World(clock, shop)

    return make


def records(pages: Iterable[Page]) -> list[dict[str, Any]]:
    """All records of some pages."""
    return [json.loads(bytes(record)) for page in pages for record in page.records]


def no_key() -> str:
    raise AssertionError("WooCommerce takes no idempotency keys")


def push_all(connector: WooCommerceConnector, rows: Iterable[WriteRow]) -> dict[int, Any]:
    """Pack and push rows once; the outcomes by row."""
    outcomes: dict[int, Any] = {}
    for call in connector.pack(list(rows), no_key):
        found: CallOutcome = connector.push(call)
        outcomes.update(found)
    return outcomes


class Tools:
    """The helpers above, as one fixture: a test module cannot import from a conftest."""

    KEY, SECRET, FIELDS = KEY, SECRET, FIELDS
    items = staticmethod(items)
    records = staticmethod(records)
    push_all = staticmethod(push_all)
    no_key = staticmethod(no_key)


@pytest.fixture
def woo() -> type[Tools]:
    return Tools
