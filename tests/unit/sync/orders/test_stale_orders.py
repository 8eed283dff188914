"""Copies of a shop that lag: an order is not led back to what it was (R9)."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from sync.observe import ReadMode
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]


@pytest.fixture
def trading(desk_of: OpenDesk) -> Desk:
    """A shop, an ERP that keeps the books, a 3PL that ships."""
    return desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])


def _canceled(desk: Desk) -> dict[str, Any]:
    """An order that was asked for and is canceled by now; tells how it was shown before."""
    desk.place(2)
    desk.sync()
    before = deepcopy(desk.trade("shop").orders["o1"])
    desk.trade("shop").cancel("o1")
    desk.change("o1", updated_at=(desk.trading.clock.now()).isoformat())
    desk.sync()
    assert desk.requests("tpl") == {"shop-o1-1": "canceled"}
    return before


def test_r9_a_canceled_order_does_not_ship_because_a_copy_lags(trading: Desk) -> None:
    trading.trade("shop").orders["o1"] = _canceled(trading)
    trading.sync(ReadMode.FULL)
    trading.sync()
    assert trading.standing() == ("canceled", "")
    assert trading.requests("tpl") == {"shop-o1-1": "canceled"}


def test_a_shop_whose_clock_was_set_back_is_believed_after_a_while(trading: Desk) -> None:
    before = _canceled(trading)
    trading.change("o1", status="open", updated_at=before["updated_at"], lines=before["lines"], refunds=[])
    trading.sync(ReadMode.FULL, after=timedelta(minutes=20).total_seconds())
    trading.sync()
    assert trading.standing() == ("asked", "")
    assert trading.requests("tpl") == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}
