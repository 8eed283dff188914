"""The last step of a value: into the kind a canonical field holds, or into JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from mappings.documents import steps as s
from mappings.documents.structure import Kind, Part
from mappings.model import JSON
from mappings.readers import BadValueError, read_flag, read_integer, read_text

Fit: TypeAlias = Callable[[Any], Any]
_MOST = 10**7
"""More units than any line has; their sums, and what kits make of them, still fit the four bytes databases keep."""


def fit_for(part: Part | None) -> Fit:
    """What brings a value into a canonical field, or into JSON where there is none."""
    if part is None:
        return to_json
    return _choice(part) if part.kind is Kind.CHOICE else _FITS[part.kind]


def to_json(value: Any) -> JSON:
    """A value as JSON: exact numbers and instants as texts."""
    if type(value) is Decimal or type(value) is datetime:
        return s.to_text(value)
    if type(value) is list:
        return [to_json(one) for one in value]
    if type(value) in (str, int, bool, float):
        return value  # type: ignore[no-any-return]
    raise s.invalid(value, "a single value")


def _decimal(value: Any) -> Decimal:
    return s.to_number(value)


def _integer(value: Any) -> int:
    number = read_integer(value)
    if abs(number) > _MOST:
        raise s.invalid(value, "a number of plausible size")
    return number


def _texts(value: Any) -> tuple[str, ...]:
    if type(value) is not list:
        raise s.invalid(value, "a list of texts")
    return tuple(read_text(one) for one in value)


def _choice(part: Part) -> Fit:
    known = frozenset(part.choices)

    def choose(value: Any) -> str:
        if type(value) is not str or value not in known:
            raise s.invalid(value, part.about)
        return value

    return choose


def _never(value: Any) -> Any:
    raise BadValueError("invalid_value", "a group of fields has no value of its own")


_FITS: Mapping[Kind, Fit] = {
    Kind.TEXT: read_text,
    Kind.DECIMAL: _decimal,
    Kind.INTEGER: _integer,
    Kind.FLAG: read_flag,
    Kind.INSTANT: s.instant,
    Kind.TEXTS: _texts,
    Kind.GROUP: _never,
    Kind.LIST: _never,
}
