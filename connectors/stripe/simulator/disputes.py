"""Chargebacks: a bank claims money back, and the outcome."""

from __future__ import annotations

from connectors.stripe.simulator import shapes
from connectors.stripe.simulator.account import Account
from connectors.stripe.simulator.ledger import Ledger
from connectors.stripe.simulator.shapes import Obj

FEE = 1500


class Disputes:
    """What banks claim."""

    def __init__(self, account: Account, ledger: Ledger) -> None:
        self._account = account
        self._ledger = ledger

    def open(self, charge: Obj, amount: int, reason: str, *, warning: bool) -> Obj:
        """A claim arrives; a warning moves no money yet."""
        account = self._account
        status = "warning_needs_response" if warning else "needs_response"
        dispute = shapes.dispute(account.new_id("dp"), charge, amount, account.now(), status)
        dispute["reason"] = reason
        account.keep(dispute)
        if not warning:
            charge["disputed"] = True
            self._book(dispute, -amount, "dispute", FEE)
        account.tell("charge.dispute.created", dispute)
        if not warning:
            account.tell("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def answer(self, dispute: Obj) -> None:
        """The merchant sends evidence."""
        dispute["status"] = "under_review"
        dispute["evidence_details"] |= {"has_evidence": True, "submission_count": 1}
        self._account.tell("charge.dispute.updated", dispute)

    def close(self, dispute: Obj, *, won: bool) -> None:
        """The bank decides; a won claim gives the money back."""
        warning = dispute["status"].startswith("warning")
        dispute["status"] = "warning_closed" if warning else "won" if won else "lost"
        if won and not warning:
            fee = -FEE if self._account.switches.dispute_fee_returned else 0
            self._book(dispute, dispute["amount"], "dispute_reversal", fee)
            self._account.tell("charge.dispute.funds_reinstated", dispute)
        self._account.tell("charge.dispute.closed", dispute)

    def _book(self, dispute: Obj, amount: int, category: str, fee: int) -> None:
        entry = self._ledger.move(amount, dispute["currency"], "adjustment", category, dispute["id"], fee)
        dispute["balance_transactions"] = [*dispute["balance_transactions"], entry]
