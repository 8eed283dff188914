"""Orders whose lines get new ids where they are kept, as some plugins do: the same goods are asked for once (R15)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]


@pytest.fixture
def trading(desk_of: OpenDesk) -> Desk:
    """A shop, an ERP that keeps the books, a 3PL that ships."""
    return desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])


def _renumber(desk: Desk, units: int = 2) -> None:
    """The only line of the order is written anew, under another id."""
    [line] = desk.trade("shop").orders["o1"]["lines"]
    fresh = {**line, "id": "new", "quantity": units, "ordered": units, "amount": f"{units * 10}.00"}
    assigned = [{"line_id": "new", "quantity": units, "location": "WH1"}]
    desk.change("o1", lines=[fresh], assignments=assigned, total=fresh["amount"])


def _units(desk: Desk) -> int:
    """Units that the 3PL ships or shipped."""
    live = [one for one in desk.trade("tpl").requests.values() if one["status"] != "canceled"]
    return sum(line["quantity"] for one in live for line in one["lines"])


def test_what_left_under_the_old_id_is_not_asked_for_again(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").ship("shop-o1-1")
    trading.sync()
    _renumber(trading)
    trading.sync()
    trading.sync()
    assert (_units(trading), trading.standing()) == (2, ("done", ""))
    trading.sync()
    assert trading.held() == []


def test_of_more_units_only_the_new_ones_are_asked_for(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").ship("shop-o1-1")
    trading.sync()
    _renumber(trading, 3)
    trading.sync()
    trading.sync()
    assert (_units(trading), trading.standing()) == (3, ("asked", ""))


def test_nothing_is_asked_for_under_the_new_id_while_the_old_request_may_ship(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").cancels = False
    _renumber(trading)
    trading.sync()
    trading.sync()
    assert _units(trading) == 2
    assert trading.incidents() == ["cancel_refused"]
    trading.trade("tpl").ship("shop-o1-1")
    trading.sync()
    assert (_units(trading), trading.standing()) == (2, ("done", ""))


def test_r1_a_line_that_is_no_more_holds_its_units_until_its_request_is_called_off(trading: Desk) -> None:
    trading.trade("erp").confirms = False
    trading.trading.place("shop", {"SKU-1": 2, "SKU-2": 3})
    trading.sync()
    assert trading.reserved() == 5
    trading.trade("tpl").cancels = False
    order = trading.trade("shop").orders["o1"]
    trading.change("o1", lines=order["lines"][:1], assignments=order["assignments"][:1], total="20.00")
    trading.sync()
    trading.sync()
    assert trading.incidents() == ["cancel_refused"]
    assert trading.reserved() == 5
