"""WooCommerce's webhooks: signatures made with openssl, the unsigned greeting, and what a message names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.webhooks import Accepted, Contents, Greeting, RecordRef, Refused
from connectors.woocommerce.webhooks import read, verify

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
BODY = '{"id":727,"status":"processing","note":"Größe 🎈"}'.encode()
SIGNATURE = "TYZovnFcesaFi1nnisTtF2eoDCmr8ea3ck2qUa4u6I4="
FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_a_signed_message_is_accepted_and_its_id_tells_the_webhook_too() -> None:
    headers = {
        "X-WC-Webhook-Signature": SIGNATURE,
        "X-WC-Webhook-Topic": "order.updated",
        "X-WC-Webhook-ID": "3",
        "X-WC-Webhook-Delivery-ID": "d41d8cd9",
    }
    verdict = verify(BODY, headers, ["hook secret"], NOW)
    assert verdict == Accepted("order.updated", "3:d41d8cd9", Contents((RecordRef("orders", "727"),)))


def test_a_secret_is_read_as_the_shop_reads_it() -> None:
    headers = {"x-wc-webhook-signature": "2uzA9o47Yc64LXjKMaJyZc+IqZcvFQewniZcGKHMN5Y=", "x-wc-webhook-topic": "x"}
    for written in ("a<b", "a&lt;b"):
        assert isinstance(verify(b'{"id":1}', headers, [written], NOW), Accepted)


def test_the_greeting_is_answered_without_a_signature_and_without_a_secret() -> None:
    assert verify(b"webhook_id=4", FORM, ["hook secret"], NOW) == Greeting()
    assert verify(b"webhook_id=4", {"Content-Type": FORM["content-type"] + "; charset=utf-8"}, [], NOW) == Greeting()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"webhook_id=4", {}),
        (b"webhook_id=4&id=7", FORM),
        (b"webhook_id=4\n", FORM),
        (b"webhook_id=x", FORM),
        (b"webhook_id=4", {**FORM, "x-wc-webhook-topic": "order.updated"}),
        (b'{"id":727}', {"x-wc-webhook-topic": "order.updated"}),
    ],
)
def test_nothing_else_comes_in_without_a_signature(body: bytes, headers: dict[str, str]) -> None:
    assert verify(body, headers, ["hook secret"], NOW) == Refused("unsigned")


def test_an_error_in_place_of_the_record_names_nothing() -> None:
    body = b'{"code":"woocommerce_rest_cannot_view","message":"Sorry","data":{"status":401}}'
    assert read("order.updated", body) == Contents()


def test_variations_and_products_are_named_alike() -> None:
    assert read("product.updated", b'{"id": 44}').records == (RecordRef("products", "44"),)
