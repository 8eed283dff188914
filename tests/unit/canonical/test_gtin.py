from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical import gtin

_REAL = ["4006381333931", "036000291452", "96385074", "00012345600012", "9780306406157"]


@pytest.mark.parametrize("code", _REAL)
def test_real_codes_pass_and_any_changed_digit_is_caught(code: str) -> None:
    assert gtin.is_valid(code)
    for place, digit in enumerate(code):
        assert not gtin.is_valid(code[:place] + str((int(digit) + 1) % 10) + code[place + 1 :])


@given(st.text(alphabet="0123456789", min_size=12, max_size=12))
def test_a_computed_check_digit_is_valid(digits: str) -> None:
    assert gtin.is_valid(digits + str(gtin.check_digit(digits)))


def test_a_upc_equals_its_ean_with_a_leading_zero() -> None:
    assert gtin.canonical("036000291452") == gtin.canonical("0036000291452") == "00036000291452"


@pytest.mark.parametrize("code", ["", "123", "400638133393", "4006381333932", "40063813339\uff131", "abcdefgh"])
def test_what_is_no_code_has_no_canonical_form(code: str) -> None:
    assert gtin.canonical(code) is None
