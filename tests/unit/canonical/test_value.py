from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.clock import instant_text, parse_instant
from canonical.value import REDACTED, Absence, absence_of, decimal_text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6))
def test_the_normal_form_of_a_decimal_keeps_its_value_and_is_the_same_for_equal_ones(number: Decimal) -> None:
    text = decimal_text(number)
    assert Decimal(text) == number
    assert decimal_text(number.normalize()) == text
    assert "E" not in text
    assert not text.endswith(".")


def test_the_kinds_of_absence_are_told_apart() -> None:
    slots = {"price": None, "title": REDACTED, "stock": 0}
    assert absence_of(slots, "price") is Absence.NULL
    assert absence_of(slots, "title") is Absence.REDACTED
    assert absence_of(slots, "tags") is Absence.NOT_READ
    assert absence_of(slots, "stock") is None


@pytest.mark.parametrize("text", ["2026-11-02T08:00:00", "2026-11-02T08:00:00Z", "2026-11-02T10:00:00+02:00"])
def test_instants_sort_as_texts_whatever_their_zone(text: str) -> None:
    assert instant_text(parse_instant(text)) == "2026-11-02T08:00:00.000000Z"
