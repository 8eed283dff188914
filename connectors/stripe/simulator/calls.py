"""What a request can do, and what it may say in doing so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.stripe.simulator import profile
from connectors.stripe.simulator.account import Account
from connectors.stripe.simulator.disputes import Disputes
from connectors.stripe.simulator.endpoints import Endpoints
from connectors.stripe.simulator.errors import StripeError, missing, unknown_parameter
from connectors.stripe.simulator.forms import Form
from connectors.stripe.simulator.intents import Intents
from connectors.stripe.simulator.ledger import Ledger
from connectors.stripe.simulator.params import flag, integer, metadata, only
from connectors.stripe.simulator.payments import Payments
from connectors.stripe.simulator.shapes import Obj

_REASONS = frozenset({"duplicate", "fraudulent", "requested_by_customer"})
_OF_REFUND = frozenset(
    "amount charge payment_intent currency customer expand instructions_email metadata origin reason"
    " refund_application_fee reverse_transfer".split()
)
_OF_CAPTURE = frozenset({"amount_to_capture", "expand", "metadata", "statement_descriptor"})
_UPDATES = {"charges": "charge", "refunds": "refund", "payouts": "payout"}


@dataclass(frozen=True, slots=True)
class Call:
    """One thing that can be done."""

    name: str
    run: Callable[[Form], Obj]


class Calls:
    """The writes of the API, and its few single facts."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._ledger = Ledger(account)
        self._payments = Payments(account, self._ledger)
        self._disputes = Disputes(account, self._ledger)
        self._intents = Intents(account, self._payments)
        self._endpoints = Endpoints(account)

    def find(self, method: str, collection: str, external_id: str | None, verb: str | None) -> Call | None:
        """The call of a path."""
        if collection == "webhook_endpoints" and verb is None:
            return self._of_endpoints(method, external_id)
        if method != "POST":
            return None
        if (collection, external_id, verb) == ("refunds", None, None):
            return Call("refunds.create", self._refund)
        if collection == "payment_intents":
            return self._of_intents(external_id, verb)
        if collection == "disputes" and external_id and verb == "close":
            return Call("disputes.close", lambda form: self._give_in(external_id, form))
        if collection == "disputes" and external_id and verb is None:
            return Call("disputes.update", lambda form: self._answer_claim(external_id, form))
        if collection in _UPDATES and external_id and verb is None:
            return Call(f"{collection}.update", lambda form: self._update(collection, external_id, form))
        return None

    def _of_endpoints(self, method: str, external_id: str | None) -> Call | None:
        if external_id is None:
            return Call("webhook_endpoints.create", self._endpoints.create) if method == "POST" else None
        run = {"POST": self._endpoints.update, "DELETE": self._endpoints.delete}.get(method)
        name = "delete" if method == "DELETE" else "update"
        return Call(f"webhook_endpoints.{name}", lambda form: run(external_id, form)) if run else None

    def _of_intents(self, external_id: str | None, verb: str | None) -> Call | None:
        if external_id is None:
            return Call("payment_intents.create", self._intents.create)
        verbs = {
            None: self._intents.update,
            "confirm": self._intents.confirm,
            "cancel": self._intents.cancel,
            "capture": self._capture,
        }
        run = verbs.get(verb)
        return Call(f"payment_intents.{verb or 'update'}", lambda form: run(external_id, form)) if run else None

    def about(self, what: str) -> dict[str, Any]:
        """The account itself, or what it holds now."""
        account = self._account
        if what == "account":
            return profile.account(account.id, account.exchange.home, account.switches.payout_delay_days)
        kept = account.settles
        return profile.balance(
            {currency: self._ledger.balance(currency) for currency in kept},
            {currency: self._ledger.pending(currency) for currency in kept},
        )

    def event(self, external_id: str) -> Obj:
        """One event that is still kept."""
        for event in self._account.events.remembered(self._account.now()):
            if event["id"] == external_id:
                return event
        raise missing("event", external_id)

    def _refund(self, form: Form) -> Obj:
        only(form, _OF_REFUND)
        charge = self._charge_of(form)
        reason = form.get("reason")
        if reason is not None and reason not in _REASONS:
            raise StripeError(400, f"Invalid reason: must be one of {', '.join(sorted(_REASONS))}", param="reason")
        amount = integer(form, "amount")
        return self._payments.refund(charge, amount, metadata(form), reason if isinstance(reason, str) else None)

    def _charge_of(self, form: Form) -> Obj:
        charge_id, intent_id = form.get("charge"), form.get("payment_intent")
        if isinstance(charge_id, str) and charge_id:
            return self._account.find("charge", charge_id, "charge")
        if not isinstance(intent_id, str) or not intent_id:
            text = "One of the following params should be provided for this request: payment_intent or charge."
            raise StripeError(400, text, code="parameter_missing")
        intent = self._account.find("payment_intent", intent_id, "payment_intent")
        if intent["latest_charge"] is None:
            raise StripeError(400, f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.")
        return self._account.find("charge", intent["latest_charge"])

    def _capture(self, intent_id: str, form: Form) -> Obj:
        only(form, _OF_CAPTURE)
        intent = self._account.find("payment_intent", intent_id, "intent")
        if intent["status"] != "requires_capture":
            text = f"This PaymentIntent could not be captured because it has a status of {intent['status']}."
            raise StripeError(400, text, code="payment_intent_unexpected_state")
        wanted = integer(form, "amount_to_capture")
        amount = intent["amount_capturable"] if wanted is None else wanted
        if not 0 < amount <= intent["amount_capturable"]:
            raise StripeError(400, "The amount to capture is greater than what is capturable.", code="amount_too_large")
        charge = self._account.find("charge", intent["latest_charge"])
        self._payments.capture(charge, amount)
        self._account.tell("charge.captured", charge)
        return intent

    def _answer_claim(self, external_id: str, form: Form) -> Obj:
        """Evidence is kept; it goes to the bank at once unless ``submit`` is false."""
        only(form, frozenset({"evidence", "expand", "metadata", "submit"}))
        dispute = self._account.find("dispute", external_id)
        evidence = form.get("evidence") or {}
        if isinstance(evidence, str):
            raise StripeError(400, "Invalid object", param="evidence")
        unknown = sorted(set(evidence) - set(dispute["evidence"]))
        if unknown:
            raise unknown_parameter(f"evidence[{unknown[0]}]")
        if dispute["status"] in ("won", "lost", "warning_closed"):
            raise StripeError(400, f"This dispute ({external_id}) is closed.")
        dispute["evidence"] = {**dispute["evidence"], **evidence}
        dispute["metadata"] = {**dispute["metadata"], **metadata(form)}
        if evidence and ("submit" not in form or flag(form, "submit")):
            self._disputes.answer(dispute)
        else:
            self._account.tell("charge.dispute.updated", dispute)
        return dispute

    def _give_in(self, external_id: str, form: Form) -> Obj:
        """The merchant accepts the claim; it is lost."""
        only(form, frozenset({"expand"}))
        dispute = self._account.find("dispute", external_id)
        if dispute["status"] not in ("needs_response", "warning_needs_response"):
            raise StripeError(400, f"This dispute ({external_id}) cannot be closed any more.")
        self._disputes.close(dispute, won=False)
        return dispute

    def _update(self, collection: str, external_id: str, form: Form) -> Obj:
        only(form, frozenset({"metadata", "expand"}))
        found = self._account.find(_UPDATES[collection], external_id)
        found["metadata"] = {**found["metadata"], **metadata(form)}
        self._account.tell(f"{_UPDATES[collection]}.updated", found)
        return found
