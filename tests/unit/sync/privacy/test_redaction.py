"""What is taken out of a document and of a message, and what stays."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from canonical.order import Order, OrderLine
from canonical.party import Address, Customer
from canonical.payment import Refund
from canonical.status import OrderStatus, PaymentStatus
from connectors import registry
from sync.privacy.redaction import NOTHING, bones, names_in, personal_of, redacted, values_of

AT = datetime(2026, 11, 1, tzinfo=UTC)
ORDER = Order(
    id="1",
    number="#1",
    placed_at=AT,
    updated_at=AT,
    currency="EUR",
    total=Decimal("9.90"),
    lines=(OrderLine(id="l", quantity=2, amount=Decimal("9.90"), sku="SKU-1"),),
    status=OrderStatus.OPEN,
    payment_status=PaymentStatus.PAID,
    customer=Customer(external_id="7", name="Gracia Hopp", email="g@hopp.example", phone="+491511"),
    shipping_address=Address(name="Gracia Hopp", street="Kirschweg 7", city="Wermel", postal_code="4", country="DE"),
    billing_address=Address(street="Kirschweg 8", phone="030 777"),
    refunds=(Refund(id="r", amount=Decimal(1), currency="EUR", reason="Gracia changed her mind"),),
    note="ring at Hopp",
    tags=("gracia",),
)

CHARGE = {"id": "ch_1", "object": "charge", "billing_details": {"email": "g@x"}}


def test_the_person_goes_and_the_books_stay() -> None:
    left = redacted(ORDER)
    raw = msgspec.json.encode(left).decode().casefold()
    assert not [text for text in ("gracia", "hopp", "kirsch", "wermel", "1511", "777") if text in raw]
    assert (left.lines, left.total) == (ORDER.lines, ORDER.total)
    assert (left.refunds[0].amount, left.number) == (Decimal(1), "#1")
    # Typed absence: it is known that somebody is hidden, and the country that taxes depend on.
    assert left.customer == Customer(redacted=True)
    assert left.shipping_address == Address(country="DE")
    assert redacted(left) == left


def test_the_texts_that_lead_to_a_person_are_told_but_no_short_ones() -> None:
    found = set(values_of(personal_of(msgspec.json.encode(ORDER))))
    assert {"Gracia Hopp", "g@hopp.example", "+491511", "Kirschweg 7", "Kirschweg 8"} <= found
    assert "4" not in found


@pytest.mark.parametrize(
    ("platform", "topic", "body"),
    [
        ("shopify", "orders/create", {"id": 5, "email": "g@x", "customer": {"id": 7, "first_name": "G"}, "note": "n"}),
        ("shopify", "refunds/create", {"id": 1, "order_id": 5, "note": "for Gracia"}),
        ("shopify", "orders/edited", {"order_edit": {"order_id": 5, "staff_note": "for Gracia"}}),
        ("shopify", "customers/redact", {"customer": {"id": 7, "email": "g@x", "phone": "1"}, "orders_to_redact": [5]}),
        ("woocommerce", "order.updated", {"id": 5, "billing": {"email": "g@x", "first_name": "G"}}),
        ("stripe", "charge.succeeded", {"id": "evt_1", "type": "charge.succeeded", "data": {"object": CHARGE}}),
    ],
)
def test_a_message_without_its_person_still_names_the_same(platform: str, topic: str, body: object) -> None:
    """Else a replay would forget the order along with its buyer."""
    raw = msgspec.json.encode(body)
    left = bones(raw)
    reader = registry.webhooks_of(platform)
    assert reader is not None
    assert reader.read(topic, left) == reader.read(topic, raw) != reader.read("", raw)
    assert not [text for text in (b"g@x", b"Gracia", b"first_name", b"phone", b"note") if text in left]


def test_what_cannot_be_read_is_taken_out_whole() -> None:
    assert bones(b"name=Gracia&id=7") == NOTHING
    assert bones(b"\xff") == NOTHING
    assert bones(b'"Gracia"') == b"null"


def test_customers_are_found_wherever_a_message_names_them() -> None:
    body = {"customer": {"id": 7, "email": "a@x"}, "order": {"billing": {"email": "b@x"}, "customer_id": 8, "id": 9}}
    found = set(names_in(msgspec.json.encode(body)))
    assert found == {("customer", "7"), ("email", "a@x"), ("email", "b@x"), ("customer", "8")}
    assert list(names_in(b"{")) == []


@pytest.mark.parametrize("depth", [300, 800, 100_000])
def test_a_message_that_nests_without_end_breaks_nobody(depth: int) -> None:
    body = b'{"id": 7, "x": ' + b"[" * depth + b"]" * depth + b"}"
    assert bones(body) in (NOTHING, b'{"id":7}')
    assert list(names_in(body)) == []
