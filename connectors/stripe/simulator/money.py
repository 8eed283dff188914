"""Minor units by the vendor's table, fees, and conversion into the currency of the balance."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

_WHOLE = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
_THOUSANDTHS = frozenset("bhd jod kwd omr tnd".split())
_HUNDREDTHS_ALWAYS_00 = frozenset({"isk", "ugx"})


def places(currency: str) -> int:
    """Decimal places of an amount."""
    if currency in _WHOLE:
        return 0
    return 3 if currency in _THOUSANDTHS else 2


def step(currency: str) -> int:
    """What an amount must be a multiple of."""
    if currency in _HUNDREDTHS_ALWAYS_00:
        return 100
    return 10 if currency in _THOUSANDTHS else 1


def units(amount: Decimal, currency: str) -> int:
    """An amount of money in minor units, rounded."""
    return int(amount.scaleb(places(currency)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


class Exchange:
    """What each currency is worth in the account's own; the bank rounds to whole minor units."""

    def __init__(self, home: str, rates: Mapping[str, str]) -> None:
        self.home = home
        self._rates = {currency: Decimal(rate) for currency, rate in rates.items()}

    def rate(self, currency: str) -> Decimal:
        """One unit of a currency in the account's own."""
        return self._rates[currency]

    def knows(self, currency: str) -> bool:
        """Whether it can be changed."""
        return currency in self._rates

    def set_rate(self, currency: str, rate: str) -> None:
        """The market moves."""
        self._rates[currency] = Decimal(rate)

    def convert(self, amount: int, currency: str) -> int:
        """Minor units of a currency in minor units of the account's own."""
        money = Decimal(amount).scaleb(-places(currency)) * self.rate(currency)
        return units(money, self.home)
