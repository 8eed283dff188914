"""What a person reads of an order's positions: what is booked is one thing, what somebody was asked to ship another."""

from __future__ import annotations

from collections.abc import Callable

from sync.orders import views
from sync.orders.ingest import load_order
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]


def _units(desk: Desk, number: str = "o1") -> tuple[object, object, object]:
    row = desk.row(number)
    with desk.database() as connection:
        order = load_order(connection, row)
        assert order is not None
        [line] = views.lines(connection, row, order)
    return line["quantity"], line["booked"], line["asked"]


def test_an_order_beyond_what_is_there_is_booked_whole_and_asked_for_as_far_as_it_goes(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])
    desk.place(40)
    desk.sync()
    assert desk.standing() == ("waiting", "out_of_stock")
    assert _units(desk) == (40, 40, 15)


def test_what_a_3pl_refused_was_not_asked_for_and_what_it_took_was(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])
    desk.trade("tpl").refuses["requests.create"] = "rejected"
    desk.place(2)
    desk.sync()
    desk.trade("tpl").refuses.clear()
    desk.place(3)
    desk.sync()
    assert _units(desk, "o1") == (2, 2, 0)
    assert _units(desk, "o2") == (3, 3, 3)


def test_books_that_ship_are_asked_for_what_they_book(desk_of: OpenDesk) -> None:
    desk = desk_of(routes=[Route("erp", "erp", ("WH1", "WH2"))])
    desk.place(2)
    desk.sync()
    assert _units(desk) == (2, 2, 2)
