"""The typed values of Tryton's JSON-RPC, to and from plain ones (trytond, protocols/jsonrpc.py)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from canonical.clock import instant_text
from canonical.money import to_decimal
from canonical.value import decimal_text

_INSTANT_PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")

Row: TypeAlias = dict[str, Any]
"""A record as the server answers it: ``a.`` holds the fields asked for as ``a.x``."""


def decimal_value(number: Decimal) -> Row:
    """A number for a Numeric field."""
    return {"__class__": "Decimal", "decimal": decimal_text(number)}


def instant_value(instant: datetime) -> Row:
    """An instant for a stamp field: UTC in parts."""
    utc = instant.astimezone(UTC)
    return {
        "__class__": "datetime",
        "year": utc.year,
        "month": utc.month,
        "day": utc.day,
        "hour": utc.hour,
        "minute": utc.minute,
        "second": utc.second,
        "microsecond": utc.microsecond,
    }


def exact(number: float) -> Decimal:
    """The decimal number a Float field was printed as: 12.5 stays 12.5 and 0.1 stays 0.1."""
    return to_decimal(repr(number))


def units_text(number: float) -> str:
    """A Float field as decimal text, exactly as it was printed."""
    return str(int(number)) if number.is_integer() else decimal_text(exact(number))


def plain(value: Any) -> Any:
    """A value in plain JSON: numbers of Numeric fields as text, stamps in ISO 8601."""
    if type(value) is not dict:
        return value
    kind = value.get("__class__")
    if kind == "Decimal":
        return value["decimal"]
    if kind == "date":
        return f"{value['year']:04d}-{value['month']:02d}-{value['day']:02d}"
    if kind == "datetime":
        parts = {name: value[name] for name in _INSTANT_PARTS}
        return instant_text(datetime(**parts, tzinfo=UTC))
    return value


def record_of(row: Row) -> Row:
    """A row as a nested plain record: ``template: 6, template.: {...}`` becomes one ``template``."""
    record: Row = {}
    for name, value in row.items():
        if name[-1:] == ".":
            record[name[:-1]] = [record_of(one) for one in value] if isinstance(value, list) else _related(value)
        elif f"{name}." not in row:
            record[name] = plain(value)
    return record


def _related(value: Row | None) -> Row | None:
    return None if value is None else record_of(value)
