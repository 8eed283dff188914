"""ShipBob's webhooks: the example of the Standard Webhooks themselves, and which order a message names."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from connectors.shipbob.webhooks import read, verify
from connectors.webhooks import Accepted, Contents, RecordRef, Refused

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
AT = datetime.fromtimestamp(1614265330, UTC)
GOOD = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def _headers(**changed: str) -> dict[str, str]:
    found = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": GOOD,
        "x-webhook-topic": "order.shipped",
    }
    return {**found, **{f"webhook-{name}": value for name, value in changed.items()}}


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_")])
@pytest.mark.parametrize("signature", [GOOD, f"v1,AAAA v1a,BBBB {GOOD}"])
def test_the_example_of_the_standard_is_accepted(secret: str, signature: str) -> None:
    verdict = verify(BODY, _headers(signature=signature), [secret], AT)
    assert verdict == Accepted("order.shipped", "msg_p5jXN8AQM9LWM0D4loKWxJek")


def test_the_text_of_the_secret_is_not_the_key() -> None:
    # Stripe's secrets begin alike, and are keys as they stand.
    verdict = verify(BODY, _headers(), [f"whsec_{base64.b64encode(SECRET.encode()).decode()}"], AT)
    assert verdict == Refused("bad_signature")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"id": "msg_other"}, "bad_signature"),
        ({"id": ""}, "malformed"),
        ({"timestamp": "1614265331"}, "bad_signature"),
        ({"timestamp": "yesterday"}, "malformed"),
        ({"signature": GOOD.removeprefix("v1,")}, "bad_signature"),
        ({"signature": GOOD.replace("v1,", "v2,")}, "bad_signature"),
    ],
)
def test_what_the_signature_covers_cannot_be_changed(changed: dict[str, str], reason: str) -> None:
    assert getattr(verify(BODY, _headers(**changed), [SECRET], AT), "reason", None) == reason


@pytest.mark.parametrize(
    ("topic", "body", "named"),
    [
        ("order.shipped", b'{"id": 7, "order_id": 42, "status": "Completed"}', ["42"]),
        ("order.delivered", b'{"id": 42, "reference_id": "r", "shipments": [{"id": 7}]}', ["42"]),
        ("order.shipped", b'{"id": 7}', []),
        ("billing.charge.created", b'{"id": 7, "order_id": 42}', []),
    ],
)
def test_a_message_names_its_order_and_not_its_shipment(topic: str, body: bytes, named: list[str]) -> None:
    assert read(topic, body) == Contents(tuple(RecordRef("orders", one) for one in named))


@pytest.mark.parametrize("topic", ["return.created", "return.updated", "return.completed"])
def test_a_message_about_a_return_names_it_and_no_order(topic: str) -> None:
    body = b'{"id": 7, "order_id": 42, "original_shipment_id": 9}'
    assert read(topic, body) == Contents((RecordRef("returns", "7"),))
