"""Payouts: what is available goes to the bank, by schedule or by hand."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.stripe.simulator import shapes
from connectors.stripe.simulator.account import Account
from connectors.stripe.simulator.errors import StripeError
from connectors.stripe.simulator.ledger import Ledger
from connectors.stripe.simulator.shapes import Obj


class Payouts:
    """What leaves the balance."""

    def __init__(self, account: Account, ledger: Ledger) -> None:
        self._account = account
        self._ledger = ledger

    def automatic(self, currency: str) -> Obj | None:
        """The schedule pays out everything that is available; None when that is nothing."""
        entries = self._ledger.payable(currency)
        amount = sum(entry["net"] for entry in entries)
        if amount <= 0:
            return None
        payout = self._make(amount, currency, automatic=True)
        for entry in entries:
            self._account.paid_with[entry["id"]] = payout["id"]
        self._account.paid_with[payout["balance_transaction"]] = payout["id"]
        return payout

    def manual(self, amount: int, currency: str, method: str = "standard") -> Obj:
        """The merchant takes money out; which entries it is made of nobody knows."""
        if amount > self._ledger.balance(currency):
            raise StripeError(400, "You have insufficient funds for this payout.", code="balance_insufficient")
        payout = self._make(amount, currency, automatic=False)
        payout["method"] = method
        return payout

    def arrive(self, payout: Obj) -> None:
        """The bank has the money."""
        payout["status"] = "paid"
        self._account.tell("payout.paid", payout)

    def reconcile(self, payout: Obj) -> None:
        """The entries of an automatic payout can be told from now on."""
        payout["reconciliation_status"] = "completed"
        self._account.tell("payout.reconciliation_completed", payout)

    def fail(self, payout: Obj) -> None:
        """The bank sends the money back: another entry."""
        returned = self._ledger.move(
            payout["amount"], payout["currency"], "payout_failure", "payout_reversal", payout["id"]
        )
        payout |= {
            "status": "failed",
            "failure_code": "account_closed",
            "failure_message": "The bank account has been closed.",
            "failure_balance_transaction": returned["id"],
        }
        self._account.tell("payout.failed", payout)

    def items(self, payout_id: str) -> Sequence[Obj]:
        """The entries of a payout; only of an automatic one, and for certain only once it is reconciled."""
        payout = self._account.find("payout", payout_id, "payout", 400)
        if not payout["automatic"]:
            text = "Balance transaction history can only be filtered on automatic payouts, not manual."
            raise StripeError(400, text, param="payout")
        paid_with = self._account.paid_with
        every = self._account.objects["balance_transaction"].values()
        entries = [entry for entry in every if paid_with.get(entry["id"]) == payout_id]
        if payout["reconciliation_status"] == "completed" or self._account.switches.early_items == "all":
            return entries
        if self._account.switches.early_items == "refused":
            raise StripeError(400, "This payout is not reconciled yet.", param="payout")
        return entries[: len(entries) // 2]

    def _make(self, amount: int, currency: str, *, automatic: bool) -> Obj:
        account = self._account
        payout = shapes.payout(account.new_id("po"), amount, currency, account.now(), automatic=automatic)
        account.keep(payout)
        entry = self._ledger.move(-amount, currency, "payout", "payout", payout["id"])
        payout["balance_transaction"] = entry["id"]
        account.tell("payout.created", payout)
        return payout
