"""An order that two places ship is asked for at both, and together they are told of all of its money."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
BOTH = [Route("one", "tpl", ("WH1",)), Route("two", "tpl", ("WH2",))]


def _parts(desk: Desk) -> list[dict[str, Any]]:
    """The lines that the warehouse was asked for, one in each request that stands."""
    requests = [one["document"] for one in desk.trade("tpl").requests.values() if one["status"] != "canceled"]
    assert all(len(one["lines"]) == 1 for one in requests)
    return [{**one["lines"][0], "total": one["total"]} for one in requests]


def _sums(parts: list[dict[str, Any]], *names: str) -> list[Decimal]:
    return [sum((Decimal(part[name]) for part in parts), Decimal(0)) for name in names]


@pytest.fixture
def desk(desk_of: OpenDesk) -> Desk:
    """A shop, the books, and a warehouse with 10 and 5 units; an order of 12 whose shares both end on half a cent."""
    found = desk_of(others=("tpl",), routes=BOTH)
    number = found.place(12)
    row = found.trade("shop").orders[number]["lines"][0]
    row |= {"amount": "100.05", "discount": "0.05", "taxes": [{"amount": "19.01", "title": "VAT"}]}
    found.change(number, total="119.01", lines=[row])
    return found


def test_a_line_that_two_places_ship_is_told_to_both_with_all_of_its_money(desk: Desk) -> None:
    desk.sync()
    parts = _parts(desk)
    assert [part["quantity"] for part in parts] == [10, 2]
    assert _sums(parts, "amount", "discount", "total") == [Decimal("100.05"), Decimal("0.05"), Decimal("119.01")]
    assert sum(Decimal(part["taxes"][0]["amount"]) for part in parts) == Decimal("19.01")
    books = [one["document"] for one in desk.trade("erp").requests.values()]
    lines = [{**one["lines"][0], "total": one["total"]} for one in books]
    assert _sums(lines, "amount", "discount", "total") == [Decimal("100.05"), Decimal("0.05"), Decimal("119.01")]


def test_a_part_that_is_asked_for_anew_has_the_money_that_the_one_before_it_had(desk: Desk) -> None:
    desk.sync()
    before = _parts(desk)
    address = {"name": "B. Buyer", "street": "Side St 2", "city": "Town", "country": "DE"}
    desk.change("o1", shipping_address=address)
    for _ in range(3):
        desk.sync()
    assert len(desk.trade("tpl").requests) > len(before)
    assert _sums(_parts(desk), "quantity", "amount", "total") == [12, Decimal("100.05"), Decimal("119.01")]
