"""The named transforms of mapping files: what each reads, makes and writes, and which one undoes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from canonical.fields import ValueKind
from canonical.money import exponent, round_to
from canonical.value import Value, decimal_text
from mappings import readers as r
from mappings.model import JSON
from mappings.readers import BadValueError

Reader: TypeAlias = Callable[[Any], Value]
Writer: TypeAlias = Callable[[Value], JSON]

KILOGRAMS: Mapping[str, Decimal] = {
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "lb": Decimal("0.45359237"),
    "oz": Decimal("0.028349523125"),
}
"""Weight units by their kilograms (international avoirdupois pound and ounce)."""

_CALL = re.compile(r"(?P<name>[a-z_]+)(?:\((?P<argument>[^()]*)\))?")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a transform may need besides the value: the connection's currency, and its own argument."""

    currency: str = ""
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Transform:
    """A named transform between the platform's value and the normal form of a kind of value.

    ``reads`` and ``writes`` name the catalog types it takes and makes; ``inverse`` the transform for the way back;
    transforms of one ``family`` undo each other.
    """

    name: str
    about: str
    kind: ValueKind
    family: str
    inverse: str
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    reader: Callable[[Setting], Reader] | None = None
    writer: Callable[[Setting], Writer] | None = None
    arguments: tuple[str, ...] = ()


def split_name(text: str) -> tuple[str, str]:
    """A transform's name and its argument, from ``name`` or ``name(argument)``."""
    match = _CALL.fullmatch(text)
    return (match["name"], match["argument"] or "") if match else (text, "")


def _write_set(value: Value) -> JSON:
    return list(r.read_set(value))


def _write_comma_set(value: Value) -> JSON:
    members = r.read_set(value)
    if any("," in member for member in members):
        raise BadValueError("invalid_value", "a member with a comma cannot be written between commas")
    return ", ".join(members)


def _money_writer(setting: Setting) -> Writer:
    places = exponent(setting.currency)
    # Adding zero turns a negative zero, the rest of a small negative amount, into zero.
    return lambda value: format(round_to(Decimal(r.read_decimal(value)), places) + 0, "f")


def _weight_reader(setting: Setting) -> Reader:
    factor = KILOGRAMS[setting.argument or "kg"]
    return lambda value: decimal_text(Decimal(r.read_decimal(value)) * factor)


def _weight_writer(setting: Setting) -> Writer:
    factor = KILOGRAMS[setting.argument or "kg"]
    return lambda value: decimal_text(round_to(Decimal(r.read_decimal(value)) / factor, 6))


def _always(step: Callable[[Any], Any]) -> Callable[[Setting], Callable[[Any], Any]]:
    return lambda _: step


_K = ValueKind
_TEXTS = frozenset(("text", "id", "instant", "html"))
_NUMBERS = frozenset(("decimal", "integer", "text"))
_DECIMALS = frozenset(("decimal", "text"))
_WHOLE = frozenset(("integer", "decimal"))
_MARKUP = frozenset(("html", "text"))
_TEXT, _LIST, _FLAG = frozenset(("text",)), frozenset(("list",)), frozenset(("flag",))

_READ_TEXT, _READ_TRIMMED, _READ_GTIN = _always(r.read_text), _always(r.read_trimmed), _always(r.read_gtin)
_READ_DECIMAL, _READ_INTEGER, _READ_STOCK = _always(r.read_decimal), _always(r.read_integer), _always(r.read_stock)
_READ_FLAG, _READ_SET, _READ_COMMAS = _always(r.read_flag), _always(r.read_set), _always(r.read_comma_set)
_SET, _COMMAS, _UNITS = _always(_write_set), _always(_write_comma_set), tuple(KILOGRAMS)

_ALL = (
    Transform("text", "text as it is", _K.TEXT, "text", "text", _TEXTS | {"integer"}, _TEXTS, _READ_TEXT, _READ_TEXT),
    Transform("trim", "text without blanks around it", _K.TEXT, "text", "text", _TEXTS, reader=_READ_TRIMMED),
    Transform("gtin", "an item number, reported if not valid", _K.TEXT, "text", "text", _TEXTS, reader=_READ_GTIN),
    Transform("html", "markup as it is", _K.HTML, "html", "html", _MARKUP, _MARKUP, _READ_TEXT, _READ_TEXT),
    Transform("decimal", "an exact number", _K.DECIMAL, "number", "decimal_text", _NUMBERS, reader=_READ_DECIMAL),
    Transform(
        "decimal_text", "a number as text", _K.DECIMAL, "number", "decimal", writes=_DECIMALS, writer=_READ_DECIMAL
    ),
    Transform(
        "money",
        "an amount, written with the decimals of the currency",
        *(_K.DECIMAL, "number", "money", _NUMBERS, _DECIMALS, _READ_DECIMAL, _money_writer),
    ),
    Transform(
        "weight",
        "a weight in the unit in brackets, kilograms in canonical terms",
        *(_K.DECIMAL, "weight", "weight", _NUMBERS, _DECIMALS, _weight_reader, _weight_writer, _UNITS),
    ),
    Transform(
        "integer", "a whole number", _K.COUNT, "whole", "integer", _NUMBERS, _WHOLE, _READ_INTEGER, _READ_INTEGER
    ),
    Transform(
        "stock", "whole units, reported if below zero", _K.COUNT, "whole", "integer", _NUMBERS, reader=_READ_STOCK
    ),
    Transform("flag", "true or false", _K.FLAG, "flag", "flag", _FLAG | _TEXT, _FLAG, _READ_FLAG, _READ_FLAG),
    Transform("set", "a list without order", _K.SET, "set", "set", _LIST, _LIST, _READ_SET, _SET),
    Transform("comma_set", "texts between commas", _K.SET, "commas", "comma_set", _TEXT, _TEXT, _READ_COMMAS, _COMMAS),
)

TRANSFORMS: Mapping[str, Transform] = {transform.name: transform for transform in _ALL}

DEFAULT_READ: Mapping[ValueKind, str] = {
    _K.TEXT: "text",
    _K.HTML: "html",
    _K.DECIMAL: "decimal",
    _K.COUNT: "integer",
    _K.FLAG: "flag",
    _K.SET: "set",
}
"""The transform of a field whose mapping names none."""
