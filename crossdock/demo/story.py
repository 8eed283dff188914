"""The story's frame: numbered steps, what each tells and counts, and the promises it must keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Row

from crossdock.demo.world import World
from sync import conflicts, flowstate
from sync.hub import Hub
from sync.observe import ReadMode
from sync.planner import PlanSummary
from sync.run import SyncReport, end_run, lease, make_plan, run_sync

Say = Callable[[str], None]
_INDENT = "   "
_DIFFERING = 5


@dataclass
class Step:
    """One step of the story; ``promises`` are texts with whether they were kept."""

    number: int
    title: str
    told: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    promises: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return all(kept for _, kept in self.promises)


@dataclass
class Story:
    """The world, the hub at work in it and one that may only read, and the steps so far.

    ``over`` ends the story early where there is nothing left to tell, ``skus`` are those it plays with.
    """

    world: World
    hub: Hub
    reader: Hub
    say: Say
    steps: list[Step] = field(default_factory=list)
    skus: list[str] = field(default_factory=list)
    over: bool = False
    totals: dict[str, int] = field(default_factory=dict)
    platforms: list[dict[str, object]] = field(default_factory=list)
    proof: list[dict[str, object]] = field(default_factory=list)

    @property
    def step(self) -> Step:
        """The step being told."""
        return self.steps[-1]

    def figure(self, name: str) -> int:
        """The latest figure of that name."""
        return next(step.figures[name] for step in reversed(self.steps) if name in step.figures)

    @property
    def kept(self) -> bool:
        """Whether every promise so far was kept."""
        return all(step.kept for step in self.steps)

    def begin(self, title: str) -> None:
        """Start a step."""
        self.steps.append(Step(len(self.steps) + 1, title))
        self.say(f"\n{self.step.number}. {title}")

    def tell(self, text: str) -> None:
        """Say what happened."""
        self.step.told.append(text)
        self.say(f"{_INDENT}{text}")

    def count(self, **figures: int) -> None:
        """Keep counted figures of the step."""
        self.step.figures.update(figures)

    def promise(self, text: str, kept: object) -> None:
        """Hold the step to a promise."""
        self.step.promises.append((text, bool(kept)))
        self.say(f"{_INDENT}{'kept' if kept else 'BROKEN'}: {text}")

    def promise_none(self, text: str, found: Mapping[str, str]) -> None:
        """Hold the step to a promise that nothing differs; what does is told under it."""
        self.promise(text, not found)
        for name, differs in islice(found.items(), _DIFFERING):
            self.tell(f"{name}: {differs}")

    def sync(self) -> SyncReport:
        """What ``crossdock sync --read full`` does."""
        with lease(self.hub, "demo sync") as run_id:
            report = run_sync(self.hub, ReadMode.FULL)
            end_run(self.hub, run_id, "done", {})
        return report

    def plan(self) -> PlanSummary:
        """What ``crossdock plan`` does, by a hub whose transport lets no write through."""
        with lease(self.reader, "demo plan") as run_id:
            _, summary = make_plan(self.reader)
            end_run(self.reader, run_id, "done", {"planned": summary.changes})
        return summary

    def conflicts(self, state: str = "open") -> list[Row[tuple[object, ...]]]:
        """The conflict log."""
        with self.hub.database.begin() as connection:
            return conflicts.listing(connection, state)

    def frozen(self) -> list[str]:
        """The guards that froze a flow."""
        with self.hub.database.begin() as connection:
            return [one.frozen for one in flowstate.all_standings(connection) if one.frozen]

    def differing(self) -> dict[str, list[str]]:
        """SKUs whose values differ between the platforms, as they themselves say, with where."""
        return {sku: found for sku in self.skus if (found := self.world.differing(sku))}

    def close(self) -> None:
        """Count up while the platforms are still there."""
        linked = [step.figures["linked"] for step in self.steps if "linked" in step.figures]
        self.totals = {
            "variants": len(self.world.items),
            "linked": max(linked, default=0),
            "conflicts": len(self.conflicts("all")),
            "open_conflicts": len(self.conflicts()),
            "oversold": self.world.oversold() if any(linked) else 0,
        }
        for name, platform in self.world.platforms.items():
            log = platform.log
            row = {"connection": name, "platform": platform.name, "reads": log.reads(), "writes": log.writes()}
            self.platforms.append({**row, "effects": len(log.effects())})

    def pick(self, number: int, *, units: int = 0) -> str:
        """One of the SKUs, another for each number, with so many units for sale in the main warehouse if any has."""
        start = number * 5 % len(self.skus)
        turned = self.skus[start:] + self.skus[:start]
        return next((sku for sku in turned if self.world.shop_eu.quantity(sku, "WH1") >= units), turned[0])
