"""A group of worlds from the first event to rest, under one hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.worlds.blind import Blind
from tests.worlds.engine import PREFIX, Crew, Passing, Template
from tests.worlds.ledger import Ledger
from tests.worlds.market import Market
from tests.worlds.script import CHANNELS, Event, Round, rounds, world

HIDES = 0.15
"""How many orders cannot be read at once in some worlds: then only the counter knows of the sale (R3)."""
SIZE = 20
"""Worlds that share a hub; the groups are always the same, so that a seed can be played again."""


@dataclass
class Played:
    """What became of a group: the judge of each seed, what was listed and free at rest, and what the hub shows of it.

    ``shown`` is why a hub lists too little, as far as it tells a person.
    """

    ledgers: dict[int, Ledger] = field(default_factory=dict)
    shown: dict[int, str] = field(default_factory=dict)
    ends: dict[int, tuple[dict[str, int], int]] = field(default_factory=dict)
    killed: int = 0
    steps: int = 0


class Living(Protocol):
    """A hub that lives through the rounds of a group."""

    killed: int
    steps: int
    trace: bool

    def hook(self, channel: str, item: str) -> None:
        """A webhook arrives."""

    def round(self, found: Round) -> None:
        """One round."""

    def rest(self) -> None:
        """Sync until nothing moves any more."""

    def shown(self) -> dict[str, str]:
        """By SKU: what waits for a person's word."""


class Group:
    """Worlds that share a hub: each has its own script; syncs, crashes and faults are common to them."""

    def __init__(
        self,
        template: Template,
        seeds: Sequence[int],
        *,
        blind: bool = False,
        trace: bool = False,
        clock: Passing | None = None,
        hides: float = 0.0,
    ) -> None:
        self.seeds = seeds
        self.clock = clock or Passing(template.now)
        compares = dict.fromkeys(CHANNELS, False) if blind else template.compares
        self.market = Market(template.platforms, PREFIX, self.clock, compares, hides)
        self.skus = {seed: f"SKU-{number}" for number, seed in enumerate(seeds, start=1)}
        events = [(event, seed) for seed in seeds for event in world(seed)]
        self.waiting: list[tuple[Event, int]] = sorted(events, key=lambda one: (one[0].round, one[0].at, one[1]))
        self.late: list[tuple[str, str]] = []
        self.number = 0
        self.hub = self.begin(template, blind=blind)
        self.hub.trace = trace

    def begin(self, template: Template, *, blind: bool) -> Living:
        """The hub of this group."""
        if blind:
            return Blind(self.market, self.happen)
        return Crew(template, self.market, self.clock, self.happen)

    def play(self) -> Played:
        """Live through every round, then come to rest."""
        for number, found in enumerate(rounds(self.seeds[0])):
            self.number = number
            self.clock.advance(found.pause)
            self.market.lagging, self.market.silent, self.market.down = found.lagging, "", ""
            for hook in self.late:
                self.hub.hook(*hook)
            self.late.clear()
            if found.fault:
                self.market.fault(*found.fault)
            self.happen(0.0)
            self.hub.round(found)
        self.hub.rest()
        played = Played(killed=self.hub.killed, steps=self.hub.steps)
        shown = self.hub.shown()
        played.shown = {seed: shown[sku] for seed, sku in self.skus.items() if sku in shown}
        for seed, sku in self.skus.items():
            thing = self.market.things[sku]
            played.ledgers[seed] = thing.ledger
            played.ends[seed] = (thing.listed(), thing.ledger.free)
        self.market.close(PREFIX)
        return played

    def happen(self, share: float) -> None:
        """Everything that people do until the hub has come so far."""
        while self.waiting and (self.waiting[0][0].round, self.waiting[0][0].at) <= (self.number, share):
            event, seed = self.waiting.pop(0)
            self.clock.advance(0.01)
            if self.market.happen(self.skus[seed], event):
                self._tell(event, self.skus[seed])

    def _tell(self, event: Event, sku: str) -> None:
        """The platform's webhook, as far as it arrives."""
        item = self.market.things[sku].items[event.channel].id
        if event.hook in ("now", "twice"):
            self.hub.hook(event.channel, item)
        if event.hook in ("late", "twice"):
            self.late.append((event.channel, item))


def groups(seeds: range) -> list[range]:
    """Seeds in groups that live together; a part of a group is played as the whole of it."""
    first = seeds.start // SIZE * SIZE
    return [range(start, start + SIZE) for start in range(first, seeds.stop, SIZE)]


def play_all(template: Template, seeds: range, take: Callable[[Played], None], *, blind: bool = False) -> None:
    """Play every group of these seeds; in every fourth one some orders cannot be read at once."""
    for group in groups(seeds):
        take(Group(template, group, blind=blind, hides=hides_of(group)).play())


def hides_of(group: range) -> float:
    """How many orders of a group cannot be read at once."""
    return HIDES if group.start // SIZE % 4 == 3 else 0.0
