"""Orders of a shop that lies: what cannot be read waits with a reason, and every other order is read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from canonical.errors import SkippableError
from connectors.base import Page
from connectors.simulation import SimRequest, SimResponse
from connectors.woocommerce.simulator import WooSimulator
from tests.unit.connectors.woocommerce.trading import ORDER, connected, open_shop

Orders = list[Any]


def lying(shop: WooSimulator, change: Callable[[Orders], Any], path: str = "/orders") -> WooSimulator:
    """The same shop, whose lists of orders are changed on the way."""
    honest = shop.answer

    def answer(request: SimRequest) -> SimResponse:
        found = honest(request)
        orders = json.loads(found.body) if request.path.partition("?")[0].endswith(path) else []
        if not orders:
            return found
        told = change(orders)
        return dataclasses.replace(found, body=told if isinstance(told, bytes) else json.dumps(told).encode())

    shop.answer = answer  # type: ignore[method-assign]
    return shop


def first(**values: Any) -> Callable[[Orders], Orders]:
    return lambda orders: [{**orders[0], **values}, *orders[1:]]


def literal(value: bytes, **where: Any) -> Callable[[Orders], bytes]:
    """JSON that no encoder of ours would write."""
    return lambda orders: json.dumps(first(**where)(orders)).encode().replace(b'"@"', value)


def readable(pages: Sequence[Page]) -> tuple[set[str], int]:
    """The ids of orders that can be mapped, and how many cannot."""
    good, bad = set(), 0
    for raw in (raw for page in pages for raw in page.records):
        try:
            good.add(ORDER.decode(raw).id)
        except SkippableError:
            bad += 1
    return good, bad


WITH_AN_ID = {
    "lines as an object": first(line_items={"0": {}}),
    "a line that is null": first(line_items=[None]),
    "a fee that is null": first(fee_lines=[None]),
    "shipping as text": first(shipping_lines="x"),
    "a total that is no number": first(total="sNaN"),
    "a total beyond all numbers": literal(b"1e999", total="@"),
    "nested without end": literal(b"[" * 700 + b"]" * 700, meta_data="@", total=[]),
    "no UTF-8": literal(b'"\xff\xfe"', number="@"),
    "a number for a date": first(date_modified_gmt=5),
}


@pytest.mark.parametrize("change", WITH_AN_ID.values(), ids=WITH_AN_ID)
def test_an_order_that_cannot_be_read_is_passed_on_and_stops_no_other(change: Callable[[Orders], Any]) -> None:
    shop = open_shop()
    bad, good = shop.checkout.place({"S1": 1}), shop.checkout.place({"S2": 1})
    pages = list(connected(lying(shop, change)).pull("orders", ORDER.read_paths))
    assert readable(pages) == ({str(good)}, 1)
    assert pages[-1].complete
    assert str(bad) not in readable(pages)[0]


def test_half_a_character_in_a_note_spoils_nothing() -> None:
    shop = open_shop()
    numbers = {str(shop.checkout.place({"S1": 1})), str(shop.checkout.place({"S2": 1}))}
    pages = list(
        connected(lying(shop, literal(b'"caf\\u00e9 \\ud83d"', customer_note="@"))).pull("orders", ORDER.read_paths)
    )
    assert readable(pages) == (numbers, 0)


WITHOUT_AN_ID = {
    "null": lambda orders: [None, *orders],
    "text": lambda orders: ["x", *orders],
    "nested without end": literal(b"[" * 3000 + b"]" * 3000, meta_data="@"),
    "no id": lambda orders: [{**orders[0], "id": None}, *orders],
}


@pytest.mark.parametrize("change", WITHOUT_AN_ID.values(), ids=WITHOUT_AN_ID)
def test_no_cursor_passes_a_record_without_an_id(change: Callable[[Orders], Any]) -> None:
    shop = open_shop()
    shop.checkout.place({"S1": 1})
    woo = connected(shop)
    cursor = list(woo.pull("orders", ORDER.read_paths))[-1].cursor
    assert cursor
    number = str(shop.checkout.place({"S2": 1}))
    lying(shop, change)
    pulled = list(woo.pull("orders", ORDER.read_paths))
    changed = list(woo.changed_since("orders", ORDER.read_paths, cursor))
    for pages in (pulled, changed):
        good, bad = readable(pages)
        assert number in good
        assert bad == 1
        assert (pages[-1].cursor, pages[-1].complete) == (None, False)


@pytest.mark.parametrize("change", [lambda orders: first(id=str(orders[0]["id"]))(orders), first(parent_id=None)])
def test_an_id_as_text_and_no_parent_are_read_as_meant(change: Callable[[Orders], Any]) -> None:
    shop = open_shop()
    number = str(shop.checkout.place({"S1": 1}))
    pages = list(connected(lying(shop, change)).pull("orders", ORDER.read_paths))
    assert readable(pages) == ({number}, 0)
    assert pages[-1].complete
    assert pages[-1].cursor


@pytest.mark.parametrize("change", [first(line_items=[None]), lambda refunds: [None]])
def test_an_order_whose_refunds_cannot_be_read_is_not_taken_for_one_without(change: Callable[[Orders], Any]) -> None:
    shop = open_shop()
    number = shop.checkout.place({"S1": 2})
    shop.checkout.refund(number, "1.00", {0: 1}, restock=False)
    woo = connected(lying(shop, change, "/refunds"))
    (raw,) = [raw for page in woo.pull("orders", ORDER.read_paths) for raw in page.records]
    assert msgspec.json.decode(raw)["id"] == number
    with pytest.raises(SkippableError, match="refund_details"):
        ORDER.decode(raw)
