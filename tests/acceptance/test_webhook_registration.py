"""The hub has its platforms tell what it reads: shown first, done on demand, mended when a platform gave up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.shopify.simulator import ShopifySimulator
from connectors.simulation import CatalogItem, serve
from connectors.stripe.simulator import StripeSimulator
from connectors.stripe.simulator.simulator import SECRET_KEY
from connectors.woocommerce.simulator import WooSimulator
from crossdock.clock import SystemClock
from tests.support.commands import crossdock

CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  erp: {{connector: memory, settings: {{world: "registration"}}, currency: EUR}}
  shop_eu:
    connector: shopify
    allow_private_network: true
    settings: {{shop: demo.myshopify.com, url: "{shopify}", access_token: "${{env:SHOPIFY}}"}}
    currency: EUR
    webhook_secrets: ["${{env:HOOK}}"]
  shop_web:
    connector: woocommerce
    allow_private_network: true
    settings: {{url: "{woocommerce}", consumer_key: "${{env:WOO_KEY}}", consumer_secret: "${{env:WOO}}"}}
    currency: EUR
    webhook_secrets: ["${{env:HOOK}}"]
  pay:
    connector: stripe
    allow_private_network: true
    settings: {{api_key: "${{env:STRIPE}}", api_base: "{stripe}"}}
    webhook_secrets: ["${{file:secrets/pay}}"]
ownership: {{variant.sku: erp}}
orders:
  shop_eu: {{go_live: "2026-01-01T00:00:00Z", books: [erp]}}
  shop_web: {{go_live: "2026-01-01T00:00:00Z", books: [erp]}}
payments:
  pay: {{channels: [shop_eu, shop_web]}}
webhooks: {{port: 0, public_url: "https://hub.example"}}
"""
HOOK = "a1secret2of3ours"
SECRETS = {
    "SHOPIFY": "shpat_1",
    "WOO_KEY": "ck_simulated",
    "WOO": "cs_simulated",
    "STRIPE": SECRET_KEY,
    "HOOK": HOOK,
}


@dataclass
class World:
    """The platforms, and the folder of a hub."""

    folder: Path
    shopify: ShopifySimulator
    woo: WooSimulator
    stripe: StripeSimulator

    def run(self, *arguments: str, code: int) -> dict[str, Any]:
        """Run a command; what it printed, no secret among it."""
        done = crossdock("--config", "crossdock.yaml", "--format", "json", *arguments, cwd=self.folder, env=SECRETS)
        assert done.returncode == code, done.stdout + done.stderr
        secrets = [one.secret for one in self.stripe.account.events.endpoints]
        assert not [one for one in (*secrets, *SECRETS.values()) if one in done.stdout + done.stderr]
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = SystemClock()
    shops = (ShopifySimulator(clock=clock, tokens=(SECRETS["SHOPIFY"],)), WooSimulator(clock=clock))
    for one in shops:
        one.load([CatalogItem("SKU-1", "Thing", Decimal(10), {"MAIN": 5})])
    stripe = StripeSimulator(clock=clock)
    with ExitStack() as stack:
        urls = {one.name: stack.enter_context(serve(one)).base_url for one in (*shops, stripe)}
        (tmp_path / "crossdock.yaml").write_text(CONFIG.format(**urls))
        yield World(tmp_path, *shops, stripe)


def test_what_is_read_is_subscribed_once_and_mended_when_it_was_lost(world: World) -> None:
    planned = world.run("webhooks", "register", code=2)
    assert planned["counts"]["done"] == 0
    assert {one["action"] for one in planned["steps"]} == {"+"}
    assert {one["connection"] for one in planned["steps"]} == {"shop_eu", "shop_web", "pay"}
    assert (list(world.shopify.platform.webhooks), world.woo.webhooks.hooks) == ([], [])
    done = world.run("webhooks", "register", "--yes", code=0)
    assert done["counts"]["done"] == planned["counts"]["steps"]
    assert world.run("webhooks", "register", code=0)["counts"] == {"steps": 0, "done": 0}
    topics = {hook.topic for hook in world.woo.webhooks.hooks}
    assert "order.updated" in topics
    assert {(hook.url, hook.secret) for hook in world.woo.webhooks.hooks} == {
        ("https://hub.example/webhooks/shop_web", HOOK)
    }
    (endpoint,) = world.stripe.account.events.endpoints
    kept = world.folder / "secrets" / "pay"
    assert kept.read_text().strip() == endpoint.secret
    assert kept.stat().st_mode & 0o777 == 0o600

    theirs = world.woo.webhooks.subscribe("order.updated", "https://other.example", "x")
    with world.woo.turn():
        theirs.status = world.woo.webhooks.hooks[0].status = "disabled"
    with world.shopify.turn():
        world.shopify.platform.webhooks.remove(next(iter(world.shopify.platform.webhooks)).number)
    mended = world.run("webhooks", "repair", "--yes", code=0)
    assert sorted((one["action"], one["connection"]) for one in mended["steps"]) == [
        ("+", "shop_eu"),
        ("~", "shop_web"),
    ]
    assert [hook.status for hook in world.woo.webhooks.hooks if hook is not theirs] == ["active"] * len(topics)
    assert theirs.status == "disabled"


def test_an_endpoint_whose_secret_got_lost_is_made_anew(world: World) -> None:
    world.run("webhooks", "register", "--connection", "pay", "--yes", code=0)
    (world.folder / "secrets" / "pay").unlink()
    steps = world.run("webhooks", "repair", "--connection", "pay", "--yes", code=0)["steps"]
    assert [one["action"] for one in steps] == ["-", "+"]
    (endpoint,) = world.stripe.account.events.endpoints
    assert (world.folder / "secrets" / "pay").read_text().strip() == endpoint.secret


def test_a_platform_that_refuses_costs_the_others_nothing(world: World) -> None:
    with world.stripe.turn():
        world.stripe.access.secret_key = "sk_test_another"
    done = world.run("webhooks", "register", "--yes", code=3)
    assert [one["connection"] for one in done["left"]] == ["pay"]
    assert world.woo.webhooks.hooks
    assert not (world.folder / "secrets").exists()


def test_without_a_file_for_it_no_secret_is_made(world: World) -> None:
    file = world.folder / "crossdock.yaml"
    file.write_text(file.read_text().replace("${file:secrets/pay}", "${env:HOOK_2}"))
    file.write_text(file.read_text().replace('public_url: "https://hub.example"', 'public_url: ""'))
    world.run("webhooks", "register", "--yes", code=1)
    file.write_text(file.read_text().replace('public_url: ""', 'public_url: "https://hub.example"'))
    world.run("webhooks", "register", "--connection", "pay", "--yes", code=1)
    assert world.stripe.account.events.endpoints == []
