"""What the planner concludes about one slot of one record on one target."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

import msgspec

from canonical.value import Value


class Verdict(Enum):
    """NOTHING: there is nothing to project. EQUAL: target and owner agree. WRITE: a call is needed. ADOPT: their value
    is to be adopted. HELD: an override or conflict keeps the slot as it is. WAIT: not now, with a reason.
    """

    NOTHING = "nothing"
    EQUAL = "equal"
    WRITE = "write"
    ADOPT = "adopt"
    HELD = "held"
    WAIT = "wait"


UNCONFIRMED = "unconfirmed_write"
"""The reason of a slot that waits for what became of a write."""


class EventKind(Enum):
    """What was seen to have happened on the target, to be recorded once."""

    CONFLICT = "conflict"
    RAISED = "raised"
    SALE = "sale"
    DROP = "drop"
    EDIT = "edit"
    CANCEL = "cancel"
    OWN = "own"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on the target: its kind, and for stock its units and when it was last seen unmoved.

    ``OWN`` are units of the channel's own orders, below zero where it gave them back; ``LOST`` are units of such orders
    that a write of ours put back on the shelf.
    """

    kind: EventKind
    units: int = 0
    base: Value = None
    since: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The conclusion for one slot: what to write over what, why, and what must be recorded.

    ``base`` is the value we can explain the target to hold, and so what a compare-and-set sends (R3). ``alone`` is
    what a stock figure would be by its owner's word alone, without sales that are not booked.
    """

    verdict: Verdict
    desired: Value = None
    base: Value = None
    reason: str = ""
    events: tuple[Event, ...] = ()
    alone: Value = None

    @property
    def writes(self) -> bool:
        """Whether this decision changes something, there or in the override table."""
        return self.verdict in (Verdict.WRITE, Verdict.ADOPT)


def fingerprint(external_id: str, slot: str, decision: Decision, config_version: str) -> str:
    """A short hash of a change's target and inputs, compared again immediately before the call (R19)."""
    parts = (external_id, slot, decision.verdict.value, decision.base, decision.desired, config_version)
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()
