"""The other side of the account: buyers, banks, the merchant's dashboard, and Stripe's own schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from connectors.stripe.simulator.account import Account
from connectors.stripe.simulator.disputes import Disputes
from connectors.stripe.simulator.events import Delivery, Endpoint
from connectors.stripe.simulator.ledger import Ledger
from connectors.stripe.simulator.payments import Payments
from connectors.stripe.simulator.payouts import Payouts
from connectors.stripe.simulator.shapes import Obj


class Admin:
    """What happens on the account without our asking; amounts in minor units, ids as answers have them."""

    def __init__(self, account: Account, turn: Callable[[], AbstractContextManager[None]]) -> None:
        ledger = Ledger(account)
        self._account = account
        self._turn = turn
        self._ledger = ledger
        self.payments = Payments(account, ledger)
        self.disputes = Disputes(account, ledger)
        self.payouts = Payouts(account, ledger)

    def pay(
        self,
        amount: int,
        currency: str = "eur",
        metadata: Mapping[str, str] | None = None,
        buyer: str = "",
        *,
        capture: bool = True,
        decline: bool = False,
    ) -> str:
        """A buyer pays; gives the charge."""
        with self._turn():
            intent = self.payments.intend(amount, currency, metadata or {})
            charge = self.payments.charge(amount, currency, buyer, intent)
            if decline:
                self.payments.decline(charge)
                return str(charge["id"])
            if capture:
                self.payments.capture(charge, amount)
            self._account.tell("charge.succeeded", charge)
            return str(charge["id"])

    def pay_otherwise(self, amount: int, currency: str, metadata: Mapping[str, str] | None = None) -> str:
        """A buyer pays by bank, without a payment intent; gives the payment, whose id begins with py_."""
        with self._turn():
            charge = self.payments.charge(amount, currency, "", None, kind="py")
            charge["metadata"] = dict(metadata or {})
            self.payments.capture(charge, amount)
            self._account.tell("charge.succeeded", charge)
            return str(charge["id"])

    def refund(self, charge_id: str, amount: int | None = None, reason: str | None = None) -> str:
        """The merchant gives money back in the dashboard."""
        with self._turn():
            return str(self.payments.refund(self._charge(charge_id), amount, {}, reason)["id"])

    def settle_refund(self, refund_id: str) -> None:
        """A pending refund goes through."""
        with self._turn():
            self.payments.settle_refund(self._account.find("refund", refund_id))

    def fail_refund(self, refund_id: str) -> None:
        """The buyer's bank sends a refund back."""
        with self._turn():
            self.payments.fail_refund(self._account.find("refund", refund_id))

    def charge_back(self, charge_id: str, amount: int | None = None, *, warning: bool = False) -> str:
        """The buyer's bank claims the money back; a warning only asks."""
        with self._turn():
            charge = self._charge(charge_id)
            whole = charge["amount_captured"] if amount is None else amount
            return str(self.disputes.open(charge, whole, "fraudulent", warning=warning)["id"])

    def answer_claim(self, dispute_id: str) -> None:
        """The merchant sends evidence."""
        with self._turn():
            self.disputes.answer(self._account.find("dispute", dispute_id))

    def close_claim(self, dispute_id: str, *, won: bool) -> None:
        """The bank decides."""
        with self._turn():
            self.disputes.close(self._account.find("dispute", dispute_id), won=won)

    def bill(self, amount: int, currency: str = "eur", what: str = "Radar") -> str:
        """Stripe takes a fee that belongs to no payment; gives the entry."""
        with self._turn():
            entry = self._ledger.move(-amount, currency, "stripe_fee", "fee", None)
            entry["description"] = what
            return str(entry["id"])

    def pay_out(self, currency: str = "eur", *, reconciled: bool = True) -> str | None:
        """The schedule pays out what is available, and the bank gets it; gives the payout, if there was anything."""
        with self._turn():
            payout = self.payouts.automatic(currency)
            if payout is None:
                return None
            self.payouts.arrive(payout)
            if reconciled:
                self.payouts.reconcile(payout)
            return str(payout["id"])

    def pay_out_by_hand(self, amount: int, currency: str = "eur", method: str = "standard") -> str:
        """The merchant takes money out."""
        with self._turn():
            payout = self.payouts.manual(amount, currency, method)
            self.payouts.arrive(payout)
            return str(payout["id"])

    def reconcile(self, payout_id: str) -> None:
        """The entries of a payout can be told from now on."""
        with self._turn():
            self.payouts.reconcile(self._account.find("payout", payout_id))

    def bounce(self, payout_id: str) -> None:
        """The bank sends a payout back."""
        with self._turn():
            self.payouts.fail(self._account.find("payout", payout_id))

    def note(self, kind: str, external_id: str, text: str) -> None:
        """The merchant writes something on an object."""
        names = {"dispute": "charge.dispute.updated"}
        with self._turn():
            found = self._account.find(kind, external_id)
            found["metadata"] = {**found["metadata"], "note": text}
            self._account.tell(names.get(kind, f"{kind}.updated"), found)

    def listen(self, endpoint: Endpoint) -> None:
        """A receiver of messages is set up."""
        with self._turn():
            self._account.events.endpoints.append(endpoint)

    def messages(self) -> list[Delivery]:
        """The signed messages that wait to be posted; each is given once."""
        with self._turn():
            waiting, self._account.events.outbox = self._account.events.outbox, []
            return waiting

    def _charge(self, charge_id: str) -> Obj:
        return self._account.find("charge", charge_id)
