"""When two values count as the same."""

from __future__ import annotations

import pytest

from canonical.fields import FIELDS, ValueKind
from canonical.value import REDACTED, Value
from mappings.compare import CompareError, comparison, default_comparison

KINDS = {"decimal": ValueKind.DECIMAL, "weight": ValueKind.DECIMAL, "integer": ValueKind.COUNT, "exact": ValueKind.TEXT}


def same(name: str, a: Value, b: Value, currency: str = "EUR") -> bool:
    word = name.partition("(")[0]
    return comparison(name, KINDS.get(word) or ValueKind(word), currency)(a, b)


@pytest.mark.parametrize(
    ("name", "a", "b"),
    [
        ("decimal(2)", "10.999", "11"),
        ("decimal(2)", "0.005", "0.01"),
        ("decimal(2)", "-0.005", "-0.01"),
        ("decimal(currency)", "10.001", "10"),
        ("decimal(12)", "999999999999999", "999999999999999.0"),
        ("weight(3)", "0.454", "0.45359237"),
        ("integer", 5, 5),
        ("text", "Café  ", "Café"),
        ("set", ["a", "b", "b"], ["b", "a"]),
        ("flag", True, True),
        ("exact", None, None),
        ("html", None, None),
        ("html", "<p>a</p>", "<p>a</p>"),
    ],
)
def test_values_that_differ_only_in_form_are_the_same(name: str, a: Value, b: Value) -> None:
    assert same(name, a, b)
    assert same(name, b, a)


@pytest.mark.parametrize(
    ("name", "a", "b"),
    [
        ("decimal(2)", "10.99", "11"),
        ("decimal(2)", "10", None),
        ("decimal(2)", "0", None),
        ("decimal(2)", "abc", "10"),
        ("weight(3)", "0.455", "0.4535"),
        ("integer", 0, None),
        ("integer", 1, True),
        ("text", " a", "a"),
        ("text", "a", "A"),
        ("text", "", None),
        ("set", ["a"], ["A"]),
        ("set", [], None),
        ("flag", False, None),
        ("flag", True, 1),
        ("text", REDACTED, "a"),
        ("text", dict(REDACTED), dict(REDACTED)),
    ],
)
def test_values_that_differ_in_substance_are_not(name: str, a: Value, b: Value) -> None:
    assert not same(name, a, b)
    assert not same(name, b, a)


def test_decimals_of_a_currency_follow_its_minor_unit() -> None:
    assert same("decimal(currency)", "10.4", "10", "JPY")
    assert not same("decimal(currency)", "10.004", "10", "KWD")


@pytest.mark.parametrize(
    "name", ["decimal", "decimal()", "decimal(x)", "decimal(99)", "weight(-1)", "html(2)", "fuzzy", ""]
)
def test_what_is_no_comparison_is_refused(name: str) -> None:
    with pytest.raises(CompareError):
        comparison(name, ValueKind.DECIMAL)


def test_a_comparison_must_fit_the_kind_of_value() -> None:
    with pytest.raises(CompareError, match="does not fit"):
        comparison("decimal(2)", ValueKind.TEXT)


def test_every_field_has_a_default_comparison_that_fits() -> None:
    for field in FIELDS.values():
        comparison(default_comparison(field), field.value)
