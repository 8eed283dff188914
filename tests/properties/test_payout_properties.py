"""Whatever happens on an account, every payout is explained to the smallest unit; reading changes alone misses none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.payment import BalanceEntry, DisputeStatus, MovementStatus
from connectors.simulation import Ticker
from connectors.stripe.simulator import StripeSimulator, Switches
from sync.payments.payouts import explain
from tests.unit.connectors.stripe.stage import DAY, MAPPINGS, Stage

STEPS = {"eur": 1, "usd": 1, "jpy": 1, "kwd": 10, "isk": 100}
KEPT = ("eur", "jpy", "usd")
"""The currencies of the balance; what is paid in others is changed into euros."""
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

    def act(self, data: st.DataObject) -> None:
        """One thing happens."""
        name = data.draw(
            st.sampled_from(["pay", "pay", "refund", "claim", "decide", "settle", "bill", "out", "bounce"])
        )
        getattr(self, f"_{name}")(data)
        self.clock.advance(data.draw(st.sampled_from([1, 3600, DAY, 3 * DAY])))

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

    def _pay(self, data: st.DataObject) -> None:
        currency = data.draw(st.sampled_from(sorted(STEPS)))
        amount = data.draw(st.integers(50, 99_999)) * STEPS[currency]
        self.charges.append(self.simulator.admin.pay(amount, currency))

    def _refund(self, data: st.DataObject) -> None:
        charges = self.simulator.snapshot()["charge"]
        able = [one for one in charges.values() if not one["refunded"] and not one["disputed"]]
        if able:
            charge = data.draw(st.sampled_from(able))
            left = (charge["amount"] - charge["amount_refunded"]) // STEPS[charge["currency"]]
            amount = data.draw(st.integers(1, left)) * STEPS[charge["currency"]]
            self.late_refunds.append(self.simulator.admin.refund(charge["id"], amount))

    def _settle(self, data: st.DataObject) -> None:
        """A refund goes through late, or comes back from the buyer's bank."""
        if self.late_refunds:
            refund = self.late_refunds.pop(0)
            pending = self.simulator.snapshot()["refund"][refund]["status"] == "pending"
            if pending and data.draw(st.booleans()):
                self.simulator.admin.settle_refund(refund)
            else:
                self.simulator.admin.fail_refund(refund)

    def _claim(self, data: st.DataObject) -> None:
        charges = self.simulator.snapshot()["charge"]
        able = [one for one in charges.values() if not one["disputed"] and not one["amount_refunded"]]
        if able:
            charge = data.draw(st.sampled_from(able))
            self.open_claims.append(self.simulator.admin.charge_back(charge["id"], warning=data.draw(st.booleans())))

    def _decide(self, data: st.DataObject) -> None:
        if self.open_claims:
            self.simulator.admin.close_claim(self.open_claims.pop(), won=data.draw(st.booleans()))

    def _bill(self, data: st.DataObject) -> None:
        self.simulator.admin.bill(data.draw(st.integers(1, 500)), data.draw(st.sampled_from(KEPT)))

    def _out(self, data: st.DataObject) -> None:
        """A payout, reconciled now or at the next one."""
        for payout in self.unreconciled:
            self.simulator.admin.reconcile(payout)
        reconciled = data.draw(st.booleans())
        made = self.simulator.admin.pay_out(data.draw(st.sampled_from(KEPT)), reconciled=reconciled)
        self.unreconciled = [made] if made and not reconciled else []
        self.arrived += [made] if made else []

    def _bounce(self, _data: st.DataObject) -> None:
        if self.arrived:
            self.simulator.admin.bounce(self.arrived.pop())


@settings(max_examples=50)
@given(st.data())
def test_every_payout_of_any_account_is_explained_and_changes_alone_tell_all(data: st.DataObject) -> None:
    account = _Account(
        refund_status=data.draw(st.sampled_from(["succeeded", "pending"])),
        dispute_fee_returned=data.draw(st.booleans()),
        early_items=data.draw(st.sampled_from(["half", "refused"])),
    )
    account.read()
    for _ in range(data.draw(st.integers(4, 25))):
        account.act(data)
        if data.draw(st.booleans()):
            account.read()
    for payout in account.unreconciled:
        account.simulator.admin.reconcile(payout)
    account.read()
    whole = {document: account.stage.documents(document) for document in DOCUMENTS}
    for document, records in whole.items():
        assert account.held[document] == {one.id: one for one in records}, document
    for one in explain(whole["payout"], whole["balance_entry"]):
        assert (one.reason, one.rest) == ("", Decimal(0)), one
    for currency in ("JPY", "USD"):
        assert _booked(whole, currency) == _moved(whole, currency)


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
