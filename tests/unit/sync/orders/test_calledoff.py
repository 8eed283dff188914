"""An order is called off and ships all the same: the books lose what left, or a person is told to see to it (R1)."""

from __future__ import annotations

from collections.abc import Callable

from sync.orders import acts, store
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
TPL = Route("tpl", "tpl", ("WH1",))


def _asked(opens: OpenDesk, **more: object) -> Desk:
    desk = opens(others=("tpl",), routes=[TPL], **more)
    desk.place(2)
    desk.sync()
    assert (desk.world("erp").stock("SKU-1", "WH1"), desk.requests("tpl")) == (8, {"shop-o1-1": "accepted"})
    return desk


def _told(desk: Desk) -> list[tuple[str, str]]:
    with desk.database() as connection:
        return [(one.kind, one.detail) for one in store.incidents(connection)]


def test_an_order_that_is_canceled_and_shipped_in_one_window_stays_booked_out(both_of: OpenDesk) -> None:
    desk = _asked(both_of)
    desk.trade("tpl").ship("shop-o1-1", number="T7")
    desk.trade("shop").cancel("o1")
    for _ in range(3):
        desk.sync()
    assert desk.world("erp").stock("SKU-1", "WH1") == 8
    assert [one["tracking"][0]["number"] for one in desk.trade("erp").notices] == ["T7"]
    # The shop put its 2 back on the shelf: they are gone.
    assert desk.listed() == 13
    assert desk.standing() == ("canceled", "shipped_though_canceled")
    assert _told(desk) == [("shipped_though_canceled", "2 units left for order #o1, which was canceled")]


def test_of_a_canceled_order_that_left_in_part_the_rest_is_to_be_taken_out_of_the_books(desk_of: OpenDesk) -> None:
    desk = _asked(desk_of)
    desk.trade("tpl").ship("shop-o1-1", {"SKU-1": 1})
    desk.trade("shop").cancel("o1")
    for _ in range(3):
        desk.sync()
    assert desk.requests("erp") == {"shop-o1-1": "accepted"}
    assert sorted(kind for kind, _ in _told(desk)) == ["rest_not_wanted", "shipped_though_canceled"]


def test_what_leaves_after_the_books_called_it_off_is_named_with_units_and_place(desk_of: OpenDesk) -> None:
    desk = _asked(desk_of)
    desk.trade("tpl").cancels = False
    desk.trade("shop").cancel("o1")
    desk.sync()
    assert desk.world("erp").stock("SKU-1", "WH1") == 10
    desk.trade("tpl").ship("shop-o1-1")
    for _ in range(2):
        desk.sync()
    said = "2 SKU-1 left WH1 for order #o1, which erp has as canceled"
    assert ("shipped_after_cancel", said) in _told(desk)


def test_books_that_cannot_be_told_call_it_off_and_a_person_hears_what_left(desk_of: OpenDesk) -> None:
    desk = _asked(desk_of)
    desk.takes_no("erp", "shipment_notice")
    desk.trade("tpl").ship("shop-o1-1")
    desk.trade("shop").cancel("o1")
    for _ in range(3):
        desk.sync()
    assert desk.requests("erp") == {"shop-o1-1": "canceled"}
    assert "shipped_after_cancel" in desk.incidents()


def test_an_order_that_a_person_drops_after_it_left_stays_booked_out(desk_of: OpenDesk) -> None:
    desk = _asked(desk_of)
    desk.trade("tpl").ship("shop-o1-1")
    acts.drop(desk.trading.hub, desk.row())
    for _ in range(2):
        desk.sync()
    assert desk.world("erp").stock("SKU-1", "WH1") == 8
