"""When two values of a field count as the same (R10): the named comparisons of mapping files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

from canonical.fields import FieldType, ScopeKind, ValueKind
from canonical.money import exponent, round_to
from canonical.value import REDACTED, Value
from mappings.markup import normal_markup
from mappings.readers import BadValueError, exact_decimal

Comparison: TypeAlias = Callable[[Value, Value], bool]

_CALL = re.compile(r"(?P<name>[a-z]+)(?:\((?P<argument>[a-z0-9]+)\))?")
_MAX_PLACES = 12


class CompareError(ValueError):
    """The text is not a comparison."""


def _exact(a: Value, b: Value) -> bool:
    return type(a) is type(b) and a == b


def _text(a: Value, b: Value) -> bool:
    if not (isinstance(a, str) and isinstance(b, str)):
        return _exact(a, b)
    return unicodedata.normalize("NFC", a).rstrip() == unicodedata.normalize("NFC", b).rstrip()


def _html(a: Value, b: Value) -> bool:
    if not (isinstance(a, str) and isinstance(b, str)):
        return _exact(a, b)
    return normal_markup(a) == normal_markup(b)


def _set(a: Value, b: Value) -> bool:
    if not (isinstance(a, list) and isinstance(b, list)):
        return _exact(a, b)
    return set(a) == set(b)


def _number(value: Value) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    try:
        return exact_decimal(value)
    except BadValueError:
        return None


def _decimal(places: int) -> Comparison:
    def same(a: Value, b: Value) -> bool:
        first, second = _number(a), _number(b)
        if first is None or second is None:
            return _exact(a, b)
        return round_to(first, places) == round_to(second, places)

    return same


def _weight(places: int) -> Comparison:
    tolerance = Decimal(1).scaleb(-places)

    def same(a: Value, b: Value) -> bool:
        first, second = _number(a), _number(b)
        if first is None or second is None:
            return _exact(a, b)
        return abs(first - second) <= tolerance

    return same


_PLAIN: Mapping[str, tuple[Comparison, frozenset[ValueKind]]] = {
    "exact": (_exact, frozenset(ValueKind)),
    "text": (_text, frozenset((ValueKind.TEXT, ValueKind.HTML))),
    "html": (_html, frozenset((ValueKind.HTML, ValueKind.TEXT))),
    "set": (_set, frozenset((ValueKind.SET,))),
    "flag": (_exact, frozenset((ValueKind.FLAG,))),
    "integer": (_decimal(0), frozenset((ValueKind.COUNT,))),
}
_PLACED: Mapping[str, Callable[[int], Comparison]] = {"decimal": _decimal, "weight": _weight}

NAMES: tuple[str, ...] = (*_PLAIN, "decimal(2)", "decimal(currency)", "weight(3)")


def default_comparison(field: FieldType) -> str:
    """The comparison of a field whose mapping names none."""
    if field.value is ValueKind.DECIMAL:
        return "decimal(currency)" if field.scope is ScopeKind.CURRENCY else "decimal(3)"
    return "integer" if field.value is ValueKind.COUNT else str(field.value.value)


def comparison(text: str, kind: ValueKind, currency: str = "") -> Comparison:
    """The comparison a text names; CompareError when there is none, or it does not fit the kind of value."""
    match = _CALL.fullmatch(text)
    name, argument = (match["name"], match["argument"]) if match else (text, None)
    if name in _PLAIN and argument is None:
        compare, kinds = _PLAIN[name]
    elif name in _PLACED:
        compare, kinds = _PLACED[name](_places(text, argument, currency)), frozenset((ValueKind.DECIMAL,))
    else:
        raise CompareError(f"{text!r} is not a comparison")
    if kind not in kinds:
        raise CompareError(f"the comparison {text!r} does not fit a {kind.value}")
    return _guarded(compare)


def _places(text: str, argument: str | None, currency: str) -> int:
    if argument == "currency":
        return exponent(currency)
    if argument is None or not argument.isdecimal() or int(argument) > _MAX_PLACES:
        raise CompareError(f"{text!r} needs a number of decimal places from 0 to {_MAX_PLACES} in brackets")
    return int(argument)


def _guarded(compare: Comparison) -> Comparison:
    def same(a: Value, b: Value) -> bool:
        if a is None or b is None:
            return a is b
        if REDACTED in (a, b):
            return False
        return compare(a, b)

    return same
