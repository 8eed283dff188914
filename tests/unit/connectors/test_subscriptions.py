"""Subscribing on each platform that has an API for it, against its simulator: over its real paths, with its limits."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from canonical.errors import FatalError
from connectors import registry
from connectors.conformance import Subject, World
from connectors.http.errors import ReadOnlyError
from connectors.shopify.simulator import ShopifySimulator
from connectors.shopify.simulator.subject import subject as shopify
from connectors.stripe.simulator import StripeSimulator
from connectors.stripe.simulator.subject import subject as stripe
from connectors.subscriptions import SubscribingConnector, Subscription, Subscriptions
from connectors.woocommerce.simulator import WooSimulator
from connectors.woocommerce.simulator.subject import subject as woocommerce

ADDRESS = "https://hub.example/webhooks/shop"
SUBJECTS = {"shopify": shopify, "woocommerce": woocommerce, "stripe": stripe}
SECRET = "letters0and1digits"


@dataclass
class Account:
    """An account, its topics, and the subscriptions of a connector."""

    world: World
    of: Subscriptions
    topics: tuple[str, ...]

    def shown(self) -> list[tuple[str, tuple[str, ...], bool]]:
        return sorted((one.address, one.topics, one.active) for one in self.of.listed())


def _account(name: str, *, read_only: bool = False) -> Account:
    subject: Subject = SUBJECTS[name]()
    world = World.open(subject, 1, read_only=read_only)
    assert isinstance(world.connector, SubscribingConnector)
    spec = registry.manifest_of(name).webhooks
    assert spec is not None
    return Account(world, world.connector.subscriptions(), tuple(spec.topics))


@pytest.fixture(params=SUBJECTS)
def account(request: pytest.FixtureRequest) -> Account:
    return _account(request.param)


def test_every_topic_can_be_subscribed_listed_and_ended(account: Account) -> None:
    """A topic the platform does not know, or one it calls otherwise, would fail here."""
    account.of.create(ADDRESS, account.topics, SECRET)
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
