"""Goods that come back are kept and shown, and move no stock anywhere by our doing (R15)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sync.observe import ReadMode
from sync.orders import views
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
TPL = Route("tpl", "tpl", ("WH1",))


def _returns(desk: Desk, number: str = "o1") -> list[dict[str, object]]:
    row = desk.row(number)
    with desk.database() as connection:
        return views.returns(connection, row, views.order_of(connection, row))


def _shipped(desk: Desk) -> str:
    number = desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", number="T7")
    for _ in range(2):
        desk.sync()
    return number


def test_a_return_that_the_channel_announces_and_one_that_a_3pl_took_in_are_both_shown(both_of: OpenDesk) -> None:
    desk = both_of(others=("tpl",), routes=[TPL])
    number = _shipped(desk)
    lines = [{"line_id": "o1-1", "quantity": 1, "reason": "too small"}]
    desk.change(number, returns=[{"id": "R1", "status": "open", "lines": lines}], return_status="open")
    desk.trade("tpl").send_back("b1", "shop-o1-1", {"SKU-1": 1})
    desk.sync()
    assert _returns(desk) == [
        {"connection": "shop", "id": "R1", "status": "open", "units": "1 x SKU-1", "reason": "too small"},
        {"connection": "tpl", "id": "b1", "status": "open", "units": "1 x SKU-1", "reason": ""},
    ]
    desk.trade("tpl").send_back("b1", "shop-o1-1", {"SKU-1": 1}, status="closed")
    desk.sync()
    assert [one["status"] for one in _returns(desk)] == ["open", "closed"]


@pytest.mark.parametrize("named", [{"target_id": "q1"}, {"shipment_id": "shop-o1-1-s1"}])
def test_a_return_is_found_by_what_the_place_calls_the_request_or_its_shipment(
    desk_of: OpenDesk, named: dict[str, str]
) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    _shipped(desk)
    desk.trade("tpl").send_back("b1", "", {"SKU-1": 1})
    desk.trade("tpl").returns["b1"].update(named)
    desk.sync()
    assert [one["id"] for one in _returns(desk)] == ["b1"]


def test_a_return_that_names_nothing_of_ours_is_none_of_our_business(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    _shipped(desk)
    desk.trade("tpl").send_back("b1", "someone-elses", {"SKU-1": 1})
    desk.sync()
    assert _returns(desk) == []


def test_a_restock_of_a_return_is_copied_to_no_other_system(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=("shop", "web"), others=("tpl",), routes=[TPL])
    _shipped(desk)
    before = {name: desk.listed(name) for name in ("shop", "web", "erp")}
    desk.trade("tpl").send_back("b1", "shop-o1-1", {"SKU-1": 2}, status="closed")
    for _ in range(2):
        desk.sync(ReadMode.FULL)
    assert {name: desk.listed(name) for name in ("shop", "web", "erp")} == before
    assert (desk.conflicts(), desk.incidents(), desk.reserved()) == ([], [], 0)
