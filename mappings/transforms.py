"""The named transforms of mapping files: what each takes and gives, and which one undoes it.

A reader turns a platform's JSON value, never null, into normal form; a writer does the reverse. A value that cannot
be read raises ``ValueFault`` with a reason code; nothing is rounded in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeAlias

from canonical import gtin as gtins
from canonical.fields import ValueKind
from canonical.money import exponent, round_to
from canonical.value import Value, decimal_text
from mappings.model import JSON

Reader: TypeAlias = Callable[[Any], Value]
Writer: TypeAlias = Callable[[Value], JSON]

_MAX_MAGNITUDE = 30
_KILOGRAMS = {
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "lb": Decimal("0.45359237"),
    "oz": Decimal("0.028349523125"),
}


class ValueFault(ValueError):
    """A value that does not fit; ``kept`` is the value to keep all the same, where there is one."""

    def __init__(self, reason: str, detail: str, kept: Value = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.kept = kept


@dataclass(frozen=True, slots=True)
class Setting:
    """What a transform may need besides the value: the connection's currency, and its own argument."""

    currency: str = ""
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Transform:
    """A named transform.

    ``platform`` names the catalog types it reads or writes, ``canonical`` the kinds of value it makes or takes,
    ``inverse`` the transform that undoes it in the other direction.
    """

    name: str
    about: str
    platform: frozenset[str]
    canonical: frozenset[ValueKind]
    inverse: str
    reader: Callable[[Setting], Reader] | None = None
    writer: Callable[[Setting], Writer] | None = None
    arguments: tuple[str, ...] = ()


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _invalid(value: object, wanted: str) -> ValueFault:
    return ValueFault("invalid_value", f"{_shown(value)} is not {wanted}")


def read_text(value: Any) -> str:
    """Text as it is; a whole number becomes its digits."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    raise _invalid(value, "a text")


def read_trimmed(value: Any) -> str:
    """Text without blanks around it."""
    return read_text(value).strip()


@lru_cache(maxsize=16384)
def _decimal_from_text(text: str) -> str:
    try:
        return decimal_text(_bounded(Decimal(text.strip())))
    except (InvalidOperation, ValueError) as error:
        raise _invalid(text, "a number") from error


def _bounded(number: Decimal) -> Decimal:
    if not number.is_finite() or abs(number.adjusted()) > _MAX_MAGNITUDE or len(number.as_tuple().digits) > 60:
        raise ValueError("out of range")
    return number


def read_decimal(value: Any) -> str:
    """A decimal from a text or an exact JSON number; binary floats are not taken."""
    if type(value) is str:
        return _decimal_from_text(value)
    if type(value) is int or type(value) is Decimal:
        try:
            return decimal_text(_bounded(Decimal(value)))
        except ValueError as error:
            raise _invalid(value, "a number") from error
    raise _invalid(value, "a number")


def read_integer(value: Any) -> int:
    """A whole number, also as ``12.0`` or text; a fraction gets the reason ``fraction``."""
    if type(value) is int:
        if -(10**_MAX_MAGNITUDE) < value < 10**_MAX_MAGNITUDE:
            return value
        raise _invalid(value, "a number")
    number = Decimal(read_decimal(value))
    if number != number.to_integral_value():
        raise ValueFault("fraction", f"{_shown(value)} is not a whole number")
    return int(number)


def read_stock(value: Any) -> int:
    """A whole number; below zero it is kept and reported as ``negative_stock``."""
    units = read_integer(value)
    if units < 0:
        raise ValueFault("negative_stock", f"the figure is {units}", units)
    return units


def read_flag(value: Any) -> bool:
    """True or false, also as the texts ``true`` and ``false``."""
    if type(value) is bool:
        return value
    if value == "true" or value == "false":
        return bool(value == "true")
    raise _invalid(value, "true or false")


def read_set(value: Any) -> list[str]:
    """A list of texts without order and doubles."""
    if type(value) is not list:
        raise _invalid(value, "a list")
    return sorted({text for item in value if (text := _member(item))})


def _member(item: Any) -> str:
    if isinstance(item, dict) and "name" in item:
        return read_trimmed(item["name"])
    return read_trimmed(item)


def read_comma_set(value: Any) -> list[str]:
    """Texts between commas, without order and doubles."""
    return sorted({text for part in read_text(value).split(",") if (text := part.strip())})


def read_gtin(value: Any) -> str:
    """A trade item number; one that is not valid is kept and reported."""
    text = read_trimmed(value)
    if text and not gtins.is_valid(text):
        raise ValueFault("invalid_value", f"{_shown(text)} is not a valid GTIN", text)
    return text


def _weight_reader(setting: Setting) -> Reader:
    factor = _KILOGRAMS[setting.argument or "kg"]

    def read(value: Any) -> Value:
        return decimal_text(Decimal(read_decimal(value)) * factor)

    return read


def _weight_writer(setting: Setting) -> Writer:
    factor = _KILOGRAMS[setting.argument or "kg"]

    def write(value: Value) -> JSON:
        return decimal_text(round_to(Decimal(read_decimal(value)) / factor, 6))

    return write


def _money_writer(setting: Setting) -> Writer:
    places = exponent(setting.currency)

    def write(value: Value) -> JSON:
        return format(round_to(Decimal(read_decimal(value)), places), "f")

    return write


_MATCHING = re.compile(r"(?P<name>[a-z_]+)(?:\((?P<argument>[^()]*)\))?")


def _write_set(value: Value) -> JSON:
    return list(read_set(value))


def _write_comma_set(value: Value) -> JSON:
    members = read_set(value)
    if any("," in member for member in members):
        raise ValueFault("invalid_value", "a member with a comma cannot be written between commas")
    return ", ".join(members)


def _plain(reader: Reader) -> Callable[[Setting], Reader]:
    return lambda _: reader


def _plain_writer(writer: Writer) -> Callable[[Setting], Writer]:
    return lambda _: writer


_K = ValueKind
_TEXTS = frozenset(("text", "id", "instant", "html"))
_NUMBERS = frozenset(("decimal", "text", "integer"))
_READ_TEXT, _WRITE_TEXT = _plain(read_text), _plain_writer(read_text)
_READ_DECIMAL, _WRITE_DECIMAL = _plain(read_decimal), _plain_writer(read_decimal)
_COUNTS, _DECIMALS = frozenset((_K.COUNT,)), frozenset((_K.DECIMAL,))

_ALL = (
    Transform("text", "text as it is", _TEXTS | {"integer"}, frozenset((_K.TEXT,)), "text", _READ_TEXT, _WRITE_TEXT),
    Transform("trim", "text without blanks around it", _TEXTS, frozenset((_K.TEXT,)), "text", _plain(read_trimmed)),
    Transform("html", "markup as it is", frozenset(("html", "text")), frozenset((_K.HTML,)), "html", _READ_TEXT, _WRITE_TEXT),
    Transform("decimal", "an exact number", _NUMBERS, _DECIMALS, "decimal_text", _READ_DECIMAL),
    Transform("decimal_text", "a number as text", _NUMBERS - {"integer"}, _DECIMALS, "decimal", None, _WRITE_DECIMAL),
    Transform("money", "an amount, written in the currency's decimals", _NUMBERS - {"integer"}, _DECIMALS, "money", _READ_DECIMAL, _money_writer),
    Transform("weight", "a weight in the unit in brackets", _NUMBERS, _DECIMALS, "weight", _weight_reader, _weight_writer, tuple(_KILOGRAMS)),
    Transform("integer", "a whole number", _NUMBERS, _COUNTS, "integer", _plain(read_integer), _plain_writer(read_integer)),
    Transform("stock", "a whole number of units, reported when below zero", _NUMBERS, _COUNTS, "integer", _plain(read_stock)),
    Transform("flag", "true or false", frozenset(("flag", "text")), frozenset((_K.FLAG,)), "flag", _plain(read_flag), _plain_writer(read_flag)),
    Transform("set", "a list without order", frozenset(("list",)), frozenset((_K.SET,)), "set", _plain(read_set), _plain_writer(_write_set)),
    Transform("comma_set", "texts between commas, without order", frozenset(("text",)), frozenset((_K.SET,)), "comma_set", _plain(read_comma_set), _plain_writer(_write_comma_set)),
    Transform("gtin", "a trade item number, reported when not valid", _TEXTS, frozenset((_K.TEXT,)), "text", _plain(read_gtin)),
)

TRANSFORMS: Mapping[str, Transform] = {transform.name: transform for transform in _ALL}

DEFAULT_READ: Mapping[ValueKind, str] = {
    ValueKind.TEXT: "text",
    ValueKind.HTML: "html",
    ValueKind.DECIMAL: "decimal",
    ValueKind.COUNT: "integer",
    ValueKind.FLAG: "flag",
    ValueKind.SET: "set",
}


def split_name(text: str) -> tuple[str, str]:
    """A transform's name and its argument, from ``name`` or ``name(argument)``."""
    match = _MATCHING.fullmatch(text)
    return (match["name"], match["argument"] or "") if match else (text, "")
