"""Guards of paged reads: no circle, and whole only when every record was seen just once."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import ProtocolError
from connectors.paging import CursorGuard, DistinctCount


def test_a_cursor_that_comes_back_ends_the_read_with_its_place() -> None:
    guard = CursorGuard("shop", "products")
    assert [guard.advance(cursor) for cursor in ("a", "b", "c")] == ["a", "b", "c"]
    with pytest.raises(ProtocolError, match=r"shop: products: .*twice after 3 pages"):
        guard.advance("b")


@given(st.lists(st.text(max_size=6)), st.integers(0, 40))
def test_a_read_is_whole_only_when_each_record_came_once_and_all_came(ids: list[str], expected: int) -> None:
    seen = DistinctCount()
    for one in ids:
        seen.add(one)
    assert (seen.total, seen.distinct) == (len(ids), len(set(ids)))
    assert seen.is_whole() is (len(ids) == len(set(ids)))
    assert seen.is_whole(expected) is (len(ids) == len(set(ids)) == expected)


def test_three_hundred_rows_of_which_one_came_twice_are_not_whole() -> None:
    seen = DistinctCount()
    for number in [*range(299), 7]:
        seen.add(str(number))
    assert seen.total == 300
    assert not seen.is_whole(300)


def test_a_read_that_ends_at_a_documented_cap_is_not_whole() -> None:
    seen = DistinctCount()
    for number in range(250):
        seen.add(str(number))
    assert not seen.is_whole(250, cap=250)
    assert seen.is_whole(250, cap=251)


def test_counting_many_records_stays_small() -> None:
    tracemalloc.start()
    seen = DistinctCount()
    for number in range(100_000):
        seen.add(str(number))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen.distinct == 100_000
    assert held < 2 * 1024 * 1024
