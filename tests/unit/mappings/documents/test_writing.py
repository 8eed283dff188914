"""Writing: canonical requests become platform documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from canonical.errors import SkippableError
from canonical.fulfillment import ShippedLine, Tracking
from canonical.order import Tax
from canonical.party import Address, Customer
from canonical.request import CancelRequest, FulfillmentRequest, RequestCharge, RequestLine, ShipmentNotice
from tests.unit.mappings.documents.conftest import Writes

LINES = (
    RequestLine(
        line_id="a",
        sku="MUG",
        quantity=3,
        amount=Decimal("30.00"),
        discount=Decimal("3.00"),
        taxes=(Tax(amount=Decimal("4.31"), rate=Decimal("0.19")),),
    ),
    RequestLine(line_id="b", sku="CUP", quantity=1, amount=Decimal("5.00")),
)
REQUEST = FulfillmentRequest(
    reference="shop-17-1",
    channel="shop",
    order_id="17",
    order_number="#17",
    placed_at=datetime(2026, 1, 5, 8, 30, tzinfo=UTC),
    currency="EUR",
    lines=LINES,
    charges=(RequestCharge(kind="shipping", amount=Decimal("4.90"), title="Post"),),
    total=Decimal("36.90"),
    location="WH2",
    customer=Customer(name="Ann Lee", email="ann@example.com"),
    shipping_address=Address(name="Ann Lee", street="Main St 1", city="Ulm", country="DE"),
)


def test_a_request_becomes_a_document(writes: Writes) -> None:
    line = {
        "sku": "sku",
        "units": "quantity",
        "net": {"difference": ["amount", "discount"], "read": "money(^currency)"},
        "unit": {"quotient": ["amount", "quantity"], "read": ["round(4)", "number"]},
        "order": "^order_id",
    }
    taxes = [{"each": "taxes", "fields": {"amount": "amount", "percent": {"path": "rate", "read": "to_percent"}}}]
    mapping = writes(
        {
            "order.reference": "reference",
            "order.placed": {"path": "placed_at", "read": "to_unix"},
            "order.warehouse": {"path": "location", "read": "location"},
            "to.city": "shipping_address.city",
            "to.phone": {"first": ["shipping_address.phone", "customer.phone"]},
            "to.contact": {"first": ["shipping_address.company", "customer.name"]},
            "inclusive": "taxes_included",
            "date": "placed_at",
            "source": {"value": "hub"},
            "note": {"path": "note", "default": "-"},
        },
        {
            "order.items": [{"each": "lines", "fields": line, "lists": {"taxes": taxes}}],
            "extras": [{"each": "charges", "when": {"kind": {"equals": "fee"}}, "fields": {"amount": "amount"}}],
            "meta": [{"fields": {"key": {"value": "_ref"}, "value": "reference"}}],
        },
    )
    document = mapping.encode(REQUEST)
    assert document == {
        "order": {
            "reference": "shop-17-1",
            "placed": 1767601800,
            "warehouse": "2",
            "items": [
                {
                    "sku": "MUG",
                    "units": 3,
                    "net": "27.00",
                    "unit": 10,
                    "order": "17",
                    "taxes": [{"amount": "4.31", "percent": "19"}],
                },
                {"sku": "CUP", "units": 1, "net": "5.00", "unit": 5, "order": "17"},
            ],
        },
        "to": {"city": "Ulm", "contact": "Ann Lee"},
        "inclusive": False,
        "date": "2026-01-05T08:30:00Z",
        "source": "hub",
        "note": "-",
        "meta": [{"key": "_ref", "value": "shop-17-1"}],
    }
    assert json.loads(json.dumps(document)) == document


def test_lists_of_texts_and_of_one_value_of_each_are_written(writes: Writes) -> None:
    mapping = writes(
        {"numbers": "tracking[].number", "carrier": {"first": ["tracking[].carrier"]}},
        {"lines": [{"each": "lines", "fields": {"id": "line_id", "qty": "quantity"}}]},
        document="shipment_notice",
    )
    notice = ShipmentNotice(
        reference="s",
        order_id="17",
        lines=(ShippedLine(line_id="a", quantity=2),),
        tracking=(Tracking(carrier="DHL", number="1"), Tracking(number="2")),
    )
    assert mapping.encode(notice) == {
        "numbers": ["1", "2"],
        "carrier": "DHL",
        "lines": [{"id": "a", "qty": 2}],
    }


def test_a_wish_without_an_address_leaves_it_out(writes: Writes) -> None:
    mapping = writes({"city": "shipping_address.city", "id": "reference"})
    bare = FulfillmentRequest(
        reference="r",
        channel="c",
        order_id="1",
        order_number="1",
        placed_at=REQUEST.placed_at,
        currency="EUR",
        lines=(),
    )
    assert mapping.encode(bare) == {"id": "r"}


@pytest.mark.parametrize(
    ("fields", "reason", "said"),
    [
        ({"at": {"path": "channel", "read": "location"}}, "unknown_location", "the location 'shop' has no id"),
        ({"a.b": {"path": "order_number", "read": "integer"}}, "invalid_value", "a.b: '#17' is not a number"),
        ({"a": {"path": "channel", "values": {"web": 1}}}, "invalid_value", "a: 'shop' is not in the table"),
    ],
)
def test_what_cannot_be_written_names_effect_reference_and_field(
    writes: Writes, fields: dict[str, Any], reason: str, said: str
) -> None:
    with pytest.raises(SkippableError) as error:
        writes(fields).encode(REQUEST)
    assert error.value.reason == reason
    assert str(error.value).startswith("order.create shop-17-1: ")
    assert said in str(error.value)


def test_a_fault_inside_a_list_is_placed(writes: Writes) -> None:
    mapping = writes({}, {"items": [{"each": "lines", "fields": {"n": {"path": "sku", "read": "integer"}}}]})
    with pytest.raises(SkippableError, match=r"items\[0\]\.n: 'MUG'"):
        mapping.encode(REQUEST)


def test_only_its_own_document_is_written(writes: Writes) -> None:
    with pytest.raises(TypeError, match="CancelRequest"):
        writes({"id": "reference"}).encode(CancelRequest(reference="r", target_id="t"))


def test_a_mapping_that_writes_does_not_read(writes: Writes) -> None:
    mapping = writes({"id": "reference"})
    assert (mapping.read_paths, mapping.identify(b'{"id": 1}')) == ((), "")
    with pytest.raises(TypeError):
        mapping.decode(b"{}")
