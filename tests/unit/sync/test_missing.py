from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.missing import SeenSet

rows = st.integers(1, 300)


@given(st.lists(rows), rows)
def test_a_row_is_seen_if_it_was_added_or_was_made_after_the_read_began(added: list[int], highest: int) -> None:
    seen = SeenSet(highest)
    seen.add(added)
    seen.add(added)
    for row in range(1, 301):
        assert (row in seen) == (row in added or row > highest)
    assert seen.count == len({row for row in added if row <= highest})


def test_an_empty_database_has_nothing_to_miss() -> None:
    seen = SeenSet(0)
    seen.add([1, 2])
    assert 1 in seen
    assert seen.count == 0


def test_a_million_rows_fit_into_an_eighth_of_a_megabyte() -> None:
    seen = SeenSet(1_000_000)
    seen.add([1_000_000])
    assert 1_000_000 in seen
    assert 999_999 not in seen
    assert len(seen._bits) <= 125_001
