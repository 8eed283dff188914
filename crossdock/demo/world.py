"""The demo's world: an ERP with two warehouses and two shops over real HTTP, and a configuration that names them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from canonical.clock import Clock
from connectors.shopify.simulator import Bucket, ShopifySimulator
from connectors.simulation import Simulator, serve
from connectors.simulation.catalog import CatalogItem
from connectors.tryton.simulator import TrytonSimulator
from connectors.woocommerce.simulator import WooSimulator

WAREHOUSES = {"WH1": "Main warehouse", "WH2": "Second warehouse"}
_LARGEST_PLAN = (20_000.0, 1_000.0)
"""Points and their restore rate: with the smallest plan the story would be mostly waiting."""
SECRETS = {
    "DEMO_ERP_PASSWORD": "erp-demo-password",
    "DEMO_SHOP_EU_SECRET": "shop-eu-demo-secret",
    "DEMO_SHOP_WEB_KEY": "ck_demo_shop_web",
    "DEMO_SHOP_WEB_SECRET": "cs_demo_shop_web",
}
_CONFIG = """\
# Written by `crossdock demo`: three platforms that were simulated on this machine.
database: sqlite:///crossdock.sqlite

connections:
  erp:
    connector: tryton
    allow_private_network: true
    settings: {{url: "{erp}", database: demo, username: crossdock, password: "${{env:DEMO_ERP_PASSWORD}}"}}
    currency: EUR
  shop_eu:
    connector: shopify
    allow_private_network: true
    settings: {{url: "{shop_eu}", client_id: crossdock, client_secret: "${{env:DEMO_SHOP_EU_SECRET}}"}}
    currency: EUR
  shop_web:
    connector: woocommerce
    allow_private_network: true
    settings:
      url: {shop_web}
      consumer_key: ${{env:DEMO_SHOP_WEB_KEY}}
      consumer_secret: ${{env:DEMO_SHOP_WEB_SECRET}}
    currency: EUR

locations:
  WH1: {{erp: "{erp_1}", shop_eu: "{eu_1}"}}
  WH2: {{erp: "{erp_2}", shop_eu: "{eu_2}"}}

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


@dataclass(frozen=True)
class World:
    """The three platforms, what was loaded into them, and the configuration file of the hub."""

    erp: TrytonSimulator
    shop_eu: ShopifySimulator
    shop_web: WooSimulator
    items: tuple[CatalogItem, ...]
    config: Path
    urls: Mapping[str, str]
    others: dict[str, Simulator] = field(default_factory=dict)
    """Platforms that joined later."""

    @property
    def platforms(self) -> dict[str, Simulator]:
        """The simulators by the name of their connection."""
        return {"erp": self.erp, "shop_eu": self.shop_eu, "shop_web": self.shop_web, **self.others}

    @property
    def skus(self) -> list[str]:
        """The SKUs that one variant carries, in order."""
        counted = Counter(item.sku for item in self.items)
        return [sku for sku, count in counted.items() if sku and count == 1]

    def variants(self) -> dict[str, int]:
        """How many things each platform sells."""
        web = [record for record in self.shop_web.snapshot().values() if record["type"] != "variable"]
        return {
            "erp": len(self.erp.snapshot()["products"]),
            "shop_eu": len(self.shop_eu.snapshot()["variants"]),
            "shop_web": len(web),
        }

    def writes(self) -> int:
        """Write calls that arrived so far, over all platforms."""
        return sum(platform.log.writes() for platform in self.platforms.values())

    def owned(self, sku: str, place: str) -> int:
        """What the ERP has of a SKU in a warehouse."""
        return int(self.erp.quantity(sku, place))

    def differing(self, sku: str) -> list[str]:
        """Where a shop does not say what the ERP says of a SKU: its price, and its figure or figures."""
        price = self.erp.price(sku)
        prices = {"shop_eu price": self.shop_eu.price(sku), "shop_web price": self.shop_web.price(sku)}
        found = [name for name, asked in prices.items() if asked != price]
        places = {place: self.owned(sku, place) for place in WAREHOUSES}
        found += [f"shop_eu {place}" for place in places if self.shop_eu.quantity(sku, place) != places[place]]
        return found + (["shop_web stock"] if self.shop_web.quantity(sku) != sum(places.values()) else [])

    def oversold(self) -> int:
        """Units that a shop offers, or that were sold, beyond what the ERP has."""
        units = 0
        for sku in self.skus:
            has = sum(self.owned(sku, place) for place in WAREHOUSES)
            in_eu = sum(self.shop_eu.quantity(sku, place) for place in WAREHOUSES)
            offered = max(in_eu, self.shop_web.quantity(sku) or 0)
            units += max(0, -has) + max(0, offered - max(0, has))
        return units


@contextmanager
def open_world(items: Sequence[CatalogItem], folder: Path, clock: Clock) -> Iterator[World]:
    """Serve the three platforms while the context lasts, and write the configuration into ``folder``/config."""
    erp = TrytonSimulator(
        clock=clock,
        database="demo",
        username="crossdock",
        password=SECRETS["DEMO_ERP_PASSWORD"],
        warehouses=WAREHOUSES,
    )
    shop_eu = ShopifySimulator(
        clock=clock,
        client_id="crossdock",
        client_secret=SECRETS["DEMO_SHOP_EU_SECRET"],
        locations=WAREHOUSES,
        bucket=Bucket(*_LARGEST_PLAN),
    )
    shop_web = WooSimulator(
        clock=clock, consumer_key=SECRETS["DEMO_SHOP_WEB_KEY"], consumer_secret=SECRETS["DEMO_SHOP_WEB_SECRET"]
    )
    erp.load(_for_erp(items))
    shop_eu.load(drifted(items, 1))
    shop_web.load(_for_web(drifted(items, 2)))
    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(serve(platform)).base_url
            for name, platform in (("erp", erp), ("shop_eu", shop_eu), ("shop_web", shop_web))
        }
        ids = {
            "erp_1": erp.location_id("WH1"),
            "erp_2": erp.location_id("WH2"),
            "eu_1": shop_eu.location_id("WH1"),
            "eu_2": shop_eu.location_id("WH2"),
        }
        config = folder / "config" / "crossdock.yaml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(_CONFIG.format(**urls, **ids), encoding="utf-8")
        secrets = config.parent / ".env"
        secrets.touch(mode=0o600)
        secrets.write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()), encoding="utf-8")
        yield World(erp, shop_eu, shop_web, tuple(items), config, urls)


def _for_erp(items: Sequence[CatalogItem]) -> list[CatalogItem]:
    """The catalog as the ERP keeps it: variants of one product share its price, so others stand for themselves."""
    prices: dict[str, set[Decimal]] = {}
    for item in items:
        prices.setdefault(item.product, set()).add(item.price)
    return [item if len(prices[item.product]) == 1 else replace(item, product="") for item in items]


def _for_web(items: Sequence[CatalogItem]) -> list[CatalogItem]:
    """The catalog as WooCommerce takes it: a SKU only once, so that the second record goes without."""
    taken: set[str] = set()
    found: list[CatalogItem] = []
    for item in items:
        found.append(replace(item, sku="") if item.sku in taken else item)
        taken.add(item.sku)
    return found


def drifted(items: Sequence[CatalogItem], number: int) -> list[CatalogItem]:
    """The catalog as a shop keeps it that was looked after by hand: some prices old, some figures wrong."""
    found: list[CatalogItem] = []
    for index, item in enumerate(items):
        price, stock = item.price, dict(item.stock)
        if index % 11 == number:
            price += Decimal("0.50")
        if index % 6 == number:
            stock = {place: units + (2 if index // 6 % 2 else -min(1, units)) for place, units in stock.items()}
        found.append(replace(item, price=price, stock=stock))
    return found
