"""A simulated account with the real connector on it, and shortcuts for what tests look at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx

from connectors.base import Call, Effect, Environment, Page, RowOutcome
from connectors.conformance.world import MemoryState, catalog
from connectors.http import RequestRecord
from connectors.shiphero.connector import ShipHeroConnector, connect
from connectors.shiphero.simulator import ShipHeroSimulator, Switches
from connectors.shiphero.simulator.access import REFRESH_TOKEN
from connectors.shiphero.simulator.loading import load
from connectors.simulation import SimTransport, Ticker
from mappings.documents import DocumentMapping, compile_document, load_documents
from mappings.model import MappingContext

ADDRESS = {"first_name": "Ada", "address1": "1 Main St", "city": "Reno", "country": "US"}
EVERY_ORDER_FIELD = (
    "order_number",
    "state",
    "line_items.edges[].node.sku",
    "line_items.edges[].node.quantity",
    "shipments[].shipping_labels[].tracking_number",
    "shipments[].line_items.edges[].node.quantity",
)


def records_of(pages: Iterable[Page]) -> list[dict[str, Any]]:
    """All records of some pages, decoded."""
    return [json.loads(bytes(record)) for page in pages for record in page.records]


@dataclass
class Stage:
    """An account, the connector on it, and a list of what the connector sent."""

    clock: Ticker
    hero: ShipHeroSimulator
    sent: list[RequestRecord] = field(default_factory=list)

    @cached_property
    def connector(self) -> ShipHeroConnector:
        """The connector with the account's own token."""
        return self.connect()

    @property
    def switches(self) -> Switches:
        """What is not known of the platform."""
        return self.hero.switches

    def connect(
        self, *, read_only: bool = False, transport: httpx.BaseTransport | None = None, **settings: Any
    ) -> ShipHeroConnector:
        """A connector of a fresh process."""
        given = {"refresh_token": REFRESH_TOKEN, **settings}
        way = transport or SimTransport(self.hero)
        return connect(given, Environment("wh", self.clock, MemoryState(), read_only, way, self.sent.append))

    def operations(self) -> list[str]:
        """What was sent, by name."""
        return [record.operation for record in self.sent]

    def pull(self, resource: str, *fields: str, **settings: Any) -> list[Page]:
        """Every page of a resource."""
        connector = self.connect(**settings) if settings else self.connector
        return list(connector.pull(resource, fields))

    def orders(self) -> list[dict[str, Any]]:
        """Every order as it is read."""
        return records_of(self.connector.pull("orders", EVERY_ORDER_FIELD))

    def mapping(self, document: str) -> DocumentMapping:
        """A shipped document mapping, for this account's warehouses."""
        places = {row["id"]: row["identifier"] for row in self.hero.state.all("Warehouse")}
        specs = {spec.document: spec for spec in load_documents("shiphero", None)}
        return compile_document(specs[document], MappingContext("USD", places))

    def order(self, reference: str, sku: str = "SKU-00001", units: int = 2, **more: Any) -> Call:
        """An order to be made, composed."""
        line = {"partner_line_item_id": "L1", "sku": sku, "quantity": units, "price": "5.00"}
        document: dict[str, Any] = {
            "order_number": reference,
            "shop_name": "shop",
            "shipping_address": ADDRESS,
            "line_items": [line],
        }
        return self.connector.compose(Effect("order_create", reference, {**document, **more}), str)

    def cancellation(self, order: str, reference: str = "shop-1-1") -> Call:
        """A cancellation, composed."""
        return self.connector.compose(Effect("order_cancel", reference, {"order_id": order}, order), str)

    def push(self, call: Call) -> RowOutcome:
        """The outcome of sending a call."""
        return self.connector.push(call)[0]

    def resolve(self, call: Call) -> RowOutcome:
        """The outcome of finding out about a call, once its time to settle is over."""
        self.clock.advance(self.connector.manifest.effects[call.operation].settle_seconds + 1)
        found = self.connector.resolve(call)
        assert found is not None
        return found[0]


def stage(clock: Ticker, items: int = 3, **switches: Any) -> Stage:
    """An account with some products and two warehouses."""
    hero = ShipHeroSimulator(clock=clock, switches=Switches(**switches))
    load(hero, catalog(items))
    return Stage(clock, hero)
