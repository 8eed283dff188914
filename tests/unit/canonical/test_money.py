from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.money import Money, exponent, split_evenly, to_decimal

_UNITS = st.integers(-(10**9), 10**9)
_CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD"])


@given(_UNITS, _CURRENCIES, st.integers(1, 50))
def test_splitting_gains_and_loses_nothing_and_parts_differ_by_one_unit_at_most(
    units: int, currency: str, parts: int
) -> None:
    unit = Decimal(1).scaleb(-exponent(currency))
    shares = split_evenly(Money(units * unit, currency), parts)
    assert sum(share.amount for share in shares) == units * unit
    assert max(share.amount for share in shares) - min(share.amount for share in shares) <= unit


def test_halves_are_rounded_away_from_zero_in_the_currencys_places() -> None:
    assert Money(Decimal("10.005"), "EUR").rounded().amount == Decimal("10.01")
    assert Money(Decimal("-10.005"), "EUR").rounded().amount == Decimal("-10.01")
    assert Money(Decimal("10.5"), "JPY").rounded().amount == Decimal(11)


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="EUR and USD"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


@pytest.mark.parametrize("text", ["", "x", "1,5", "NaN", "Infinity", "--1"])
def test_what_is_not_an_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        to_decimal(text)


def test_a_float_is_not_an_exact_amount() -> None:
    with pytest.raises(ValueError, match="not an exact amount"):
        to_decimal(0.1)  # type: ignore[arg-type]
