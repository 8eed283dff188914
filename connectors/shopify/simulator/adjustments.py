"""What one inventory mutation changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.shopify.simulator.context import Args
from connectors.shopify.simulator.records import Item, Level, Location, Record


@dataclass(frozen=True, slots=True)
class Change:
    """One state of one level that moved."""

    item: Item
    location: Location
    name: str
    delta: int
    after: int


class AdjustmentGroup(Record):
    """The changes of one call, with why they were made."""

    __slots__ = ("changes", "reason", "reference")
    TYPENAME = "InventoryAdjustmentGroup"

    def __init__(self, number: int, at: datetime, reason: str, reference: str | None) -> None:
        super().__init__(number, at)
        self.reason = reason
        self.reference = reference
        self.changes: list[Change] = []

    def move(self, level: Level, name: str, delta: int) -> str:
        """Move one state of a level and keep what changed; returns the effect in words."""
        before = level.get(name)
        level.move(name, delta, self.created_at)
        self._note(level, name, delta)
        if name != "incoming":
            self._note(level, "on_hand", delta)
        state = "" if name == "available" else f" {name}"
        return f"inventory {level.item.gid}/{level.location.code}{state} {before}->{level.get(name)}"

    def selected(self, args: Args) -> list[Change]:
        """The changes that fit the arguments of the field."""
        items, places, names = (args.get(key) for key in ("inventoryItemIds", "locationIds", "quantityNames"))
        return [
            change
            for change in self.changes
            if (items is None or change.item.gid in items)
            and (places is None or change.location.gid in places)
            and (names is None or change.name in names)
        ]

    def _note(self, level: Level, name: str, delta: int) -> None:
        self.changes.append(Change(level.item, level.location, name, delta, level.get(name)))
