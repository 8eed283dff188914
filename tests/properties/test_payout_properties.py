"""Whatever happens on an account, every payout is explained to the smallest unit; reading changes alone misses none."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from canonical.payment import BalanceEntry, DisputeStatus, MovementStatus
from connectors.simulation import Ticker
from connectors.stripe.simulator import StripeSimulator, Switches
from sync.payments.payouts import explain
from tests.unit.connectors.stripe.stage import DAY, MAPPINGS, Stage

STEPS = {"eur": 1, "usd": 1, "jpy": 1, "kwd": 10, "isk": 100}
PLACES = {"eur": 2, "usd": 2, "jpy": 0, "kwd": 3, "isk": 2}
KEPT = ("eur", "jpy", "usd")
"""The currencies of the balance; what is paid in others is changed into euros."""
_ACCOUNTS, _PARTS, _STEPS = 32, 2, 30
DOCUMENTS = ("charge", "refund_record", "dispute", "balance_entry", "payout")


class _Account:
    """An account on which things happen, and a reader that only ever asks for what changed."""

    def __init__(self, **switches: Any) -> None:
        self.clock = Ticker()
        self.simulator = StripeSimulator(clock=self.clock, switches=Switches(**switches), settles=frozenset(KEPT))
        self.stage = Stage(self.clock, self.simulator)
        self.held: dict[str, dict[str, Any]] = {document: {} for document in DOCUMENTS}
        self.cursors: dict[str, str] = {}
        self.charges: list[str] = []
        self.open_claims: list[str] = []
        self.late_refunds: list[str] = []
        self.unreconciled: list[str] = []
        self.arrived: list[str] = []

    def act(self, chance: Random) -> None:
        """One thing happens."""
        name = chance.choice(["pay", "pay", "refund", "claim", "decide", "settle", "bill", "out", "bounce"])
        getattr(self, f"_{name}")(chance)
        self.clock.advance(chance.choice([1, 3600, DAY, 3 * DAY]))

    def read(self) -> None:
        """Read everything the first time, and what changed from then on."""
        for document, held in self.held.items():
            mapping = MAPPINGS[document]
            resource, paths, connector = mapping.resource, mapping.read_paths, self.stage.connector
            cursor = self.cursors.get(document)
            pages = connector.changed_since(resource, paths, cursor) if cursor else connector.pull(resource, paths)
            for page in pages:
                records: list[Any] = [mapping.decode(record) for record in page.records]
                held.update({one.id: one for one in records})
                self.cursors[document] = page.cursor or self.cursors.get(document, "")

    def _pay(self, chance: Random) -> None:
        currency = chance.choice(sorted(STEPS))
        amount = chance.randint(50, 99_999) * STEPS[currency]
        self.charges.append(self.simulator.admin.pay(amount, currency))

    def _refund(self, chance: Random) -> None:
        charges = self.simulator.snapshot()["charge"]
        able = [one for one in charges.values() if not one["refunded"] and not one["disputed"]]
        if able:
            charge = chance.choice(able)
            left = (charge["amount"] - charge["amount_refunded"]) // STEPS[charge["currency"]]
            amount = chance.randint(1, left) * STEPS[charge["currency"]]
            self.late_refunds.append(self.simulator.admin.refund(charge["id"], amount))

    def _settle(self, chance: Random) -> None:
        """A refund goes through late, or comes back from the buyer's bank."""
        if self.late_refunds:
            refund = self.late_refunds.pop(0)
            pending = self.simulator.snapshot()["refund"][refund]["status"] == "pending"
            if pending and chance.random() < 0.5:
                self.simulator.admin.settle_refund(refund)
            else:
                self.simulator.admin.fail_refund(refund)

    def _claim(self, chance: Random) -> None:
        charges = self.simulator.snapshot()["charge"]
        able = [one for one in charges.values() if not one["disputed"] and not one["amount_refunded"]]
        if able:
            charge = chance.choice(able)
            self.open_claims.append(self.simulator.admin.charge_back(charge["id"], warning=chance.random() < 0.5))

    def _decide(self, chance: Random) -> None:
        if self.open_claims:
            self.simulator.admin.close_claim(self.open_claims.pop(), won=chance.random() < 0.5)

    def _bill(self, chance: Random) -> None:
        self.simulator.admin.bill(chance.randint(1, 500), chance.choice(KEPT))

    def _out(self, chance: Random) -> None:
        """A payout, reconciled now or at the next one."""
        for payout in self.unreconciled:
            self.simulator.admin.reconcile(payout)
        reconciled = chance.random() < 0.5
        made = self.simulator.admin.pay_out(chance.choice(KEPT), reconciled=reconciled)
        self.unreconciled = [made] if made and not reconciled else []
        self.arrived += [made] if made else []

    def _bounce(self, _chance: Random) -> None:
        if self.arrived:
            self.simulator.admin.bounce(self.arrived.pop())


@pytest.mark.parametrize("part", range(_PARTS))
def test_every_payout_of_any_account_is_explained_and_changes_alone_tell_all(part: int) -> None:
    paid_out = 0
    for seed in range(part, _ACCOUNTS, _PARTS):
        account = _lived(Random(seed))
        whole = {document: account.stage.documents(document) for document in DOCUMENTS}
        for document, records in whole.items():
            assert account.held[document] == {one.id: one for one in records}, (seed, document)
        explained = explain(whole["payout"], whole["balance_entry"])
        assert [(one.reason, one.rest) for one in explained] == [("", Decimal(0))] * len(explained), seed
        for currency in ("JPY", "USD"):
            assert _booked(whole, currency) == _moved(whole, currency), seed
        taken = account.simulator.snapshot()["charge"].values()
        assert {one.id: one.captured for one in whole["charge"]} == {one["id"]: _amount(one) for one in taken}
        paid_out += len(explained)
    assert paid_out > _ACCOUNTS // _PARTS


def _lived(chance: Random) -> _Account:
    """An account some weeks later, read now and then, and once more in the end."""
    account = _Account(
        refund_status=chance.choice(["succeeded", "pending"]),
        dispute_fee_returned=chance.random() < 0.5,
        early_items=chance.choice(["half", "refused"]),
    )
    account.read()
    for _ in range(_STEPS):
        account.act(chance)
        if chance.random() < 0.3:
            account.read()
    for payout in account.unreconciled:
        account.simulator.admin.reconcile(payout)
    account.read()
    return account


def _amount(charge: dict[str, Any]) -> Decimal:
    return Decimal(charge["amount_captured"]).scaleb(-PLACES[charge["currency"]])


def _booked(whole: dict[str, list[Any]], currency: str) -> Decimal:
    """What the entries of a currency that nothing is changed into say of buyers' money, before fees."""
    entries: list[BalanceEntry] = whole["balance_entry"]
    assert all(entry.amount - entry.fee == entry.net for entry in entries)
    bought = {"charge", "refund", "refund_failure", "dispute", "dispute_reversal"}
    return sum((one.amount for one in entries if one.currency == currency and one.category in bought), Decimal(0))


def _moved(whole: dict[str, list[Any]], currency: str) -> Decimal:
    """The same, as the charges, refunds and disputes themselves tell."""
    charges = sum((one.captured for one in whole["charge"] if one.currency == currency), Decimal(0))
    refunds = [one for one in whole["refund_record"] if one.status is MovementStatus.SUCCEEDED]
    back = sum((one.amount for one in refunds if one.currency == currency), Decimal(0))
    kept = (DisputeStatus.WARNING, DisputeStatus.WON)
    lost = [one for one in whole["dispute"] if one.currency == currency and one.status not in kept]
    return charges - back - sum((one.amount for one in lost), Decimal(0))
