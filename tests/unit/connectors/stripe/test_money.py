"""Minor units: Stripe's own table, exact in both directions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.stripe.money import minor_unit, places, to_minor

CURRENCIES = ("EUR", "usd", "JPY", "krw", "KWD", "bhd", "ISK", "ugx", "MGA")


@pytest.mark.parametrize(
    ("currency", "unit"),
    [("eur", "0.01"), ("JPY", "1"), ("kwd", "0.001"), ("isk", "0.01"), ("UGX", "0.01"), ("mga", "1")],
)
def test_an_amount_of_one_is_worth_what_stripe_says(currency: str, unit: str) -> None:
    assert Decimal(minor_unit(currency)) == Decimal(unit)


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("12.50", "EUR", 1250), ("500", "JPY", 500), ("5.120", "KWD", 5120), ("5", "ISK", 500), ("5", "MGA", 5)],
)
def test_money_becomes_minor_units(amount: str, currency: str, units: int) -> None:
    assert to_minor(amount, currency) == units


@pytest.mark.parametrize(
    ("amount", "currency"), [("12.505", "EUR"), ("0.5", "JPY"), ("5.124", "KWD"), ("5.5", "ISK"), ("1.1", "MGA")]
)
def test_money_that_stripe_cannot_count_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match="cannot be told"):
        to_minor(amount, currency)


@given(st.integers(1, 10**12), st.sampled_from(CURRENCIES))
def test_what_is_told_exactly_comes_back_exactly(units: int, currency: str) -> None:
    step = {3: 10}.get(places(currency), 100 if currency.upper() in {"ISK", "UGX"} else 1)
    assert to_minor(units * step * Decimal(minor_unit(currency)), currency) == units * step
