"""Orders and requests keep every amount exactly through JSON, and are told apart from what is no order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from canonical.order import Order
from canonical.party import Address
from canonical.request import FulfillmentRequest, RequestLine
from tests.support.sales import NOW, line, order


@pytest.mark.parametrize("amount", ["0.1", "19.99", "1E+3", "0.0001", "123456789012345678.123", "1980"])
def test_an_amount_is_the_same_after_it_was_stored(amount: str) -> None:
    sold = order(line(1, amount=Decimal(amount)))
    again = msgspec.json.decode(msgspec.json.encode(sold), type=Order)
    assert again == sold
    assert str(again.lines[0].amount) == str(sold.lines[0].amount)


def test_names_in_any_script_are_the_same_after_they_were_stored() -> None:
    address = Address(name="𠮷田 🛒", street='O\'Neill "Rd" <1>', city="Łódź", country="PL")
    again = msgspec.json.decode(msgspec.json.encode(order(shipping_address=address)), type=Order)
    assert again.shipping_address == address


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "teleported"},
        {"total": "a lot"},
        {"placed_at": "yesterday"},
        {"lines": [{"id": "l1", "quantity": "3.5", "amount": "1"}]},
        {"lines": [{"quantity": 1, "amount": "1"}]},
    ],
)
def test_what_does_not_fit_is_no_order(wrong: dict[str, Any]) -> None:
    record = {**msgspec.json.decode(msgspec.json.encode(order())), **wrong}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(record), type=Order)


@pytest.mark.parametrize(
    ("address", "deliverable"),
    [
        (Address(), False),
        (Address(country="DE"), False),
        (Address(street="Main St 1", city="Town"), False),
        (Address(country="DE", city="Town"), True),
        (Address(country="DE", street="Main St 1"), True),
    ],
)
def test_a_parcel_needs_a_country_and_a_street_or_a_city(address: Address, deliverable: bool) -> None:
    assert address.deliverable is deliverable


def test_a_line_is_found_by_its_id_and_its_discount_comes_off_once() -> None:
    sold = order(line(1, 2, discount=Decimal(3)), line(2))
    found = sold.line("l1")
    assert found is not None
    assert found.net == Decimal(17)
    assert sold.line("l9") is None


def test_a_request_is_the_same_after_it_was_stored() -> None:
    request = FulfillmentRequest(
        reference="shop-1-1",
        channel="shop",
        order_id="1",
        order_number="#1",
        placed_at=NOW,
        currency="KWD",
        lines=(RequestLine(line_id="l1", sku="A", quantity=1, amount=Decimal("1.234")),),
    )
    assert msgspec.json.decode(msgspec.json.encode(request), type=FulfillmentRequest) == request
