"""What a target calls off by itself is not asked of it again until a person says so (R15)."""

from __future__ import annotations

from collections.abc import Callable

from sync.orders import acts
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
TPL, FAR = Route("tpl", "tpl", ("WH1",)), Route("far", "far", ("WH2",))
CALLED_OFF = ("blocked", "canceled_there")


def _call_off(desk: Desk, name: str, reference: str = "shop-o1-1") -> None:
    desk.trade(name).call_off(reference)
    for _ in range(3):
        desk.sync()


def test_a_document_that_the_erp_called_off_is_asked_for_again_on_a_persons_word_only(both_of: OpenDesk) -> None:
    desk = both_of()
    desk.place(2)
    desk.sync()
    _call_off(desk, "erp")
    assert (desk.requests(), desk.standing()) == ({"shop-o1-1": "canceled"}, CALLED_OFF)
    assert desk.reserved() == 2
    acts.release(desk.trading.hub, desk.row())
    for _ in range(2):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}
    assert desk.standing() == ("asked", "")


def test_a_request_that_a_3pl_called_off_waits_for_a_person_where_there_is_no_other_place(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.place(2)
    desk.sync()
    _call_off(desk, "tpl")
    assert (desk.requests("tpl"), desk.standing()) == ({"shop-o1-1": "canceled"}, CALLED_OFF)
    acts.release(desk.trading.hub, desk.row())
    desk.sync()
    assert desk.requests("tpl") == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}


def test_a_request_that_a_3pl_called_off_goes_to_the_other_place_and_never_back(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl", "far"), routes=[TPL, FAR])
    desk.place(2)
    desk.sync()
    assert (desk.requests("tpl"), desk.requests("far")) == ({"shop-o1-1": "accepted"}, {})
    _call_off(desk, "tpl")
    assert (desk.requests("far"), desk.standing()) == ({"shop-o1-1": "accepted"}, ("asked", ""))
    _call_off(desk, "far")
    assert (desk.requests("tpl"), desk.standing()) == ({"shop-o1-1": "canceled"}, CALLED_OFF)


def test_r15_what_the_erp_called_off_is_not_shipped_by_a_3pl_either(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.place(2)
    desk.sync()
    _call_off(desk, "erp")
    assert (desk.requests("tpl"), desk.standing()) == ({"shop-o1-1": "canceled"}, CALLED_OFF)


def test_what_we_wanted_called_off_and_a_person_did_by_hand_is_asked_for_anew(desk_of: OpenDesk) -> None:
    desk = desk_of()
    number = desk.place(2)
    desk.sync()
    desk.trade("erp").cancels = False
    desk.trade("shop").edit(number, 1, 3)
    for _ in range(2):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "accepted"}
    desk.trade("erp").cancels = True
    _call_off(desk, "erp")
    assert desk.requests() == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}


def test_units_that_who_keeps_the_books_ships_are_asked_of_no_one_else_when_its_stock_falls(both_of: OpenDesk) -> None:
    desk = both_of(others=("tpl",), routes=[Route("erp", "erp", ("WH1",)), Route("tpl", "tpl", ("WH2",))])
    desk.trade("erp").confirms = False
    number = desk.place(2)
    desk.sync()
    desk.world("erp").set_stock("SKU-1", "WH1", 0)
    desk.change(number, note="touched")
    for _ in range(3):
        desk.sync()
    assert (desk.requests("erp"), desk.requests("tpl")) == ({"shop-o1-1": "sent"}, {})


def test_what_who_keeps_the_books_has_not_goes_to_the_other_place_and_both_parts_are_counted(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[Route("erp", "erp", ("WH1",)), Route("tpl", "tpl", ("WH2",))])
    desk.place(12, location="")
    for _ in range(3):
        desk.sync()
    assert [one["lines"][0]["quantity"] for one in desk.trade("tpl").requests.values()] == [2]
    assert desk.trade("erp").requests["shop-o1-1"]["document"]["location"] == "WH1"
    desk.trade("tpl").ship("shop-o1-1", number="T2")
    desk.trade("erp").ship("shop-o1-1", {"SKU-1": 10}, number="T10")
    for _ in range(3):
        desk.sync()
    assert (len(desk.requests("tpl")), desk.standing()) == (1, ("done", ""))


def test_a_place_other_than_the_first_is_told_to_who_keeps_the_books_and_held_there(desk_of: OpenDesk) -> None:
    desk = desk_of(routes=[Route("erp", "erp", ("WH2",))])
    desk.place(2, location="")
    desk.sync()
    assert desk.trade("erp").requests["shop-o1-1"]["document"]["location"] == "WH2"
    assert desk.held() == [("WH2", 2)]
