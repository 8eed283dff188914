"""The three-way diff of a plain owned field: what we sent, what the platform made of it, what it holds (R10, R11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from canonical.value import REDACTED, Value
from sync.config import Policy
from sync.decision import Decision, Event, EventKind, Verdict

Same = Callable[[Value, Value], bool]


class Unset:
    """Marks a value that is not known: not read, never sent."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()
"""No value: distinct from Null, which is one."""

MaybeValue = Value | Unset


@dataclass(frozen=True, slots=True)
class SlotOverride:
    """The override on a slot: ``hold``, ``adopt`` or ``revert``, with both values at the time.

    The value of ``revert`` is the one that was there before, and is to be there until the owner's changes.
    """

    kind: str
    value: Value
    owner_value: Value


@dataclass(frozen=True, slots=True)
class SlotView:
    """Everything known of one slot of one record on one target."""

    desired: MaybeValue
    observed: MaybeValue
    sent: MaybeValue = UNSET
    got: MaybeValue = UNSET
    override: SlotOverride | None = None


MAX_ATTEMPTS = 3
"""The same value written so often without sticking is quarantined."""


def decide_state(view: SlotView, same: Same, policy: Policy, *, may_clear: bool) -> Decision:
    """Decide one slot of a plain owned field; pure."""
    desired, observed = view.desired, view.observed
    if isinstance(desired, Unset):
        return Decision(Verdict.NOTHING, reason="owner_not_read")
    if isinstance(observed, Unset):
        return Decision(Verdict.NOTHING, reason="not_read")
    if REDACTED in (desired, observed):
        return Decision(Verdict.NOTHING, reason="redacted")
    if desired is None and not may_clear:
        return Decision(Verdict.NOTHING, reason="clear_not_allowed")
    if view.override is not None and view.override.kind == "revert" and same(desired, view.override.owner_value):
        return _decide_reverted(view, view.override.value, desired, observed, same)
    if same(observed, desired):
        ended = (Event(EventKind.ENDED),) if view.override else ()
        return Decision(Verdict.EQUAL, desired, observed, events=ended)
    return _decide_different(view, desired, observed, same, policy)


def _decide_reverted(view: SlotView, pinned: Value, desired: Value, observed: Value, same: Same) -> Decision:
    """A slot whose earlier value was put back stays as it is while its owner says what it said then (R11)."""
    if pinned == REDACTED:
        return Decision(Verdict.NOTHING, reason="redacted")
    made = not isinstance(view.sent, Unset) and same(view.sent, pinned)
    got = observed if isinstance(view.got, Unset) else view.got
    if not same(observed, pinned) and not same(observed, got):
        return Decision(Verdict.HELD, desired, observed, "conflict", (Event(EventKind.CONFLICT, base=got),))
    if made or same(observed, pinned):
        return Decision(Verdict.HELD, desired, observed, "reverted")
    return Decision(Verdict.WRITE, pinned, observed, "reverted")


def _decide_different(view: SlotView, desired: Value, observed: Value, same: Same, policy: Policy) -> Decision:
    got = observed if isinstance(view.got, Unset) else view.got
    theirs_changed = not same(observed, got)
    must_write = isinstance(view.sent, Unset) or not same(desired, view.sent)
    if view.override is not None:
        decided = _decide_overridden(view.override, desired, observed, got, same, theirs_changed=theirs_changed)
        if decided is not None:
            return decided
        must_write = True
    elif theirs_changed:
        return _decide_conflict(desired, observed, got, policy)
    if not must_write:
        # The platform made something else of exactly this value; writing it again would change nothing.
        return Decision(Verdict.EQUAL, desired, observed)
    return Decision(Verdict.WRITE, desired, observed)


def _decide_conflict(desired: Value, observed: Value, got: Value, policy: Policy) -> Decision:
    event = Event(EventKind.CONFLICT, base=got)
    if policy is Policy.RESTORE:
        return Decision(Verdict.WRITE, desired, observed, "conflict", (event,))
    if policy is Policy.ADOPT:
        return Decision(Verdict.ADOPT, desired, observed, "conflict", (event,))
    return Decision(Verdict.HELD, desired, observed, "conflict", (event,))


def _decide_overridden(
    override: SlotOverride, desired: Value, observed: Value, got: Value, same: Same, *, theirs_changed: bool
) -> Decision | None:
    """Plan around an override; None when it has ended and the field is planned as usual."""
    if override.kind == "hold":
        if theirs_changed:
            return Decision(Verdict.HELD, desired, observed, "held", (Event(EventKind.CONFLICT, base=got),))
        # They put it back to what it was: nothing is left to decide, the owner's value counts again.
        return Decision(Verdict.WRITE, desired, observed, events=(Event(EventKind.ENDED),))
    if same(desired, override.owner_value):
        return Decision(Verdict.HELD, desired, observed, "adopted")
    # The override ends with the write, not with the plan: the owner may yet move back.
    return Decision(Verdict.WRITE, desired, observed)
