"""What the conformance suite needs to judge the Stripe connector."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from connectors.base import Connector, Environment
from connectors.conformance import Subject
from connectors.simulation import CatalogItem, Simulator, Ticker
from connectors.stripe.connector import connect
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
        touch=_touch,
        throttle=lambda simulator, times: _stripe(simulator).throttle(times),
    )


def _simulator(clock: Ticker, items: Sequence[CatalogItem]) -> Simulator:
    account = StripeSimulator(clock=clock)
    load(account, items)
    return account


def _connect(simulator: Simulator, environment: Environment) -> Connector:
    return connect({"api_key": SECRET_KEY, "api_base": "https://api.stripe.com"}, environment)


def _touch(simulator: Simulator, resource: str, index: int) -> None:
    """The merchant writes a note; an entry of the balance changes only when its payout is reconciled."""
    account, kind = _stripe(simulator), _KINDS[resource][0]
    if kind == "balance_transaction":
        account.admin.reconcile(list(account.snapshot()["payout"])[index])
        return
    account.admin.note(kind, list(account.snapshot()[kind])[index], "looked at")


def _stripe(simulator: Simulator) -> StripeSimulator:
    if not isinstance(simulator, StripeSimulator):
        raise TypeError(f"not a Stripe simulator: {simulator!r}")
    return simulator
