"""A hub for the bench, configured by a file as an operator would, on platforms that stand ready."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bench import records
from canonical.clock import Clock
from crossdock.settings.hub import hub_config
from crossdock.settings.lint import checked
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from sync import adopt
from sync.config import Baseline
from sync.hub import Hub
from sync.observe import ReadMode
from sync.planner import PlanSummary, plan
from sync.run import LookReport, look
from sync.store.database import open_database

SECRETS = {
    "ERP_PASSWORD": "admin-pw-1",
    "SHOPIFY_TOKEN": "shpat_bench",
    "WOO_KEY": "ck_bench",
    "WOO_SECRET": "cs_bench",
}
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
    settings:
      shop: bench.myshopify.com
      url: "{shopify}"
      access_token: "${{env:SHOPIFY_TOKEN}}"
      bulk_from: {bulk_from}
    currency: EUR
  shop_web:
    connector: woocommerce
    allow_private_network: true
    settings: {{url: "{woo}", consumer_key: "${{env:WOO_KEY}}", consumer_secret: "${{env:WOO_SECRET}}"}}
    currency: EUR
locations:
  WH1: {{erp: "{erp1}", shop_eu: "{shop1}"}}
  WH2: {{erp: "{erp2}", shop_eu: "{shop2}"}}
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
_POLL_SECONDS = 0.01


class HastyClock:
    """Real time, but nobody sleeps long: the prepared platforms have always ended already what is waited for."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait a moment."""
        time.sleep(min(seconds, _POLL_SECONDS))


@dataclass(frozen=True)
class Sites:
    """Where the platforms are, and what they call the two places."""

    erp: str
    shopify: str
    woo: str
    erp_places: tuple[str, str]
    shop_places: tuple[str, str]

    @classmethod
    def prepared(cls, base_url: str) -> Sites:
        """The prepared platforms, all on one port."""
        first, second = (f"gid://shopify/Location/{place}" for place in records.SHOP_PLACES)
        one, two = map(str, records.ERP_PLACES)
        return cls(base_url, base_url, base_url, (one, two), (first, second))


def open_hub(
    folder: Path,
    sites: Sites,
    clock: Clock,
    *,
    bulk_from: int = 2000,
    transports: Mapping[str, httpx.BaseTransport] | None = None,
) -> Hub:
    """A hub on a fresh database in a folder."""
    database = f"sqlite:///{folder / 'bench.sqlite'}"
    file = folder / "crossdock.yaml"
    file.write_text(
        _CONFIG.format(
            database=database,
            erp=sites.erp,
            shopify=sites.shopify,
            woo=sites.woo,
            bulk_from=bulk_from,
            erp1=sites.erp_places[0],
            erp2=sites.erp_places[1],
            shop1=sites.shop_places[0],
            shop2=sites.shop_places[1],
        )
    )
    config = hub_config(checked(file, InstalledPlatforms()), Resolver(SECRETS, folder, set()))
    return Hub(config, open_database(database), clock, transports=transports or {})


def first_sync(hub: Hub) -> tuple[LookReport, PlanSummary]:
    """Read everything, link it, make every flow live and plan it: what an operator's first run does."""
    looked = look(hub, ReadMode.FULL)
    assert not looked.incomplete, looked.failed
    for flow in hub.config.flows.values():
        for target in flow.targets:
            adopt.approve(hub, flow, target, Baseline.OWNER)
    return looked, plan(hub, hub.config.flows.values())
