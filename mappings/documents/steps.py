"""The single steps that transforms of document mappings take, on one value each."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Any

from canonical.money import exponent
from mappings.readers import BadValueError, exact_decimal, read_text

EXACT = Context(prec=200, rounding=ROUND_HALF_UP, traps=[Inexact, InvalidOperation, Overflow])
"""Arithmetic that refuses to round."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def invalid(value: object, wanted: str) -> BadValueError:
    """The error for a value that is not what it must be."""
    shown = str(value) if isinstance(value, Decimal) else repr(value)
    return BadValueError("invalid_value", f"{shown if len(shown) <= 60 else shown[:57] + '...'} is not {wanted}")


def to_number(value: Any) -> Decimal:
    """An exact number from a text or a number."""
    if type(value) in (str, int, Decimal):
        return exact_decimal(value)
    raise invalid(value, "a number")


def to_text(value: Any) -> str:
    """Text as it is; digits of a whole number; a decimal in plain notation; an instant in ISO 8601."""
    if type(value) is Decimal:
        return format(value, "f")
    return iso_text(value) if type(value) is datetime else read_text(value)


def iso_text(value: datetime) -> str:
    """An instant in ISO 8601, in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def negate(value: Any) -> Decimal:
    """The number below zero for one above, and the other way round."""
    number = to_number(value)
    return number.copy_negate() if number else number.copy_abs()


def absolute(value: Any) -> Decimal:
    """The number without its sign."""
    return to_number(value).copy_abs()


def from_minor(value: Any, currency: str) -> Decimal:
    """An amount from whole minor units of a currency."""
    number = to_number(value)
    if number != number.to_integral_value():
        raise invalid(value, f"in whole minor units of {currency}")
    return EXACT.create_decimal(int(number)).scaleb(-exponent(currency), EXACT)


def to_minor(value: Any, currency: str) -> int:
    """An amount in whole minor units of a currency; nothing is rounded."""
    number = to_number(value).scaleb(exponent(currency), EXACT)
    if number != number.to_integral_value(context=EXACT):
        raise invalid(value, f"in whole minor units of {currency}")
    return int(number)


def in_currency(value: Any, currency: str) -> str:
    """An amount as text with the decimal places of its currency; one with more of them is refused."""
    return format(Decimal(to_minor(value, currency)).scaleb(-exponent(currency), EXACT), "f")


def rounded(value: Any, places: int) -> Decimal:
    """A number with at most so many decimal places, halves away from zero."""
    number = to_number(value)
    if number.as_tuple().exponent < -places:  # type: ignore[operator]
        number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=Context(prec=200))
    return number or number.copy_abs()


def json_number(value: Any) -> int | float:
    """A number for JSON; one that a binary float would change is refused."""
    number = to_number(value)
    if number == number.to_integral_value(context=EXACT):
        return int(number)
    near = float(number)
    if Decimal(repr(near)) != number:
        raise invalid(value, "a number that JSON readers keep exactly")
    return near


def instant(value: Any) -> datetime:
    """An instant from ISO 8601 with a zone."""
    moment = _moment(value)
    if moment.tzinfo is None:
        raise invalid(value, "an instant: it has no zone (if it is UTC, read it with `utc`)")
    return _in_utc(moment, value)


def utc_instant(value: Any) -> datetime:
    """An instant from ISO 8601 in which no zone means UTC."""
    moment = _moment(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else _in_utc(moment, value)


def unix_instant(value: Any) -> datetime:
    """An instant from seconds since 1970."""
    number = to_number(value)
    try:
        return _EPOCH + timedelta(microseconds=int(number.scaleb(6, EXACT)))
    except OverflowError as error:
        raise invalid(value, "an instant") from error


def day_instant(value: Any) -> datetime:
    """The beginning of a day, in UTC, from its date (or from an instant in it)."""
    moment = utc_instant(value)
    return datetime.combine(moment.date(), time(tzinfo=UTC))


def day_text(value: Any) -> str:
    """The date of an instant, in UTC."""
    return utc_instant(value).date().isoformat()


def utc_text(value: Any) -> str:
    """An instant in UTC, to the second and without its zone."""
    return utc_instant(value).replace(tzinfo=None, microsecond=0).isoformat()


def unix_seconds(value: Any) -> int:
    """Whole seconds since 1970."""
    return (utc_instant(value) - _EPOCH) // timedelta(seconds=1)


def last_digits(value: Any) -> str:
    """The number at the end of a global id such as ``gid://system/Order/17``; a plain number is itself."""
    digits = read_text(value).partition("?")[0].rpartition("/")[2]
    if not (digits.isascii() and digits.isdigit()):
        raise invalid(value, "a global id that ends in a number")
    return digits


def without_prefix(value: Any, prefix: str) -> str:
    """A text less what it begins with."""
    return read_text(value).removeprefix(prefix)


def list_text(value: Any) -> str:
    """Texts with commas between them; a text with a comma in it is refused."""
    if type(value) is not list:
        raise invalid(value, "a list")
    texts = [read_text(one) for one in value]
    if any("," in text for text in texts):
        raise invalid(value, "free of commas, so it cannot be written between commas")
    return ", ".join(texts)


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    text = read_text(value).strip()
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(value, "an instant in ISO 8601") from error


def _in_utc(moment: datetime, value: object) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise invalid(value, "an instant") from error
