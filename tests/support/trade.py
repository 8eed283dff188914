"""A hub over the three real platforms' simulators, configured as an operator would, without sockets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.shopify.simulator import ShopifySimulator
from connectors.simulation import SimTransport, Ticker
from connectors.simulation.catalog import CatalogItem
from connectors.tryton.simulator import TrytonSimulator
from connectors.woocommerce.simulator import WooSimulator
from crossdock.settings.hub import hub_config
from crossdock.settings.lint import checked
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from sync import adopt
from sync.config import Baseline
from sync.hub import Hub
from sync.observe import ReadMode
from sync.run import look, run_sync
from sync.store.database import open_database

_CONFIG = """\
database: "{database}"
connections:
  erp:
    connector: tryton
    settings: {{url: "{erp}", database: tryton, username: admin, password: "${{env:ERP_PASSWORD}}"}}
    currency: EUR
  shop_eu:
    connector: shopify
    settings: {{shop: demo.myshopify.com, url: "{shopify}", access_token: "${{env:SHOPIFY_TOKEN}}"}}
    currency: EUR
  shop_web:
    connector: woocommerce
    settings: {{url: "{woo}", consumer_key: "${{env:WOO_KEY}}", consumer_secret: "${{env:WOO_SECRET}}"}}
    currency: EUR
locations:
  WH1: {{erp: "{wh1}", shop_eu: "{loc1}"}}
  WH2: {{erp: "{wh2}", shop_eu: "{loc2}"}}
ownership:
  variant.sku: erp
  variant.sellable: erp
  variant.price[EUR]: erp
  inventory.stock[*]: erp
pools:
  main: {{locations: [WH1, WH2]}}
flows:
  inventory:
    kind: inventory
    source: erp
    targets:
      shop_eu: {{pool: main, locations: [WH1, WH2]}}
      shop_web: {{pool: main}}
  prices:
    kind: state
    source: erp
    entity: variant
    fields: [price]
    targets: {{shop_eu: {{}}, shop_web: {{}}}}
"""
_SECRETS = {
    "ERP_PASSWORD": "admin-pw-1",
    "SHOPIFY_TOKEN": "shpat_demo_token",
    "WOO_KEY": "ck_demo_key",
    "WOO_SECRET": "cs_demo_secret",
}


@dataclass
class Trade:
    """The hub and the three platforms it serves."""

    hub: Hub
    erp: TrytonSimulator
    shopify: ShopifySimulator
    woo: WooSimulator
    clock: Ticker

    def adopt(self) -> None:
        """Read, link, approve and bring every shop to the owner's values."""
        look(self.hub, ReadMode.FULL)
        for flow in self.hub.config.flows.values():
            for target in flow.targets:
                adopt.approve(self.hub, flow, target, Baseline.OWNER)
        self.clock.advance(1)
        run_sync(self.hub, ReadMode.FULL)
        self.clock.advance(60)

    def clear_logs(self) -> None:
        """Forget the calls so far."""
        for simulator in (self.erp, self.shopify, self.woo):
            simulator.log.clear()


def catalog(count: int, *, price: str = "10.00", stock: tuple[int, int] = (10, 5)) -> list[CatalogItem]:
    """Simple things, each a product of its own."""
    return [
        CatalogItem(f"SKU-{n:05d}", f"Thing {n}", Decimal(price), {"WH1": stock[0], "WH2": stock[1]})
        for n in range(1, count + 1)
    ]


def open_trade(folder: Path, items: Sequence[CatalogItem], *, database: str = "", **shop: Any) -> Trade:
    """Simulators with the same catalog, and a hub configured for them."""
    clock = Ticker()
    erp = TrytonSimulator(clock=clock, warehouses={"WH1": "Main", "WH2": "Second"})
    places = {"WH1": "Main", "WH2": "Second"}
    shopify = ShopifySimulator(clock=clock, tokens=(_SECRETS["SHOPIFY_TOKEN"],), locations=places, **shop)
    woo = WooSimulator(clock=clock, consumer_key=_SECRETS["WOO_KEY"], consumer_secret=_SECRETS["WOO_SECRET"])
    for simulator in (erp, shopify, woo):
        simulator.load(items)
    file = folder / "crossdock.yaml"
    file.write_text(
        _CONFIG.format(
            database=database or f"sqlite:///{folder / 'crossdock.sqlite'}",
            erp="https://erp.example",
            shopify="https://demo.myshopify.com",
            woo="https://shop.example",
            wh1=erp.location_id("WH1"),
            wh2=erp.location_id("WH2"),
            loc1=shopify.location_id("WH1"),
            loc2=shopify.location_id("WH2"),
        )
    )
    settings = checked(file, InstalledPlatforms())
    config = hub_config(settings, Resolver(_SECRETS, folder, set()))
    transports = {name: SimTransport(one) for name, one in (("erp", erp), ("shop_eu", shopify), ("shop_web", woo))}
    hub = Hub(
        config, open_database(database or f"sqlite:///{folder / 'crossdock.sqlite'}"), clock, transports=transports
    )
    return Trade(hub, erp, shopify, woo, clock)
