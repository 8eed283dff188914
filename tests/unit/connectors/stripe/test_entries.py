"""The balance: every entry once, with the payout it went out with; every payout explained to the cent."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.payment import BalanceEntry, PayoutRecord
from connectors.simulation import Ticker
from connectors.stripe.simulator import StripeSimulator
from tests.unit.connectors.stripe.stage import DAY, Stage, ids_of, records_of

ENTRIES = "balance_transactions"


def live(stage: Stage) -> list[str]:
    """Payments in three currencies, a refund, claims lost and won, a fee of Stripe's own, payouts, one sale."""
    admin = stage.account.admin
    charges = [admin.pay(10_000 + number) for number in range(4)]
    admin.pay(25_000, "jpy")
    admin.pay(5_120, "kwd")
    admin.refund(charges[0], 2_500)
    admin.close_claim(admin.charge_back(charges[1]), won=False)
    admin.close_claim(admin.charge_back(charges[2]), won=True)
    admin.bill(199)
    stage.clock.advance(3 * DAY)
    first = admin.pay_out()
    admin.pay(7_000)
    stage.clock.advance(3 * DAY)
    second = admin.pay_out()
    admin.pay(3_000)
    return [payout for payout in (first, second) if payout is not None]


def explained(stage: Stage) -> dict[str, tuple[Decimal, Decimal]]:
    """For each itemized payout what it paid, and what its entries add up to."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in stage.documents("balance_entry"):
        if entry.payout_id and entry.category != "payout":
            sums[entry.payout_id] += entry.net
    payouts: list[PayoutRecord] = stage.documents("payout")
    return {payout.id: (payout.amount, sums[payout.id]) for payout in payouts if payout.itemized}


def test_every_payout_is_the_sum_of_its_entries(stage: Stage) -> None:
    payouts = live(stage)
    found = explained(stage)
    assert sorted(found) == sorted(payouts)
    assert [paid for paid, _ in found.values()] == [added for _, added in found.values()]
    assert all(paid > 0 for paid, _ in found.values())


def test_every_entry_comes_once_and_the_unpaid_ones_without_a_payout(stage: Stage) -> None:
    live(stage)
    pages = list(stage.connector.pull(ENTRIES, ()))
    assert sorted(ids_of(pages)) == sorted(stage.account.snapshot()["balance_transaction"])
    assert [page.complete for page in pages][-1]
    unpaid = [record for record in records_of(pages) if record["payout"] is None]
    assert [(record["type"], record["amount"]) for record in unpaid] == [("charge", 3_000)]


def test_a_lookup_tells_the_same_of_an_entry_as_a_full_read(stage: Stage) -> None:
    live(stage)
    whole = {record["id"]: record for record in stage.pull(ENTRIES)}
    found = records_of(stage.connector.lookup(ENTRIES, (), [*whole, "txn_none"]))
    assert {record["id"]: record for record in found} == whole


def test_a_payout_by_hand_is_not_itemized_and_its_entries_have_no_payout(stage: Stage) -> None:
    admin = stage.account.admin
    admin.pay(10_000)
    stage.clock.advance(3 * DAY)
    admin.pay_out_by_hand(5_000, method="instant")
    stage.account.log.clear()
    assert {record["payout"] for record in stage.pull(ENTRIES)} == {None}
    assert [call.status for call in stage.account.log.entries] == [200, 200]
    (payout,) = stage.documents("payout")
    assert (payout.automatic, payout.itemized) == (False, False)
    assert {
        record["payout"] for record in records_of(stage.connector.lookup(ENTRIES, (), ["txn_0000000000000002"]))
    } == {None}


@pytest.mark.parametrize("early", ["half", "all", "refused"])
def test_a_payout_is_not_itemized_before_it_is_reconciled(stage: Stage, early: Any) -> None:
    stage.account.switches.early_items = early
    admin = stage.account.admin
    admin.pay(10_000)
    stage.clock.advance(3 * DAY)
    payout = admin.pay_out(reconciled=False)
    assert payout is not None
    assert {record["payout"] for record in stage.pull(ENTRIES)} == {None}
    cursor = stage.cursor(ENTRIES)
    stage.clock.advance(DAY)
    admin.reconcile(payout)
    assert {record["id"]: record["payout"] for record in stage.changed(ENTRIES, cursor)} == {
        "txn_0000000000000001": payout,
        "txn_0000000000000002": payout,
    }
    assert explained(stage)[payout] == (Decimal("96.80"), Decimal("96.80"))


def test_a_payout_that_bounced_gives_its_money_back_to_the_next(stage: Stage) -> None:
    admin = stage.account.admin
    admin.pay(10_000)
    stage.clock.advance(3 * DAY)
    bounced = admin.pay_out()
    assert bounced is not None
    admin.bounce(bounced)
    again = admin.pay_out()
    assert again is not None
    found = explained(stage)
    assert found[bounced] == found[again] == (Decimal("96.80"), Decimal("96.80"))
    statuses = {payout.id: payout.status for payout in stage.documents("payout")}
    assert statuses == {bounced: "failed", again: "paid"}


def test_after_a_long_pause_the_whole_balance_is_read(stage: Stage) -> None:
    cursor = stage.cursor(ENTRIES)
    payouts = live(stage)
    stage.clock.advance(40 * DAY)
    found = stage.changed(ENTRIES, cursor)
    assert len(found) == len(stage.account.snapshot()["balance_transaction"])
    assert {record["payout"] for record in found} == {None, *payouts}


def test_a_conversion_tells_its_rate_and_is_booked_in_the_currency_of_the_balance(stage: Stage) -> None:
    stage.account.admin.pay(25_000, "jpy")
    entry: BalanceEntry = stage.documents("balance_entry")[0]
    assert (entry.currency, entry.amount, entry.exchange_rate) == ("EUR", Decimal("152.50"), Decimal("0.0061"))
    (charge,) = stage.documents("charge")
    assert (charge.currency, charge.amount, charge.balance_id) == ("JPY", Decimal(25_000), entry.id)


def test_a_claim_moves_money_with_its_fee_and_an_inquiry_none(stage: Stage) -> None:
    admin = stage.account.admin
    lost, asked = admin.pay(5_000), admin.pay(6_000)
    claim = admin.charge_back(lost)
    admin.charge_back(asked, warning=True)
    disputes = {dispute.charge_id: dispute for dispute in stage.documents("dispute")}
    entries = {entry.id: entry for entry in stage.documents("balance_entry")}
    assert disputes[asked].balance_ids == ()
    (taken,) = disputes[lost].balance_ids
    booked = entries[taken]
    assert (booked.amount, booked.fee, booked.net) == (Decimal("-50.00"), Decimal("15.00"), Decimal("-65.00"))
    assert (booked.category, booked.source_id) == ("dispute", claim)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["eur", "jpy", "kwd", "usd", "isk"]),
            st.integers(1, 400),
            st.sampled_from(["keep", "refund", "part", "lose", "win", "fail", "out"]),
        ),
        max_size=25,
    )
)
def test_whatever_happens_every_itemized_payout_is_explained_to_the_cent(story: list[tuple[str, int, str]]) -> None:
    clock = Ticker()
    stage = Stage(clock, StripeSimulator(clock=clock, settles=frozenset({"usd"})))
    admin = stage.account.admin
    for currency, hundreds, turn in story:
        charge = admin.pay(hundreds * 100, currency)
        if turn in ("refund", "part", "fail"):
            refund = admin.refund(charge, None if turn == "refund" else 100)
            if turn == "fail":
                admin.fail_refund(refund)
        elif turn in ("lose", "win"):
            admin.close_claim(admin.charge_back(charge), won=turn == "win")
        clock.advance(DAY // 2)
        if turn == "out":
            admin.pay_out("eur")
            admin.pay_out("usd")
    found = explained(stage)
    assert {payout: paid for payout, (paid, _) in found.items()} == {
        payout: added for payout, (_, added) in found.items()
    }
    whole = stage.pull(ENTRIES)
    assert len(whole) == len(stage.account.snapshot()["balance_transaction"])
    again = records_of(stage.connector.lookup(ENTRIES, (), [record["id"] for record in whole]))
    assert json.dumps(sorted(again, key=str)) == json.dumps(sorted(whole, key=str))
