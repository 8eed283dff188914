"""Rows into write calls."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import SkippableError
from connectors.base import Call, WriteRow
from connectors.shopify.packing import pack


def stock(number: int, item: int, location: int = 1, quantity: Any = 4, **more: Any) -> WriteRow:
    expected = more.pop("expected", {"quantity": 7})
    place = more.pop("scope_id", f"gid://shopify/Location/{location}")
    gid = f"gid://shopify/InventoryItem/{item}"
    return WriteRow(number, "inventoryItems", gid, {"quantity": quantity}, expected, scope_id=place)


def price(number: int, variant: int, product: int = 1, **values: Any) -> WriteRow:
    gid, parent = f"gid://shopify/ProductVariant/{variant}", f"gid://shopify/Product/{product}"
    return WriteRow(number, "productVariants", gid, values or {"price": "1.00"}, parent_id=parent)


def packed(rows: list[WriteRow]) -> list[Call]:
    keys = count(1)
    return pack(rows, lambda: f"key-{next(keys)}")


def variables(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call.body)["variables"]
    return found


def test_a_thousand_quantities_over_two_locations_are_four_calls() -> None:
    rows = [stock(number, number // 2, number % 2) for number in range(1000)]
    calls = packed(rows)
    assert [len(call.rows) for call in calls] == [250, 250, 250, 250]


def test_two_hundred_and_fifty_one_rows_are_two_calls() -> None:
    assert [len(call.rows) for call in packed([stock(number, number) for number in range(251)])] == [250, 1]


def test_a_quantity_is_compared_with_what_we_can_explain() -> None:
    [call] = packed([stock(5, 9, quantity=4, expected={"quantity": 7})])
    entry = variables(call)["input"]
    assert entry["name"] == "available"
    assert entry["reason"] == "correction"
    assert entry["quantities"] == [
        {
            "inventoryItemId": "gid://shopify/InventoryItem/9",
            "locationId": "gid://shopify/Location/1",
            "quantity": 4,
            "changeFromQuantity": 7,
        }
    ]


def test_every_stock_call_has_a_key_of_its_own_inside_its_bytes() -> None:
    calls = packed([stock(number, number) for number in range(300)])
    assert [call.key for call in calls] == ["key-1", "key-2"]
    assert [variables(call)["key"] for call in calls] == ["key-1", "key-2"]
    assert variables(calls[0])["input"]["referenceDocumentUri"] == "gid://crossdock/Call/key-1"
    assert all("@idempotent(key: $key)" in call.body.decode() for call in calls)


@pytest.mark.parametrize("expected", [{}, {"quantity": None}, {"quantity": "7"}, {"quantity": True}])
def test_a_row_without_an_explained_quantity_is_not_sent(expected: dict[str, Any]) -> None:
    with pytest.raises(SkippableError, match=r"row 3 .*expected quantity") as caught:
        packed([stock(3, 9, expected=expected)])
    assert caught.value.ref == "gid://shopify/InventoryItem/9"


@pytest.mark.parametrize(
    "row",
    [
        stock(1, 1, quantity="4"),
        stock(1, 1, quantity=None),
        stock(1, 1, scope_id=""),
        WriteRow(1, "productVariants", "gid://shopify/ProductVariant/1", {"price": "1"}),
        price(1, 1, title="new"),
        WriteRow(1, "orders", "gid://shopify/Order/1", {"note": "x"}),
    ],
)
def test_a_row_that_cannot_be_written_is_named(row: WriteRow) -> None:
    with pytest.raises(SkippableError) as caught:
        packed([row])
    assert caught.value.reason == "not_writable"


def test_prices_go_one_product_a_call() -> None:
    calls = packed([price(1, 1, 1), price(2, 2, 2), price(3, 3, 1)])
    assert [(call.target, call.rows) for call in calls] == [
        ("gid://shopify/Product/1", (1, 3)),
        ("gid://shopify/Product/2", (2,)),
    ]
    assert all(call.key == "" for call in calls)


def test_only_given_values_are_sent() -> None:
    [call] = packed([price(1, 1, price="9.99", compareAtPrice=None)])
    sent = variables(call)
    assert sent["variants"] == [{"id": "gid://shopify/ProductVariant/1", "price": "9.99", "compareAtPrice": None}]


def test_stock_and_prices_do_not_share_a_call() -> None:
    calls = packed([price(1, 1), stock(2, 1), price(3, 2)])
    assert [call.operation for call in calls] == ["inventorySetQuantities", "productVariantsBulkUpdate"]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1)), max_size=700))
def test_no_call_holds_a_pair_twice_and_no_row_is_lost(pairs: list[tuple[int, int]]) -> None:
    rows = [stock(number, item, location, quantity=number) for number, (item, location) in enumerate(pairs)]
    calls = packed(rows)
    assert sorted(number for call in calls for number in call.rows) == list(range(len(rows)))
    order: dict[tuple[int, int], list[int]] = {}
    for call in calls:
        inside = [pairs[number] for number in call.rows]
        assert len(set(inside)) == len(inside) <= 250
        for number in call.rows:
            order.setdefault(pairs[number], []).append(number)
    assert all(numbers == sorted(numbers) for numbers in order.values())
