"""Stock on a channel is a counter: what moved it, and whether it may be written (R2 to R4).

``base`` less the units of the channel's own orders is what we can explain the channel to hold; nothing else needs an
explanation. Whatever else it holds was done by someone: a fall of available
matched by a rise of committed is a sale, any other fall an edit (or an unaccounted drop where the platform shows no
commitments), a rise matched by a fall of committed a cancellation, any other rise a conflict. Each is recorded once,
after which the base is what was seen. Lowerings always go out; a raise waits while anything is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sync.config import Policy
from sync.decision import Decision, Event, EventKind, Verdict
from sync.diff import SlotOverride
from sync.orders.owns import Pending

FALLS = frozenset({EventKind.SALE, EventKind.DROP, EventKind.EDIT})
"""Units that left a channel without a known order."""


@dataclass(frozen=True, slots=True)
class Level:
    """What a channel holds of one slot; the other two are None where the platform does not show them."""

    available: int
    committed: int | None = None
    on_hand: int | None = None


@dataclass(frozen=True, slots=True)
class CounterView:
    """Everything known of one stock slot on one target.

    ``desired`` already has every open drop of the pool taken off; ``allowed`` is what the owner's figure alone would
    list here. ``unmoved_since`` is when the channel was last seen at its base. ``blocked`` names why no raise may go
    out at all (R2), ``open_drops`` whether units left a channel of the pool that the owner's figure does not show yet.
    ``own`` are units of the channel's own orders that the base does not have, ``compares`` whether the platform
    compares before it sets: one that does not may have lost a sale to a write of ours. ``fallen_here`` are units that
    left this slot and are still waited for as an order.
    """

    desired: int
    allowed: int
    observed: Level
    base: Level | None
    override: SlotOverride | None = None
    open_drops: bool = False
    unmoved_since: str = ""
    blocked: str = ""
    own: Pending = field(default_factory=Pending)
    compares: bool = True
    fallen_here: int = 0

    @property
    def lowest(self) -> int:
        """The least that the channel's own orders explain."""
        return self._start - self.own.sure - self.own.taken

    @property
    def highest(self) -> int:
        """The most that they explain."""
        return self._start - self.own.sure + self.own.given

    @property
    def _start(self) -> int:
        return (self.base or self.observed).available


def explained(view: CounterView) -> tuple[Level, int]:
    """The level that own orders explain, nearest to what is observed, and the units of theirs that are in it."""
    base = view.base or view.observed
    available = min(max(view.observed.available, view.lowest), view.highest)
    units = base.available - available
    committed = None if base.committed is None else base.committed + units
    return Level(available, committed, base.on_hand), units


def movements(base: Level, observed: Level, since: str = "") -> tuple[Event, ...]:
    """Name what moved a counter from its base to what is seen now."""
    change = observed.available - base.available
    hidden = _sale_behind_a_raise(base, observed, since)
    if hidden or change == 0:
        return hidden
    if base.committed is None or observed.committed is None:
        kind = EventKind.DROP if change < 0 else EventKind.RAISED
        return (Event(kind, abs(change), base.available, since),)
    promised = observed.committed - base.committed
    if change < 0:
        sold = max(0, min(-change, promised))
        return _named((EventKind.SALE, sold), (EventKind.EDIT, -change - sold), base.available, since)
    added = 0
    if base.on_hand is not None and observed.on_hand is not None:
        # A cancellation leaves the building's count alone; whoever raised that edited the stock.
        added = max(0, observed.on_hand - base.on_hand)
    # With a raise beside it, a fall of what is promised may as well be goods that were sent.
    canceled = 0 if added else max(0, min(change, -promised))
    return _named((EventKind.CANCEL, canceled), (EventKind.RAISED, change - canceled), base.available, since)


def _sale_behind_a_raise(base: Level, observed: Level, since: str) -> tuple[Event, ...]:
    """Sales that an edit upwards hides: what is promised grew, and so did the building's count."""
    if None in (base.committed, base.on_hand, observed.committed, observed.on_hand):
        return ()
    change = observed.available - base.available
    promised = (observed.committed or 0) - (base.committed or 0)
    raised = min((observed.on_hand or 0) - (base.on_hand or 0), change + promised)
    fallen = raised - change
    if raised <= 0 or promised <= 0 or fallen <= 0:
        return ()
    sold = min(fallen, promised)
    falls = _named((EventKind.SALE, sold), (EventKind.EDIT, fallen - sold), base.available, since)
    return (*falls, Event(EventKind.RAISED, raised, base.available, since))


def _named(first: tuple[EventKind, int], second: tuple[EventKind, int], before: int, since: str) -> tuple[Event, ...]:
    return tuple(Event(kind, units, before, since) for kind, units in (first, second) if units)


def decide_counter(view: CounterView, policy: Policy) -> Decision:
    """Decide one stock slot; pure."""
    base, units = explained(view)
    events = _given_back(view, _lost_to_us(view, movements(base, view.observed, view.unmoved_since)))
    if units or view.own.sure:
        events = (Event(EventKind.OWN, units, since=view.own.until), *events)
    fallen = sum(event.units for event in events if event.kind in FALLS)
    desired = max(0, view.desired - fallen)
    seen = held_now(view, units)
    if desired == seen:
        return Decision(Verdict.EQUAL, desired, seen, events=_with_end(events, view.override))
    if desired < seen:
        return Decision(Verdict.WRITE, desired, seen, _lowering_reason(events), events)
    return _decide_raise(view, desired, seen, events, policy, fallen=fallen)


def _lost_to_us(view: CounterView, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Units of orders that a platform does not show as gone, because a write of ours came in between (R8)."""
    known = max(0, view.own.sure + view.own.taken)
    if view.compares or not known:
        return events
    found: list[Event] = []
    for event in events:
        lost = min(known, event.units) if event.kind is EventKind.RAISED else 0
        if lost:
            known -= lost
            found.append(Event(EventKind.LOST, lost, event.base, event.since))
        if event.units > lost:
            found.append(Event(event.kind, event.units - lost, event.base, event.since))
    return tuple(found)


def _given_back(view: CounterView, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Units that left for an order and come back: it was called off, or less of it was wanted, before it was read.

    Only where the platform does not show what it has promised; elsewhere that tells cancellations from raises by hand.
    """
    if view.observed.committed is not None or not view.fallen_here:
        return events
    found: list[Event] = []
    for event in events:
        back = min(view.fallen_here, event.units) if event.kind is EventKind.RAISED else 0
        if back:
            found.append(Event(EventKind.CANCEL, back, event.base, event.since))
        if event.units > back or not event.units:
            found.append(replace(event, units=event.units - back))
    return tuple(found)


def held_now(view: CounterView, units: int) -> int:
    """What the channel holds by now: what was observed, less own orders that are newer than that."""
    return view.observed.available - (view.own.all - units)


def _lowering_reason(events: Sequence[Event]) -> str:
    return "stock_raised_by_other" if any(event.kind is EventKind.RAISED for event in events) else ""


def _with_end(events: tuple[Event, ...], override: SlotOverride | None) -> tuple[Event, ...]:
    return (*events, Event(EventKind.ENDED)) if override is not None else events


def _decide_raise(
    view: CounterView, desired: int, seen: int, events: tuple[Event, ...], policy: Policy, *, fallen: int
) -> Decision:
    raised = any(event.kind is EventKind.RAISED for event in events)
    override = view.override
    if override is not None and override.kind == "adopt" and override.owner_value != view.allowed:
        events = (*events, Event(EventKind.ENDED))
    elif override is not None:
        return Decision(Verdict.HELD, desired, seen, "adopted" if override.kind == "adopt" else "held", events)
    if raised and policy is not Policy.RESTORE:
        return Decision(Verdict.HELD, desired, seen, "conflict", (*events, Event(EventKind.CONFLICT, base=seen)))
    if view.open_drops or fallen:
        return Decision(Verdict.WAIT, desired, seen, "unaccounted_drop", events)
    if view.blocked:
        return Decision(Verdict.WAIT, desired, seen, view.blocked, events)
    return Decision(Verdict.WRITE, desired, seen, events=events)
