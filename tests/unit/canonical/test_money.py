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


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("-122.3", "EUR", "-122.30 EUR"),
        ("25", "EUR", "25.00 EUR"),
        ("1980.0", "JPY", "1980 JPY"),
        ("12.345", "KWD", "12.345 KWD"),
        ("0.005", "EUR", "0.005 EUR"),
    ],
)
def test_an_amount_reads_as_people_write_it_and_hides_nothing(amount: str, currency: str, text: str) -> None:
    assert str(Money(Decimal(amount), currency)) == text


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


@pytest.mark.parametrize(
    ("currency", "places"),
    [("EUR", 2), ("eur", 2), ("JPY", 0), ("jpy", 0), ("KWD", 3), ("kwd", 3), ("CLF", 4), ("XXZ", 2)],
)
def test_a_currency_has_its_decimals_however_it_is_written(currency: str, places: int) -> None:
    assert exponent(currency) == places


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("1.2345", "KWD", "1.235"),
        ("-1.2345", "KWD", "-1.235"),
        ("1.23449", "KWD", "1.234"),
        ("0.0005", "KWD", "0.001"),
        ("0.4999", "JPY", "0"),
        ("-0.5", "JPY", "-1"),
        ("2.675", "EUR", "2.68"),
        ("1", "KWD", "1.000"),
    ],
)
def test_an_amount_is_rounded_to_the_smallest_unit_and_shown_with_all_of_its_decimals(
    amount: str, currency: str, rounded: str
) -> None:
    found = Money(Decimal(amount), currency).rounded()
    assert str(found.amount) == rounded
    assert found.rounded() == found


@given(_UNITS, _CURRENCIES)
def test_whole_units_are_read_as_written_and_rounding_leaves_them_alone(units: int, currency: str) -> None:
    amount = Decimal(units).scaleb(-exponent(currency))
    assert to_decimal(f" {amount:f} ") == amount
    assert Money(amount, currency).rounded().amount == amount
    assert -Money(amount, currency) + Money(amount, currency) == Money(Decimal(0), currency)


@given(st.decimals(-(10**9), 10**9, places=6), _CURRENCIES)
def test_rounding_moves_an_amount_by_half_a_unit_at_most_and_the_same_way_below_zero(
    amount: Decimal, currency: str
) -> None:
    rounded = Money(amount, currency).rounded().amount
    assert abs(rounded - amount) * 2 <= Decimal(1).scaleb(-exponent(currency))
    assert Money(-amount, currency).rounded().amount == -rounded


def test_what_is_not_in_whole_units_of_its_currency_is_not_split() -> None:
    with pytest.raises(ValueError, match="not in whole minor units"):
        split_evenly(Money(Decimal("1.005"), "EUR"), 2)
    with pytest.raises(ValueError, match="not in whole minor units"):
        split_evenly(Money(Decimal("0.5"), "JPY"), 2)
    shares = split_evenly(Money(Decimal("1.005"), "KWD"), 2)
    assert [share.amount for share in shares] == [Decimal("0.503"), Decimal("0.502")]
