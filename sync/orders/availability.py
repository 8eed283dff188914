"""What a place has for an order: the owner's figure there, less what other orders hold of it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from sync import facts
from sync.hub import Hub
from sync.orders import reservations
from sync.orders.lines import Sellable


class Availability:
    """Units of a line that a location has for one order; kits by their scarcest component (R7)."""

    def __init__(self, hub: Hub, connection: Connection, order_id: int, sellables: Mapping[str, Sellable]) -> None:
        items = sorted({part.item_id for one in sellables.values() for part in one.parts})
        self._sellables = sellables
        self._facts = facts.load(connection, items)
        self._held = reservations.load(connection, items)
        self._order = order_id

    def __call__(self, line: str, location: str) -> int:
        """Whole units of the line that could leave there now."""
        sellable = self._sellables.get(line)
        if sellable is None:
            return 0
        return min(self._units(part.item_id, location) // part.units for part in sellable.parts)

    def _units(self, item: int, location: str) -> int:
        said = self._facts.get((item, "inventory"), {}).get(f"stock[{location}]")
        figure = said.value if said is not None and isinstance(said.value, int) else 0
        others = sum(
            held.units
            for held in self._held.get(item, ())
            if held.order_id != self._order and held.location == location and not held.booked_at
        )
        return max(0, figure - others)
