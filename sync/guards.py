"""Guards: how much may change before someone must look (R21). Pure arithmetic over counts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from canonical.money import to_decimal
from canonical.value import Value
from sync.config import GuardConfig


@dataclass(frozen=True, slots=True)
class Tally:
    """Items of one flow on one target: the adopted population, and how many a plan and the window change."""

    population: int
    changed: int
    zeroed: int
    changed_in_window: int = 0
    zeroed_in_window: int = 0


@dataclass(frozen=True, slots=True)
class Breach:
    """A guard that was broken, in numbers."""

    guard: str
    share: float
    limit: float
    count: int
    population: int

    def __str__(self) -> str:
        return (
            f"{self.guard}: {self.count} of {self.population} items ({self.share:.0f} %), the limit is {self.limit:g} %"
        )


def judge(tally: Tally, guards: GuardConfig) -> Breach | None:
    """The first broken guard of a plan together with the window before it, or None."""
    if tally.population < guards.min_population:
        return None
    checks = (
        ("guard_zero", tally.zeroed + tally.zeroed_in_window, guards.zero_percent),
        ("guard_changed", tally.changed + tally.changed_in_window, guards.changed_percent),
    )
    for name, count, limit in checks:
        share = 100.0 * count / tally.population
        if share > limit:
            return Breach(name, share, limit, count, tally.population)
    return None


def price_moves_too_far(before: Value, after: Value, population: int, guards: GuardConfig) -> bool:
    """Whether a price moves further than allowed; a first price, or a set too small to judge, passes."""
    if population < guards.min_population or not isinstance(before, str) or not isinstance(after, str):
        return False
    old, new = to_decimal(before), to_decimal(after)
    if old == 0:
        return False
    return abs(new - old) * 100 > abs(old) * Decimal(str(guards.price_move_percent))


def is_zeroing(before: Value, after: Value) -> bool:
    """Whether a line takes a stock figure to zero."""
    return after == 0 and isinstance(before, int) and before > 0
