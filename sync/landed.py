"""Whether a write whose answer was lost took effect, by what the channel shows now (R17); pure.

A verdict makes either the old figure or the new one the base of a counter (R3). With the higher of them the counter
misses units that may be there, and offers too little until someone looks; with the lower one a sale can vanish. So the
lower one has to be proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from canonical.slot import Slot, parse_slot
from mappings.compiled import CompiledMapping
from sync.batch import ChangeLine
from sync.shadow import ShadowView


class Landing(Enum):
    """What became of a write; UNTOLD where what is seen does not tell yet."""

    LANDED = "landed"
    LOST = "lost"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Orders:
    """Units of a channel's known orders that the base of its counter does not have.

    ``shown`` are in what was seen, since they were read before it; each of ``perhaps``, which were read after it, may
    be (below zero: given back). ``all_read`` says whether there are no others that the channel could show, ``erases``
    whether a write may have wiped out what orders took off: the platform does not compare before it sets. ``changed``
    says whether one of which the base has all, or that takes nothing any more, was read after it: what was seen may
    show what it took before.
    """

    shown: tuple[int, ...] = ()
    perhaps: tuple[int, ...] = ()
    all_read: bool = False
    erases: bool = False
    changed: bool = False

    def wiped(self) -> Orders:
        """The same, where a write came over any of them."""
        return Orders((), (*self.shown, *self.perhaps), self.all_read)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a channel holds, and what is promised there since the base, where it shows that."""

    observed: int
    promised: int | None
    decided_with: int
    """Units of orders that the write was decided with though its base did not have them."""

    def gone(self, value: int) -> int:
        """Units that left since the base, if the write made it this value, or left it at this one."""
        return value + self.decided_with - self.observed

    def shipped(self, value: int) -> int:
        """Units that left and are promised no more; below zero is what cannot be."""
        return self.gone(value) - (self.promised or 0)


def landed(mapping: CompiledMapping, view: ShadowView, change: ChangeLine, orders: Orders | None) -> Landing:
    """Whether what is observed shows that a write took effect, sales after it included.

    ``orders`` is None where no orders flow: then each unit is one that nobody knows of. LOST holds only once the write
    can take effect no more.
    """
    name = parse_slot(change.slot).field
    observed = view.observed.get(change.slot)
    before, after = change.before, change.after
    if name != "stock" or not isinstance(observed, int):
        return _word(change.slot in view.observed and mapping.same(name, observed, after))
    if not isinstance(after, int) or not isinstance(before, int):
        return _word(observed == after)
    base = view.got.get(change.slot)
    # What was written over differs from the base by what the write was decided with.
    decided_with = base - before if isinstance(base, int) else 0
    seen = _Seen(observed, _promised_since(view, change), decided_with)
    if orders is None:
        return _word(_by_the_shelf(seen, before, after))
    return _by_orders(seen, before, after, orders)


def safest(change: ChangeLine) -> Landing:
    """The verdict that can hide no sale, where nothing more will tell."""
    before, after = change.before, change.after
    counts = parse_slot(change.slot).field == "stock" and isinstance(before, int) and isinstance(after, int)
    return _higher(before, after) if counts else Landing.LOST  # type: ignore[arg-type]


def _higher(before: int, after: int) -> Landing:
    return _word(after > before)


def _word(took: bool) -> Landing:  # noqa: FBT001 - the verdict in other words
    return Landing.LANDED if took else Landing.LOST


def _by_orders(seen: _Seen, before: int, after: int, orders: Orders) -> Landing:
    """The story that orders explain whole, if only one is; the other one leaves units that nobody bought."""
    if not orders.all_read:
        return Landing.UNTOLD
    if_landed, if_lost = _unexplained(seen, after, orders), _unexplained(seen, before, orders)
    if if_landed and if_lost and orders.erases and after > before:
        # What is promised tells nothing then: the order is there, and its units are back on the shelf.
        if_landed = _unexplained(replace(seen, promised=None), after, orders.wiped())
    if bool(if_landed) == bool(if_lost):
        return Landing.UNTOLD
    found = _word(not if_landed)
    # An order that may be in it or not fits more than one figure: the next look shows those that were read by now.
    open_yet = bool(orders.perhaps) or orders.changed
    return Landing.UNTOLD if open_yet and found is not _higher(before, after) else found


def _unexplained(seen: _Seen, value: int, orders: Orders) -> int:
    """Units that neither orders nor shipments explain; what cannot be at all counts as well."""
    gone = seen.gone(value) - sum(orders.shown)
    unsold = min(abs(gone - units) for units in _sums(orders.perhaps))
    return unsold + (0 if seen.promised is None else max(0, -seen.shipped(value)))


def _sums(parts: Iterable[int]) -> set[int]:
    """What some of these can come to."""
    found = {0}
    for part in parts:
        found |= {known + part for known in found}
    return found


def _by_the_shelf(seen: _Seen, before: int, after: int) -> bool:
    """Where no orders flow: by what left the shelf, and what is promised."""
    observed = seen.observed - seen.decided_with
    if seen.promised is not None:
        return _explained_by_landing(observed, seen.promised, before, after)
    if observed == after:
        return True
    # No evidence of sales: a fall below the new value, or a value above the old one, shows the write landed.
    return observed < after if after < before else observed > before


def _promised_since(view: ShadowView, change: ChangeLine) -> int | None:
    committed = str(Slot("committed", parse_slot(change.slot).scope))
    now, then = view.observed.get(committed), view.got.get(committed)
    return now - then if isinstance(now, int) and isinstance(then, int) else None


def _explained_by_landing(observed: int, promised: int, before: int, after: int) -> bool:
    """Whether sales and shipments explain what is seen better if the write landed than if it did not.

    With ``s`` sold and ``f`` shipped since, available is the written (or the old) value less ``s``, and committed has
    grown by ``s - f``. A reading is possible if neither is negative; of two, the one with fewer shipments is taken.
    """
    shipped_if_landed = after - promised - observed
    shipped_if_lost = before - promised - observed
    if not _possible(shipped_if_landed, promised):
        return False
    return not _possible(shipped_if_lost, promised) or shipped_if_landed <= shipped_if_lost


def _possible(shipped: int, promised: int) -> bool:
    return shipped >= 0 and shipped + promised >= 0


def orders_of(waiting: Sequence[tuple[str, int]], shown_until: str, *, all_read: bool, erases: bool = False) -> Orders:
    """What is known of orders beside a look that shows what had been read until then: when each was, and its units."""
    shown = tuple(units for as_of, units in waiting if as_of < shown_until)
    perhaps = tuple(units for as_of, units in waiting if as_of >= shown_until)
    return Orders(shown, perhaps, all_read, erases)
