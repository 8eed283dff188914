"""ShipHero's webhooks: a signature made with openssl, and the order that the body names in one of several places."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.shiphero.webhooks import read, verify
from connectors.webhooks import Accepted, Contents, RecordRef, Refused

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
BODY = b'{"webhook_type":"Shipment Update","fulfillment":{"order_id":123}}'
ORDER = "T3JkZXI6MTIz"  # Order:123
HEADERS = {"X-Shiphero-Hmac-Sha256": "T/CzOoHncfuuxRdXBg0jw4mklTts3BDMSXn2y1i9d90=", "X-Shiphero-Message-ID": "m-1"}


def test_a_signed_message_is_accepted_and_its_type_stands_in_the_body() -> None:
    verdict = verify(BODY, HEADERS, ["first hook", "9f8e7d"], NOW)
    assert verdict == Accepted("Shipment Update", "m-1", Contents((RecordRef("orders", ORDER),)))


def test_a_message_without_an_id_is_accepted_too() -> None:
    # The id came later than the webhooks did.
    headers = {name: value for name, value in HEADERS.items() if "ID" not in name}
    assert isinstance(verify(BODY, headers, ["9f8e7d"], NOW), Accepted)
    assert verify(BODY, headers, ["9f8e7e"], NOW) == Refused("bad_signature")


@pytest.mark.parametrize(
    ("topic", "body", "named"),
    [
        ("Order Canceled", b'{"order_id": 123}', [ORDER]),
        ("Order Canceled", f'{{"order_id": "{ORDER}"}}'.encode(), [ORDER]),
        ("Order Allocated", f'{{"order_id": 1, "order_uuid": "{ORDER}"}}'.encode(), [ORDER]),
        ("Shipment Update", b'{"order_id": 123, "fulfillment": {"order_id": 123}}', [ORDER]),
        ("Inventory Update", b'{"inventory": [{"sku": "A", "inventory": 4}]}', []),
        ("PO Update", b'{"order_id": 123}', []),
    ],
)
def test_a_message_names_its_order_by_its_global_id(topic: str, body: bytes, named: list[str]) -> None:
    assert read(topic, body) == Contents(tuple(RecordRef("orders", one) for one in named))
