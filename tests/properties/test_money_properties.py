"""Money neither appears nor vanishes: not the smallest unit of any currency, however an order is cut up or told on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.order import Order, Tax
from canonical.request import RequestLine
from canonical.status import RequestStatus
from canonical.totals import rest_of, total_of
from mappings.documents import DocumentMapping, compile_document, load_documents
from mappings.model import MappingContext
from sync.orders.requests import SHIP, Existing, build, given_of
from tests.support import sales
from tests.support.asking import asked, asked_whole
from tests.support.money import minor, money, orders, splits


@given(orders())
def test_the_parts_of_an_order_are_its_total_and_one_unit_more_or_less_is_told(sold: Order) -> None:
    assert rest_of(sold) == 0
    unit = money(1, sold.currency)
    assert rest_of(msgspec.structs.replace(sold, total=sold.total + unit)) == unit
    assert rest_of(msgspec.structs.replace(sold, total=sold.total - unit)) == -unit
    again = msgspec.json.decode(msgspec.json.encode(sold), type=Order)
    assert again == sold
    assert rest_of(again) == 0
    assert again.money.rounded().amount == sold.total


@given(orders())
def test_the_document_of_a_whole_order_comes_to_what_the_buyer_pays(sold: Order) -> None:
    document = asked_whole(sold)
    assert document.total == sold.total
    assert total_of(document) == sold.total
    assert document.taxes_included is sold.taxes_included


@given(st.data())
def test_requests_that_stand_for_an_order_have_its_money_to_the_smallest_unit(data: st.DataObject) -> None:
    sold = data.draw(orders())
    documents = asked(sold, data.draw(splits(sold)))
    for line in sold.lines:
        parts = [one for document in documents for one in document.lines if one.line_id == line.id]
        assert sum(one.quantity for one in parts) == line.quantity
        assert sum((one.amount for one in parts), Decimal(0)) == line.amount
        assert sum((one.discount for one in parts), Decimal(0)) == line.discount
        assert _added(parts) == [tax.amount for tax in line.taxes]
    shares = sum((document.total for document in documents), Decimal(0))
    charges = build("shop", sold, {}, {}, 1, whole=True)
    assert shares + charges.total == sold.total


@given(st.data())
def test_every_share_is_of_whole_units_and_within_a_few_of_what_is_fair(data: st.DataObject) -> None:
    sold = data.draw(orders())
    documents = asked(sold, data.draw(splits(sold)))
    for document in documents:
        assert document.total == total_of(document)
        for one in document.lines:
            line = sold.line(one.line_id)
            assert line is not None
            for share, whole in (one.amount, line.amount), (one.discount, line.discount):
                units = minor(share, sold.currency)
                assert 0 <= units <= minor(whole, sold.currency)
                assert abs(units * line.quantity - minor(whole, sold.currency) * one.quantity) <= 4 * line.quantity


@given(orders(), st.data())
def test_units_that_are_no_longer_wanted_take_their_share_with_them(sold: Order, data: st.DataObject) -> None:
    units = {line.id: data.draw(st.integers(0, line.quantity)) for line in sold.lines}
    document = build("shop", sold, units, {}, 1, whole=True)
    gone = {line.id: line.quantity - units[line.id] for line in sold.lines}
    rest = build("shop", sold, gone, {}, 2, whole=False, given=document.lines)
    assert document.total == total_of(document)
    assert document.total + rest.total == sold.total


def test_what_left_before_a_request_was_stopped_keeps_its_money() -> None:
    sold = _three_for_ten()
    first = build("shop", sold, {"l1": 2}, {}, 1, whole=False)
    stopped = Existing(1, "tpl", SHIP, "", 1, RequestStatus.CANCELED, first, shipped={"l1": 1})
    rest = build("shop", sold, {"l1": 2}, {}, 2, whole=False, given=given_of([stopped], "EUR"))
    assert [one.amount for one in rest.lines] == [Decimal("6.66")]
    assert [one.amount for one in given_of([stopped], "EUR")] == [Decimal("3.34")]


def test_a_line_that_was_edited_gives_its_new_money_by_units_and_never_below_zero() -> None:
    before = _three_for_ten()
    asked = build("shop", before, {"l1": 2}, {}, 1, whole=False)
    standing = Existing(1, "tpl", SHIP, "", 1, RequestStatus.ACCEPTED, asked)
    (line,) = before.lines
    cheaper = msgspec.structs.replace(line, amount=Decimal("3.00"))
    edited = msgspec.structs.replace(before, lines=(cheaper,), total=Decimal("3.00"))
    rest = build("shop", edited, {"l1": 1}, {}, 2, whole=False, given=given_of([standing], "EUR"))
    assert [one.amount for one in rest.lines] == [Decimal("1.00")]


def test_a_line_without_units_that_costs_something_is_a_fee_of_the_whole_document() -> None:
    sold = _three_for_ten()
    (line,) = sold.lines
    donation = msgspec.structs.replace(line, id="l2", quantity=0, amount=Decimal("1.50"), title="Donation")
    document = asked_whole(msgspec.structs.replace(sold, lines=(line, donation), total=Decimal("11.50")))
    assert [(one.kind, one.amount, one.title) for one in document.charges] == [("fee", Decimal("1.50"), "Donation")]
    assert document.total == Decimal("11.50")


@settings(max_examples=60)
@given(st.data())
@pytest.mark.parametrize("platform", ["memory", "shiphero"])
def test_what_a_target_is_told_comes_to_the_same_money(platform: str, data: st.DataObject) -> None:
    sold = data.draw(orders())
    mapping = _documents(platform)["fulfillment_request"]
    for document in asked(sold, data.draw(splits(sold))):
        told: dict[str, Any] = dict(mapping.encode(document))
        assert Decimal(told["total" if platform == "memory" else "total_price"]) == document.total
        rows = told["lines" if platform == "memory" else "line_items"]
        assert len(rows) == len(document.lines)
        for row, line in zip(rows, document.lines, strict=True):
            assert _line_amount(platform, row, sold.currency) == line.amount


def _line_amount(platform: str, row: Mapping[str, Any], currency: str) -> Decimal:
    """What a told line comes to: as it says, or its price times its units in the currency's own units."""
    if platform == "memory":
        return Decimal(row["amount"])
    whole = Decimal(row["price"]) * row["quantity"]
    return whole.quantize(money(1, currency))


def _added(parts: Iterable[RequestLine]) -> list[Decimal]:
    """The taxes of parts, position by position."""
    rows: list[tuple[Tax, ...]] = [one.taxes for one in parts]
    return [sum((tax.amount for tax in column), Decimal(0)) for column in zip(*rows, strict=True)]


def _three_for_ten() -> Order:
    return sales.order(sales.line(1, 3, amount=Decimal("10.00")))


@cache
def _documents(platform: str) -> dict[str, DocumentMapping]:
    context = MappingContext("EUR", {})
    return {one.document: compile_document(one, context) for one in load_documents(platform) if one.writing}
