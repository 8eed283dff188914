"""The judge of one world: counts every unit by itself and knows why anything is listed that is not there.

``free`` is what came in less what is owed: units of orders, or of requests that may still be shipped, whichever is
more. What a channel lists above that is its excess, and each unit of it has the cause that made it. A sale beyond what
is free takes units of the channel's excess, and so has a cause as well.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.worlds.script import CHANNELS

BY_THE_HUB = ("raised", "erased")
"""Raised over, or erased, a deduction that the platform had made, or raised without the reads that R2 asks for."""
SHARING, OWNER, RESTOCK, REQUEST = "sharing", "owner", "restock", "late request"


@dataclass(frozen=True, slots=True)
class State:
    """A world at an instant: units that came in, units owed by channel, and what each level has given to orders."""

    received: int
    owed: Mapping[str, int]
    taken: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Known:
    """How far a hub has read when it decides on a write: each channel's orders, and the owner's figures.

    ``hidden`` is, by channel and thing, since when a read of the orders did not show all of them; ``parts`` how far the
    figures of single things are known, where a read of all of them is under way.
    """

    seq: int
    orders: Mapping[str, int]
    figures: int
    hidden: Mapping[tuple[str, str], int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)

    def figure(self, sku: str) -> int:
        """Until when the owner's figure of a thing is known."""
        return max(self.figures, self.parts.get(sku, 0))

    def read(self, channel: str, sku: str) -> int:
        """Until when the orders of a thing on a channel are known."""
        return min(self.orders[channel], self.hidden.get((channel, sku), self.orders[channel]))


@dataclass
class Ledger:
    """The books of one world under one hub."""

    sku: str = ""
    states: list[tuple[int, State]] = field(default_factory=list)
    listed: dict[str, int] = field(default_factory=dict)
    excess: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in CHANNELS})
    listed_over: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in CHANNELS})
    oversold: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in CHANNELS})
    sold: Counter[str] = field(default_factory=Counter)
    figure_moved: int = 0
    lines: list[str] = field(default_factory=list)
    unexplained: int = 0

    @property
    def now(self) -> State:
        """The world as it is."""
        return self.states[-1][1]

    @property
    def free(self) -> int:
        """Units that are there and nobody's; negative when more was sold than is there."""
        return free(self.now)

    def begin(self, seq: int, state: State, listed: Mapping[str, int]) -> None:
        """Everything agrees, and every hub knows it."""
        self.states.append((seq, state))
        self.listed.update(listed)

    def at(self, seq: int) -> State:
        """The world as it was when a read was answered."""
        return self.states[bisect_right(self.states, seq, key=lambda one: one[0]) - 1][1]

    # -- what happens -------------------------------------------------------------------------------------------------

    def sell(self, channel: str, units: int) -> None:
        """A channel is about to sell units: those that are not there take their cause from what it lists too much."""
        self.sold[channel] += units
        short = units - max(0, self.free)
        for cause in (*BY_THE_HUB, REQUEST, RESTOCK, OWNER, SHARING):
            taken = min(max(0, short), self.excess[channel][cause])
            short -= taken
            if taken:
                self.excess[channel][cause] -= taken
                self.oversold[channel][cause] += taken
                self.lines.append(f"    OVERSOLD {taken} on {channel}: {cause}")
        if short > 0:
            self.unexplained += short
            self.lines.append(f"    OVERSOLD {short} on {channel} WITHOUT A CAUSE")

    def moved(self, seq: int, state: State, listed: Mapping[str, int], cause: str) -> None:
        """The world is another one now; what channels list too much from here on has this cause."""
        self.states.append((seq, state))
        self.listed.update(listed)
        for channel in CHANNELS:
            self._book(channel, Counter({cause: self._grown(channel)}))

    def wrote(self, channel: str, levels: Mapping[str, int], listed: int, known: Known) -> None:
        """A hub set levels: what is listed too much since then is its doing, unless it could not know better."""
        self.listed[channel] = listed
        grown = self._grown(channel)
        unread = self._wiped_out(channel, levels, known)
        causes = self._causes(channel, unread, grown, known) if grown > 0 else Counter({"": grown})
        self._book(channel, causes)
        if grown <= 0 and unread > 0:
            # What it could not know when it decided is not the doing of whoever lowers by what he knows.
            unseen = max(0, self.at(known.figure(self.sku)).received - self.now.received)
            unseen += sum(self._in_the_lag(other, known) for other in CHANNELS if other != channel)
            counted = self.excess[channel].total() - unseen
            causes = self._relabel(channel, max(0, min(unread, sum(levels.values()), counted)))
        for cause in BY_THE_HUB:
            if causes[cause]:
                self.listed_over[channel][cause] += causes[cause]
                self.lines.append(f"    {cause.upper()} {causes[cause]}: {channel} set to {dict(levels)}")

    # -- whose doing it is --------------------------------------------------------------------------------------------

    def _wiped_out(self, channel: str, levels: Iterable[str], known: Known) -> int:
        """Units that the channel took off the levels of this call by itself, for orders that the hub had not read."""
        now, then = self.now.taken, self.at(known.read(channel, self.sku)).taken
        return sum(max(0, now[channel, one] - then[channel, one]) for one in levels)

    def _causes(self, channel: str, unread: int, grown: int, known: Known) -> Counter[str]:
        """Whose doing a growing excess is: the hub's own first where the platform had taken units off by itself."""
        now, told = self.now, self.at(known.read(channel, self.sku))
        given_back = _taken(told, channel) - _taken(now, channel)
        hidden = max(0, now.owed[channel] - told.owed[channel] + given_back)
        parts = (
            ("erased", unread),
            (SHARING, sum(self._in_the_lag(other, known) for other in CHANNELS if other != channel)),
            (OWNER, max(0, self.at(known.figure(self.sku)).received - now.received)),
            (RESTOCK, hidden),
            ("raised", grown),
        )
        causes: Counter[str] = Counter()
        for cause, most in parts:
            causes[cause] = min(most, grown - causes.total())
        return causes

    def _in_the_lag(self, other: str, known: Known) -> int:
        """Units sold on another channel since its orders were read, if that was after the owner's figure was (R2)."""
        figure = self.figure_moved if self.figure_moved <= known.seq else 0
        return max(0, self.now.owed[other] - self.at(max(known.read(other, self.sku), figure)).owed[other])

    def _relabel(self, channel: str, units: int) -> Counter[str]:
        """A lowering that wiped out deductions: so much of what is still listed too much is the hub's doing."""
        bag = self.excess[channel]
        left = units
        for cause in [one for one in bag if one not in BY_THE_HUB]:
            taken = min(left, bag[cause])
            bag[cause] -= taken
            left -= taken
        bag["erased"] += units - left
        return Counter({"erased": units - left})

    def _grown(self, channel: str) -> int:
        now = max(0, self.listed[channel] - max(0, self.free))
        return now - self.excess[channel].total()

    def _book(self, channel: str, causes: Counter[str]) -> None:
        """Add what grew by its causes; a fall is taken off what was the hub's last, so that it cannot hide."""
        bag = self.excess[channel]
        for cause, units in causes.items():
            if units > 0:
                bag[cause] += units
        left = -sum(units for units in causes.values() if units < 0)
        for cause in (SHARING, OWNER, RESTOCK, REQUEST, *reversed(BY_THE_HUB)):
            taken = min(left, bag[cause])
            bag[cause] -= taken
            left -= taken


def _taken(state: State, channel: str) -> int:
    return sum(units for (name, _), units in state.taken.items() if name == channel)


def free(state: State) -> int:
    """Units that came in less what is owed."""
    return state.received - sum(state.owed.values())
