"""The one thing done on Stripe: money paid back, once for each reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from canonical.errors import AmbiguousError, SkippableError
from connectors.base import JSON, Call, CallOutcome, Effect, RowOutcome, RowStatus
from connectors.http import Answer
from connectors.stripe.client import Client
from connectors.stripe.money import to_minor
from connectors.stripe.records import finished
from connectors.stripe.verdict import KeyReusedError, NotThereError, RefusedError, SavedFailureError
from connectors.stripe.walk import Walk

OPERATION = "refund.create"
REFERENCE = "crossdock_reference"
"""The metadata key under which our own key of a refund is kept, and by which a lost one is found."""

_METADATA_KEYS, _METADATA_KEY_LENGTH, _METADATA_LENGTH = 50, 40, 500
_REASONS = frozenset({"duplicate", "fraudulent", "requested_by_customer"})
_PASSED_ON = frozenset({"instructions_email", "refund_application_fee", "reverse_transfer"})
PARAMETERS = _PASSED_ON | {"amount", "currency", "charge", "payment_intent", "reason", "metadata"}
"""What a document may hold: Stripe's own parameters.

``amount`` is whole minor units, as Stripe takes them, or a text such as 12.50, which is money. ``currency`` is compared
with the payment's and not sent. ``charge`` may also hold a payment intent.
"""

Document: TypeAlias = Mapping[str, JSON]


class Order(msgspec.Struct, frozen=True):
    """What a call carries: the parameters as they go to Stripe, and the currency that the amount was told in."""

    params: dict[str, Any]
    currency: str


class _Paid(msgspec.Struct, frozen=True):
    currency: str


class _Made(msgspec.Struct, frozen=True):
    id: str
    metadata: dict[str, str] | None = None


def compose(effect: Effect, new_key: Callable[[], str]) -> Call:
    """The call that pays back; SkippableError for a document that Stripe would not take."""
    document = effect.document
    unknown = sorted(set(document) - PARAMETERS)
    if unknown:
        raise _bad(effect, f"stripe has no parameter {unknown[0]!r} of a refund")
    currency = document.get("currency")
    if not isinstance(currency, str) or len(currency) != 3:
        raise _bad(effect, f"currency {currency!r} is no currency")
    params: dict[str, JSON] = {name: document[name] for name in sorted(_PASSED_ON & set(document))}
    params["amount"] = _amount(effect, currency)
    params.update(_paid_by(effect))
    params["metadata"] = _metadata(effect)
    if (reason := document.get("reason")) is not None:
        if reason not in _REASONS:
            raise _bad(effect, f"reason {reason!r} is none of {', '.join(sorted(_REASONS))}")
        params["reason"] = reason
    body = msgspec.json.encode(Order(dict(sorted(params.items())), currency.lower()))
    return Call(OPERATION, body, (0,), "refunds", target=effect.reference, key=new_key())


class Refunds:
    """Sends composed refunds and finds lost ones."""

    def __init__(self, client: Client, connection: str) -> None:
        self._client = client
        self._connection = connection

    def push(self, call: Call) -> CallOutcome:
        """Pay back, unless it was paid back under this reference before; AmbiguousError when its outcome is unknown."""
        order = msgspec.json.decode(call.body, type=Order)
        try:
            paid_in = self._paid_in(order)
            done = self._look_up(call, order)
        except NotThereError as error:
            return _rejected(str(error.args[0]), "unknown_payment")
        if done is not None:
            return done
        if paid_in != order.currency:
            text = f"the payment is in {paid_in.upper()}, the refund in {order.currency.upper()}"
            return _rejected(text, "currency_differs")
        try:
            return self._send(call, order)
        except SavedFailureError as error:
            raise AmbiguousError(str(error.args[0])) from error

    def resolve(self, call: Call) -> CallOutcome | None:
        """What became of a call whose answer was lost.

        It is looked for by its reference first, at any age of its key. What is not there is sent again under the same
        key: within the key's retention Stripe answers for the first call, and later there is no first call left. A
        failure saved under the key means that nothing was done and that this key will never do it.
        """
        order = msgspec.json.decode(call.body, type=Order)
        try:
            return self._look_up(call, order) or self._send(call, order)
        except NotThereError as error:
            return _rejected(str(error.args[0]), "unknown_payment")
        except SavedFailureError as error:
            return self._look_up(call, order) or {0: RowOutcome(RowStatus.UNTOUCHED, str(error.args[0]))}
        except AmbiguousError:
            return self._look_up(call, order)

    def _send(self, call: Call, order: Order) -> CallOutcome:
        try:
            return _applied(self._client.create_refund(order.params, call.key))
        except KeyReusedError as error:
            return _rejected(str(error.args[0]), "key_reused")
        except RefusedError as error:
            return _rejected(str(error.args[0]), error.refusal.code or "refused")

    def _look_up(self, call: Call, order: Order) -> CallOutcome | None:
        """The refund of this payment that carries exactly this reference."""
        walk = Walk(self._client, self._connection, "refunds", _of_payment(order))
        for listing in walk.pages():
            for raw in listing.records:
                found = msgspec.json.decode(raw, type=_Made)
                if (found.metadata or {}).get(REFERENCE) == call.target:
                    return {0: RowOutcome(RowStatus.APPLIED, record=finished(raw))}
        return None

    def _paid_in(self, order: Order) -> str:
        kind, external_id = next(iter(_of_payment(order).items()))
        return self._client.retrieve(f"{kind}s", external_id, {}).decode(_Paid).currency


def _of_payment(order: Order) -> dict[str, str]:
    return {kind: str(order.params[kind]) for kind in ("charge", "payment_intent") if kind in order.params}


def _applied(answer: Answer) -> CallOutcome:
    return {0: RowOutcome(RowStatus.APPLIED, record=finished(answer.content))}


def _rejected(message: str, reason: str) -> CallOutcome:
    return {0: RowOutcome(RowStatus.REJECTED, message, reason=reason)}


def _amount(effect: Effect, currency: str) -> int:
    """Whole minor units as they are; a decimal text is money, told exactly or not at all."""
    amount = effect.document.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, (int, str)):
        raise _bad(effect, f"amount {amount!r} is no amount")
    try:
        units = amount if isinstance(amount, int) else to_minor(amount, currency)
    except ValueError as error:
        raise _bad(effect, f"amount: {error}") from error
    if units < 1:
        raise _bad(effect, f"amount {amount!r} is not above zero")
    return units


def _paid_by(effect: Effect) -> dict[str, JSON]:
    """Which payment is paid back: a charge or a payment intent, told apart by how Stripe writes their ids."""
    document = effect.document
    named = effect.target or document.get("charge") or document.get("payment_intent")
    if not isinstance(named, str) or not named:
        raise _bad(effect, "the refund names no payment")
    if named.startswith("pi_"):
        return {"payment_intent": named}
    if named.startswith(("ch_", "py_")):
        return {"charge": named}
    raise _bad(effect, f"{named!r} is neither a charge (ch_, py_) nor a payment intent (pi_)")


def _metadata(effect: Effect) -> dict[str, JSON]:
    given = effect.document.get("metadata") or {}
    if not isinstance(given, dict):
        raise _bad(effect, "metadata is no object")
    metadata = {**given, REFERENCE: effect.reference}
    for key, value in metadata.items():
        if not isinstance(value, str) or not key or len(value) > _METADATA_LENGTH:
            raise _bad(effect, f"metadata {key!r} is no text of up to {_METADATA_LENGTH} characters")
        if len(key) > _METADATA_KEY_LENGTH or {"[", "]"} & set(key):
            raise _bad(effect, f"metadata key {key!r} is longer than {_METADATA_KEY_LENGTH} or has square brackets")
    if len(metadata) > _METADATA_KEYS:
        raise _bad(effect, f"metadata has more than {_METADATA_KEYS} keys")
    return dict(sorted(metadata.items()))


def _bad(effect: Effect, message: str) -> SkippableError:
    return SkippableError("invalid_value", f"{OPERATION} {effect.reference}: {message}", ref=effect.reference)
