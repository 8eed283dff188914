from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.inventory import (
    Basis,
    ChannelRule,
    Component,
    LastUnits,
    StockFigure,
    kit_units,
    listed_units,
    pool_units,
    spread,
    whole_units,
)

_UNITS = st.integers(-20, 50)
_FIGURES = st.dictionaries(st.sampled_from(["WH1", "WH2", "WH3"]), _UNITS, min_size=1)


@given(_FIGURES, st.integers(0, 20), st.integers(0, 20), st.none() | st.integers(0, 30))
def test_what_is_listed_never_exceeds_the_pool_nor_any_location(
    figures: dict[str, int], safety: int, buffer: int, cap: int | None
) -> None:
    pool = pool_units(figures, {})
    total = listed_units(pool, safety, ChannelRule("shop", "main", buffer, cap))
    shares = spread(total, sorted(figures), figures)
    assert 0 <= sum(shares.values()) <= max(0, pool - safety - buffer)
    assert all(0 <= units <= max(0, figures[place]) for place, units in shares.items())


def test_a_negative_location_counts_against_the_others() -> None:
    assert pool_units({"WH1": -3, "WH2": 5}, {}) == 2
    assert spread(2, ["WH1", "WH2"], {"WH1": -3, "WH2": 5}) == {"WH1": 0, "WH2": 2}


def test_the_buffer_is_taken_once_and_from_the_last_location() -> None:
    total = listed_units(6, 0, ChannelRule("shop", "main", 2))
    assert spread(total, ["WH1", "WH2"], {"WH1": 5, "WH2": 1}) == {"WH1": 4, "WH2": 0}
    assert spread(total, ["WH2", "WH1"], {"WH1": 5, "WH2": 1}) == {"WH2": 1, "WH1": 3}


def test_a_kit_is_as_available_as_its_scarcest_component() -> None:
    assert kit_units([Component("A", 2), Component("B", 1)], {"A": 5, "B": 9}) == 2
    assert kit_units([Component("A", 2), Component("B", 1)], {"A": 5}) == 0


def test_units_are_rounded_down_also_below_zero() -> None:
    assert whole_units(Decimal("12.5")) == 12
    assert whole_units(Decimal(30), Decimal(12)) == 2
    assert whole_units(Decimal(-1), Decimal(12)) == -1
    with pytest.raises(ValueError, match="above zero"):
        whole_units(Decimal(1), Decimal(0))


def test_a_figure_contains_an_event_only_after_its_settle_time() -> None:
    at = datetime(2026, 11, 2, 8, tzinfo=UTC)
    figure = StockFigure("WH1", 10, Basis.ACCEPTED, at, timedelta(minutes=5))
    assert figure.contains(at - timedelta(minutes=6))
    assert not figure.contains(at - timedelta(minutes=5))


def test_a_quota_gives_a_channel_its_part_of_the_pool_and_the_buffer_comes_off_that() -> None:
    assert listed_units(11, 1, ChannelRule("a", "main", quota=60)) == 6
    assert listed_units(11, 1, ChannelRule("b", "main", quota=40)) == 4
    assert listed_units(11, 1, ChannelRule("b", "main", buffer=1, quota=40)) == 3
    assert listed_units(-3, 0, ChannelRule("b", "main", quota=40)) == 0


def test_the_last_units_of_a_pool_are_listed_by_one_channel_only() -> None:
    last = LastUnits(below=2, channel="a")
    assert [listed_units(units, 0, ChannelRule("b", "main"), last) for units in (3, 2, 1)] == [3, 0, 0]
    assert [listed_units(units, 0, ChannelRule("a", "main"), last) for units in (3, 2, 1)] == [3, 2, 1]
    assert listed_units(4, 2, ChannelRule("b", "main"), last) == 0
