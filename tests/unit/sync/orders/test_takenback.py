"""Shipments that a place takes back after others were told: a person hears of it, and the order says so (R15)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from canonical.errors import RetriableError
from sync.orders import acts, store
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
BACK = ("blocked", "shipment_taken_back")


@pytest.fixture
def trading(desk_of: OpenDesk) -> Desk:
    """A shop, an ERP that keeps the books, a 3PL that ships."""
    return desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])


def _shipped(desk: Desk) -> None:
    """Two units left, the shop was told and shows it."""
    number = desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", number="T7")
    desk.sync()
    [notice] = desk.trade("shop").notices
    told = {"id": "f1", "reference": notice["reference"], "lines": notice["lines"], "tracking": notice["tracking"]}
    desk.change(number, fulfillments=[told], fulfillment_status="fulfilled")
    desk.sync()
    assert (desk.standing(), desk.incidents()) == (("done", ""), [])


def _take_back(desk: Desk, *, gone: bool, status: str) -> None:
    request, world = desk.trade("tpl").requests["shop-o1-1"], desk.trade("tpl").world
    if gone:
        request["shipments"] = []
    else:
        request["shipments"][0] |= {"status": "canceled", "lines": [], "tracking": []}
    request["status"] = status
    world.tick += 1
    request["changed"] = world.tick


@pytest.mark.parametrize("status", ["shipped", "accepted"])
@pytest.mark.parametrize("gone", [True, False])
def test_a_shipment_that_is_taken_back_after_the_shop_was_told_is_told_to_a_person(
    both_of: OpenDesk, *, gone: bool, status: str
) -> None:
    trading = both_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])
    _shipped(trading)
    _take_back(trading, gone=gone, status=status)
    for _ in range(2):
        trading.sync()
    assert trading.standing() == BACK
    assert "shipment_taken_back" in trading.incidents()
    said = "tpl took back T7 (2 units) of order #o1, told to "
    assert trading.row().detail.startswith(said)
    with trading.database() as connection:
        assert [one.detail.startswith(said) for one in store.incidents(connection) if one.kind == BACK[1]] == [True]
    # What the 3PL has again is not called off there.
    assert trading.requests("tpl") == {"shop-o1-1": status}


def test_it_is_over_once_the_shipment_is_canceled_in_the_shop_and_the_next_parcel_is_told(trading: Desk) -> None:
    _shipped(trading)
    _take_back(trading, gone=False, status="accepted")
    trading.sync()
    [told] = trading.trade("shop").orders["o1"]["fulfillments"]
    trading.change("o1", fulfillments=[{**told, "status": "canceled"}], fulfillment_status="unfulfilled")
    trading.sync()
    assert (trading.standing(), "shipment_taken_back" in trading.incidents()) == (("asked", ""), False)
    trading.trade("tpl").ship("shop-o1-1", number="T8")
    trading.sync()
    assert trading.standing() == ("done", "")
    assert [one["tracking"][0]["number"] for one in trading.trade("shop").notices] == ["T7", "T8"]


def test_a_shipment_that_is_there_again_is_no_trouble(trading: Desk) -> None:
    _shipped(trading)
    before = dict(
        trading.trade("tpl").requests["shop-o1-1"],
        shipments=list(trading.trade("tpl").requests["shop-o1-1"]["shipments"]),
    )
    _take_back(trading, gone=True, status="shipped")
    trading.sync()
    assert trading.standing() == BACK
    world = trading.trade("tpl").world
    world.tick += 1
    trading.trade("tpl").requests["shop-o1-1"] = {**before, "changed": world.tick}
    trading.sync()
    assert (trading.standing(), trading.incidents()) == (("done", ""), [])


def test_a_persons_word_ends_it(trading: Desk) -> None:
    _shipped(trading)
    _take_back(trading, gone=True, status="accepted")
    trading.sync()
    acts.release(trading.trading.hub, trading.row())
    trading.sync()
    assert trading.standing() == ("asked", "")


def test_a_shipment_that_is_taken_back_before_the_shop_could_be_told_is_not_told(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").ship("shop-o1-1", number="T7")
    trading.trade("shop").world.before_write.append(RetriableError("busy"))
    trading.sync()
    assert trading.trade("shop").notices == []
    _take_back(trading, gone=False, status="accepted")
    trading.sync()
    assert trading.trade("shop").notices == []
