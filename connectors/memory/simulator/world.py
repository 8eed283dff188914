"""A platform in a dictionary: items with prices and levels, faults on request, and a log that counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from canonical.errors import CrossdockError

_SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)


@dataclass
class MemoryItem:
    """One thing the platform sells."""

    id: str
    sku: str
    price: str = "0"
    title: str = ""
    description: str = ""
    gtin: str = ""
    compare_at_price: str | None = None
    tags: list[str] = field(default_factory=list)
    sellable: bool = True
    levels: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: int = 0

    def record(self) -> dict[str, Any]:
        """The item as the platform's API shows it."""
        levels = [{"location": name, **level} for name, level in sorted(self.levels.items())]
        plain = {key: value for key, value in vars(self).items() if key not in ("levels", "changed")}
        return {**plain, "levels": levels, "version": str(self.changed)}


class MemoryWorld:
    """The state of one in-memory platform; ``faults`` run before or after the next writes."""

    def __init__(self) -> None:
        self.items: dict[str, MemoryItem] = {}
        self.tick = 0
        self.reads: list[str] = []
        self.writes: list[tuple[str, int]] = []
        self.effects: list[str] = []
        self.before_write: list[CrossdockError] = []
        self.after_write: list[CrossdockError] = []
        self.late: list[Callable[[], object]] = []
        self.hold_next_write = False
        self.bad_ids: set[str] = set()
        self.reject_all_without_name = False
        self.cents = True
        self.compares = True

    def add(self, sku: str, *, price: str = "0", stock: Mapping[str, Any] | None = None, **more: Any) -> MemoryItem:
        """Put an item into the platform."""
        item = MemoryItem(id=more.pop("id", f"i{len(self.items) + 1}"), sku=sku, price=price, **more)
        for location, units in (stock or {}).items():
            item.levels[location] = {"available": units, "on_hand": units, "committed": 0}
        self.items[item.id] = item
        self.touch(item)
        return item

    def find(self, sku: str) -> MemoryItem:
        """The first item with a SKU; KeyError when there is none."""
        for item in self.items.values():
            if item.sku == sku:
                return item
        raise KeyError(sku)

    def touch(self, item: MemoryItem) -> None:
        """Move the item's change stamp."""
        self.tick += 1
        item.changed = self.tick

    def sell(self, sku: str, units: int, location: str) -> None:
        """A shopper orders: available falls, committed rises."""
        level = self.find(sku).levels[location]
        level["available"] -= units
        level["committed"] += units
        self.touch(self.find(sku))

    def set_stock(self, sku: str, location: str, units: Any) -> None:
        """Somebody edits the stock by hand."""
        level = self.find(sku).levels[location]
        level["on_hand"] = units
        level["available"] = units
        self.touch(self.find(sku))

    def set_price(self, sku: str, price: str) -> None:
        """Somebody edits the price by hand."""
        item = self.find(sku)
        item.price = price
        self.touch(item)

    def stock(self, sku: str, location: str) -> Any:
        """What the platform lists."""
        return self.find(sku).levels[location]["available"]

    def write_fields(self, item: MemoryItem, values: Mapping[str, Any]) -> None:
        """Store plain fields as this platform keeps them: cents, no scripts, sorted tags."""
        for name, value in values.items():
            setattr(item, name, self._kept(name, value))
            self.effects.append(f"{item.sku} {name} {getattr(item, name)}")
        self.touch(item)

    def _kept(self, name: str, value: Any) -> Any:
        if name in ("price", "compare_at_price") and value is not None and self.cents:
            return str(Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP))
        if name == "description" and value:
            return _SCRIPT.sub("", value)
        return sorted(value) if name == "tags" and value else value

    def write_level(self, item: MemoryItem, location: str, units: int) -> None:
        """Set what is available; what is on hand moves with it."""
        level = item.levels[location]
        level["on_hand"] += units - level["available"]
        self.effects.append(f"{item.sku} {location} {level['available']}->{units}")
        level["available"] = units
        self.touch(item)


WORLDS: dict[str, MemoryWorld] = {}
"""The worlds of this process, by name."""


def world(name: str = "default") -> MemoryWorld:
    """The world of a name, made at first use."""
    return WORLDS.setdefault(name, MemoryWorld())
