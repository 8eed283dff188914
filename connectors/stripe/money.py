"""What one unit of an amount is worth: Stripe counts in minor units, by a table of its own."""

from __future__ import annotations

from decimal import Decimal

from canonical.money import exponent, to_decimal

_OWN_PLACES = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Where Stripe counts otherwise than ISO 4217: króna and shilling in hundredths that are always 00, ariary whole."""
_ALWAYS_WHOLE = frozenset({"ISK", "UGX"})


def places(currency: str) -> int:
    """Decimal places of an amount in this currency."""
    code = currency.upper()
    return _OWN_PLACES.get(code, exponent(code))


def minor_unit(currency: str) -> str:
    """What an amount of 1 is worth, as an exact decimal: 0.01 for most, 1 for yen, 0.001 for dinar."""
    return str(Decimal(1).scaleb(-places(currency)))


def to_minor(amount: str | int | Decimal, currency: str) -> int:
    """An amount of money in minor units; ValueError when it cannot be told in them exactly.

    Of three decimals the last must be 0, and of króna and shilling there are no hundredths to send.
    """
    units = to_decimal(amount).scaleb(places(currency))
    step = 100 if currency.upper() in _ALWAYS_WHOLE else 10 if places(currency) == 3 else 1
    if units != units.to_integral_value() or int(units) % step:
        raise ValueError(f"{amount} {currency.upper()} cannot be told in steps of {step} minor units")
    return int(units)
