"""What is known of items, and what was decided about each of their slots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from canonical.value import Value
from sync.config import FlowConfig
from sync.cursors import CursorState
from sync.decision import Decision
from sync.diff import SlotOverride
from sync.facts import Said
from sync.orders.owns import Waiting
from sync.orders.reservations import Held
from sync.part import Part
from sync.shadow import ShadowView


@dataclass(frozen=True, slots=True)
class Line:
    """One decided slot of one record on one target; ``parts`` are the components if it is a kit.

    ``orders_since`` is when the orders of the target began to flow through the hub, nothing if they do not.
    """

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
    orders_since: str = ""

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
    """Everything the database knows of some items for one flow.

    ``reserved`` are promises to orders by stock item, ``own`` the channels' own deductions that their counters have
    not absorbed, ``order_reads`` how far the orders of those channels were read that have an order flow. ``fallen`` are
    units that left a slot of a target and that an order may yet explain, ``doubtful`` the slots of a
    channel, by item, with a write of unknown outcome: what it changed, and to what.
    """

    skus: Mapping[int, str]
    ids: Mapping[str, int]
    facts: Mapping[tuple[int, str], Mapping[str, Said]]
    views: Mapping[str, Mapping[int, ShadowView]]
    overrides: Mapping[str, Mapping[tuple[int, str], SlotOverride]]
    pending: Mapping[str, frozenset[tuple[int, str]]]
    open_drops: Mapping[int, Mapping[str, int]]
    reads: Mapping[str, CursorState]
    reserved: Mapping[int, Sequence[Held]] = field(default_factory=dict)
    own: Mapping[str, Waiting] = field(default_factory=dict)
    order_reads: Mapping[str, CursorState] = field(default_factory=dict)
    fallen: Mapping[str, Mapping[tuple[int, str], int]] = field(default_factory=dict)
    doubtful: Mapping[str, Mapping[int, Mapping[str, tuple[Value, Value]]]] = field(default_factory=dict)

    def unbooked_units(self, item: int, parts: Iterable[Part] = ()) -> int:
        """Units of an item, or of a kit's components, that were sold and are not in the owner's figure yet."""
        ids = (item, *(part.item_id for part in parts))
        left = sum(units for one in ids for units in self.open_drops.get(one, {}).values())
        return left + sum(held.units for one in ids for held in self.reserved.get(one, ()))
