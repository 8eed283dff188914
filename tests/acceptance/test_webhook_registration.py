"""The hub has its platforms tell what it reads: shown first, done on demand, mended when a platform gave up."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.shipbob.simulator import ShipBobSimulator
from connectors.shipbob.simulator.loading import CENTERS
from connectors.shipbob.simulator.simulator import TOKEN as BOB_TOKEN
from connectors.shiphero.simulator import ShipHeroSimulator
from connectors.shiphero.simulator.access import REFRESH_TOKEN
from connectors.shiphero.simulator.loading import load
from connectors.shopify.simulator import ShopifySimulator
from connectors.simulation import CatalogItem, serve
from connectors.stripe.simulator import StripeSimulator
from connectors.stripe.simulator.simulator import SECRET_KEY
from connectors.woocommerce.simulator import WooSimulator
from crossdock.clock import SystemClock
from crossdock.settings.lint import checked
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from crossdock.webhooks.doors import doors
from tests.support.commands import crossdock
from tests.support.hearing import Serving, start_serving
from tests.support.waiting import until

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
  bob:
    connector: shipbob
    allow_private_network: true
    settings: {{token: "${{env:BOB}}", api_base: "{shipbob}"}}
    webhook_secrets: ["${{env:BOB_HOOK}}"]
  hero:
    connector: shiphero
    allow_private_network: true
    settings: {{refresh_token: "${{env:HERO}}", url: "{shiphero}"}}
    webhook_secrets: ["${{file:secrets/hero}}"]
locations:
  WH1: {{bob: "{center}", hero: "{warehouse}"}}
ownership: {{variant.sku: erp}}
orders:
  shop_eu: {{go_live: "2026-01-01T00:00:00Z", books: [erp]}}
  shop_web: {{go_live: "2026-01-01T00:00:00Z", books: [erp]}}
routing:
  - {{to: bob, locations: [WH1], countries: [US]}}
  - {{to: hero, locations: [WH1]}}
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
    "BOB": BOB_TOKEN,
    "BOB_HOOK": f"whsec_{'a1B2' * 8}",
    "HERO": REFRESH_TOKEN,
}


@dataclass
class World:
    """The platforms, and the folder of a hub."""

    folder: Path
    shopify: ShopifySimulator
    woo: WooSimulator
    stripe: StripeSimulator
    bob: ShipBobSimulator
    hero: ShipHeroSimulator

    def kept(self) -> list[str]:
        """The lines of the file with ShipHero's secrets."""
        return (self.folder / "secrets" / "hero").read_text(encoding="utf-8").splitlines()

    def run(self, *arguments: str, code: int) -> dict[str, Any]:
        """Run a command; what it printed, no secret among it."""
        done = crossdock("--config", "crossdock.yaml", "--format", "json", *arguments, cwd=self.folder, env=SECRETS)
        assert done.returncode == code, done.stdout + done.stderr
        secrets = [one.secret for one in self.stripe.account.events.endpoints]
        secrets += [row["secret"] for row in self.hero.state.all("Webhook")]
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
    bob, hero = ShipBobSimulator(clock=clock), ShipHeroSimulator(clock=clock)
    load(hero, [])
    places = {"center": CENTERS["WH1"], "warehouse": hero.state.all("Warehouse")[0]["id"]}
    with ExitStack() as stack:
        urls = {one.name: stack.enter_context(serve(one)).base_url for one in (*shops, stripe, bob, hero)}
        (tmp_path / "crossdock.yaml").write_text(CONFIG.format(**urls, **places))
        yield World(tmp_path, *shops, stripe, bob, hero)


def test_what_is_read_is_subscribed_once_and_mended_when_it_was_lost(world: World) -> None:
    planned = world.run("webhooks", "register", code=2)
    assert planned["counts"]["done"] == 0
    assert {one["action"] for one in planned["steps"]} == {"+"}
    assert {one["connection"] for one in planned["steps"]} == {"shop_eu", "shop_web", "pay", "bob", "hero"}
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


def test_what_the_daemon_found_switched_off_is_over_when_a_command_finds_it_right(world: World) -> None:
    """By a command of its own and by one that the daemon carries out, without waiting for its next look."""
    world.run("webhooks", "register", "--yes", code=0)

    def trouble() -> str:
        listed = {one["connection"]: one["trouble"] for one in world.run("webhooks", "list", code=0)["connections"]}
        return str(listed["shop_web"])

    def found_switched_off() -> Serving:
        with world.woo.turn():
            hook.status = "paused"
        serving = start_serving(world.folder / "crossdock.yaml", "--every", "3600", env=SECRETS)
        until(lambda: trouble() == "switched off: order.updated", 60.0, pause=1.0)
        return serving

    hook = next(one for one in world.woo.webhooks.hooks if one.topic == "order.updated")
    serving = found_switched_off()
    try:
        world.run("webhooks", "repair", "--yes", code=0)
        assert (hook.status, trouble()) == ("active", "")
    finally:
        serving.end(signal.SIGTERM)
    found_switched_off().end(signal.SIGTERM)
    # Somebody switched it on by hand: nothing is left to do, and that is told.
    with world.woo.turn():
        hook.status = "active"
    world.run("webhooks", "register", code=0)
    assert trouble() == ""


def test_what_3pls_tell_is_subscribed_with_their_secrets_where_serve_looks_for_them(world: World) -> None:
    world.run("webhooks", "register", "--connection", "bob", "--connection", "hero", "--yes", code=0)
    (subscription,) = world.bob.webhooks.subscriptions.values()
    assert (subscription.url, subscription.secret) == ("https://hub.example/webhooks/bob", SECRETS["BOB_HOOK"])
    assert "order.shipped" in subscription.topics
    hooks = world.hero.state.all("Webhook")
    assert len(hooks) > 2
    assert sorted(world.kept()) == sorted(f"{row['secret']} # {row['name']}" for row in hooks)
    assert (world.folder / "secrets" / "hero").stat().st_mode & 0o777 == 0o600
    settings = checked(world.folder / "crossdock.yaml", InstalledPlatforms())
    revealed: set[str] = set()
    (world.folder / "secrets" / "pay").write_text("whsec_1", encoding="utf-8")
    opened = doors(settings, Resolver(SECRETS, world.folder, revealed))
    assert set(opened["hero"].secrets) == {row["secret"] for row in hooks} <= revealed
    # A secret that did not get there, as where the process was killed just then: that one webhook is made anew.
    lost, *others = world.kept()
    (world.folder / "secrets" / "hero").write_text("\n".join(others), encoding="utf-8")
    world.bob.webhooks.disable(subscription.id)
    mended = world.run("webhooks", "repair", "--connection", "hero", "--connection", "bob", "--yes", code=0)
    topic = lost.partition(" # ")[2]
    assert [(one["action"], one["connection"]) for one in mended["steps"]] == [
        ("~", "bob"),
        ("-", "hero"),
        ("+", "hero"),
    ]
    assert mended["steps"][1]["topics"] == [topic]
    assert sorted(world.kept()) == sorted(f"{row['secret']} # {row['name']}" for row in world.hero.state.all("Webhook"))
    assert lost not in world.kept()
    assert [one.enabled for one in world.bob.webhooks.subscriptions.values()] == [True]
    assert world.run("webhooks", "register", code=2)["counts"]["steps"] > 0
    only = ("--connection", "hero", "--connection", "bob")
    assert world.run("webhooks", "register", *only, code=0)["counts"] == {"steps": 0, "done": 0}


def test_a_webhook_is_not_made_where_its_secret_would_go_nowhere(world: World) -> None:
    file = world.folder / "crossdock.yaml"
    file.write_text(file.read_text().replace("${file:secrets/hero}", "${env:HOOK}"))
    left = world.run("webhooks", "register", "--connection", "hero", "--yes", code=1)["left"]
    assert "${file:secrets/hero}" in left[0]["why"]
    assert world.hero.state.all("Webhook") == []


def test_nothing_is_made_where_its_secret_cannot_be_written(world: World) -> None:
    # A folder that cannot be made, and a file that is one: who runs the tests may write everywhere else.
    (world.folder / "secrets").write_text("", encoding="utf-8")
    left = world.run("webhooks", "register", "--connection", "pay", "--yes", code=1)["left"]
    assert "cannot keep a secret" in left[0]["why"]
    (world.folder / "secrets").unlink()
    (world.folder / "secrets").mkdir()
    (world.folder / "secrets" / ".pay.new").mkdir()
    left = world.run("webhooks", "register", "--connection", "pay", "--yes", code=1)["left"]
    assert "cannot keep a secret" in left[0]["why"]
    assert world.stripe.account.events.endpoints == []
    (world.folder / "secrets" / ".pay.new").rmdir()
    world.run("webhooks", "register", "--connection", "pay", "--yes", code=0)
    assert [one.name for one in (world.folder / "secrets").iterdir()] == ["pay"]


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
    assert not (world.folder / "secrets" / "pay").exists()


def test_without_a_file_for_it_no_secret_is_made(world: World) -> None:
    file = world.folder / "crossdock.yaml"
    file.write_text(file.read_text().replace("${file:secrets/pay}", "${env:HOOK_2}"))
    file.write_text(file.read_text().replace('public_url: "https://hub.example"', 'public_url: ""'))
    world.run("webhooks", "register", "--yes", code=1)
    file.write_text(file.read_text().replace('public_url: ""', 'public_url: "https://hub.example"'))
    world.run("webhooks", "register", "--connection", "pay", "--yes", code=1)
    assert world.stripe.account.events.endpoints == []
