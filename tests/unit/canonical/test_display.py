from __future__ import annotations

import pytest

from canonical.display import displayed
from canonical.value import Value


@pytest.mark.parametrize(
    ("slot", "value", "shown"),
    [
        ("price[EUR]", "17.3", "17.30"),
        ("price[EUR]", "17", "17.00"),
        ("price[EUR]", "17.125", "17.125"),
        ("price[JPY]", "1700", "1700"),
        ("price[KWD@retail]", "1.5", "1.500"),
        ("stock[WH1]", 3, 3),
        ("title", "17.3", "17.3"),
        ("price[EUR]", None, None),
    ],
)
def test_prices_are_shown_with_their_currencys_places_and_never_cut(slot: str, value: Value, shown: Value) -> None:
    assert displayed(slot, value) == shown
