"""A request is called off again when it runs again or something else is wanted, and never for ever (R15, R16)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from canonical.errors import AmbiguousError, RetriableError
from sync.observe import ReadMode
from sync.orders import acts, store
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]


@pytest.fixture
def trading(desk_of: OpenDesk) -> Desk:
    """A shop, an ERP that keeps the books, and a 3PL that ships."""
    return desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])


def _sync(desk: Desk, times: int = 3) -> None:
    for _ in range(times):
        desk.sync()


def _move(desk: Desk, street: str = "New 2") -> None:
    """The buyer wants the goods somewhere else."""
    there = desk.trade("shop").orders["o1"]["shipping_address"]
    desk.change("o1", shipping_address={**there, "street": street})


def _reopen(desk: Desk, reference: str = "shop-o1-1", name: str = "tpl") -> None:
    """A platform goes on with what was called off there."""
    request = desk.trade(name).requests[reference]
    desk.world(name).tick += 1
    request.update(status="accepted", changed=desk.world(name).tick)


def _cancels(desk: Desk) -> list[str]:
    """What became of each cancellation that the 3PL was sent."""
    mine = (store.EFFECT.c.kind == "cancel", store.EFFECT.c.connection == "tpl")
    with desk.database() as connection:
        return [row.state for row in connection.execute(store.EFFECT.select().where(*mine).order_by(store.EFFECT.c.id))]


def test_an_order_that_is_canceled_after_a_change_was_refused_is_called_off(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").cancels = False
    _move(trading)
    _sync(trading)
    trading.trade("tpl").cancels = True
    trading.trade("shop").cancel("o1")
    _sync(trading)
    assert trading.requests("tpl") == {"shop-o1-1": "canceled"}
    assert (trading.standing(), trading.incidents()) == (("canceled", ""), [])


def test_what_was_refused_is_not_asked_again_at_every_look_and_the_order_says_so(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").cancels = False
    trading.trade("shop").cancel("o1")
    for note in range(4):
        trading.change("o1", note=str(note))
        trading.sync()
    assert _cancels(trading) == ["blocked"]
    assert trading.standing() == ("canceled", "cancel_refused")
    assert acts.release(trading.trading.hub, trading.row()) == 1
    _sync(trading)
    assert _cancels(trading) == ["dropped", "blocked"]


def test_what_is_wanted_again_is_not_called_off_by_a_release(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").cancels = False
    before = trading.trade("shop").orders["o1"]["shipping_address"]
    _move(trading)
    _sync(trading)
    trading.change("o1", shipping_address=before)
    _sync(trading)
    trading.trade("tpl").cancels = True
    acts.release(trading.trading.hub, trading.row())
    _sync(trading)
    assert set(trading.requests("tpl").values()) == {"accepted"}
    assert len(trading.requests("tpl")) == 1


@pytest.mark.parametrize("status", ["partially_paid", "pending"])
def test_goods_that_were_taken_off_are_called_off_also_while_the_rest_is_unpaid(trading: Desk, status: str) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("shop").edit("o1", 1, 1)
    trading.change("o1", payment_status=status)
    _sync(trading)
    assert trading.standing() == ("waiting", "unpaid")
    assert list(trading.requests("tpl").values()) == ["canceled"]
    trading.change("o1", payment_status="paid")
    _sync(trading)
    assert sorted(trading.requests("tpl").values()) == ["accepted", "canceled"]


def test_two_reasons_that_are_refused_in_turn_are_each_asked_once(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").cancels = False
    _move(trading)
    _sync(trading)
    trading.trade("shop").edit("o1", 1, 1)
    for street in ("New 3", "New 4", "New 5"):
        _move(trading, street)
        trading.sync()
    assert _cancels(trading) == ["dropped", "blocked"]


def test_an_order_that_is_reopened_and_canceled_once_more_is_called_off_though_that_was_refused_before(
    trading: Desk,
) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").cancels = False
    trading.trade("shop").cancel("o1")
    _sync(trading)
    trading.change("o1", status="open")
    _sync(trading)
    trading.trade("tpl").cancels = True
    trading.trade("shop").cancel("o1")
    _sync(trading)
    assert trading.requests("tpl") == {"shop-o1-1": "canceled"}


def test_what_a_3pl_takes_up_again_of_a_canceled_order_is_called_off_again_but_not_for_ever(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("shop").cancel("o1")
    _sync(trading)
    for _ in range(2):
        _reopen(trading)
        _sync(trading)
        assert (trading.requests("tpl"), trading.standing()) == ({"shop-o1-1": "canceled"}, ("canceled", ""))
    for _ in range(3):
        _reopen(trading)
        _sync(trading)
    assert trading.standing() == ("canceled", "cancel_refused")
    assert _cancels(trading) == ["done"] * 3
    assert sorted(trading.incidents()) == ["cancel_refused", "reopened_there"]


def test_a_lost_request_that_lands_after_its_order_was_canceled_is_called_off(trading: Desk) -> None:
    world: Any = trading.world("tpl")
    trading.place(2)
    world.hold_next_write = True
    world.after_write.append(AmbiguousError("no answer"))
    trading.sync(after=1)
    trading.trade("shop").cancel("o1")
    trading.sync(after=5)
    for _ in range(2):
        trading.sync(after=600)
    while world.late:
        world.late.pop()()
    for _ in range(3):
        trading.sync(ReadMode.FULL)
    assert trading.requests("tpl") == {"shop-o1-1": "canceled"}


def _streets(desk: Desk) -> dict[str, tuple[str, str]]:
    held = desk.trade("tpl").requests
    return {name: (one["status"], one["document"]["shipping_address"]["street"]) for name, one in held.items()}


def test_r15_of_two_generations_that_run_the_former_is_called_off_and_a_person_told(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    _move(trading)
    _sync(trading, 2)
    _reopen(trading)
    _sync(trading)
    assert _streets(trading) == {"shop-o1-1": ("canceled", "Main St 1"), "shop-o1-2": ("accepted", "New 2")}
    assert (trading.standing(), trading.incidents()) == (("asked", ""), [])


def test_r15_a_document_that_runs_again_beside_its_successor_is_called_off(desk: Desk) -> None:
    desk.place(2)
    desk.sync()
    _move(desk)
    _sync(desk, 2)
    _reopen(desk, name="erp")
    _sync(desk)
    assert desk.requests() == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}


def test_two_lines_of_one_id_are_asked_of_no_one_and_all_of_their_units_are_held(trading: Desk) -> None:
    trading.place(1)
    order = trading.trade("shop").orders["o1"]
    line = order["lines"][0]
    order.update(lines=[line, {**line, "quantity": 2, "ordered": 2, "amount": "20.00"}], total="30.00")
    _sync(trading, 2)
    assert (trading.requests("tpl"), trading.requests()) == ({}, {})
    assert trading.standing() == ("blocked", "duplicate_line")
    assert trading.reserved() == 3


def test_what_left_before_its_cancellation_was_refused_stays_as_it_was_seen(trading: Desk) -> None:
    trading.place(3)
    trading.sync()
    _move(trading)
    trading.world("tpl").before_write.append(RetriableError("busy"))
    trading.sync()
    # It leaves short before the 3PL can be asked again, and the 3PL is done with it.
    trading.trade("tpl").ship("shop-o1-1", {"SKU-1": 1})
    trading.trade("tpl").requests["shop-o1-1"]["status"] = "shipped"
    _sync(trading)
    assert _cancels(trading) == ["blocked"]
    assert (trading.standing(), trading.incidents()) == (("blocked", "shipped_short"), ["cancel_refused"])


def test_a_cancellation_that_is_refused_since_it_was_canceled_there_before_is_no_trouble(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    _move(trading)
    trading.world("tpl").before_write.append(RetriableError("busy"))
    trading.sync()
    trading.trade("tpl").call_off("shop-o1-1")
    trading.trade("tpl").refuses["requests.cancel"] = "canceled_already"
    _sync(trading)
    assert _streets(trading) == {"shop-o1-1": ("canceled", "Main St 1"), "shop-o1-2": ("accepted", "New 2")}
    assert (trading.standing(), trading.incidents()) == (("asked", ""), [])
