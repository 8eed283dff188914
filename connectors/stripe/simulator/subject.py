"""What the conformance suite needs to judge the Stripe connector."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from connectors.base import Connector, Effect, Environment
from connectors.conformance import EffectCase, Posted, Subject, WebhookCase
from connectors.simulation import CatalogItem, Simulator, Ticker
from connectors.stripe import webhooks
from connectors.stripe.connector import connect
from connectors.stripe.simulator.events import Endpoint
from connectors.stripe.simulator.loading import load
from connectors.stripe.simulator.simulator import SECRET_KEY, StripeSimulator

_KINDS = {
    "charges": ("charge", "ch_9999999999999999"),
    "refunds": ("refund", "re_9999999999999999"),
    "disputes": ("dispute", "dp_9999999999999999"),
    "balance_transactions": ("balance_transaction", "txn_9999999999999999"),
    "payouts": ("payout", "po_9999999999999999"),
}
_FIELDS = ("id", "amount", "currency", "created", "status", "payment_intent.metadata.order_id")


class _Id(msgspec.Struct):
    id: str


def subject() -> Subject:
    """An account on which every item of the catalog was paid for once."""
    return Subject(
        name="stripe",
        page_size=100,
        resources=dict.fromkeys(_KINDS, _FIELDS),
        simulator=_simulator,
        connect=_connect,
        external_ids=lambda simulator, resource: list(_stripe(simulator).snapshot()[_KINDS[resource][0]]),
        id_of=lambda resource, record: msgspec.json.decode(record, type=_Id).id,
        absent_id=lambda resource: _KINDS[resource][1],
        snapshot=lambda simulator: _stripe(simulator).snapshot(),
        effects=(EffectCase("refund.create", _refund, _paid_back, _bad_refund, _moved),),
        webhooks=WebhookCase(webhooks, "whsec_conformance", "whsec_another", _post, _stranger),
        touch=_touch,
        throttle=lambda simulator, times: _stripe(simulator).throttle(times),
    )


def _simulator(clock: Ticker, items: Sequence[CatalogItem]) -> Simulator:
    account = StripeSimulator(clock=clock)
    load(account, items)
    return account


def _connect(simulator: Simulator, environment: Environment) -> Connector:
    return connect({"api_key": SECRET_KEY, "api_base": "https://api.stripe.com"}, environment)


def _post(simulator: Simulator, index: int, secret: str) -> Posted:
    """The merchant gives money back; the refund and its charge are told of."""
    account = _stripe(simulator)
    charge = list(account.snapshot()["charge"])[index]
    account.admin.listen(Endpoint("https://hub.example/webhooks/money", secret, ("refund.created",)))
    refund = account.admin.refund(charge, 100)
    sent = account.admin.messages()[-1]
    return Posted(sent.headers, sent.body, frozenset({("refunds", refund), ("charges", charge)}))


def _stranger(simulator: Simulator, secret: str) -> Posted:
    account = _stripe(simulator)
    account.admin.listen(Endpoint("https://hub.example/webhooks/money", secret, ("tax_rate.created",)))
    with account.turn():
        account.account.events.add("tax_rate.created", {"id": "txr_1", "object": "tax_rate"}, account.account.now())
    sent = account.admin.messages()[-1]
    return Posted(sent.headers, sent.body, frozenset())


def _touch(simulator: Simulator, resource: str, index: int) -> None:
    """The merchant writes a note; an entry of the balance changes only when its payout is reconciled."""
    account, kind = _stripe(simulator), _KINDS[resource][0]
    if kind == "balance_transaction":
        account.admin.reconcile(list(account.snapshot()["payout"])[index])
        return
    account.admin.note(kind, list(account.snapshot()[kind])[index], "looked at")


def _refund(simulator: Simulator, index: int, reference: str) -> Effect:
    """A buyer has paid 25.00 for an item and gets 7.50 back."""
    charge = _stripe(simulator).admin.pay(2500, "eur", {"order_id": f"{index}"})
    return Effect("refund.create", reference, {"charge": charge, "amount": "7.50", "currency": "eur"})


def _bad_refund(simulator: Simulator, reference: str) -> Effect:
    return Effect("refund.create", reference, {"charge": "ch_9999999999999999", "amount": "7.50", "currency": "eur"})


def _paid_back(simulator: Simulator, index: int, reference: str) -> int:
    return len(_refunds(simulator, reference))


def _moved(simulator: Simulator, index: int, reference: str) -> Collection[tuple[str, ...]]:
    """The refund, its entry of the balance, and what the charge says of it."""
    found: list[tuple[str, ...]] = []
    for refund in _refunds(simulator, reference):
        found += [("refund", str(refund["id"])), ("balance_transaction", str(refund["balance_transaction"]))]
        found += [("charge", str(refund["charge"]), name) for name in ("amount_refunded", "refunded", "refunds")]
    return found


def _refunds(simulator: Simulator, reference: str) -> list[dict[str, Any]]:
    every = _stripe(simulator).snapshot()["refund"].values()
    return [refund for refund in every if refund["metadata"].get("crossdock_reference") == reference]


def _stripe(simulator: Simulator) -> StripeSimulator:
    if not isinstance(simulator, StripeSimulator):
        raise TypeError(f"not a Stripe simulator: {simulator!r}")
    return simulator
