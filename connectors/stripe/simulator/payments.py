"""Payment intents, the charges they make, and money given back on them."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.stripe.simulator import shapes
from connectors.stripe.simulator.account import Account
from connectors.stripe.simulator.errors import StripeError
from connectors.stripe.simulator.ledger import Ledger
from connectors.stripe.simulator.money import step
from connectors.stripe.simulator.shapes import Obj

_MONEY_OUT = frozenset({"succeeded"})


class Payments:
    """What buyers pay and get back."""

    def __init__(self, account: Account, ledger: Ledger) -> None:
        self._account = account
        self._ledger = ledger

    def intend(self, amount: int, currency: str, metadata: Mapping[str, str]) -> Obj:
        """The shop asks for a payment."""
        if amount < 1 or amount % step(currency):
            raise StripeError(400, f"Invalid amount: {amount} {currency}", param="amount")
        intent = shapes.payment_intent(
            self._account.new_id("pi"), amount, currency, self._account.now(), dict(metadata)
        )
        self._account.keep(intent)
        self._account.tell("payment_intent.created", intent)
        return intent

    def charge(self, amount: int, currency: str, buyer: str, intent: Obj | None, *, kind: str = "ch") -> Obj:
        """A buyer's card is authorized."""
        charge = shapes.charge(self._account.new_id(kind), amount, currency, self._account.now(), buyer)
        if intent is not None:
            charge["payment_intent"] = intent["id"]
            charge["metadata"] = dict(intent["metadata"]) if self._account.switches.charge_copies_metadata else {}
            intent |= {"latest_charge": charge["id"], "status": "requires_capture", "amount_capturable": amount}
        return self._account.keep(charge)

    def capture(self, charge: Obj, amount: int) -> None:
        """The money is taken, all or a part of it."""
        charge |= {"captured": True, "amount_captured": amount}
        charge["balance_transaction"] = self._ledger.charge(charge, amount)["id"]
        if charge["payment_intent"]:
            intent = self._account.find("payment_intent", charge["payment_intent"])
            intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
            self._account.tell("payment_intent.succeeded", intent)

    def let_go(self, charge: Obj) -> None:
        """An authorization is given up: nothing of it will be taken."""
        charge |= {"refunded": True, "amount_refunded": charge["amount"]}
        self._account.tell("charge.refunded", charge)

    def decline(self, charge: Obj) -> None:
        """The bank says no."""
        charge |= {
            "paid": False,
            "status": "failed",
            "failure_code": "card_declined",
            "failure_message": "Your card was declined.",
        }
        if charge["payment_intent"]:
            intent = self._account.find("payment_intent", charge["payment_intent"])
            intent |= {"status": "requires_payment_method", "amount_capturable": 0}
            self._account.tell("payment_intent.payment_failed", intent)
        self._account.tell("charge.failed", charge)

    def refund(self, charge: Obj, amount: int | None, metadata: Mapping[str, str], reason: str | None) -> Obj:
        """Money is given back on a charge; what the rules forbid is refused."""
        left = charge["amount_captured"] - charge["amount_refunded"]
        wanted = left if amount is None else amount
        self._may_refund(charge, wanted, left)
        account = self._account
        status = account.switches.refund_status
        refund = shapes.refund(account.new_id("re"), charge, wanted, account.now(), status)
        refund |= {"metadata": dict(metadata), "reason": reason}
        account.keep(refund)
        self._count(charge, wanted)
        if status in _MONEY_OUT:
            self._book(refund)
        account.tell("charge.refunded", charge)
        account.tell("refund.created", refund)
        return refund

    def settle_refund(self, refund: Obj) -> None:
        """A refund that was pending goes through."""
        refund["status"] = "succeeded"
        self._book(refund)
        self._tell_of(refund, "refund.updated")

    def fail_refund(self, refund: Obj) -> None:
        """The buyer's bank sends the money back: another entry, and the charge is no longer refunded."""
        if refund["balance_transaction"] is not None:
            returned = self._ledger.move(
                refund["amount"], refund["currency"], "refund_failure", "refund_failure", refund["id"]
            )
            refund["failure_balance_transaction"] = returned["id"]
        refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
        self._count(self._account.find("charge", refund["charge"]), -refund["amount"])
        self._tell_of(refund, "refund.failed")

    def _may_refund(self, charge: Obj, wanted: int, left: int) -> None:
        if not charge["captured"]:
            raise StripeError(400, f"Charge {charge['id']} has not been captured.", code="charge_not_refundable")
        if charge["disputed"]:
            raise StripeError(400, f"Charge {charge['id']} has been charged back.", code="charge_disputed")
        if left == 0:
            text = f"Charge {charge['id']} has already been refunded."
            raise StripeError(400, text, code="charge_already_refunded")
        if wanted > left:
            text = f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})"
            raise StripeError(400, text, param="amount")
        if wanted < 1 or wanted % step(charge["currency"]):
            raise StripeError(400, f"Invalid amount: {wanted}", code="parameter_invalid_integer", param="amount")

    def _book(self, refund: Obj) -> None:
        kind = "refund" if refund["charge"].startswith("ch_") else "payment_refund"
        entry = self._ledger.move(-refund["amount"], refund["currency"], kind, "refund", refund["id"])
        refund["balance_transaction"] = entry["id"]

    @staticmethod
    def _count(charge: Obj, amount: int) -> None:
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]

    def _tell_of(self, refund: Obj, event: str) -> None:
        self._account.tell(event, refund)
        self._account.tell("charge.refund.updated", refund)
