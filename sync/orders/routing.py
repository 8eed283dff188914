"""Which place ships what: the first rule that matches and has the goods; pure.

One place that has everything left is preferred to a split, whatever the order of the rules is among those that match.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from fnmatch import fnmatchcase
from typing import TypeAlias

from canonical.order import Order
from sync.orders.routes import Route, Shortage

Available: TypeAlias = Callable[[str, str], int]
"""Units of a line (by its id) that a location (our code) has for it."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What one place is asked to ship: units by line, and why it is this place."""

    route: Route
    location: str
    units: Mapping[str, int]
    why: str


@dataclass(frozen=True, slots=True)
class Routing:
    """The outcome for an order: portions to ask for, units that wait, and what was tried and did not fit."""

    portions: tuple[Portion, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why something waits; empty if nothing does."""
        if not self.waiting:
            return ""
        return "out_of_stock" if any("has not enough" in note for note in self.notes) else "no_route"


def route(
    order: Order,
    skus: Mapping[str, str],
    need: Mapping[str, int],
    rules: Sequence[Route],
    available: Available,
    now: datetime,
    barred: frozenset[tuple[str, str]] = frozenset(),
) -> Routing:
    """Decide where the needed units of an order's lines ship from; ``skus`` are the lines' canonical SKUs.

    ``barred`` are connections and places that called the order off.
    """
    left = {line: units for line, units in need.items() if units > 0}
    if not left:
        return Routing()
    notes: list[str] = []
    places: list[tuple[Route, str]] = []
    for rule in rules:
        said = _mismatch(order, rule, now)
        if said:
            notes.append(f"{rule.name}: {said}")
            continue
        for location in rule.locations or ("",):
            if (rule.to, location) in barred:
                notes.append(f"{rule.name}: {location or rule.to} called it off")
            else:
                places.append((rule, location))
    for rule, location in places:
        units = _fitting(rule, location, left, skus, available)
        if units == left:
            portion = Portion(rule, location, units, _why(rule, order, "has everything"))
            return Routing((portion,), {}, tuple(notes))
    return _split(order, places, left, skus, available, notes)


def _split(
    order: Order,
    places: Sequence[tuple[Route, str]],
    left: dict[str, int],
    skus: Mapping[str, str],
    available: Available,
    notes: list[str],
) -> Routing:
    portions: list[Portion] = []
    rest = dict(left)
    for rule, location in places:
        units = _fitting(rule, location, rest, skus, available) if rule.split else {}
        if not rule.split:
            notes.append(f"{rule.name}: {location or rule.to} has not enough and may not split")
        elif units:
            portions.append(Portion(rule, location, units, _why(rule, order, "has a part")))
            rest = {line: count - units.get(line, 0) for line, count in rest.items() if count > units.get(line, 0)}
        if any(_takes(rule, skus.get(line, "")) for line in rest):
            notes.append(f"{rule.name}: {location or rule.to} has not enough")
        if not rest:
            break
    for rule, location in places:
        forced = {line: units for line, units in rest.items() if _takes(rule, skus.get(line, ""))}
        if forced and rule.shortage is Shortage.SEND:
            portions.append(Portion(rule, location, forced, _why(rule, order, "takes it without stock")))
            rest = {line: units for line, units in rest.items() if line not in forced}
    return Routing(_merged(portions), rest, tuple(notes))


def _merged(portions: Sequence[Portion]) -> tuple[Portion, ...]:
    """One portion for each place."""
    found: dict[tuple[str, str], Portion] = {}
    for one in portions:
        key = (one.route.to, one.location)
        if key in found:
            units = dict(found[key].units)
            for line, count in one.units.items():
                units[line] = units.get(line, 0) + count
            one = Portion(found[key].route, one.location, units, found[key].why)
        found[key] = one
    return tuple(found.values())


def _fitting(
    rule: Route, location: str, left: Mapping[str, int], skus: Mapping[str, str], available: Available
) -> dict[str, int]:
    """Units of each line that the place takes and has; lines of one SKU share what is there."""
    found: dict[str, int] = {}
    used: dict[str, int] = {}
    for line, units in left.items():
        sku = skus.get(line, "")
        if not _takes(rule, sku):
            continue
        has = units if not location else min(units, max(0, available(line, location) - used.get(sku, 0)))
        if has:
            found[line] = has
            used[sku] = used.get(sku, 0) + has
    return found


def _takes(rule: Route, sku: str) -> bool:
    return not rule.skus or any(fnmatchcase(sku, pattern) for pattern in rule.skus)


def _mismatch(order: Order, rule: Route, now: datetime) -> str:
    """Why a rule is not for an order; empty if it is."""
    country = order.shipping_address.country if order.shipping_address else ""
    if rule.countries and country not in rule.countries:
        return f"ships to {', '.join(sorted(rule.countries))}, not to {country or 'an unknown country'}"
    if rule.tags and not rule.tags & set(order.tags):
        return f"only for orders tagged {' or '.join(sorted(rule.tags))}"
    if rule.cut_off is not None and _time(now) >= rule.cut_off:
        return f"closed at {rule.cut_off:%H:%M} UTC"
    return ""


def _time(now: datetime) -> time:
    return now.time().replace(tzinfo=None)


def _why(rule: Route, order: Order, what: str) -> str:
    parts = [what]
    if rule.countries and order.shipping_address:
        parts.append(f"ships to {order.shipping_address.country}")
    if rule.tags:
        parts.append(f"tagged {', '.join(sorted(rule.tags & set(order.tags)))}")
    return f"{rule.name}: {', '.join(parts)}"
