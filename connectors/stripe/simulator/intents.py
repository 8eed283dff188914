"""Payments by the API: asking for one, changing it, confirming it with a card, calling it off."""

from __future__ import annotations

from connectors.stripe.simulator.account import Account
from connectors.stripe.simulator.errors import StripeError
from connectors.stripe.simulator.forms import Form
from connectors.stripe.simulator.money import step
from connectors.stripe.simulator.params import flag, integer, metadata, only, text
from connectors.stripe.simulator.payments import Payments
from connectors.stripe.simulator.shapes import Obj

_TEXTS = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix", "transfer_group")
_TEXT_NAMES = frozenset(_TEXTS)
_OF_CONFIRM = frozenset({"capture_method", "expand", "off_session", "payment_method", "receipt_email", "return_url"})
_OF_UPDATE = _TEXT_NAMES | {"amount", "currency", "expand", "metadata", "payment_method", "payment_method_types"}
_OF_CREATE = (
    _OF_UPDATE
    | _OF_CONFIRM
    | {"automatic_payment_methods", "confirm", "confirmation_method", "error_on_requires_action"}
)
_REASONS = frozenset({"abandoned", "duplicate", "fraudulent", "requested_by_customer"})
_OPEN = frozenset({"requires_payment_method", "requires_confirmation"})
_DECLINED = "pm_card_visa_chargeDeclined"
_CARD = "pm_card_"
"""The vendor's own test cards begin so; any other payment method is not known here."""


class Intents:
    """What a shop asks for."""

    def __init__(self, account: Account, payments: Payments) -> None:
        self._account = account
        self._payments = payments

    def create(self, form: Form) -> Obj:
        """Ask for a payment, and confirm it at once if so told."""
        only(form, _OF_CREATE)
        amount, currency = integer(form, "amount"), text(form, "currency").lower()
        for name, given in ("amount", amount is not None), ("currency", bool(currency)):
            if not given:
                raise StripeError(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
        if currency not in self._account.settles and not self._account.exchange.knows(currency):
            raise StripeError(400, f"Invalid currency: {currency}.", param="currency")
        intent = self._payments.intend(amount or 0, currency, metadata(form))
        self._note(intent, form)
        method = form.get("automatic_payment_methods")
        if isinstance(method, dict):
            intent["automatic_payment_methods"] = {"enabled": flag(method, "enabled")}
        return self._pay(intent) if flag(form, "confirm") else intent

    def update(self, external_id: str, form: Form) -> Obj:
        """Change what was not paid yet; metadata can be changed always."""
        only(form, _OF_UPDATE)
        intent = self._account.find("payment_intent", external_id, "intent")
        amount = integer(form, "amount")
        if set(form) - {"metadata", "description", "expand"} and intent["status"] not in _OPEN:
            raise _unexpected(intent, "updated")
        if amount is not None:
            if amount < 1 or amount % step(intent["currency"]):
                raise StripeError(400, f"Invalid amount: {amount}", param="amount")
            intent["amount"] = amount
        self._note(intent, form)
        intent["metadata"] = {name: value for name, value in {**intent["metadata"], **metadata(form)}.items() if value}
        return intent

    def confirm(self, external_id: str, form: Form) -> Obj:
        """The buyer pays."""
        only(form, _OF_CONFIRM)
        intent = self._account.find("payment_intent", external_id, "intent")
        if intent["status"] not in _OPEN:
            raise _unexpected(intent, "confirmed")
        self._note(intent, form)
        return self._pay(intent)

    def cancel(self, external_id: str, form: Form) -> Obj:
        """Call off a payment whose money was not taken; what was authorized is let go."""
        only(form, frozenset({"cancellation_reason", "expand"}))
        intent = self._account.find("payment_intent", external_id, "intent")
        reason = text(form, "cancellation_reason")
        if reason and reason not in _REASONS:
            raise StripeError(400, "Invalid cancellation_reason", param="cancellation_reason")
        if intent["status"] not in _OPEN | {"requires_capture"}:
            raise _unexpected(intent, "canceled")
        if intent["status"] == "requires_capture":
            self._payments.let_go(self._account.find("charge", intent["latest_charge"]))
        now = self._account.now()
        intent |= {"status": "canceled", "canceled_at": now, "cancellation_reason": reason or None}
        intent["amount_capturable"] = 0
        self._account.tell("payment_intent.canceled", intent)
        return intent

    def _note(self, intent: Obj, form: Form) -> None:
        """Texts, the card, and whether the money is taken at once."""
        for name in _TEXTS:
            if name in form:
                intent[name] = text(form, name) or None
        capture = text(form, "capture_method", intent["capture_method"])
        if capture not in ("automatic", "automatic_async", "manual"):
            raise StripeError(400, f"Invalid capture_method: {capture}", param="capture_method")
        intent["capture_method"] = capture
        method = text(form, "payment_method")
        if method:
            if not method.startswith(_CARD):
                said = f"No such PaymentMethod: '{method}'"
                raise StripeError(400, said, code="resource_missing", param="payment_method")
            intent |= {"payment_method": method, "status": "requires_confirmation"}

    def _pay(self, intent: Obj) -> Obj:
        if not intent["payment_method"]:
            said = "You cannot confirm this PaymentIntent because it's missing a payment method."
            raise StripeError(400, said, code="payment_intent_unexpected_state")
        declined = intent["payment_method"] == _DECLINED
        charge = self._payments.charge(intent["amount"], intent["currency"], "", intent)
        if declined:
            self._payments.decline(charge)
            intent["payment_method"] = None
            more = {"charge": charge["id"], "decline_code": "generic_decline", "payment_intent": dict(intent)}
            raise StripeError(
                402, "Your card was declined.", code="card_declined", kind="card_error", saved=True, more=more
            )
        if intent["capture_method"] == "manual":
            self._account.tell("payment_intent.amount_capturable_updated", intent)
        else:
            self._payments.capture(charge, intent["amount"])
        self._account.tell("charge.succeeded", charge)
        return intent


def _unexpected(intent: Obj, what: str) -> StripeError:
    said = f"This PaymentIntent could not be {what} because it has a status of {intent['status']}."
    return StripeError(400, said, code="payment_intent_unexpected_state", more={"payment_intent": dict(intent)})
