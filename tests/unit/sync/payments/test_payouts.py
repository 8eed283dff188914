"""Every payout is the sum of its bookings, to the smallest unit of its currency, or says what is missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from canonical.payment import BalanceEntry, PayoutRecord
from sync.payments.payouts import Explained, explain, waiting
from tests.support.sales import NOW


def _payout(amount: str, **more: Any) -> PayoutRecord:
    values = {"id": "po_1", "amount": Decimal(amount), "currency": "EUR", "status": "paid", "created_at": NOW}
    return PayoutRecord(**{**values, "itemized": True, "balance_id": "txn_po_1", **more})


def _entry(category: str, amount: str, fee: str = "0", **more: Any) -> BalanceEntry:
    net = Decimal(amount) - Decimal(fee)
    values = {"id": f"txn_{category}_{amount}", "amount": Decimal(amount), "fee": Decimal(fee), "net": net}
    base = {"currency": "EUR", "category": category, "created_at": NOW, "payout_id": "po_1"}
    return BalanceEntry(**{**values, **base, **more})


def _one(payout: PayoutRecord, *entries: BalanceEntry) -> Explained:
    (found,) = explain([payout], entries)
    return found


def test_charges_less_fees_refunds_and_disputes_make_the_payout() -> None:
    found = _one(
        _payout("71.40"),
        _entry("charge", "100.00", "3.20"),
        _entry("refund", "-10.00"),
        _entry("dispute", "-0.40", "15.00"),
        _entry("payout", "-71.40", id="txn_po_1", source_id="po_1"),
    )
    assert (found.reason, found.rest, found.fees, found.entries) == ("", Decimal(0), Decimal("18.20"), 3)
    assert found.parts == {"charge": Decimal("100.00"), "refund": Decimal("-10.00"), "dispute": Decimal("-0.40")}


@pytest.mark.parametrize(
    ("currency", "amount", "off"), [("JPY", "1980", "1"), ("EUR", "19.80", "0.01"), ("KWD", "19.800", "0.001")]
)
def test_the_smallest_unit_that_nothing_explains_is_told(currency: str, amount: str, off: str) -> None:
    entry = _entry("charge", amount, currency=currency)
    assert _one(_payout(amount, currency=currency), entry).reason == ""
    found = _one(_payout(str(Decimal(amount) + Decimal(off)), currency=currency), entry)
    assert (found.reason, found.rest) == ("payout_differs", Decimal(off))


def test_a_booking_in_another_currency_explains_nothing() -> None:
    assert _one(_payout("10"), _entry("charge", "10", currency="USD")).reason == "payout_differs"


def test_a_booking_whose_parts_do_not_add_up_is_told_though_the_sum_is_right() -> None:
    assert _one(_payout("9"), _entry("charge", "10", fee="0.50", net=Decimal(9))).reason == "payout_differs"


def test_a_payout_that_came_back_is_part_of_the_next_one() -> None:
    failed = _payout("50.00", status="failed")
    following = _payout("80.00", id="po_2", balance_id="txn_po_2")
    entries = [
        _entry("charge", "50.00"),
        _entry("payout", "-50.00", id="txn_po_1", source_id="po_1"),
        _entry("payout_reversal", "50.00", source_id="po_1", payout_id="po_2"),
        _entry("charge", "30.00", payout_id="po_2"),
        _entry("payout", "-80.00", id="txn_po_2", source_id="po_2", payout_id="po_2"),
    ]
    assert [(one.rest, one.reason) for one in explain([failed, following], entries)] == [(Decimal(0), "")] * 2


def test_a_payout_that_came_back_is_told_until_its_money_is_in_another_one() -> None:
    failed, charge = _payout("50.00", status="failed"), _entry("charge", "50.00")
    back = {"category": "payout_reversal", "amount": "50.00", "source_id": "po_1"}
    assert _one(failed, charge, _entry(**back, payout_id="")).reason == "payout_returned"
    following = _payout("50.00", id="po_2", balance_id="txn_po_2")
    found = explain([following, failed], [charge, _entry(**back, payout_id="po_2")])
    assert [(one.reason, one.rest) for one in found] == [("", Decimal(0))] * 2


def test_what_is_booked_and_in_no_payout_is_still_on_the_balance_by_currency() -> None:
    entries = [
        _entry("charge", "10", "0.59"),
        _entry("charge", "7", payout_id=""),
        _entry("refund", "-9", payout_id=""),
    ]
    entries += [_entry("charge", "500", currency="JPY", payout_id="")]
    assert waiting(entries) == {"EUR": Decimal(-2), "JPY": Decimal(500)}


def test_money_taken_back_from_the_bank_is_a_payout_below_zero() -> None:
    assert _one(_payout("-12.50"), _entry("refund", "-12.50")).reason == ""


def test_a_payout_made_by_hand_or_not_yet_itemized_says_so_instead_of_a_difference() -> None:
    assert _one(_payout("10", automatic=False)).reason == "not_itemizable"
    assert _one(_payout("10", itemized=False)).reason == "not_yet"


def test_bookings_that_were_not_paid_out_belong_to_no_payout() -> None:
    assert _one(_payout("10"), _entry("charge", "10"), _entry("charge", "7", payout_id="")).reason == ""
