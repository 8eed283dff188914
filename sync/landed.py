"""Whether a write whose answer was lost took effect, by what the channel shows now (R17); pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from canonical.slot import Slot, parse_slot
from mappings.compiled import CompiledMapping
from sync.batch import ChangeLine
from sync.shadow import ShadowView


@dataclass(frozen=True, slots=True)
class Orders:
    """Units of a channel's known orders that the base of its counter does not have.

    ``shown`` are in what was seen, since they were read before it; each of ``perhaps``, which were read after it, may
    be (below zero: given back). ``all_read`` says whether there are no others that the channel could show.
    """

    shown: int = 0
    perhaps: tuple[int, ...] = ()
    all_read: bool = False

    @property
    def least(self) -> int:
        """The fewest that may be in what was seen."""
        return self.shown + sum(units for units in self.perhaps if units < 0)

    @property
    def all(self) -> int:
        """All of them."""
        return self.shown + sum(self.perhaps)


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


def landed(mapping: CompiledMapping, view: ShadowView, change: ChangeLine, orders: Orders) -> bool:
    """Whether what is observed shows that a write took effect, sales after it included."""
    name = parse_slot(change.slot).field
    observed = view.observed.get(change.slot)
    if name != "stock" or not isinstance(observed, int):
        return change.slot in view.observed and mapping.same(name, observed, change.after)
    if not isinstance(change.after, int) or not isinstance(change.before, int):
        return observed == change.after
    base = view.got.get(change.slot)
    # What was written over differs from the base by what the write was decided with.
    decided_with = base - change.before if isinstance(base, int) else 0
    seen = _Seen(observed, _promised_since(view, change), decided_with)
    if orders.all_read:
        odd_if_landed, odd_if_lost = _oddity(seen, change.after, orders), _oddity(seen, change.before, orders)
        if odd_if_landed != odd_if_lost:
            return odd_if_landed < odd_if_lost
    return _by_the_shelf(seen, change.before, change.after, orders)


def _oddity(seen: _Seen, value: int, orders: Orders) -> int:
    """Units that neither orders nor shipments explain; what cannot be at all counts twice."""
    gone = seen.gone(value) - orders.shown
    unsold = min(abs(gone - units) for units in _sums(orders.perhaps))
    impossible = 0 if seen.promised is None else max(0, -seen.shipped(value))
    return unsold + 2 * impossible


def _sums(parts: Iterable[int]) -> set[int]:
    """What some of these can come to."""
    found = {0}
    for part in parts:
        found |= {known + part for known in found}
    return found


def _by_the_shelf(seen: _Seen, before: int, after: int, orders: Orders) -> bool:
    """Where orders do not tell: by what left the shelf, and what is promised."""
    if seen.promised is not None:
        promised = seen.promised - orders.least
        return _explained_by_landing(seen.observed - seen.decided_with + orders.least, promised, before, after)
    observed = seen.observed - seen.decided_with + orders.all
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


def orders_of(waiting: Sequence[tuple[str, int]], seen_at: str, *, all_read: bool) -> Orders:
    """What is known of orders beside a look of that time: when each was read, and its units."""
    shown = sum(units for as_of, units in waiting if as_of < seen_at)
    return Orders(shown, tuple(units for as_of, units in waiting if as_of >= seen_at), all_read)
