from __future__ import annotations

import pytest

from sync.recover import _explained_by_landing


@pytest.mark.parametrize(
    ("before", "after", "observed", "promised", "landed", "why"),
    [
        (10, 8, 8, 0, True, "the new value is there"),
        (10, 8, 10, 0, False, "the old value is there"),
        (10, 8, 6, 2, True, "two were sold after it"),
        (10, 8, 8, 2, False, "two were sold, and it was lost"),
        (8, 5, 5, -2, True, "two were shipped after it"),
        (5, 10, 9, 1, True, "one was sold after a raise"),
        (5, 10, 4, 1, False, "one was sold, and the raise was lost"),
    ],
)
def test_sales_and_shipments_tell_whether_a_write_landed(
    before: int, after: int, observed: int, promised: int, landed: bool, why: str
) -> None:
    assert _explained_by_landing(observed, promised, before, after) is landed, why
