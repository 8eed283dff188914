"""An order's whole way: bought on Shopify, asked of who ships, shipped there, and told to Shopify once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from canonical.clock import instant_text
from connectors.memory.simulator.markets import trade
from connectors.memory.simulator.trade import MemoryTrade
from connectors.memory.simulator.world import WORLDS, world
from connectors.shopify.simulator import ShopifySimulator
from connectors.simulation import CatalogItem, Fault, SimTransport
from connectors.simulation.faults import FaultKind
from crossdock.settings.hub import hub_config
from crossdock.settings.lint import checked
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from sync import adopt
from sync.config import Baseline
from sync.hub import Hub
from sync.observe import ReadMode
from sync.orders import store
from sync.run import look, run_sync
from sync.store.database import open_database
from tests.support.trading import Passing

CONFIG = """\
database: "{database}"
connections:
  erp: {{connector: memory, settings: {{world: "{world}"}}, currency: EUR}}
  shop:
    connector: shopify
    allow_private_network: true
    settings: {{shop: demo.myshopify.com, access_token: "${{env:SHOPIFY_TOKEN}}"}}
    currency: EUR
locations:
  WH1: {{erp: WH1, shop: "{loc1}"}}
  WH2: {{erp: WH2, shop: "{loc2}"}}
ownership:
  variant.sku: erp
  inventory.stock[*]: erp
pools:
  main: {{locations: [WH1, WH2]}}
flows:
  stock: {{kind: inventory, source: erp, targets: {{shop: {{pool: main, locations: [WH1, WH2]}}}}}}
orders:
  shop: {{go_live: "{live}", books: [erp]}}
"""


@dataclass
class Business:
    """The shop, who ships for it, and the hub between them."""

    folder: Path
    clock: Passing = field(default_factory=Passing)
    name: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        self.shop = ShopifySimulator(clock=self.clock, tokens=("shpat_1",), locations={"WH1": "First", "WH2": "Second"})
        self.shop.load([CatalogItem(f"SKU-{n}", f"Thing {n}", Decimal(10), {"WH1": 10, "WH2": 5}) for n in (1, 2)])
        for number in (1, 2):
            world(self.name).add(f"SKU-{number}", price="10.00", stock={"WH1": 10, "WH2": 5})
        self.hub = self._hub()
        look(self.hub, ReadMode.FULL)
        for flow in self.hub.config.flows.values():
            for target in flow.targets:
                adopt.approve(self.hub, flow, target, Baseline.OWNER)
        self.sync()

    @property
    def erp(self) -> MemoryTrade:
        """What the one who ships was asked for."""
        return trade(self.name)

    def sync(self) -> None:
        """Let some minutes pass, then sync."""
        self.clock.advance(300)
        run_sync(self.hub, ReadMode.AUTO)

    def standing(self, order: str) -> tuple[str, str]:
        """Where an order stands, and why."""
        with self.hub.database.begin() as connection:
            row = store.find_order(connection, "shop", order)
        assert row is not None
        return row.state, row.reason

    def _hub(self) -> Hub:
        file = self.folder / "crossdock.yaml"
        database = f"sqlite:///{self.folder / 'hub.sqlite'}"
        places = {"loc1": self.shop.location_id("WH1"), "loc2": self.shop.location_id("WH2")}
        live = instant_text(self.clock.now())
        file.write_text(CONFIG.format(database=database, world=self.name, live=live, **places))
        config = hub_config(
            checked(file, InstalledPlatforms()), Resolver({"SHOPIFY_TOKEN": "shpat_1"}, self.folder, set())
        )
        return Hub(config, open_database(database), self.clock, transports={"shop": SimTransport(self.shop)})


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    found = Business(tmp_path)
    yield found
    found.hub.database.close()
    WORLDS.pop(found.name)


def shipments(business: Business, order: str) -> list[list[str]]:
    return [one.numbers for one in business.shop.checkout.get(order).fulfillments]


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before", "late_effect", "status_after"])
def test_a_shipment_is_told_once_though_its_answer_is_lost(business: Business, kind: FaultKind) -> None:
    shop = business.shop
    order = shop.checkout.place({"SKU-1": 2, "SKU-2": 1}, tax="0.19", shipping=[("DHL", "std", "4.90", "0")])
    business.sync()
    (reference,) = business.erp.requests
    assert business.erp.requests[reference]["status"] == "accepted"
    business.erp.ship(reference, number="T1")
    shop.faults.add(Fault(kind, only="write", when=lambda request: b"fulfillmentCreate" in request.body, delay=30))
    for _ in range(6):
        business.sync()
    assert shipments(business, order) == [["T1"]]
    assert business.standing(order) == ("done", "")
    assert shop.quantity("SKU-1", "WH1", "committed") == 0
    assert (shop.quantity("SKU-1", "WH1"), shop.quantity("SKU-1", "WH1", "on_hand")) == (8, 8)
    assert list(business.erp.requests) == [reference]


def test_an_order_on_hold_waits_and_is_asked_for_once_it_is_released(business: Business) -> None:
    order = business.shop.checkout.place({"SKU-1": 1})
    business.shop.checkout.hold(order)
    business.sync()
    assert business.standing(order) == ("waiting", "on_hold")
    business.shop.checkout.release(order)
    business.sync()
    (reference,) = business.erp.requests
    business.erp.ship(reference, number="T7")
    for _ in range(3):
        business.sync()
    assert shipments(business, order) == [["T7"]]


def test_what_the_merchant_sent_by_hand_is_not_told_again(business: Business) -> None:
    order = business.shop.checkout.place({"SKU-1": 1})
    business.sync()
    (reference,) = business.erp.requests
    business.shop.checkout.fulfill(order, number="T1", company="DHL")
    business.erp.ship(reference, number="T1")
    for _ in range(3):
        business.sync()
    assert shipments(business, order) == [["T1"]]


def test_a_shop_s_own_orders_cancellations_and_refunds_never_make_its_stock_a_conflict(business: Business) -> None:
    shop = business.shop
    kept = shop.checkout.place({"SKU-1": 3}, tax="0.19")
    business.sync()
    called_off = shop.checkout.place({"SKU-1": 2})
    business.sync()
    shop.checkout.cancel(called_off)
    shop.checkout.refund(kept, {0: 1}, restock="CANCEL", location="WH1")
    for _ in range(3):
        business.sync()
    assert business.standing(called_off)[0] == "canceled"
    assert shop.quantity("SKU-1", "WH1") + shop.quantity("SKU-1", "WH2") == 13
    with business.hub.database.begin() as connection:
        assert [str(row.kind) for row in store.incidents(connection)] == []
