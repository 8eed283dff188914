"""Expansion: an id becomes the object it names, where that is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.stripe.simulator.account import Account
from connectors.stripe.simulator.errors import StripeError
from connectors.stripe.simulator.shapes import Obj

_DEPTH = 4
_TARGETS: Mapping[tuple[str, str], str] = {
    ("charge", "payment_intent"): "payment_intent",
    ("charge", "balance_transaction"): "balance_transaction",
    ("charge", "failure_balance_transaction"): "balance_transaction",
    ("refund", "charge"): "charge",
    ("refund", "payment_intent"): "payment_intent",
    ("refund", "balance_transaction"): "balance_transaction",
    ("refund", "failure_balance_transaction"): "balance_transaction",
    ("dispute", "charge"): "charge",
    ("dispute", "payment_intent"): "payment_intent",
    ("payout", "balance_transaction"): "balance_transaction",
    ("payout", "failure_balance_transaction"): "balance_transaction",
    ("payment_intent", "latest_charge"): "charge",
}
_PREFIXES = {"ch": "charge", "py": "charge", "re": "refund", "dp": "dispute", "po": "payout"}


def expanded(account: Account, answer: Obj, paths: Sequence[str]) -> Obj:
    """An answer with these paths expanded; a list only below ``data``."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > _DEPTH:
            raise StripeError(400, f"You cannot expand more than {_DEPTH} levels of a property.", param="expand")
        if answer["object"] == "list":
            if steps[0] != "data" or len(steps) == 1:
                raise _not_expandable(path)
            answer = {**answer, "data": [_open(account, one, steps[1:], path) for one in answer["data"]]}
        else:
            answer = _open(account, answer, steps, path)
    return answer


def _open(account: Account, obj: Obj, steps: Sequence[str], path: str) -> Obj:
    name, below = steps[0], steps[1:]
    if (obj["object"], name) == ("charge", "refunds"):
        return {**obj, name: _refunds(account, obj)}
    if (obj["object"], name) not in _TARGETS and (obj["object"], name) != ("balance_transaction", "source"):
        raise _not_expandable(path)
    value: Any = obj.get(name)
    if value is None:
        return obj
    inner = value if isinstance(value, dict) else account.shown(_object(account, obj["object"], name, value))
    return {**obj, name: _open(account, inner, below, path) if below else inner}


def _object(account: Account, kind: str, name: str, external_id: str) -> Obj:
    target = _TARGETS.get((kind, name)) or _PREFIXES[external_id.split("_", 1)[0]]
    return account.find(target, external_id)


def _refunds(account: Account, charge: Obj) -> Obj:
    made = [one for one in account.objects["refund"].values() if one["charge"] == charge["id"]]
    url = f"/v1/charges/{charge['id']}/refunds"
    return {"object": "list", "data": made[::-1][:10], "has_more": len(made) > 10, "url": url}


def _not_expandable(path: str) -> StripeError:
    return StripeError(400, f"This property cannot be expanded ({path}).", param="expand")
