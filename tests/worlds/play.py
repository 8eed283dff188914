"""A group of worlds from the first event to rest, under one hub."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.worlds.blind import Blind
from tests.worlds.engine import COMPARES, PREFIX, Crew, Passing, Template
from tests.worlds.ledger import Ledger
from tests.worlds.market import Market
from tests.worlds.script import Event, rounds, world


@dataclass
class Played:
    """What became of a group: the judge of each seed, and what was listed and free at rest."""

    ledgers: dict[int, Ledger] = field(default_factory=dict)
    ends: dict[int, tuple[dict[str, int], int]] = field(default_factory=dict)
    killed: int = 0
    steps: int = 0


class Group:
    """Worlds that share a hub: each has its own script; syncs, crashes and faults are common to them."""

    def __init__(self, template: Template, seeds: Sequence[int], *, blind: bool = False) -> None:
        self.template, self.seeds = template, seeds
        self.clock = Passing(template.now)
        compares = {"shop": False, "web": False} if blind else dict(COMPARES)
        self.market = Market(template.platforms, PREFIX, self.clock, compares)
        self.skus = {seed: f"SKU-{number}" for number, seed in enumerate(seeds, start=1)}
        events = [(event, seed) for seed in seeds for event in world(seed)]
        self.waiting: list[tuple[Event, int]] = sorted(events, key=lambda one: (one[0].round, one[0].at, one[1]))
        self.late: list[tuple[str, str]] = []
        self.number = 0
        self.hub: Crew | Blind = (
            Blind(self.market, self.happen) if blind else Crew(template, self.market, self.clock, self.happen)
        )

    def play(self) -> Played:
        """Live through every round, then come to rest."""
        for self.number, found in enumerate(rounds(self.seeds[0])):
            self.clock.advance(found.pause)
            self.market.lagging = found.lagging
            for hook in self.late:
                self.hub.hook(*hook)
            self.late.clear()
            if found.fault:
                self.market.fault(*found.fault)
            self.happen(0.0)
            self.hub.round(found)
        self.hub.rest()
        played = Played(killed=getattr(self.hub, "killed", 0), steps=getattr(self.hub, "passed", 0))
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


def groups(seeds: Sequence[int], size: int) -> list[Sequence[int]]:
    """Seeds in groups that live together: always the same, whichever part of them is played."""
    return [seeds[start : start + size] for start in range(0, len(seeds), size)]


_ = random
