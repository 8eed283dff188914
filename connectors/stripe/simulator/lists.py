"""Lists: newest first, by cursor, filtered; what a list does not know is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.stripe.simulator.errors import StripeError, invalid_integer, missing, unknown_parameter
from connectors.stripe.simulator.forms import Form, items
from connectors.stripe.simulator.shapes import Obj

_OF_ALL = frozenset({"limit", "starting_after", "ending_before", "expand"})
_INSTANTS = frozenset({"created", "arrival_date"})
_BOUNDS = ("gt", "gte", "lt", "lte")
FILTERS: Mapping[str, frozenset[str]] = {
    "charges": frozenset({"created", "customer", "payment_intent", "transfer_group"}),
    "refunds": frozenset({"created", "charge", "payment_intent"}),
    "disputes": frozenset({"created", "charge", "payment_intent"}),
    "balance_transactions": frozenset({"created", "currency", "payout", "source", "type"}),
    "payouts": frozenset({"arrival_date", "created", "destination", "status"}),
    "payment_intents": frozenset({"created", "customer"}),
    "webhook_endpoints": frozenset(),
    "events": frozenset({"created", "delivery_success", "type", "types"}),
}
_APART = frozenset({"payout", "types", "delivery_success"})


def page(collection: str, kind: str, objects: Iterable[Obj], form: Form) -> dict[str, Any]:
    """One page of a collection; ``objects`` are given oldest first."""
    unknown = sorted(set(form) - _OF_ALL - FILTERS[collection])
    if unknown:
        raise unknown_parameter(unknown[0])
    found = [obj for obj in reversed(list(objects)) if _fits(obj, form)]
    found.sort(key=lambda obj: obj["created"], reverse=True)
    shown, more = _cut(found, kind, form)
    return {"object": "list", "data": shown, "has_more": more, "url": f"/v1/{collection}"}


def _cut(found: Sequence[Obj], kind: str, form: Form) -> tuple[list[Obj], bool]:
    limit = _limit(form.get("limit"))
    after, before = form.get("starting_after"), form.get("ending_before")
    if after is not None and before is not None:
        raise StripeError(400, "Received both starting_after and ending_before parameters.", param="starting_after")
    if before is not None:
        end = _position(found, kind, before, "ending_before")
        start = max(0, end - limit)
        return list(found[start:end]), start > 0
    start = 0 if after is None else _position(found, kind, after, "starting_after") + 1
    return list(found[start : start + limit]), start + limit < len(found)


def _position(found: Sequence[Obj], kind: str, external_id: str | Form, param: str) -> int:
    for at, obj in enumerate(found):
        if obj["id"] == external_id:
            return at
    raise missing(kind, str(external_id), param, 400)


def _limit(text: str | Form | None) -> int:
    if text is None:
        return 10
    if not isinstance(text, str) or not text.isascii() or not text.isdigit():
        raise invalid_integer("limit", text)
    if not 1 <= int(text) <= 100:
        raise StripeError(400, f"This value must be between 1 and 100: {text}", param="limit")
    return int(text)


def _fits(obj: Obj, form: Form) -> bool:
    return all(_matches(obj, name, value) for name, value in form.items() if name not in _OF_ALL | _APART) and _of_type(
        obj, form
    )


def _matches(obj: Obj, name: str, wanted: str | Form) -> bool:
    if name in _INSTANTS:
        return _within(int(obj[name]), name, wanted)
    if name == "type" and isinstance(wanted, str) and wanted.endswith("*"):
        return str(obj[name]).startswith(wanted[:-1])
    return obj.get(name) == wanted


def _of_type(event: Obj, form: Form) -> bool:
    types = items(form.get("types"))
    if len(types) > 20:
        raise StripeError(400, "You may pass up to 20 types.", param="types")
    if types and "type" in form:
        raise StripeError(400, "You may pass either type or types, but not both.", param="types")
    if form.get("delivery_success") == "false" and not event["pending_webhooks"]:
        return False
    return not types or event["type"] in types


def _within(value: int, name: str, wanted: str | Form) -> bool:
    if isinstance(wanted, str):
        return value == _seconds(name, wanted)
    unknown = sorted(set(wanted) - set(_BOUNDS))
    if unknown:
        raise unknown_parameter(f"{name}[{unknown[0]}]")
    bounds = {bound: _seconds(name, wanted[bound]) for bound in _BOUNDS if bound in wanted}
    return (
        value > bounds.get("gt", -1)
        and value >= bounds.get("gte", 0)
        and value < bounds.get("lt", value + 1)
        and value <= bounds.get("lte", value)
    )


def _seconds(name: str, text: str | Form) -> int:
    if not isinstance(text, str) or not text.isascii() or not text.isdigit():
        raise invalid_integer(name, text)
    return int(text)
