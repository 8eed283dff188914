"""Money: a Decimal amount and an ISO 4217 currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_EXPONENTS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    "CLF": 4,
    "UYW": 4,
}
_TWO_PLACES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
    CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL
    SOS SRD SSP STD STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VEF VES WST XCD XCG YER ZAR
    ZMW ZWG ZWL
    """.split()
)
"""Currencies of two places, those that were replaced of late as well: an old order may be in one."""


def is_currency(code: str) -> bool:
    """Whether a code is one of ISO 4217 that money is paid in."""
    return code.upper() in _TWO_PLACES or code.upper() in _EXPONENTS


def exponent(currency: str) -> int:
    """Decimal places of a currency's minor unit (ISO 4217), two unless listed."""
    return _EXPONENTS.get(currency.upper(), 2)


def to_decimal(text: str | int | Decimal) -> Decimal:
    """Read an amount exactly; ValueError for anything that is not a finite number (floats are not taken)."""
    if isinstance(text, (float, bool)):
        raise ValueError(f"not an exact amount: {text!r}")
    try:
        number = Decimal(text.strip()) if isinstance(text, str) else Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"not a number: {text!r}") from error
    if not number.is_finite():
        raise ValueError(f"not a finite number: {text!r}")
    return number


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency; adding two currencies is an error."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise ValueError(f"cannot add {self.currency} and {other.currency}")
        return Money(self.amount + other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{in_minor_units(self.amount, self.currency)} {self.currency}"

    def rounded(self) -> Money:
        """The amount in whole minor units, halves away from zero."""
        return Money(round_to(self.amount, exponent(self.currency)), self.currency)


def round_to(amount: Decimal, places: int) -> Decimal:
    """Round to decimal places, halves away from zero."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def in_minor_units(amount: Decimal, currency: str) -> Decimal:
    """An amount written out to the currency's decimals, as people write it; one with more of them stays as it is."""
    written = round_to(amount, exponent(currency))
    return written if written == amount else amount


def split_evenly(total: Money, parts: int) -> list[Money]:
    """Split an amount into minor units so that the parts sum to it exactly; the first parts get the rest."""
    if parts < 1:
        raise ValueError("parts must be at least 1")
    places = exponent(total.currency)
    unit = Decimal(1).scaleb(-places)
    units = total.amount / unit
    if units != units.to_integral_value():
        raise ValueError(f"{total.amount} {total.currency} is not in whole minor units")
    share, rest = divmod(abs(int(units)), parts)
    sign = -1 if units < 0 else 1
    return [Money(sign * (share + (1 if i < rest else 0)) * unit, total.currency) for i in range(parts)]
