"""A hub over the three real platforms' simulators, configured as an operator would, without sockets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from canonical.clock import Clock
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
    allow_private_network: true
    settings: {{url: "{erp}", database: tryton, username: admin, password: "${{env:ERP_PASSWORD}}"}}
    currency: EUR
  shop_eu:
    connector: shopify
    allow_private_network: true
    settings: {{shop: demo.myshopify.com, url: "{shopify}", access_token: "${{env:SHOPIFY_TOKEN}}"}}
    currency: EUR
  shop_web:
    connector: woocommerce
    allow_private_network: true
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
SECRETS = {
    "ERP_PASSWORD": "admin-pw-1",
    "SHOPIFY_TOKEN": "shpat_demo_token",
    "WOO_KEY": "ck_demo_key",
    "WOO_SECRET": "cs_demo_secret",
}


PLACES = {"WH1": "Main", "WH2": "Second"}


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
    erp = TrytonSimulator(clock=clock, warehouses=PLACES)
    erp.load(items)
    places = {code: erp.location_id(code) for code in PLACES}
    shops = open_shops(clock, items, **shop)
    transports = {"erp": SimTransport(erp), **shops.transports}
    hub = open_hub(folder, "https://erp.example", places, shops, transports, clock, database)
    return Trade(hub, erp, shops.shopify, shops.woo, clock)


@dataclass(frozen=True)
class TwoShops:
    """Both shops, and the ways to them."""

    shopify: ShopifySimulator
    woo: WooSimulator

    @property
    def transports(self) -> dict[str, httpx.BaseTransport]:
        """Connection name to transport, no sockets."""
        return {"shop_eu": SimTransport(self.shopify), "shop_web": SimTransport(self.woo)}


def open_shops(clock: Clock, items: Sequence[CatalogItem], **shop: Any) -> TwoShops:
    """The two shops with a catalog."""
    shopify = ShopifySimulator(clock=clock, tokens=(SECRETS["SHOPIFY_TOKEN"],), locations=PLACES, **shop)
    woo = WooSimulator(clock=clock, consumer_key=SECRETS["WOO_KEY"], consumer_secret=SECRETS["WOO_SECRET"])
    shopify.load(items)
    woo.load(items)
    return TwoShops(shopify, woo)


def open_hub(
    folder: Path,
    erp_url: str,
    places: Mapping[str, str],
    shops: TwoShops,
    transports: Mapping[str, httpx.BaseTransport],
    clock: Clock,
    database: str = "",
) -> Hub:
    """A hub configured by a file, as an operator would."""
    url = database or f"sqlite:///{folder / 'crossdock.sqlite'}"
    file = folder / "crossdock.yaml"
    file.write_text(config_text(erp_url, places, shops, url))
    settings = checked(file, InstalledPlatforms())
    config = hub_config(settings, Resolver(SECRETS, folder, set()))
    return Hub(config, open_database(url), clock, transports=transports)


def config_text(
    erp_url: str,
    places: Mapping[str, str],
    shops: TwoShops,
    database: str,
    shop_urls: tuple[str, str] = ("https://demo.myshopify.com", "https://shop.example"),
) -> str:
    """The configuration an operator would write for these platforms."""
    return _CONFIG.format(
        database=database,
        erp=erp_url,
        shopify=shop_urls[0],
        woo=shop_urls[1],
        wh1=places["WH1"],
        wh2=places["WH2"],
        loc1=shops.shopify.location_id("WH1"),
        loc2=shops.shopify.location_id("WH2"),
    )
