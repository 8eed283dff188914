"""What goes wrong, and when: drawn from the seed before anything happens, in numbers of events."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal, TypeAlias

from connectors.simulation import Fault
from tests.chaos.scene import CLIENT_SECONDS

Trouble: TypeAlias = Literal["fault", "kill", "stop", "database"]
PLATFORMS = ("erp", "shop_eu", "shop_web", "tpl")
_LATE_SECONDS = 0.5
"""How late a write has its effect whose answer was lost: well within the settle time."""
_FAULTS = (
    Fault("status", status=429, retry_after=1),
    Fault("status", status=500),
    Fault("status", only="write", status=500),
    Fault("status_after", only="write", status=500),
    Fault("html", status=503),
    Fault("html", status=200),
    Fault("truncated"),
    Fault("truncated", only="write"),
    Fault("timeout_before"),
    Fault("timeout_before", only="write"),
    Fault("timeout_after", only="write"),
    Fault("late_effect", only="write", delay=_LATE_SECONDS),
    Fault("drop"),
)
HANGS = ("timeout_before", "timeout_after")


@dataclass(frozen=True, slots=True)
class Rates:
    """How often, in events between two: faults of platforms, kills, standing still, restarts of the database."""

    fault: int = 40
    kill: int = 400
    stop: int = 1_500
    database: int = 1_500


@dataclass(frozen=True, slots=True)
class Blow:
    """One thing that goes wrong once so many events have happened; ``number`` chooses whom it hits."""

    after: int
    trouble: Trouble
    number: int = 0
    platform: str = ""
    fault: Fault | None = None
    hang: float = 0.0


def forecast(seed: int, events: int, rates: Rates, *, database: bool) -> list[Blow]:
    """All that goes wrong in so many events, in order; every kind of fault at every platform in turn."""
    dice = random.Random(f"weather {seed}")
    found: list[Blow] = []
    kinds = [(platform, fault) for platform in PLATFORMS for fault in _FAULTS]
    dice.shuffle(kinds)
    for at, number in zip(_times(dice, events, rates.fault), range(events), strict=False):
        platform, fault = kinds[number % len(kinds)]
        slow = platform in ("shop_web", "tpl") and fault.kind in HANGS and number // len(kinds) % 2 == 0
        found.append(Blow(at, "fault", platform=platform, fault=fault, hang=CLIENT_SECONDS + 1.0 if slow else 0.0))
    found += [Blow(at, "kill", dice.randrange(8)) for at in _times(dice, events, rates.kill)]
    found += [Blow(at, "stop", dice.randrange(8)) for at in _times(dice, events, rates.stop)]
    if database:
        found += [Blow(at, "database") for at in _times(dice, events, rates.database)]
        # One that stands still while its session ends must find out that it is not its turn any more.
        found += [Blow(one.after + 1, "database") for one in found if one.trouble == "stop"]
    return sorted(found, key=lambda one: one.after)


def _times(dice: random.Random, events: int, every: int) -> list[int]:
    """Once in each stretch of so many events, somewhere in it."""
    return [start + dice.randrange(every) for start in range(0, events - every + 1, every)]
