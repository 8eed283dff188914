"""What orders do to stock: promised when placed, gone when sent, back when called off and restocked."""

from __future__ import annotations

from datetime import datetime

from connectors.shopify.simulator.cart import SoldOutError
from connectors.shopify.simulator.order_records import Line
from connectors.shopify.simulator.records import Item, Level, Location
from connectors.shopify.simulator.store import Store


class Shelf:
    """Moves units of tracked items between available and committed, and out of the building."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def allocate(self, item: Item | None, units: int, code: str, *, oversell: bool) -> list[tuple[Location, int]]:
        """The places that are to send so many units: one that has them all, else several, else the first."""
        places = [row for row in self._store.locations if row.active]
        if code:
            places = [self._store.location_by_code[code]]
        if item is None or not item.tracked:
            return [(places[0], units)]
        free = {place.number: self._free(item, place) for place in places}
        if not oversell and sum(max(0, count) for count in free.values()) < units:
            raise SoldOutError(f"{item.sku}: {units} wanted, {sum(max(0, count) for count in free.values())} to be had")
        whole = next((place for place in places if free[place.number] >= units), None)
        if whole is not None:
            return [(whole, units)]
        found: list[tuple[Location, int]] = []
        for place in places:
            taken = min(units, max(0, free[place.number]))
            if taken:
                found.append((place, taken))
                units -= taken
        if units:
            first = found.pop(0) if found else (places[0], 0)
            found.insert(0, (first[0], first[1] + units))
        return found

    def promise(self, line: Line, place: Location, units: int, at: datetime) -> None:
        """Units are sold: they move from available to committed; a negative number is the way back."""
        level = self._level(line, place, at)
        if level is not None:
            level.move("available", -units, at)
            level.move("committed", units, at)

    def send(self, line: Line, place: Location, units: int, at: datetime) -> None:
        """Units leave: out of committed, and out of the building."""
        level = self._level(line, place, at)
        if level is not None:
            level.move("committed", -units, at)

    def bring_back(self, line: Line, place: Location, units: int, at: datetime) -> None:
        """Units that had left are on the shelf again."""
        level = self._level(line, place, at)
        if level is not None:
            level.move("available", units, at)

    def _level(self, line: Line, place: Location, at: datetime) -> Level | None:
        item = line.variant.item if line.variant is not None else None
        if item is None or not item.tracked:
            return None
        return item.levels.get(place.number) or self._store.add_level(item, place, at)

    @staticmethod
    def _free(item: Item, place: Location) -> int:
        level = item.levels.get(place.number)
        return level.available if level is not None and level.active else 0
