"""The kinds of source: functions that take a value from a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException
from functools import partial
from typing import Any

from msgspec import UNSET

from mappings.documents.reach import Frame, Get, getter, is_absent
from mappings.documents.spec import SourceSpec
from mappings.documents.steps import EXACT, invalid, to_number, to_text
from mappings.readers import BadValueError

_DIVISION = Context(prec=60, rounding=ROUND_HALF_UP)
_PLACES = Decimal(1).scaleb(-12)


def taker(source: SourceSpec, depth: int) -> Get:
    """What takes the value of a source from a frame; None when there is none."""
    (kind,) = source.kinds
    if kind == "value":
        constant: Any = source.value
        return lambda frame: constant
    if source.path is not UNSET:
        return getter(source.path, depth)
    paths: list[str] = getattr(source, kind)
    gets = [getter(path, depth) for path in paths]
    if kind == "first":
        gets = [partial(_leading, get) if "[]." in path else get for path, get in zip(paths, gets, strict=True)]
    return partial(_TAKERS[kind], gets)


def paths_in(source: SourceSpec) -> list[tuple[str, str, int | None]]:
    """The paths of a source: the key it stands under, the path, and its number in a list of them."""
    found: list[tuple[str, str, int | None]] = []
    for kind in source.kinds:
        given = getattr(source, kind)
        if kind == "path":
            found.append((kind, given, None))
        elif kind != "value":
            found += [(kind, path, number) for number, path in enumerate(given)]
    return found


def _first(gets: Sequence[Get], frame: Frame) -> Any:
    for get in gets:
        value = get(frame)
        if not is_absent(value):
            return value
    return None


def _leading(get: Get, frame: Frame) -> Any:
    """Of the values that a path finds in every element of a list, the first."""
    values = get(frame)
    return values[0] if values else None


def _join(gets: Sequence[Get], frame: Frame) -> Any:
    words = [text for get in gets for value in _each(get(frame)) for text in to_text(value).split()]
    return " ".join(words) or None


def _each(value: Any) -> Iterator[Any]:
    """The values a path leads to: one, or those from every element of a list; none for what is absent."""
    for one in value if type(value) is list else (value,):
        if not is_absent(one):
            yield one


def _sum(gets: Sequence[Get], frame: Frame) -> Any:
    total, any_there = Decimal(0), False
    for get in gets:
        value = get(frame)
        any_there = any_there or type(value) is list
        for part in _each(value):
            total, any_there = EXACT.add(total, to_number(part)), True
    return total if any_there else None


def _difference(gets: Sequence[Get], frame: Frame) -> Any:
    first = _sum(gets[:1], frame)
    rest = _sum(gets[1:], frame)
    if first is None or rest is None:
        return first
    return EXACT.subtract(first, rest)


def _product(gets: Sequence[Get], frame: Frame) -> Any:
    factors = [_sum((get,), frame) for get in gets]
    if None in factors:
        return None
    result = Decimal(1)
    for factor in factors:
        result = _multiplied(result, factor)
    return result


def _multiplied(one: Decimal, other: Decimal) -> Decimal:
    try:
        return EXACT.multiply(one, other)
    except DecimalException as error:
        raise BadValueError("invalid_value", "the numbers are too long to be multiplied exactly") from error


def _quotient(gets: Sequence[Get], frame: Frame) -> Any:
    first, *rest = (_sum((get,), frame) for get in gets)
    if first is None or None in rest:
        return None
    for divisor in rest:
        if not divisor:
            raise invalid(divisor, "a number to divide by")
        first = _DIVISION.divide(first, divisor)
    return first.quantize(_PLACES, context=_DIVISION).normalize(_DIVISION)


_TAKERS: Mapping[str, Any] = {
    "first": _first,
    "join": _join,
    "sum": _sum,
    "difference": _difference,
    "product": _product,
    "quotient": _quotient,
}
