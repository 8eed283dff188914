"""What a place has for an order: the owner's figure there, less what is promised of it.

An order's own units may be off that figure already, booked by its owner; and what the place was asked for cannot be
asked of it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from sync import facts
from sync.config import FlowKind
from sync.hub import Hub
from sync.orders import reservations
from sync.orders.lines import Sellable
from sync.orders.requests import UNSENT, Existing
from sync.stock import settle_of


class Availability:
    """Units of a line that a location has for one order; kits by their scarcest component (R7)."""

    def __init__(
        self,
        hub: Hub,
        connection: Connection,
        order_id: int,
        sellables: Mapping[str, Sellable],
        existing: Sequence[Existing] = (),
    ) -> None:
        items = sorted({part.item_id for one in sellables.values() for part in one.parts})
        self._hub = hub
        self._sellables = sellables
        self._facts = facts.load(connection, items)
        self._held = reservations.load(connection, items)
        self._own = reservations.of_order(connection, order_id, over=True)
        self._order = order_id
        self._asked = _asked(sellables, existing)

    def __call__(self, line: str, location: str) -> int:
        """Whole units of the line that could leave there now."""
        sellable = self._sellables.get(line)
        if sellable is None:
            return 0
        return min(self._units(part.item_id, location) // part.units for part in sellable.parts)

    def _units(self, item: int, location: str) -> int:
        said = self._facts.get((item, "inventory"), {}).get(f"stock[{location}]")
        if said is None or not isinstance(said.value, int):
            return 0
        figures, settle = {location: said.as_of}, self._settle(said.owner)
        others = sum(
            held.units
            for held in self._held.get(item, ())
            if held.order_id != self._order and held.location == location and held.counts_against(figures, settle)
        )
        booked = sum(
            held.units
            for held in self._own
            if held.item_id == item and held.location == location and not held.counts_against(figures, settle)
        )
        return max(0, said.value + booked - others - self._asked.get((item, location), 0))

    def _settle(self, owner: str) -> timedelta:
        flows = (one for one in self._hub.config.flows.values() if one.kind is FlowKind.INVENTORY)
        return next((settle_of(self._hub.config, one) for one in flows if one.source == owner), timedelta(0))


def _asked(sellables: Mapping[str, Sellable], existing: Sequence[Existing]) -> dict[tuple[int, str], int]:
    """Units by item and place that the order's requests ask for, those that left included."""
    found: dict[tuple[int, str], int] = {}
    for one in existing:
        for place, by_line in one.places.items() if one.live or one.status in UNSENT else ():
            for line, units in by_line.items():
                for part in sellables[line].parts if line in sellables else ():
                    key = (part.item_id, place)
                    found[key] = found.get(key, 0) + units * part.units
    return found
