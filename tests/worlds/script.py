"""What happens in a world, drawn from its seed alone: the same for every hub that lives through it.

A world is one thing that is sold from one pool on two channels. What a hub does is no part of the script: an event says
when it comes by the round and by how far the hub has got in it, and how many units somebody wants, not how many they
get.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

CHANNELS = ("shop", "web")
PLACES = ("WH1", "WH2")
ROUNDS = 4
_KINDS = {
    "order": 10,
    "cancel": 3,
    "edit": 2,
    "refund": 2,
    "receive": 3,
    "correct": 1,
    "pay": 2,
    "ship": 3,
}
_FAULTS = ("busy", "unanswered", "late", "silent", "down")
_HOOKS = ("now", "now", "lost", "late", "twice")


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that people do: in which round, after which share of the hub's work there (0: before it begins).

    ``units`` is what they want, ``pick`` a number between 0 and 1 that chooses among what is there, ``luck`` decides
    what is left to chance, ``hook`` is what becomes of the webhook that tells of it.
    """

    round: int
    at: float
    kind: str
    channel: str
    place: str
    units: int
    pick: float
    luck: float
    hook: str

    def __str__(self) -> str:
        when = f"{self.round}.{int(self.at * 100):02d}"
        return f"{when} {self.kind} {self.units} {self.channel}/{self.place} webhook {self.hook}"


def world(seed: int) -> tuple[Event, ...]:
    """The events of one world, in order."""
    dice = random.Random(seed)
    names, weights = list(_KINDS), list(_KINDS.values())
    events = [
        Event(
            round=dice.randrange(ROUNDS),
            at=dice.random() if dice.random() < 0.6 else 0.0,
            kind=dice.choices(names, weights)[0],
            channel=dice.choice(CHANNELS),
            place=dice.choice(PLACES),
            units=dice.randint(1, 4),
            pick=dice.random(),
            luck=dice.random(),
            hook=dice.choice(_HOOKS),
        )
        for _ in range(dice.randint(8, 12))
    ]
    return tuple(sorted(events, key=lambda event: (event.round, event.at)))


@dataclass(frozen=True, slots=True)
class Round:
    """What befalls the hub in one round; shares of its work as in events, None where it does not happen.

    ``fault`` names a platform and what its next write meets: ``busy``, ``unanswered`` (done, but no answer) or
    ``late`` (done only after the hub gave up); a ``silent`` one does not show its orders at all, a ``down`` one shows
    nothing. ``lagging`` platforms show for a while what they held before the last write. ``overtakes`` says that what
    webhooks tell is looked after in the middle of the sync, and that pages are short.
    """

    sweep: bool
    crash: float | None
    second: float | None
    fault: tuple[str, str] | None
    lagging: bool
    turns: int
    pause: float
    overtakes: bool


def rounds(seed: int) -> tuple[Round, ...]:
    """What befalls the hub that a group of worlds shares."""
    dice = random.Random(f"rounds {seed}")
    # Dice of their own, so that everything else befalls a seed as it did before.
    others = random.Random(f"overtakes {seed}")
    return tuple(
        Round(
            sweep=dice.random() < 0.3,
            crash=dice.random() if dice.random() < 0.4 else None,
            second=dice.random() if dice.random() < 0.3 else None,
            fault=(dice.choice(("erp", *CHANNELS)), dice.choice(_FAULTS)) if dice.random() < 0.5 else None,
            lagging=dice.random() < 0.3,
            turns=dice.getrandbits(32),
            pause=dice.choice((1.0, 5.0, 30.0)),
            overtakes=others.random() < 0.5,
        )
        for _ in range(ROUNDS)
    )
