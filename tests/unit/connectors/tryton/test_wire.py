from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.tryton.wire import decimal_value, exact, instant_value, plain, record_of, units_text


@pytest.mark.parametrize(
    ("number", "text"), [(100.0, "100"), (12.5, "12.5"), (0.1, "0.1"), (-3.0, "-3"), (0.0, "0"), (1e-7, "0.0000001")]
)
def test_a_quantity_keeps_every_digit_and_no_other(number: float, text: str) -> None:
    assert units_text(number) == text
    assert exact(number) == Decimal(text)


def test_noise_of_the_server_is_not_rounded_away() -> None:
    assert units_text(0.1 + 0.2) == "0.30000000000000004"


def test_a_price_is_written_without_an_exponent() -> None:
    assert decimal_value(Decimal("1E+2")) == {"__class__": "Decimal", "decimal": "100"}


def test_an_instant_survives_the_way_there_and_back() -> None:
    instant = datetime(2026, 11, 22, 3, 2, 31, 467909, tzinfo=UTC)
    assert plain(instant_value(instant)) == "2026-11-22T03:02:31.467909Z"


def test_dates_and_prices_become_text() -> None:
    assert plain({"__class__": "date", "year": 2026, "month": 1, "day": 9}) == "2026-01-09"
    assert plain({"__class__": "Decimal", "decimal": "10.00"}) == "10.00"


def test_related_fields_become_nested_records() -> None:
    row = {
        "id": 3,
        "template": 2,
        "template.": {"id": 2, "list_price": {"__class__": "Decimal", "decimal": "20.50"}},
        "identifiers.": [{"id": 1, "code": "4006381333931"}],
        "replaced_by.": None,
    }
    assert record_of(row) == {
        "id": 3,
        "template": {"id": 2, "list_price": "20.50"},
        "identifiers": [{"id": 1, "code": "4006381333931"}],
        "replaced_by": None,
    }
