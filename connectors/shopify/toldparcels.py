"""What an order's shipments say of themselves: units, parcels, and which of them was told before; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Units: TypeAlias = dict[str, int]
_GONE = frozenset({"CANCELLED", "ERROR", "FAILURE"})


def live(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The shipments that count."""
    return [one for one in order["fulfillments"] if one["status"] not in _GONE]


def numbers_of(fulfillment: Mapping[str, Any]) -> set[str]:
    """The numbers of a shipment's parcels."""
    return {one["number"] for one in fulfillment["trackingInfo"] if one.get("number")}


def units_of(fulfillment: Mapping[str, Any]) -> Units:
    """A shipment's units by line."""
    found: Units = {}
    for part in fulfillment["fulfillmentLineItems"]["nodes"]:
        line = part["lineItem"]["id"]
        found[line] = found.get(line, 0) + int(part["quantity"] or 0)
    return found


def bears(order: Mapping[str, Any], numbers: frozenset[str]) -> bool:
    """Whether one shipment has all of these parcels."""
    return any(numbers <= numbers_of(one) for one in live(order))


def told_before(order: Mapping[str, Any], lines: Mapping[str, int], numbers: frozenset[str]) -> list[str]:
    """The ids of the shipments that were told of these units under these numbers; none where that cannot be told.

    Without a number it is one of exactly these units, or all that have no number, if they sum to them: units of several
    places were told place by place. Of two alike the first is as good as the other.
    """
    if numbers:
        return [one["id"] for one in live(order) if numbers & numbers_of(one)]
    bare = [one for one in live(order) if not numbers_of(one)]
    exact = next((one["id"] for one in bare if units_of(one) == lines), None)
    if exact is not None:
        return [exact]
    parts = [one for one in bare if units_of(one).keys() <= lines.keys()]
    total: Units = {}
    for one in parts:
        for line, units in units_of(one).items():
            total[line] = total.get(line, 0) + units
    return [one["id"] for one in parts] if parts and total == lines else []
