"""The conditions of mapping files: what the value at a path must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from msgspec import UNSET

from canonical.errors import SkippableError
from mappings.records import Getter
from mappings.spec import Condition, Scalar

Test: TypeAlias = Callable[[Any], bool]


def operators(condition: Condition) -> list[str]:
    """The operators a condition uses."""
    return [name for name in ("equals", "in_", "not_in", "present") if getattr(condition, name) is not UNSET]


def compile_condition(path: str, get: Getter, condition: Condition) -> Test:
    """A test of one record; SkippableError when the record does not carry what must be judged."""
    if condition.present is not UNSET:
        wanted = condition.present
        return lambda record: (get(record) not in (UNSET, None)) is wanted
    members, expected = _members(condition)

    def holds(record: Any) -> bool:
        value = get(record)
        if value is UNSET:
            raise SkippableError("invalid_value", f"{path} is not in the record, so nobody can tell whose it is")
        return (_comparable(value) in members) is expected

    return holds


def all_of(tests: Sequence[Test]) -> Test | None:
    """One test for all; None when there is nothing to test."""
    if len(tests) < 2:
        return tests[0] if tests else None
    return lambda record: all(test(record) for test in tests)


def _members(condition: Condition) -> tuple[frozenset[tuple[str, Any]], bool]:
    if condition.in_ is not UNSET:
        return _comparables(condition.in_), True
    if condition.not_in is not UNSET:
        return _comparables(condition.not_in), False
    return _comparables([] if condition.equals is UNSET else [condition.equals]), True


def _comparables(values: Sequence[Scalar]) -> frozenset[tuple[str, Any]]:
    return frozenset(_comparable(value) for value in values)


def _comparable(value: Any) -> tuple[str, Any]:
    """Texts, numbers and flags apart: ``1``, ``true`` and ``"1"`` are three values."""
    if isinstance(value, bool):
        return ("flag", value)
    if isinstance(value, str):
        return ("text", value)
    return ("number", value) if isinstance(value, (int, float)) or hasattr(value, "adjusted") else ("other", None)
