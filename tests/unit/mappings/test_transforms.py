"""Named transforms: what each reads and writes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.readers import BadValueError
from mappings.transforms import DEFAULT_READ, TRANSFORMS, Setting, split_name


def read(name: str, value: Any) -> Any:
    text, argument = split_name(name)
    make = TRANSFORMS[text].reader
    assert make is not None
    return make(Setting("EUR", argument))(value)


def write(name: str, value: Any, currency: str = "EUR") -> Any:
    text, argument = split_name(name)
    make = TRANSFORMS[text].writer
    assert make is not None
    return make(Setting(currency, argument))(value)


@pytest.mark.parametrize(
    ("name", "value", "canonical"),
    [
        ("text", " a ", " a "),
        ("text", 12, "12"),
        ("trim", " a ", "a"),
        ("html", "<p>x</p>", "<p>x</p>"),
        ("decimal", "10.10", "10.1"),
        ("decimal", Decimal("10.10"), "10.1"),
        ("decimal", 7, "7"),
        ("decimal", "-0.00", "0"),
        ("decimal", " 1e3 ", "1000"),
        ("money", "0012.50", "12.5"),
        ("weight(g)", 500, "0.5"),
        ("weight(lb)", "1", "0.45359237"),
        ("weight", "2.50", "2.5"),
        ("integer", "12.0", 12),
        ("integer", Decimal("12.0"), 12),
        ("integer", -4, -4),
        ("flag", True, True),
        ("flag", "false", False),
        ("set", ["b", "a", " b", ""], ["a", "b"]),
        ("set", [{"id": 1, "name": "b"}, {"name": "a"}], ["a", "b"]),
        ("comma_set", "b, a,,b ", ["a", "b"]),
        ("gtin", " 4006381333931 ", "4006381333931"),
        ("gtin", "", ""),
    ],
)
def test_a_value_is_read_into_its_normal_form(name: str, value: Any, canonical: Any) -> None:
    result = read(name, value)
    assert result == canonical
    assert type(result) is type(canonical)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("text", True, "invalid_value"),
        ("text", {"a": 1}, "invalid_value"),
        ("decimal", "12,50", "invalid_value"),
        ("decimal", "1_000", "invalid_value"),
        ("decimal", "٣", "invalid_value"),
        ("decimal", "NaN", "invalid_value"),
        ("decimal", "1e999", "invalid_value"),
        ("decimal", Decimal("1E+999999999"), "invalid_value"),
        ("decimal", Decimal("1E-999999999"), "invalid_value"),
        ("decimal", 10**40, "invalid_value"),
        ("decimal", 10.1, "invalid_value"),
        ("decimal", True, "invalid_value"),
        ("decimal", "", "invalid_value"),
        ("integer", "12.5", "fraction"),
        ("integer", Decimal("0.1"), "fraction"),
        ("integer", True, "invalid_value"),
        ("integer", 10**40, "invalid_value"),
        ("stock", "12.5", "fraction"),
        ("flag", "yes", "invalid_value"),
        ("flag", 1, "invalid_value"),
        ("set", "a", "invalid_value"),
        ("set", [["a"]], "invalid_value"),
    ],
)
def test_a_value_that_does_not_fit_gets_a_reason_and_nothing_is_kept(name: str, value: Any, reason: str) -> None:
    with pytest.raises(BadValueError) as caught:
        read(name, value)
    assert (caught.value.reason, caught.value.kept) == (reason, None)


def test_negative_stock_is_reported_and_kept() -> None:
    with pytest.raises(BadValueError) as caught:
        read("stock", "-3.0")
    assert (caught.value.reason, caught.value.kept) == ("negative_stock", -3)


def test_a_wrong_gtin_is_reported_and_kept() -> None:
    with pytest.raises(BadValueError) as caught:
        read("gtin", "4006381333930")
    assert (caught.value.reason, caught.value.kept) == ("invalid_value", "4006381333930")


@pytest.mark.parametrize(
    ("name", "value", "currency", "platform"),
    [
        ("decimal_text", "10.1", "EUR", "10.1"),
        ("money", "10.1", "EUR", "10.10"),
        ("money", "10.005", "EUR", "10.01"),
        ("money", "-10.005", "EUR", "-10.01"),
        ("money", "10.5", "JPY", "11"),
        ("money", "-0.004", "EUR", "0.00"),
        ("money", "10", "KWD", "10.000"),
        ("weight(g)", "0.5", "EUR", "500"),
        ("weight(oz)", "0.028349523125", "EUR", "1"),
        ("integer", 4, "EUR", 4),
        ("flag", False, "EUR", False),
        ("set", ["b", "a"], "EUR", ["a", "b"]),
        ("comma_set", ["b", "a"], "EUR", "a, b"),
    ],
)
def test_a_value_is_written_in_the_platforms_form(name: str, value: Any, currency: str, platform: Any) -> None:
    result = write(name, value, currency)
    assert result == platform
    assert type(result) is type(platform)


def test_a_member_with_a_comma_cannot_be_written_between_commas() -> None:
    with pytest.raises(BadValueError, match="comma"):
        write("comma_set", ["a,b"])


def test_every_transform_names_an_inverse_that_goes_the_other_way() -> None:
    for transform in TRANSFORMS.values():
        inverse = TRANSFORMS[transform.inverse]
        assert inverse.family == transform.family
        assert (transform.reader is None) or (inverse.writer is not None)
        assert (transform.writer is None) or (inverse.reader is not None)


def test_every_kind_of_value_has_a_default_reader_of_its_kind() -> None:
    assert all(TRANSFORMS[name].kind is kind and TRANSFORMS[name].reader for kind, name in DEFAULT_READ.items())
