"""Subscribing on each platform that has an API for it, against its simulator: over its real paths, with its limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pytest

from canonical.errors import FatalError
from connectors import registry
from connectors.conformance import Subject, World
from connectors.http.errors import ReadOnlyError
from connectors.shipbob.simulator import ShipBobSimulator
from connectors.shipbob.simulator.subject import subject as shipbob
from connectors.shiphero.simulator import ShipHeroSimulator
from connectors.shiphero.simulator.subject import subject as shiphero
from connectors.shopify.simulator import ShopifySimulator
from connectors.shopify.simulator.subject import subject as shopify
from connectors.stripe.simulator import StripeSimulator
from connectors.stripe.simulator.subject import subject as stripe
from connectors.subscriptions import SubscribingConnector, Subscription, Subscriptions
from connectors.webhooks import Accepted
from connectors.woocommerce.simulator import WooSimulator
from connectors.woocommerce.simulator.subject import subject as woocommerce

ADDRESS = "https://hub.example/webhooks/shop"
SUBJECTS = {
    "shopify": shopify,
    "woocommerce": woocommerce,
    "stripe": stripe,
    "shipbob": shipbob,
    "shiphero": shiphero,
}
SECRET = f"whsec_{'a1B2' * 8}"


@dataclass
class Account:
    """An account, its topics, and the subscriptions of a connector."""

    world: World
    of: Subscriptions
    topics: tuple[str, ...]
    bundled: bool = False

    def create(self, address: str, topics: Sequence[str]) -> list[str]:
        """Subscribe as the engine does: all at once, or one topic after the other; the secrets that were told."""
        parts = [tuple(topics)] if self.bundled else [(topic,) for topic in topics]
        return [self.of.create(address, part, SECRET) for part in parts]

    def shown(self) -> list[tuple[str, tuple[str, ...], bool]]:
        return sorted((one.address, one.topics, one.active) for one in self.of.listed())


def _account(name: str, *, read_only: bool = False) -> Account:
    subject: Subject = SUBJECTS[name]()
    world = World.open(subject, 1, read_only=read_only)
    assert isinstance(world.connector, SubscribingConnector)
    spec = registry.manifest_of(name).webhooks
    assert spec is not None
    assert spec.registration is not None
    topics = tuple(topic for topic in spec.topics if topic not in spec.registration.without)
    return Account(world, world.connector.subscriptions(), topics, spec.registration.bundled)


@pytest.fixture(params=SUBJECTS)
def account(request: pytest.FixtureRequest) -> Account:
    return _account(request.param)


def test_every_topic_can_be_subscribed_listed_and_ended(account: Account) -> None:
    """A topic the platform does not know, or one it calls otherwise, would fail here."""
    account.create(ADDRESS, account.topics)
    found = account.of.listed()
    assert sorted(topic for one in found for topic in one.topics) == sorted(account.topics)
    assert {(one.address, one.active) for one in found} == {(ADDRESS, True)}
    for one in found:
        account.of.remove(one)
    assert account.of.listed() == []
    account.of.remove(found[0])


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_dry_run_subscribes_and_ends_nothing(name: str) -> None:
    account = _account(name, read_only=True)
    assert account.of.listed() == []
    with pytest.raises(ReadOnlyError):
        account.of.create(ADDRESS, account.topics[:1], SECRET)
    if name == "shiphero":
        # It looks first which one would end; there is none.
        account.of.remove(Subscription("1", ADDRESS, account.topics[:1]))
        return
    with pytest.raises(ReadOnlyError):
        account.of.remove(Subscription("gid://shopify/WebhookSubscription/1", ADDRESS, account.topics[:1]))


def test_a_list_of_several_pages_is_read_to_its_end() -> None:
    account = _account("woocommerce")
    shop = account.world.simulator
    assert isinstance(shop, WooSimulator)
    for number in range(205):
        shop.webhooks.subscribe("order.created", f"https://{number}.example", SECRET)
    assert len({one.id for one in account.of.listed()}) == 205


def test_a_webhook_that_failed_too_often_is_off_and_is_switched_on_with_our_secret() -> None:
    account = _account("woocommerce")
    shop = account.world.simulator
    assert isinstance(shop, WooSimulator)
    account.of.create(ADDRESS, ["order.updated"], SECRET)
    (hook,) = shop.webhooks.hooks
    for _ in range(6):
        shop.webhooks.answered(hook, well=False)
    assert account.shown() == [(ADDRESS, ("order.updated",), True)]
    shop.webhooks.answered(hook, well=False)
    assert account.shown() == [(ADDRESS, ("order.updated",), False)]
    account.of.change(account.of.listed()[0], ["order.updated"], "another1secret")
    assert account.shown() == [(ADDRESS, ("order.updated",), True)]
    assert (hook.secret, hook.failures) == ("another1secret", 0)


@pytest.mark.parametrize("secret", ["", "a&amp;b", "ключ", 'quo"ted'])
def test_a_secret_that_woocommerce_would_read_otherwise_is_not_given(secret: str) -> None:
    account = _account("woocommerce")
    with pytest.raises(FatalError, match="plain ASCII"):
        account.of.create(ADDRESS, ["order.updated"], secret)
    assert account.of.listed() == []


def test_stripe_tells_its_secret_once_and_signs_with_it() -> None:
    account = _account("stripe")
    simulator = account.world.simulator
    assert isinstance(simulator, StripeSimulator)
    secret = account.of.create(ADDRESS, ["charge.succeeded"], "")
    charge = simulator.admin.pay(500, "eur")
    (message,) = simulator.admin.messages()
    reader = registry.webhooks_of("stripe")
    assert reader is not None
    verdict = reader.verify(message.body, message.headers, [secret], account.world.clock.now())
    assert [one.external_id for one in verdict.contents.records] == [charge]  # type: ignore[union-attr]
    (one,) = account.of.listed()
    account.of.change(one, ["payout.paid"], "")
    assert account.shown() == [(ADDRESS, ("payout.paid",), True)]


def test_a_disabled_endpoint_is_enabled_again() -> None:
    account = _account("stripe")
    account.of.create(ADDRESS, ["payout.paid"], "")
    simulator = account.world.simulator
    assert isinstance(simulator, StripeSimulator)
    (kept,) = simulator.account.objects["webhook_endpoint"].values()
    kept["status"] = "disabled"
    (one,) = account.of.listed()
    assert not one.active
    account.of.change(one, one.topics, "")
    assert account.shown() == [(ADDRESS, ("payout.paid",), True)]


def test_shopify_says_why_it_takes_no_address() -> None:
    account = _account("shopify")
    with pytest.raises(FatalError, match="Address is invalid"):
        account.of.create("http://hub.example/webhooks/shop", ["orders/create"], "")
    shop = account.world.simulator
    assert isinstance(shop, ShopifySimulator)
    assert account.of.listed() == []


@pytest.mark.parametrize("form", ["absolute", "internal", "relative"])
def test_pages_of_shipbobs_subscriptions_are_read_to_their_end(
    form: Literal["absolute", "internal", "relative"],
) -> None:
    account = _account("shipbob")
    bob = account.world.simulator
    assert isinstance(bob, ShipBobSimulator)
    bob.switches.next_form = form
    for number in range(505):
        bob.webhooks.subscribe({"url": f"https://{number}.example", "topics": ["order.shipped"]})
    assert len({one.id for one in account.of.listed()}) == 505


def test_shipbob_signs_with_our_secret_and_one_that_was_given_up_is_made_anew() -> None:
    account = _account("shipbob")
    bob = account.world.simulator
    assert isinstance(bob, ShipBobSimulator)
    assert account.create(ADDRESS, ["order.shipment.on_hold"]) == [""]
    (one,) = account.of.listed()
    bob.webhooks.disable(one.id)
    assert account.shown() == [(ADDRESS, ("order.shipment.on_hold",), False)]
    account.of.change(one, ["order.shipment.on_hold", "order.shipped"], SECRET)
    assert account.shown() == [(ADDRESS, ("order.shipment.on_hold", "order.shipped"), True)]
    bob.webhooks.tell("order.shipped", {"id": 7, "order_id": 310_001})
    (message,) = bob.webhooks.outbox
    reader = registry.webhooks_of("shipbob")
    assert reader is not None
    verdict = reader.verify(message.body, message.headers, [SECRET], account.world.clock.now())
    assert [one.external_id for one in verdict.contents.records] == ["310001"]  # type: ignore[union-attr]


@pytest.mark.parametrize("secret", ["", "whsec_short", "letters0and1digits", f"whsec_{'a-b_' * 8}"])
def test_a_secret_that_shipbob_would_refuse_is_not_sent(secret: str) -> None:
    account = _account("shipbob")
    with pytest.raises(FatalError, match="must be whsec_") as caught:
        account.of.create(ADDRESS, ["order.shipped"], secret)
    assert "openssl rand -base64 24" in caught.value.hint
    assert account.of.listed() == []


def test_shiphero_tells_a_secret_for_each_type_and_signs_with_it() -> None:
    account = _account("shiphero")
    hero = account.world.simulator
    assert isinstance(hero, ShipHeroSimulator)
    told = account.create(ADDRESS, ["Order Canceled", "Shipment Update"])
    assert len(set(told)) == 2
    hero.webhooks.send("Shipment Update", {"order_id": 5})
    (message,) = hero.webhooks.sent
    reader = registry.webhooks_of("shiphero")
    assert reader is not None
    verdicts = [reader.verify(message.body, message.headers, [one], account.world.clock.now()) for one in told]
    assert [isinstance(one, Accepted) for one in verdicts] == [False, True]
    # More than one page of them, and those of another program are left alone.
    for number in range(60):
        hero.webhooks.create({"name": "Order Canceled", "url": "https://other.example", "shop_name": f"s{number}"})
    every = account.of.listed()
    assert len({one.id for one in every}) == 62
    for one in every:
        if one.address == ADDRESS:
            account.of.remove(one)
    assert {one.address for one in account.of.listed()} == {"https://other.example"}


def test_a_webhook_of_shiphero_that_would_end_with_another_one_is_left_to_a_person() -> None:
    """They are ended by type and shop; should two have both in common, the other program would lose its own."""
    account = _account("shiphero")
    hero = account.world.simulator
    assert isinstance(hero, ShipHeroSimulator)
    account.create(ADDRESS, ["Order Canceled"])
    (ours,) = account.of.listed()
    shop = hero.state.all("Webhook")[0]["shop_name"]
    hero.state.add("Webhook", account_id="x", name="Order Canceled", url="https://other.example", shop_name=shop)
    with pytest.raises(FatalError, match="would end too"):
        account.of.remove(ours)
    assert len(account.of.listed()) == 2
