"""A small shop and a stranger's client, which knows nothing but GraphQL over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from connectors.shopify.simulator import Bucket, ShopifySimulator, Switches
from connectors.simulation import CatalogItem, SimRequest, SimResponse, Ticker

TOKEN = "shpat_static"
SET = """mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id reason changes { item { sku } location { id } name delta quantityAfterChange } }
    userErrors { code field message }
  }
}"""


@dataclass
class Shop:
    """A simulator and a client that talks to it."""

    sim: ShopifySimulator
    clock: Ticker
    version: str = "2026-10"
    token: str = TOKEN
    keys: list[str] = field(default_factory=list)

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> SimResponse:
        return self.sim.handle(
            SimRequest(method, path, headers=headers or {}, body=body, scheme="https", host="demo-shop.myshopify.com")
        )

    def post(self, query: str, variables: dict[str, Any] | None = None, **more: Any) -> SimResponse:
        body = msgspec.json.encode({"query": query, "variables": variables or {}, **more})
        headers = {"content-type": "application/json", "x-shopify-access-token": self.token}
        return self.send("POST", f"/admin/api/{self.version}/graphql.json", body, headers)

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The whole answer of a request."""
        return msgspec.json.decode(self.post(query, variables).body)

    def data(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The data of an answer without errors."""
        answer = self.ask(query, variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def item_id(self, sku: str) -> str:
        return self.sim.platform.store.items_by_sku[sku][0].gid

    def variant(self, sku: str) -> Any:
        return self.sim.platform.store.items_by_sku[sku][0].variants[0]

    def row(self, sku: str, quantity: int, expected: int | None, location: str = "WH1") -> dict[str, Any]:
        return {
            "inventoryItemId": self.item_id(sku),
            "locationId": self.sim.location_id(location),
            "quantity": quantity,
            "changeFromQuantity": expected,
        }

    def set_stock(self, *rows: dict[str, Any], key: str = "", **header: Any) -> Any:
        """The payload of one inventorySetQuantities, with a new key unless one is given."""
        self.keys.append(key or f"key-{len(self.keys)}")
        given = {"name": "available", "reason": "correction", "quantities": list(rows), **header}
        return self.data(SET, {"input": given, "key": self.keys[-1]})["inventorySetQuantities"]


def catalog() -> list[CatalogItem]:
    stock = {"WH1": 10, "WH2": 4}
    return [
        CatalogItem("TEE-S", "Tee", Decimal("19.90"), stock, gtin="4006381333931", option="S", product="tee"),
        CatalogItem("TEE-M", "Tee", Decimal("19.90"), stock, option="M", product="tee"),
        CatalogItem("MUG", "Mug", Decimal("8.50"), {"WH1": 3}, description="<p>White</p>", tags=("kitchen", "Gift")),
    ]


@pytest.fixture
def make() -> Callable[..., Shop]:
    def build(items: list[CatalogItem] | None = None, bucket: Bucket | None = None, **switches: Any) -> Shop:
        clock = Ticker()
        sim = ShopifySimulator(
            clock=clock,
            client_id="app",
            client_secret="shpss_secret",
            tokens=(TOKEN,),
            locations={"WH1": "First warehouse", "WH2": "Second warehouse"},
            switches=Switches(**switches),
            bucket=bucket,
        )
        sim.load(catalog() if items is None else items)
        return Shop(sim, clock)

    return build


@pytest.fixture
def shop(make: Callable[..., Shop]) -> Shop:
    return make()
