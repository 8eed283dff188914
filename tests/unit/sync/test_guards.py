from __future__ import annotations

import pytest

from sync.config import GuardConfig
from sync.guards import Tally, is_zeroing, judge, price_moves_too_far

GUARDS = GuardConfig()


def breach(*counts: int) -> str:
    found = judge(Tally(*counts), GUARDS)
    return found.guard if found else ""


@pytest.mark.parametrize(
    ("counts", "guard"),
    [
        ((100, 30, 20), ""),
        ((100, 31, 0), "guard_changed"),
        ((100, 21, 21), "guard_zero"),
        ((10, 4, 0), "guard_changed"),
        ((9, 9, 9), ""),
        ((0, 0, 0), ""),
    ],
)
def test_shares_are_judged_above_their_limits_in_sets_of_ten_and_more(counts: tuple[int, int, int], guard: str) -> None:
    assert breach(*counts) == guard


def test_small_steps_add_up_over_the_window() -> None:
    assert breach(100, 5, 5, 15, 15) == ""
    assert breach(100, 5, 5, 16, 16) == "guard_zero"
    assert breach(100, 5, 0, 26, 0) == "guard_changed"


def test_a_breach_tells_its_numbers() -> None:
    assert str(judge(Tally(200, 0, 50), GUARDS)) == "guard_zero: 50 of 200 items (25 %), the limit is 20 %"


@pytest.mark.parametrize(
    ("before", "after", "population", "too_far"),
    [
        ("10.00", "13.00", 10, False),
        ("10.00", "13.01", 10, True),
        ("10.00", "7.00", 10, False),
        ("10.00", "6.99", 10, True),
        ("10.00", "100.00", 9, False),
        (None, "100.00", 10, False),
        ("0.00", "100.00", 10, False),
        ("10.00", "0.00", 10, True),
    ],
)
def test_a_price_may_move_so_far_and_no_further(
    before: str | None, after: str, population: int, *, too_far: bool
) -> None:
    assert price_moves_too_far(before, after, population, GUARDS) is too_far


def test_only_a_fall_to_zero_from_something_is_zeroing() -> None:
    assert is_zeroing(3, 0)
    assert not is_zeroing(0, 0)
    assert not is_zeroing(-1, 0)
    assert not is_zeroing(3, 1)
    assert not is_zeroing(None, 0)
