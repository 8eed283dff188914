"""The platforms of a chaos run: two shops, an ERP and a 3PL, with more than enough in stock, and the hub's file."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from connectors.shipbob.simulator import ShipBobSimulator
from connectors.shipbob.simulator.loading import CENTERS
from connectors.shipbob.simulator.loading import load as load_shipbob
from connectors.shipbob.simulator.simulator import TOKEN
from connectors.shipbob.simulator.switches import Switches
from connectors.shopify.simulator import Bucket, ShopifySimulator
from connectors.shopify.simulator.webhooks import WebhookSubscription
from connectors.simulation import CatalogItem, Simulator
from connectors.tryton.simulator import TrytonSimulator
from connectors.woocommerce.simulator import WooSimulator
from crossdock.clock import SystemClock
from crossdock.demo.day.books import Ledger
from tests.chaos.script import PLACES
from tests.support.market import LaterClock

STOCK = {"WH1": 1_000_000, "WH2": 500}
PRICE = Decimal("10.00")
SECRETS = {
    "ERP_PASSWORD": "erp-chaos-password",
    "EU_SECRET": "eu-chaos-secret",
    "WEB_KEY": "ck_chaos",
    "WEB_SECRET": "cs_chaos",
    "WEB_HOOK": "web-chaos-hook",
    "TPL_TOKEN": TOKEN,
    "TPL_HOOK": f"whsec_{base64.b64encode(b'chaos among the parcels!').decode()}",
}
SETTLE_SECONDS = 2.0
"""How long a write whose answer was lost may take until it has its effect; what comes late comes sooner."""
CLIENT_SECONDS = 2.0
"""How long the hub waits for an answer where that can be set."""
_TOPICS = (
    "ORDERS_CREATE ORDERS_UPDATED ORDERS_EDITED ORDERS_PAID ORDERS_CANCELLED REFUNDS_CREATE FULFILLMENTS_CREATE"
).split()
_CONFIG = """\
database: "{database}"
connections:
  erp:
    connector: tryton
    allow_private_network: true
    settings:
      url: "{erp}"
      database: tryton
      username: admin
      password: "${{env:ERP_PASSWORD}}"
      web_shop: {web_shop}
      warehouse: {erp_1}
    currency: EUR
    write_settle_seconds: {settle}
  shop_eu:
    connector: shopify
    allow_private_network: true
    settings: {{url: "{shop_eu}", client_id: crossdock, client_secret: "${{env:EU_SECRET}}"}}
    currency: EUR
    write_settle_seconds: {settle}
    webhook_secrets: ["${{env:EU_SECRET}}"]
  shop_web:
    connector: woocommerce
    allow_private_network: true
    settings:
      url: "{shop_web}"
      consumer_key: "${{env:WEB_KEY}}"
      consumer_secret: "${{env:WEB_SECRET}}"
      timeout_seconds: {patience}
    currency: EUR
    write_settle_seconds: {settle}
    webhook_secrets: ["${{env:WEB_HOOK}}"]
  tpl:
    connector: shipbob
    allow_private_network: true
    settings: {{api_base: "{tpl}", token: "${{env:TPL_TOKEN}}", timeout_seconds: {patience}, calls_per_minute: 1000}}
    currency: EUR
    write_settle_seconds: {settle}
    webhook_secrets: ["${{env:TPL_HOOK}}"]
locations:
  WH1: {{erp: "{erp_1}", shop_eu: "{eu_1}", tpl: "{tpl_1}"}}
  WH2: {{erp: "{erp_2}", shop_eu: "{eu_2}", tpl: "{tpl_2}"}}
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
  prices: {{kind: state, source: erp, entity: variant, fields: [price], targets: {{shop_eu: {{}}, shop_web: {{}}}}}}
orders:
  shop_eu: {{go_live: "{live}", books: [erp]}}
  shop_web: {{go_live: "{live}", books: [erp]}}
routing:
  - {{to: tpl, locations: [WH1]}}
# Everything changes all the time here: shares say nothing.
guards: {{changed_percent: 100, zero_percent: 100, price_move_percent: 1000}}
webhooks: {{port: {port}, max_per_second: 100000}}
"""


@dataclass
class Scene:
    """The simulators by the name of their connection, and one clock that can be set later."""

    clock: LaterClock
    erp: TrytonSimulator
    shop_eu: ShopifySimulator
    shop_web: WooSimulator
    tpl: ShipBobSimulator
    ledger: Ledger

    @property
    def platforms(self) -> dict[str, Simulator]:
        """All of them by name."""
        return {"erp": self.erp, "shop_eu": self.shop_eu, "shop_web": self.shop_web, "tpl": self.tpl}


def build(skus: tuple[str, ...]) -> Scene:
    """The platforms, filled."""
    clock = LaterClock()
    items = [CatalogItem(sku, f"Thing {sku}", PRICE, STOCK) for sku in skus]
    erp = TrytonSimulator(clock=clock, password=SECRETS["ERP_PASSWORD"], warehouses={code: code for code in PLACES})
    shop_eu = ShopifySimulator(
        clock=clock,
        client_id="crossdock",
        client_secret=SECRETS["EU_SECRET"],
        locations={code: code for code in PLACES},
        bucket=Bucket(maximum=1_000_000, restore_rate=1_000_000),
    )
    shop_web = WooSimulator(clock=clock, consumer_key=SECRETS["WEB_KEY"], consumer_secret=SECRETS["WEB_SECRET"])
    prompt = Switches(allocation_seconds=0, stock_lag_seconds=0, calls_per_minute=1_000_000)
    tpl = ShipBobSimulator(clock=clock, switches=prompt)
    for platform in (erp, shop_eu, shop_web):
        platform.load(items)
    load_shipbob(tpl, items)
    scene = Scene(clock, erp, shop_eu, shop_web, tpl, Ledger(erp))
    _subscribe(scene)
    return scene


def _subscribe(scene: Scene) -> None:
    """Every platform that can tell tells the hub."""
    address = "https://hub.example/webhooks"
    with scene.shop_eu.turn():
        platform = scene.shop_eu.platform
        for number, topic in enumerate(_TOPICS, 1_001):
            platform.webhooks.add(WebhookSubscription(number, platform.now(), topic, {"uri": f"{address}/shop_eu"}))
    with scene.shop_web.turn():
        for topic in ("order.created", "order.updated", "product.updated"):
            scene.shop_web.webhooks.subscribe(topic, f"{address}/shop_web", SECRETS["WEB_HOOK"])
        scene.shop_web.webhooks.outbox.clear()
    with scene.tpl.turn():
        topics = ["order.shipped", "order.shipment.cancelled", "order.shipment.exception"]
        scene.tpl.webhooks.subscribe({"topics": topics, "url": f"{address}/tpl", "secret": SECRETS["TPL_HOOK"]})


def configure(scene: Scene, urls: Mapping[str, str], file: Path, database: str, port: int) -> None:
    """Write the hub's configuration and its secrets."""
    places = {f"erp_{code[-1]}": scene.erp.location_id(code) for code in PLACES}
    places |= {f"eu_{code[-1]}": scene.shop_eu.location_id(code) for code in PLACES}
    places |= {f"tpl_{code[-1]}": str(CENTERS[code]) for code in PLACES}
    text = _CONFIG.format(
        **urls,
        **places,
        database=database,
        port=port,
        web_shop=scene.ledger.web_shop,
        settle=SETTLE_SECONDS,
        patience=CLIENT_SECONDS,
        live=(SystemClock().now() - timedelta(minutes=1)).isoformat(timespec="seconds"),
    )
    file.write_text(text, encoding="utf-8")
    file.with_name(".env").write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()), encoding="utf-8")
