"""The values a slot can hold, and the four kinds of absence (R13).

Slot values are kept in one JSON-ready normal form, so that they hash, store and compare the same everywhere:
decimals as plain strings without trailing zeros, counts as int, sets as sorted lists, Null as None. A slot that
is absent from a record was not read. Redacted is a value of its own and is never projected.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Final, TypeAlias

Value: TypeAlias = str | int | bool | list[str] | dict[str, str] | None
"""One slot's value in normal form; None is Null, a real value."""

Slots: TypeAlias = Mapping[str, Value]
"""Slot text to value; a missing key is NotRead."""

REDACTED: Final[dict[str, str]] = {"$": "redacted"}
"""The platform hides this value from us: never projected, never compared."""


class Absence(Enum):
    """Why there is no value: only NULL is ever projected, MISSING only comes from complete reads."""

    NULL = "null"
    NOT_READ = "not_read"
    REDACTED = "redacted"
    MISSING = "missing"


def absence_of(slots: Slots, slot: str) -> Absence | None:
    """Tell the kind of absence of a slot in a record that was read, or None when it has a value."""
    if slot not in slots:
        return Absence.NOT_READ
    value = slots[slot]
    if value is None:
        return Absence.NULL
    return Absence.REDACTED if value == REDACTED else None


def decimal_text(number: Decimal) -> str:
    """Normal form of a decimal: no exponent, no trailing zeros, no negative zero."""
    if not number.is_finite():
        raise ValueError(f"not a finite number: {number}")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
