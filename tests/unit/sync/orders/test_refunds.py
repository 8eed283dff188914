"""Money given back is told once to everyone who has to know it, and paid only where that was asked for (R15)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from canonical.errors import AmbiguousError
from sync.backup import backup
from sync.config import Processor
from sync.observe import ReadMode
from sync.orders import acts
from sync.payments.refunds import RefundsBy
from sync.restore import restore
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]


def _paid(desk: Desk, units: int = 2, **more: Any) -> str:
    """An order that was paid through the processor, and its charge there."""
    number = f"o{len(desk.trade('shop').orders) + 1}"
    amount = f"{10 * units}.00"
    payment = {"id": "t1", "kind": "sale", "amount": amount, "currency": "EUR", "gateway": "pay", "reference": "pi_1"}
    placed = desk.place(units, id=number, payments=[payment], **more)
    desk.trade("pay").charge("ch_1", amount, desk.trading.clock.now(), payment_id="pi_1")
    return placed


def _syncs(desk: Desk, times: int = 3, **more: Any) -> None:
    for _ in range(times):
        desk.sync(ReadMode.FULL, **more)


def _desk(opens: OpenDesk, by: RefundsBy = RefundsBy.MANUAL) -> Desk:
    return opens(others=("pay",), processors={"pay": Processor(("shop",), frozenset({"pay"}), by)})


def _amount(name: str, amount: str) -> dict[str, str]:
    return {"id": name, "amount": amount, "currency": "EUR"}


def _notes(desk: Desk, name: str) -> list[tuple[str, str]]:
    return [(str(one["order_id"]), str(one["amount"])) for one in desk.trade(name).noted.values()]


def test_a_channels_refund_is_told_to_the_books_once_and_nobody_is_asked_to_pay(both_of: OpenDesk) -> None:
    desk = _desk(both_of)
    number = _paid(desk)
    desk.sync()
    desk.trade("erp").ship("shop-o1-1")
    desk.sync()
    desk.trade("shop").refund(number, 1, 1, desk.trading.clock.now(), restock=False)
    _syncs(desk)
    (told,) = desk.trade("erp").noted.values()
    assert (told["order_id"], told["amount"], told["currency"]) == ("q1", "10.00", "EUR")
    assert told["lines"] == [{"quantity": 1, "line_id": "o1-1", "sku": "SKU-1"}]
    assert (desk.trade("pay").paybacks, _notes(desk, "shop"), desk.incidents()) == ({}, [], [])
    # The processor books it as well, a day later: it is the same refund.
    desk.trade("pay").give_back("re_1", "ch_1", "10.00", desk.trading.clock.now())
    _syncs(desk)
    assert (len(_notes(desk, "erp")), _notes(desk, "shop")) == (1, [])


def test_a_refund_that_is_told_moves_no_goods(desk_of: OpenDesk) -> None:
    desk = _desk(desk_of)
    number = _paid(desk)
    desk.sync()
    desk.trade("erp").ship("shop-o1-1")
    desk.sync()
    before = {name: desk.world(name).stock("SKU-1", "WH1") for name in ("erp", "shop")}
    desk.trade("shop").refund(number, 1, 1, desk.trading.clock.now(), restock=False)
    _syncs(desk)
    assert {name: desk.world(name).stock("SKU-1", "WH1") for name in ("erp", "shop")} == before


def test_units_refunded_before_they_left_are_in_no_document_whose_money_would_go_off_twice(desk_of: OpenDesk) -> None:
    desk = _desk(desk_of)
    number = _paid(desk)
    desk.sync()
    desk.trade("shop").refund(number, 1, 1, desk.trading.clock.now(), restock=True)
    _syncs(desk)
    assert desk.requests() == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}
    assert _notes(desk, "erp") == []
    desk.change(number, refunds=[*desk.trade("shop").orders[number]["refunds"], _amount("r9", "1.00")])
    _syncs(desk)
    assert _notes(desk, "erp") == [("q2", "1.00")]


def test_a_refund_made_at_the_processor_that_commands_them_is_told_to_channel_and_books_once(both_of: OpenDesk) -> None:
    desk = _desk(both_of, RefundsBy.PROCESSOR)
    _paid(desk)
    desk.sync()
    desk.trade("pay").give_back("re_1", "ch_1", "5.00", desk.trading.clock.now())
    _syncs(desk, 4)
    assert (_notes(desk, "shop"), _notes(desk, "erp")) == ([("o1", "5.00")], [("q1", "5.00")])
    assert [one["amount"] for one in desk.trade("shop").orders["o1"]["refunds"]] == ["5.00"]
    # A second one of the same amount is another refund.
    desk.trade("pay").give_back("re_2", "ch_1", "5.00", desk.trading.clock.now())
    _syncs(desk, 4)
    assert (len(_notes(desk, "shop")), len(_notes(desk, "erp"))) == (2, 2)


def test_a_refund_that_did_not_succeed_is_told_to_nobody(desk_of: OpenDesk) -> None:
    desk = _desk(desk_of, RefundsBy.PROCESSOR)
    _paid(desk)
    desk.sync()
    desk.trade("pay").give_back("re_1", "ch_1", "5.00", desk.trading.clock.now(), status="failed")
    _syncs(desk)
    assert (_notes(desk, "shop"), _notes(desk, "erp")) == ([], [])


@pytest.mark.parametrize("lost", [False, True])
def test_a_refund_noted_on_the_channel_is_paid_once_where_the_processor_is_asked_to(
    desk_of: OpenDesk, *, lost: bool
) -> None:
    desk = _desk(desk_of, RefundsBy.REQUEST)
    number = _paid(desk)
    desk.sync()
    desk.trade("erp").ship("shop-o1-1")
    desk.sync()
    desk.trade("shop").refund(number, 1, 1, desk.trading.clock.now(), restock=False)
    desk.sync()
    assert desk.standing() == ("waiting", "refund_pending")
    if lost:
        desk.world("pay").after_write.append(AmbiguousError("no answer"))
    _syncs(desk, 5, after=400)
    assert [one["amount"] for one in desk.trade("pay").paybacks.values()] == ["10.00"]
    assert (_notes(desk, "erp"), _notes(desk, "shop")) == ([("q1", "10.00")], [])


def test_a_refund_that_the_channels_own_gateway_paid_meanwhile_is_not_paid_again(desk_of: OpenDesk) -> None:
    desk = _desk(desk_of, RefundsBy.REQUEST)
    number = _paid(desk)
    desk.sync()
    desk.trade("erp").ship("shop-o1-1")
    desk.sync()
    desk.trade("shop").refund(number, 1, 1, desk.trading.clock.now(), restock=False)
    desk.sync()
    desk.trade("pay").give_back("re_1", "ch_1", "10.00", desk.trading.clock.now())
    _syncs(desk, 5, after=400)
    assert list(desk.trade("pay").paybacks) == ["re_1"]
    assert _notes(desk, "erp") == [("q1", "10.00")]


def test_a_refund_above_what_was_paid_blocks_its_order_and_is_told_on_a_persons_word(desk_of: OpenDesk) -> None:
    desk = _desk(desk_of)
    number = _paid(desk)
    other = desk.place(1, sku="SKU-2")
    desk.sync()
    desk.change(number, refunds=[_amount("r1", "20.01")])
    desk.change(other, note="touched")
    _syncs(desk)
    assert (desk.standing(number), desk.standing(other)) == (("blocked", "refund_above_total"), ("asked", ""))
    assert "0.01 EUR more" in desk.row(number).detail
    assert _notes(desk, "erp") == []
    acts.release(desk.trading.hub, desk.row(number))
    _syncs(desk)
    assert (desk.standing(number), _notes(desk, "erp")) == (("asked", ""), [("q1", "20.01")])


def test_a_refund_that_names_no_order_stays_to_be_seen_until_its_order_is_known(desk_of: OpenDesk) -> None:
    desk = _desk(desk_of, RefundsBy.PROCESSOR)
    pay, now = desk.trade("pay"), desk.trading.clock.now()
    pay.charge("ch_9", "20.00", now, payment_id="pi_9")
    pay.give_back("re_9", "ch_9", "20.00", now)
    _syncs(desk)
    assert desk.incidents() == ["refund_without_order"]
    payment = {"id": "t", "kind": "sale", "amount": "20.00", "currency": "EUR", "gateway": "pay", "reference": "pi_9"}
    desk.place(2, payments=[payment])
    _syncs(desk)
    assert (desk.incidents(), _notes(desk, "shop")) == ([], [("o1", "20.00")])


def test_a_credit_note_that_names_no_order_is_blocked_and_the_next_order_goes_on(desk_of: OpenDesk) -> None:
    desk = desk_of()
    note, good = desk.place(1, location=""), desk.place(1, sku="SKU-2")
    line = desk.trade("shop").orders[note]["lines"][0]
    desk.change(note, lines=[{**line, "quantity": -1, "ordered": 0, "amount": "-10.00"}], total="-10.00")
    _syncs(desk)
    assert (desk.standing(note), desk.standing(good)) == (("blocked", "refund_without_order"), ("asked", ""))
    assert (list(desk.requests()), desk.reserved()) == (["shop-o2-1"], 0)
    acts.release(desk.trading.hub, desk.row(note))
    _syncs(desk)
    assert desk.standing(note) == ("done", "")


def test_books_that_refuse_to_be_told_block_the_order_with_their_reason(desk_of: OpenDesk) -> None:
    desk = _desk(desk_of)
    number = _paid(desk)
    desk.sync()
    desk.trade("erp").refuses["refunds.tell"] = "period_closed"
    desk.trade("shop").refund(number, 1, 1, desk.trading.clock.now(), restock=False)
    desk.trade("erp").ship("shop-o1-1")
    _syncs(desk)
    assert desk.standing() == ("blocked", "period_closed")
    desk.trade("erp").refuses.clear()
    acts.release(desk.trading.hub, desk.row())
    _syncs(desk)
    assert (desk.standing(), _notes(desk, "erp")) == (("done", ""), [("q1", "10.00")])


def test_a_refund_paid_since_the_database_was_copied_is_not_paid_again_after_the_copy_was_put_back(
    desk_of: OpenDesk, tmp_path: Path
) -> None:
    desk = _desk(desk_of, RefundsBy.REQUEST)
    number = _paid(desk)
    desk.sync()
    desk.trade("erp").ship("shop-o1-1")
    desk.sync()
    desk.trade("shop").refund(number, 1, 1, desk.trading.clock.now(), restock=False)
    desk.sync()
    desk.trading.clock.advance(700)
    assert desk.kill("before the effect")
    assert desk.effects()["pay", "pay", "waiting"] == 1
    hub = desk.trading.hub
    backup(hub.database, tmp_path / "copy", hub.stamp())
    _syncs(desk)
    assert len(desk.trade("pay").paybacks) == 1
    hub.database.close()
    restore(hub.database, tmp_path / "copy", hub.clock)
    _syncs(desk, 5, after=400)
    # Another key would have moved money again: the processor was not even asked.
    assert desk.world("pay").writes == [("refunds.pay", 1)]
    assert len(_notes(desk, "erp")) == 1


def test_a_refund_that_was_still_to_be_paid_is_paid_after_the_copy_was_put_back(
    desk_of: OpenDesk, tmp_path: Path
) -> None:
    desk = _desk(desk_of, RefundsBy.REQUEST)
    number = _paid(desk)
    desk.sync()
    desk.trade("shop").refund(number, 1, 1, desk.trading.clock.now(), restock=False)
    desk.sync()
    desk.trading.clock.advance(700)
    assert desk.kill("before the effect")
    hub = desk.trading.hub
    backup(hub.database, tmp_path / "copy", hub.stamp())
    hub.database.close()
    restore(hub.database, tmp_path / "copy", hub.clock)
    _syncs(desk, 5, after=400)
    assert len(desk.trade("pay").paybacks) == 1


def test_a_refund_that_its_channel_takes_back_before_it_was_paid_is_not_paid(both_of: OpenDesk) -> None:
    desk = _desk(both_of, RefundsBy.REQUEST)
    number = _paid(desk)
    desk.sync()
    desk.change(number, refunds=[_amount("r1", "5.00")])
    desk.sync(ReadMode.FULL)
    assert desk.standing(number) == ("waiting", "refund_pending")
    desk.change(number, refunds=[])
    _syncs(desk, after=900)
    assert (desk.trade("pay").paybacks, _notes(desk, "erp")) == ({}, [])
    assert (desk.standing(number), desk.incidents()) == (("asked", ""), [])
    desk.change(number, refunds=[_amount("r1", "5.00")])
    _syncs(desk, after=900)
    assert [one["amount"] for one in desk.trade("pay").paybacks.values()] == ["5.00"]


def test_a_refund_that_is_taken_back_after_it_was_paid_is_told_to_a_person(desk_of: OpenDesk) -> None:
    desk = _desk(desk_of, RefundsBy.REQUEST)
    number = _paid(desk)
    desk.sync()
    desk.change(number, refunds=[_amount("r1", "5.00")])
    _syncs(desk, after=900)
    assert len(desk.trade("pay").paybacks) == 1
    desk.change(number, refunds=[])
    _syncs(desk)
    assert (desk.incidents(), len(desk.trade("pay").paybacks)) == (["refund_taken_back"], 1)
    desk.change(number, refunds=[_amount("r1", "5.00")])
    _syncs(desk)
    assert (desk.incidents(), len(desk.trade("pay").paybacks)) == ([], 1)


def test_a_refund_is_paid_from_the_money_that_the_processor_took(desk_of: OpenDesk) -> None:
    desk = _desk(desk_of, RefundsBy.REQUEST)
    sale = {"kind": "sale", "currency": "EUR", "gateway": "pay"}
    payments = [
        {**sale, "id": "t1", "amount": "20.00", "reference": "pi_0", "status": "failed"},
        {**sale, "id": "t2", "amount": "5.00", "reference": "gc_1", "gateway": "gift_card"},
        {**sale, "id": "t3", "amount": "15.00", "reference": "pi_1"},
    ]
    number = desk.place(2, payments=payments)
    desk.trade("pay").charge("ch_1", "15.00", desk.trading.clock.now(), payment_id="pi_1")
    desk.sync()
    desk.change(number, refunds=[_amount("r1", "5.00")])
    _syncs(desk, after=900)
    assert [(one["charge_id"], one["amount"]) for one in desk.trade("pay").paybacks.values()] == [("ch_1", "5.00")]
