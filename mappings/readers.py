"""Readers: a platform's JSON value, never null, into normal form; nothing is rounded in silence."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from canonical import gtin as gtins
from canonical.value import Value, decimal_text

_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,3})?")
_LARGEST, _SMALLEST = 15, -24
"""Exponents of ten between which arithmetic in 28 digits is exact to 12 decimal places."""


class BadValueError(ValueError):
    """A value that does not fit; ``kept`` is the value to keep all the same, where there is one."""

    def __init__(self, reason: str, detail: str, kept: Value = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.kept = kept


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _invalid(value: object, wanted: str) -> BadValueError:
    return BadValueError("invalid_value", f"{_shown(value)} is not {wanted}")


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


def exact_decimal(value: str | int | Decimal) -> Decimal:
    """A number in plain ASCII notation and of sane size; BadValueError for all else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) is None:
        raise _invalid(value, "a number")
    if isinstance(value, int) and abs(value) > 10**_LARGEST:
        raise BadValueError("invalid_value", "the number is too large")
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < _SMALLEST or number.adjusted() > _LARGEST:
        raise _invalid(value, "a number of plausible size")
    return number


@lru_cache(maxsize=16384)
def _decimal_from_text(text: str) -> str:
    return decimal_text(exact_decimal(text))


def read_decimal(value: Any) -> str:
    """A decimal from a text or an exact JSON number; binary floats are not taken."""
    if type(value) is str:
        return _decimal_from_text(value)
    if type(value) is int or type(value) is Decimal:
        return decimal_text(exact_decimal(value))
    raise _invalid(value, "a number")


def read_integer(value: Any) -> int:
    """A whole number, also as ``12.0`` or text; a fraction gets the reason ``fraction``."""
    if type(value) is int and -(10**_LARGEST) <= value <= 10**_LARGEST:
        return value
    number = Decimal(read_decimal(value))
    if number != number.to_integral_value():
        raise BadValueError("fraction", f"{_shown(value)} is not a whole number")
    return int(number)


def read_stock(value: Any) -> int:
    """A whole number; below zero it is kept and reported as ``negative_stock``."""
    units = read_integer(value)
    if units < 0:
        raise BadValueError("negative_stock", f"the figure is {units}", units)
    return units


def read_flag(value: Any) -> bool:
    """True or false, also as the texts ``true`` and ``false``."""
    if type(value) is bool:
        return value
    if type(value) is str and value in ("true", "false"):
        return value == "true"
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
        raise BadValueError("invalid_value", f"{_shown(text)} is not a valid GTIN", text)
    return text
