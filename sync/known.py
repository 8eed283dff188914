"""What is known of items, and what was decided about each of their slots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sync.config import FlowConfig
from sync.cursors import CursorState
from sync.decision import Decision
from sync.diff import SlotOverride
from sync.facts import Said
from sync.shadow import ShadowView


@dataclass(frozen=True, slots=True)
class Part:
    """A stock item that selling one unit takes so many of."""

    item_id: int
    units: int


@dataclass(frozen=True, slots=True)
class Line:
    """One decided slot of one record on one target; ``parts`` are the components if it is a kit."""

    flow: FlowConfig
    target: str
    view: ShadowView
    sku: str
    slot: str
    owner: str
    decision: Decision
    after_drop: bool = False
    parts: tuple[Part, ...] = ()
    factor: int = 1

    @property
    def stock_items(self) -> tuple[Part, ...]:
        """What a sale of one unit takes out of stock: the components of a kit, else the item itself."""
        return self.parts or (Part(self.view.item_id, self.factor),)

    @property
    def adopted(self) -> bool:
        """Whether this slot was ever equal or written before: only then do guards count it."""
        return self.slot in self.view.sent


@dataclass(frozen=True, slots=True)
class Known:
    """Everything the database knows of some items for one flow."""

    skus: Mapping[int, str]
    ids: Mapping[str, int]
    facts: Mapping[tuple[int, str], Mapping[str, Said]]
    views: Mapping[str, Mapping[int, ShadowView]]
    overrides: Mapping[str, Mapping[tuple[int, str], SlotOverride]]
    pending: Mapping[str, frozenset[tuple[int, str]]]
    open_drops: Mapping[int, Mapping[str, int]]
    reads: Mapping[str, CursorState]

    def unbooked_units(self, item: int, parts: Iterable[Part] = ()) -> int:
        """Units of an item, or of a kit's components, that left channels and are not in the owner's figure yet."""
        ids = (item, *(part.item_id for part in parts))
        return sum(units for one in ids for units in self.open_drops.get(one, {}).values())
