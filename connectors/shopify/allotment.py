"""Which fulfillment orders units are taken from: those that may be fulfilled now, one place at a time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from connectors.base import JSON

Part: TypeAlias = "list[JSON]"
"""What one call takes: fulfillment orders of one place, with units of their lines."""

_READY = frozenset({"OPEN", "IN_PROGRESS"})
_WAITING = frozenset({"ON_HOLD", "SCHEDULED"})
_MOST_LINES = 512


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why not all of the units can be told, in a reason code and in words; then none of them is."""

    reason: str
    message: str


def allot(order: Mapping[str, Any], wanted: Mapping[str, int]) -> list[Part] | Shortage:
    """Take units by line from an order's fulfillment orders; a part for each place, or why they are not to be had."""
    plans = order["fulfillmentOrders"]["nodes"]
    places: dict[str, list[Mapping[str, Any]]] = {}
    for plan in plans:
        if _is_ready(plan):
            places.setdefault(str((plan["assignedLocation"].get("location") or {}).get("id")), []).append(plan)
    whole = next((one for one in places.values() if _covers(one, wanted)), None)
    left = dict(wanted)
    parts: list[Part] = []
    for ready in [whole] if whole is not None else places.values():
        parts += _taken(ready, left)
    if not any(left.values()):
        return parts
    return _shortage(plans, {line: units for line, units in left.items() if units})


def _taken(plans: list[Mapping[str, Any]], left: dict[str, int]) -> Iterator[Part]:
    """Units of one place, taken out of what is left to find; as many calls as their lines need."""
    entries: Part = []
    count = 0
    for plan in plans:
        lines: list[JSON] = []
        for part in plan["lineItems"]["nodes"]:
            line = part["lineItem"]["id"]
            units = min(left.get(line, 0), int(part["remainingQuantity"]))
            if units <= 0:
                continue
            left[line] -= units
            lines.append({"id": part["id"], "quantity": units})
            count += 1
            if count == _MOST_LINES:
                yield [*entries, {"fulfillmentOrderId": plan["id"], "fulfillmentOrderLineItems": lines}]
                entries, lines, count = [], [], 0
        if lines:
            entries.append({"fulfillmentOrderId": plan["id"], "fulfillmentOrderLineItems": lines})
    if entries:
        yield entries


def _covers(plans: list[Mapping[str, Any]], wanted: Mapping[str, int]) -> bool:
    there: dict[str, int] = {}
    for plan in plans:
        for part in plan["lineItems"]["nodes"]:
            there[part["lineItem"]["id"]] = there.get(part["lineItem"]["id"], 0) + int(part["remainingQuantity"])
    return all(there.get(line, 0) >= units for line, units in wanted.items())


def _is_ready(plan: Mapping[str, Any]) -> bool:
    actions = {one["action"] for one in plan["supportedActions"]}
    return plan["status"] in _READY and "CREATE_FULFILLMENT" in actions


def _shortage(plans: list[Mapping[str, Any]], left: Mapping[str, int]) -> Shortage:
    waiting = [plan for plan in plans if plan["status"] in _WAITING]
    if _covers(waiting, left):
        held = any(plan["status"] == "ON_HOLD" for plan in waiting)
        until = next((str(plan["fulfillAt"]) for plan in waiting if plan.get("fulfillAt")), "later")
        return Shortage("on_hold", "the channel holds these units" if held else f"they are scheduled for {until}")
    named = ", ".join(f"{units} of {line}" for line, units in left.items())
    return Shortage("not_fulfillable", f"the order waits for no such units any more: {named}")
