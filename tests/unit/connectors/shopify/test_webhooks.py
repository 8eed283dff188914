"""Shopify's webhooks: signatures made with openssl, both spellings of the headers, and what each topic names."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.shopify.simulator import ShopifySimulator
from connectors.shopify.simulator.webhooks import WebhookSubscription
from connectors.shopify.webhooks import read, verify
from connectors.simulation import CatalogItem, Ticker
from connectors.webhooks import Accepted, Contents, PrivacyDemand, RecordRef, Refused

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
SECRET = "shpss_abc123"
ORDER = "gid://shopify/Order/820982911946154508"
BODY = f'{{"id":820982911946154508,"admin_graphql_api_id":"{ORDER}","name":"#9999"}}'.encode()
SIGNATURE = "0SEYSHugCt2KAC37qIIE4ksSub8NYszpMbb77nez8Cw="


def _headers(prefix: str = "X-Shopify", signature: str = SIGNATURE) -> dict[str, str]:
    return {
        f"{prefix}-Hmac-Sha256": signature,
        f"{prefix}-Topic": "orders/updated",
        f"{prefix}-Webhook-Id": "b54557e4",
    }


@pytest.mark.parametrize("prefix", ["X-Shopify", "shopify"])
def test_a_signed_message_is_accepted_under_the_old_names_and_the_new_ones(prefix: str) -> None:
    verdict = verify(BODY, _headers(prefix), [SECRET], NOW)
    assert verdict == Accepted("orders/updated", "b54557e4", Contents((RecordRef("orders", ORDER),)))


def test_the_hexadecimal_digest_of_the_same_is_no_signature() -> None:
    digest = "d121184877a00add8a002dfba88204e24b12b9bf0d62cce931b6fbee77b3f02c"
    assert verify(BODY, _headers(signature=digest), [SECRET], NOW) == Refused("bad_signature")


ITEM, VARIANT = "gid://shopify/InventoryItem/808950810", "gid://shopify/ProductVariant/49148385"


@pytest.mark.parametrize(
    ("topic", "body", "named"),
    [
        ("orders/create", '{"id": 450789469}', [("orders", "gid://shopify/Order/450789469")]),
        ("orders/delete", '{"id": 450789469}', [("orders", "gid://shopify/Order/450789469")]),
        ("refunds/create", '{"id": 509562969, "order_id": 450789469}', [("orders", "gid://shopify/Order/450789469")]),
        ("orders/edited", '{"order_edit": {"id": 1, "order_id": 45}}', [("orders", "gid://shopify/Order/45")]),
        ("returns/request", '{"id": 3, "order": {"id": 45}}', [("orders", "gid://shopify/Order/45")]),
        ("inventory_levels/update", '{"inventory_item_id": 808950810}', [("inventoryItems", ITEM)]),
        ("inventory_items/update", '{"id": 808950810}', [("inventoryItems", ITEM)]),
        ("variants/in_stock", f'{{"admin_graphql_api_id": "{VARIANT}"}}', [("productVariants", VARIANT)]),
        ("products/update", '{"id": 1, "variants": [{"id": 49148385}]}', [("productVariants", VARIANT)]),
        ("products/update", '{"id": 1}', []),
        ("refunds/create", '{"id": 509562969}', []),
        ("orders/create", '{"admin_graphql_api_id": "gid://shopify/Product/1"}', []),
        ("orders/create", '{"id": "1 or 1=1"}', []),
        ("themes/publish", '{"id": 1}', []),
    ],
)
def test_a_topic_names_the_records_it_is_about(topic: str, body: str, named: list[tuple[str, str]]) -> None:
    assert [(one.resource, one.external_id) for one in read(topic, body.encode()).records] == named


def test_a_privacy_demand_is_handed_on_as_one() -> None:
    body = b'{"shop_id": 1, "customer": {"id": 191167, "email": "a@b.c"}, "orders_to_redact": [299938, 280263]}'
    orders = ("gid://shopify/Order/299938", "gid://shopify/Order/280263")
    erase = PrivacyDemand("erase", "gid://shopify/Customer/191167", orders)
    assert read("customers/redact", body) == Contents(demands=(erase,))
    asked = b'{"customer": {"id": 191167}, "orders_requested": [299938]}'
    tell = PrivacyDemand("tell", "gid://shopify/Customer/191167", orders[:1])
    assert read("customers/data_request", asked) == Contents(demands=(tell,))
    whole = PrivacyDemand("erase", everyone=True)
    assert read("shop/redact", b'{"shop_id": 1, "shop_domain": "a.example"}') == Contents(demands=(whole,))


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact", "shop/redact"])
def test_another_message_under_the_topic_of_a_demand_names_nobody(topic: str) -> None:
    """The signature does not cover the topic: an order that was caught must not become a demand to forget everyone."""
    for body in (b'{"id": 5, "customer": {"id": 7}}', b"{}", b"[]", b""):
        (found,) = read(topic, body).demands
        assert (found.customer_id, found.order_ids, found.everyone) == ("", (), False)


def test_a_demand_whose_details_cannot_be_read_is_a_demand_all_the_same() -> None:
    assert read("customers/redact", b'{"customer": 7}').demands == (PrivacyDemand("erase"),)


def test_what_the_shop_itself_tells_of_an_order_names_that_order() -> None:
    clock = Ticker()
    shop = ShopifySimulator(clock=clock, client_id="app", client_secret=SECRET, locations={"WH1": "Warehouse"})
    shop.load([CatalogItem("SKU-1", "Thing", Decimal("9.90"), {"WH1": 5})])
    for number, topic in enumerate(("ORDERS_CREATE", "FULFILLMENTS_CREATE", "REFUNDS_CREATE")):
        given = {"uri": "https://hub.example/webhooks/shop"}
        shop.platform.webhooks.add(WebhookSubscription(1001 + number, clock.now(), topic, given))
    order = shop.checkout.place({"SKU-1": 2})
    shop.checkout.fulfill(order)
    shop.checkout.refund(order, {0: 1})
    told = shop.deliveries()
    assert {one.headers["x-shopify-topic"] for one in told} == {
        "orders/create",
        "fulfillments/create",
        "refunds/create",
    }
    for one in told:
        verdict = verify(one.body, one.headers, ["another", SECRET], clock.now())
        assert isinstance(verdict, Accepted)
        assert verdict.contents.records == (RecordRef("orders", order),)
