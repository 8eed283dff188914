from __future__ import annotations

import pytest

from crossdock.cli.planview import shared


@pytest.mark.parametrize(
    ("counts", "limit", "shares"),
    [
        ({"a": 90, "b": 90}, 50, {"a": 25, "b": 25}),
        ({"a": 900, "b": 5}, 50, {"a": 45, "b": 5}),
        ({"a": 3, "b": 4}, 50, {"a": 3, "b": 4}),
        ({"a": 9, "b": 9, "c": 9}, 2, {"a": 1, "b": 1, "c": 0}),
        ({}, 50, {}),
    ],
)
def test_every_connection_gets_its_share_of_the_lines_shown(
    counts: dict[str, int], limit: int, shares: dict[str, int]
) -> None:
    assert shared(counts, limit) == shares
