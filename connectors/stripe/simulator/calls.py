"""What a request can do, and what it may say in doing so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.stripe.simulator.account import Account
from connectors.stripe.simulator.errors import StripeError, invalid_integer, missing, unknown_parameter
from connectors.stripe.simulator.forms import Form
from connectors.stripe.simulator.ledger import Ledger
from connectors.stripe.simulator.payments import Payments
from connectors.stripe.simulator.shapes import Obj

_REASONS = frozenset({"duplicate", "fraudulent", "requested_by_customer"})
_OF_REFUND = frozenset(
    "amount charge payment_intent currency customer expand instructions_email metadata origin reason"
    " refund_application_fee reverse_transfer".split()
)
_OF_CAPTURE = frozenset({"amount_to_capture", "expand", "metadata", "statement_descriptor"})
_UPDATES = {"charges": "charge", "refunds": "refund", "disputes": "dispute", "payouts": "payout"}


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

    def find(self, method: str, collection: str, external_id: str | None, verb: str | None) -> Call | None:
        """The call of a path."""
        if method != "POST":
            return None
        if (collection, external_id, verb) == ("refunds", None, None):
            return Call("refunds.create", self._refund)
        if collection == "payment_intents" and external_id and verb == "capture":
            return Call("payment_intents.capture", lambda form: self._capture(external_id, form))
        if collection in _UPDATES and external_id and verb is None:
            return Call(f"{collection}.update", lambda form: self._update(collection, external_id, form))
        return None

    def about(self, what: str) -> dict[str, Any]:
        """The account itself, or what it holds now."""
        account, home = self._account, self._account.exchange.home
        if what == "account":
            return {
                "id": account.id,
                "object": "account",
                "charges_enabled": True,
                "country": "DE",
                "default_currency": home,
                "email": "owner@shop.example",
                "payouts_enabled": True,
                "type": "standard",
            }
        sums = {"available": self._ledger.balance, "pending": self._ledger.pending}
        return {
            "object": "balance",
            "livemode": False,
            **{
                name: [
                    {"amount": count(currency), "currency": currency, "source_types": {"card": count(currency)}}
                    for currency in sorted(account.settles)
                ]
                for name, count in sums.items()
            },
        }

    def event(self, external_id: str) -> Obj:
        """One event that is still kept."""
        for event in self._account.events.remembered(self._account.now()):
            if event["id"] == external_id:
                return event
        raise missing("event", external_id)

    def _refund(self, form: Form) -> Obj:
        _only(form, _OF_REFUND)
        charge = self._charge_of(form)
        reason = form.get("reason")
        if reason is not None and reason not in _REASONS:
            raise StripeError(400, f"Invalid reason: must be one of {', '.join(sorted(_REASONS))}", param="reason")
        amount = _integer(form, "amount")
        return self._payments.refund(charge, amount, _metadata(form), reason if isinstance(reason, str) else None)

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
        _only(form, _OF_CAPTURE)
        intent = self._account.find("payment_intent", intent_id, "intent")
        if intent["status"] != "requires_capture":
            text = f"This PaymentIntent could not be captured because it has a status of {intent['status']}."
            raise StripeError(400, text, code="payment_intent_unexpected_state")
        wanted = _integer(form, "amount_to_capture")
        amount = intent["amount_capturable"] if wanted is None else wanted
        if not 0 < amount <= intent["amount_capturable"]:
            raise StripeError(400, "The amount to capture is greater than what is capturable.", code="amount_too_large")
        charge = self._account.find("charge", intent["latest_charge"])
        self._payments.capture(charge, amount)
        self._account.tell("charge.captured", charge)
        return intent

    def _update(self, collection: str, external_id: str, form: Form) -> Obj:
        _only(form, frozenset({"metadata", "expand"}))
        found = self._account.find(_UPDATES[collection], external_id)
        found["metadata"] = {**found["metadata"], **_metadata(form)}
        names = {"disputes": "charge.dispute.updated", "refunds": "refund.updated"}
        self._account.tell(names.get(collection, f"{_UPDATES[collection]}.updated"), found)
        return found


def _only(form: Form, known: frozenset[str]) -> None:
    unknown = sorted(set(form) - known)
    if unknown:
        raise unknown_parameter(unknown[0])


def _integer(form: Form, name: str) -> int | None:
    text = form.get(name)
    if text is None:
        return None
    if not isinstance(text, str) or not _is_integer(text):
        raise invalid_integer(name, text)
    return int(text)


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def _metadata(form: Form) -> Mapping[str, str]:
    given = form.get("metadata") or {}
    if isinstance(given, str):
        raise StripeError(400, "Invalid object", param="metadata")
    for key, value in given.items():
        if not isinstance(value, str) or len(value) > 500 or len(key) > 40:
            raise StripeError(400, f"Metadata {key} is too long or no text.", param=f"metadata[{key}]")
    if len(given) > 50:
        raise StripeError(400, "Metadata can have up to 50 keys.", param="metadata")
    return {key: value for key, value in given.items() if isinstance(value, str)}
