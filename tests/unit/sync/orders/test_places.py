"""Who keeps the books books goods where they leave from, also when that changes before they left (R1, R6, R15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sync.observe import ReadMode
from sync.orders.places import first_place, place_on
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
ONE, TWO = Route("one", "tpl", ("WH1",)), Route("two", "far", ("WH2",))
OTHERS = ("tpl", "far")


def _booked(desk: Desk) -> dict[str, tuple[str, str, list[int]]]:
    """The books' documents: place, state, units of each line."""
    return {
        reference: (
            str(one["document"].get("location", "")),
            str(one["status"]),
            [line["quantity"] for line in one["document"].get("lines", [])],
        )
        for reference, one in desk.trade("erp").requests.items()
    }


def _told(desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.trade("erp").notices
    return found


def _syncs(desk: Desk, times: int = 3) -> None:
    for _ in range(times):
        desk.sync()


@pytest.mark.parametrize(("route", "place"), [(ONE, "WH1"), (TWO, "WH2")])
def test_an_order_is_booked_at_the_place_that_ships_it(desk_of: OpenDesk, route: Route, place: str) -> None:
    desk = desk_of(others=OTHERS, routes=[route])
    desk.place(2)
    desk.sync()
    assert _booked(desk) == {"shop-o1-1": (place, "accepted", [2])}
    assert desk.effects()["request", "erp", "done"] == 1


def test_an_order_that_two_places_ship_is_booked_at_both_to_the_cent_and_each_is_told_what_left_there(
    both_of: OpenDesk,
) -> None:
    desk = both_of(others=OTHERS, routes=[ONE, TWO])
    number = desk.place(12)
    row = desk.trade("shop").orders[number]["lines"][0] | {"amount": "100.05"}
    shipping = [{"title": "Post", "amount": "4.95"}]
    desk.change(number, total="105.00", lines=[row], shipping=shipping)
    desk.sync()
    assert _booked(desk) == {"shop-o1-1": ("WH1", "accepted", [10]), "shop-o1-2": ("WH2", "accepted", [2])}
    documents: list[dict[str, Any]] = [one["document"] for one in desk.trade("erp").requests.values()]
    assert sum(Decimal(one["total"]) for one in documents) == Decimal("105.00")
    assert [len(one.get("charges", [])) for one in documents] == [1, 0]
    desk.trade("far").ship("shop-o1-1", number="F1")
    desk.trade("tpl").ship("shop-o1-1", number="T1")
    _syncs(desk)
    told = {
        one["tracking"][0]["number"]: (one["order_id"], one["lines"][0]["quantity"])
        for one in desk.trade("erp").notices
    }
    assert told == {"T1": ("q1", 10), "F1": ("q2", 2)}
    assert (desk.standing(), desk.incidents()) == (("done", ""), [])
    # Nothing of it is done a second time, whatever is read again.
    desk.sync(ReadMode.FULL)
    assert (len(_booked(desk)), len(desk.trade("erp").notices)) == (2, 2)


def test_r1_booked_units_are_held_at_the_place_whose_figure_has_them_off(desk_of: OpenDesk) -> None:
    desk = desk_of(others=OTHERS, routes=[ONE, TWO])
    desk.place(12)
    desk.sync()
    assert desk.held() == [("WH1", 10), ("WH2", 2)]


def test_goods_that_leave_from_somewhere_else_after_all_are_booked_there(desk_of: OpenDesk) -> None:
    desk = desk_of(others=OTHERS, routes=[ONE, TWO])
    desk.place(2)
    desk.sync()
    desk.trade("tpl").call_off("shop-o1-1")
    _syncs(desk, 4)
    assert desk.requests("far") == {"shop-o1-1": "accepted"}
    assert _booked(desk) == {"shop-o1-1": ("WH1", "canceled", [2]), "shop-o1-2": ("WH2", "accepted", [2])}
    _syncs(desk)
    assert len(_booked(desk)) == 2


def test_a_rest_that_waits_has_a_document_of_its_own_which_moves_when_its_place_is_known(desk_of: OpenDesk) -> None:
    desk = desk_of(others=OTHERS, routes=[ONE, TWO])
    desk.place(16)
    desk.sync()
    assert _booked(desk) == {
        "shop-o1-1": ("WH1", "accepted", [10]),
        "shop-o1-2": ("WH2", "accepted", [5]),
        "shop-o1-3": ("WH1", "accepted", [1]),
    }
    desk.world("erp").set_stock("SKU-1", "WH2", 9)
    _syncs(desk, 4)
    standing = sorted((place, units[0]) for place, state, units in _booked(desk).values() if state != "canceled")
    assert standing == [("WH1", 10), ("WH2", 6)]


def test_an_order_that_waits_for_goods_is_booked_where_the_routing_looks_first_and_not_moved_in_vain(
    desk_of: OpenDesk,
) -> None:
    desk = desk_of(others=OTHERS, routes=[replace(ONE, split=False)])
    desk.place(12)
    _syncs(desk)
    assert _booked(desk) == {"shop-o1-1": ("WH1", "accepted", [12])}
    desk.world("erp").set_stock("SKU-1", "WH1", 40)
    _syncs(desk)
    assert _booked(desk) == {"shop-o1-1": ("WH1", "accepted", [12])}
    assert desk.requests("tpl") == {"shop-o1-1": "accepted"}


def test_who_knows_none_of_our_places_has_one_document_of_the_whole_order(desk_of: OpenDesk) -> None:
    desk = desk_of(others=OTHERS, routes=[ONE, TWO])
    config = desk.trading.hub.config
    erp = replace(config.connections["erp"], locations={})
    desk.trading.hub.config = replace(config, connections={**config.connections, "erp": erp})
    desk.place(12)
    desk.sync()
    assert _booked(desk) == {"shop-o1-1": ("", "accepted", [12])}


def test_a_connection_of_one_place_ships_from_there_and_two_of_ours_may_be_one_of_theirs(desk_of: OpenDesk) -> None:
    desk = desk_of(others=OTHERS, routes=[Route("any", "far")])
    config = desk.trading.hub.config
    far = replace(config.connections["far"], locations={"WH2": "7"})
    erp = replace(config.connections["erp"], locations={"WH1": "4", "WH2": "4", "WH3": "5"})
    config = replace(config, connections={**config.connections, "far": far, "erp": erp})
    assert place_on(config, "erp", "far", "") == "WH1"
    assert place_on(config, "erp", "far", "WH3") == "WH3"
    assert place_on(config, "erp", "tpl", "") == ""
    assert place_on(config, "erp", "tpl", "WH9") == ""
    assert first_place(config, "erp", "shop") == "WH1"


def test_lines_written_anew_after_goods_have_left_are_not_booked_a_second_time(desk_of: OpenDesk) -> None:
    desk = desk_of(others=OTHERS, routes=[ONE])
    number = desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", {"SKU-1": 1}, number="T1")
    _syncs(desk)
    desk.trade("erp").ship("shop-o1-1", {"SKU-1": 1}, number="T1")
    _syncs(desk)
    row = desk.trade("shop").orders[number]["lines"][0]
    desk.change(number, lines=[row | {"id": "anew"}])
    _syncs(desk)
    assert _booked(desk) == {"shop-o1-1": ("WH1", "partially_shipped", [2])}
