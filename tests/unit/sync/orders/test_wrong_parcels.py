"""Places that say more left than they were asked for: a person hears of it, the channel of what was sold only."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sync.orders import acts, outcomes
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]


@pytest.fixture
def trading(desk_of: OpenDesk) -> Desk:
    """A shop, an ERP that keeps the books, a 3PL that ships."""
    return desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])


def _ship(desk: Desk, *lines: tuple[str, int]) -> None:
    request = desk.trade("tpl").requests["shop-o1-1"]
    request["lines"] = [{"sku": sku, "quantity": units} for sku, units in lines]
    desk.trade("tpl").ship("shop-o1-1")


@pytest.mark.parametrize("more", [("SKU-1", 5), ("SKU-3", 1), ("WHAT-1", 1)])
def test_goods_that_left_and_were_not_asked_for_are_named_once(trading: Desk, more: tuple[str, int]) -> None:
    trading.place(2)
    trading.sync()
    _ship(trading, *({"SKU-1": 2} | dict([more])).items())
    trading.sync()
    trading.sync()
    assert trading.standing() == ("done", "")
    assert trading.incidents() == ["shipped_unasked"]
    [notice] = trading.trade("shop").notices
    assert [(line["sku"], line["quantity"]) for line in notice["lines"]] == [("SKU-1", 2)]


def test_what_was_asked_for_is_no_incident(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    _ship(trading, ("SKU-1", 2))
    trading.sync()
    assert (trading.standing(), trading.incidents()) == (("done", ""), [])


def test_a_release_leaves_a_request_alone_that_its_target_holds_as_canceled(trading: Desk) -> None:
    trading.trade("tpl").refuses["requests.create"] = outcomes.GONE
    trading.place(2)
    trading.sync()
    trading.trade("tpl").refuses.clear()
    trading.sync()
    before = trading.requests("tpl")
    assert list(before.values()) == ["accepted"]
    acts.release(trading.trading.hub, trading.row())
    trading.sync()
    trading.sync()
    assert (trading.requests("tpl"), trading.standing()) == (before, ("asked", ""))


def test_a_parcel_that_replaces_a_canceled_one_counts(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").ship("shop-o1-1", number="T1")
    trading.trade("tpl").requests["shop-o1-1"]["shipments"][0]["status"] = "canceled"
    trading.trade("tpl").ship("shop-o1-1", number="T2")
    trading.sync()
    assert (trading.standing(), trading.incidents()) == (("done", ""), [])
    assert [one["tracking"][0]["number"] for one in trading.trade("shop").notices] == ["T2"]
