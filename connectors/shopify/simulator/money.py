"""Amounts as the platform keeps them: whole minor units of the shop's currency, decimal texts outside."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from graphql import GraphQLError

_NO_DECIMALS = frozenset({"CLP", "ISK", "JPY", "KRW", "VND"})
_THREE_DECIMALS = frozenset({"BHD", "KWD", "TND"})


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Round to the currency's minor unit, halves away from zero."""
    places = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def read_decimal(value: Any) -> Decimal:
    """Read a decimal from a variable or literal; GraphQLError when it is not one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise GraphQLError(f"{value!r} is not a decimal")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise GraphQLError(f"{value!r} is not a decimal") from error
    if not number.is_finite():
        raise GraphQLError(f"{value!r} is not a decimal")
    return number
