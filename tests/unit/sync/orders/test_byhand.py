"""Goods that someone ships by hand on the channel leave once: whoever was asked for them is told, or stopped (R15)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sync.observe import ReadMode
from sync.orders import acts, views
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
TPL = Route("tpl", "tpl", ("WH1",))


def _syncs(desk: Desk, times: int = 3) -> None:
    for _ in range(times):
        desk.sync(ReadMode.FULL)


def _part(desk: Desk, number: str, units: int, tracking: str = "") -> None:
    parcels = [{"number": tracking}] if tracking else []
    shown = {"id": "f1", "lines": [{"line_id": f"{number}-1", "quantity": units}], "tracking": parcels}
    desk.change(number, fulfillments=[shown], fulfillment_status="partially_fulfilled")


def test_r15_books_that_can_be_told_are_told_once_of_what_was_shipped_by_hand(both_of: OpenDesk) -> None:
    desk = both_of()
    number = desk.place(2)
    desk.sync()
    desk.trade("shop").fulfill(number, "HAND-1")
    _syncs(desk)
    (notice,) = desk.trade("erp").notices
    assert (notice["order_id"], notice["tracking"][0]["number"]) == ("q1", "HAND-1")
    assert notice["lines"] == [{"quantity": 2, "line_id": "o1-1", "sku": "SKU-1"}]
    # The ERP shows the same parcel at its own document since: that is no news for the shop.
    desk.trade("erp").ship("shop-o1-1", number="HAND-1")
    _syncs(desk)
    assert (len(desk.trade("erp").notices), desk.trade("shop").notices) == (1, [])
    assert (desk.requests(), desk.standing()) == ({"shop-o1-1": "shipped"}, ("done", ""))


def test_r15_books_that_cannot_be_told_are_called_off_and_a_person_says_when_it_is_booked(both_of: OpenDesk) -> None:
    desk = both_of()
    desk.takes_no("erp", "shipment_notice")
    number = desk.place(2)
    desk.sync()
    desk.trade("shop").fulfill(number, "HAND-1")
    _syncs(desk)
    assert desk.requests() == {"shop-o1-1": "canceled"}
    assert (desk.standing(), desk.reserved()) == (("blocked", "shipped_elsewhere"), 2)
    desk.world("erp").set_stock("SKU-1", "WH1", 8)
    desk.sync()
    acts.release(desk.trading.hub, desk.row())
    _syncs(desk)
    assert (desk.standing(), desk.reserved(), desk.listed()) == (("done", ""), 0, 13)
    assert desk.requests() == {"shop-o1-1": "canceled"}


def test_r15_of_an_order_shipped_by_hand_in_part_only_the_rest_is_asked_for(desk_of: OpenDesk) -> None:
    desk = desk_of()
    desk.takes_no("erp", "shipment_notice")
    number = desk.place(3)
    desk.sync()
    _part(desk, number, 1)
    _syncs(desk)
    assert desk.requests() == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}
    assert desk.trade("erp").requests["shop-o1-2"]["lines"] == [{"sku": "SKU-1", "quantity": 2}]


def test_r15_an_order_shipped_by_hand_before_anyone_was_asked_is_not_asked_for(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.takes_no("erp", "shipment_notice")
    number = desk.place(2)
    desk.trade("shop").fulfill(number)
    _syncs(desk)
    assert (desk.requests("erp"), desk.requests("tpl")) == ({}, {})
    assert desk.standing() == ("blocked", "shipped_elsewhere")


def test_r15_a_parcel_that_a_place_told_the_channel_itself_is_told_to_the_books_once(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    number = desk.place(2)
    desk.sync()
    desk.trade("tpl").cancels = False
    desk.trade("shop").fulfill(number, "T7")
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", number="T7")
    _syncs(desk)
    assert ([len(desk.trade(name).notices) for name in ("erp", "shop")], desk.standing()) == ([1, 0], ("done", ""))
    row = desk.row()
    with desk.database() as connection:
        order = views.order_of(connection, row)
        assert order is not None
        assert [one["shipped"] for one in views.lines(connection, row, order)] == [2]


@pytest.mark.parametrize("told", [True, False])
def test_r15_what_was_told_to_the_channel_by_us_is_nobodys_hand(desk_of: OpenDesk, told: bool) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    if not told:
        desk.takes_no("erp", "shipment_notice")
    number = desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", number="T7")
    desk.sync()
    # The channel shows what it was told, in its own words.
    _part(desk, number, 2, "T 7")
    _syncs(desk)
    assert (desk.requests("erp"), desk.standing()) == ({"shop-o1-1": "accepted"}, ("done", ""))
    assert len(desk.trade("erp").notices) == told


def test_r15_a_request_of_which_a_part_has_left_is_told_to_a_person_when_the_rest_left_by_hand(
    desk_of: OpenDesk,
) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    number = desk.place(3)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", {"SKU-1": 1}, number="T7")
    desk.sync()
    shown = [("f1", 1, "T7"), ("f2", 2, "HAND-1")]
    desk.change(
        number,
        fulfillments=[
            {"id": name, "lines": [{"line_id": "o1-1", "quantity": units}], "tracking": [{"number": parcel}]}
            for name, units, parcel in shown
        ],
    )
    _syncs(desk)
    assert "rest_not_wanted" in desk.incidents()


def test_r15_an_order_that_someone_only_sets_to_shipped_is_called_off_and_told_as_what_is_still_to_ship(
    both_of: OpenDesk,
) -> None:
    desk = both_of(others=("tpl",), routes=[TPL])
    number = desk.place(3)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", {"SKU-1": 1}, number="T7")
    other = desk.place(2, sku="SKU-2")
    desk.sync()
    for one in (number, other):
        desk.change(one, status="completed", fulfillment_status="fulfilled")
    _syncs(desk)
    assert desk.requests("tpl") == {"shop-o1-1": "partially_shipped", "shop-o2-1": "canceled"}
    told = [(one["order_id"], one["lines"][0]["quantity"]) for one in desk.trade("erp").notices]
    assert sorted(told) == [("q1", 1), ("q1", 2), ("q2", 2)]
    assert "rest_not_wanted" in desk.incidents()


def test_r15_what_a_place_had_shipped_when_someone_set_the_order_to_shipped_is_told_once(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    number = desk.place(2)
    desk.sync()
    desk.trade("tpl").cancels = False
    desk.change(number, status="completed", fulfillment_status="fulfilled")
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", number="T7")
    _syncs(desk)
    assert len(desk.trade("erp").notices) == 1
    assert desk.standing() == ("done", "")


def test_an_order_that_comes_as_shipped_is_asked_for_all_the_same(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.place(2, status="completed", fulfillment_status="fulfilled")
    desk.sync()
    assert desk.requests("tpl") == {"shop-o1-1": "accepted"}
