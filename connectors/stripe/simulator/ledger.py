"""The balance: every movement is an entry, in the currency it is kept in, less its fee."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from connectors.stripe.simulator import shapes
from connectors.stripe.simulator.account import Account
from connectors.stripe.simulator.money import units
from connectors.stripe.simulator.shapes import Obj

_DAY = 86_400
_PERCENT = Decimal("0.029")
_FIXED = Decimal("0.30")


class Ledger:
    """Books what moves."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def charge(self, charge: Obj, amount: int) -> Obj:
        """Money that came in: available after some days, less the fee of the processor."""
        account = self._account
        home, currency, rate = self._kept(amount, charge["currency"])
        share = (Decimal(home) * _PERCENT).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        fee = int(share) + units(_FIXED, currency)
        available = account.now() + account.switches.payout_delay_days * _DAY
        entry = shapes.entry(account.new_id("txn"), home, fee, currency, account.now(), available)
        kind = "charge" if charge["id"].startswith("ch_") else "payment"
        return self._keep(entry, kind, "charge", charge["id"], rate)

    def move(self, amount: int, currency: str, kind: str, category: str, source: str | None, fee: int = 0) -> Obj:
        """Money that goes or comes at once; the amount in the currency of what is booked, with its sign."""
        account = self._account
        home, kept_in, rate = self._kept(amount, currency)
        entry = shapes.entry(account.new_id("txn"), home, fee, kept_in, account.now(), account.now())
        return self._keep(entry, kind, category, source, rate)

    def payable(self, currency: str) -> list[Obj]:
        """The entries that can be paid out now and were not."""
        now = self._account.now()
        return [
            entry
            for entry in self._account.objects["balance_transaction"].values()
            if entry["currency"] == currency
            and entry["available_on"] <= now
            and entry["id"] not in self._account.paid_with
        ]

    def balance(self, currency: str) -> int:
        """What the account could pay out of a currency now."""
        return sum(entry["net"] for entry in self._all(currency) if entry["available_on"] <= self._account.now())

    def pending(self, currency: str) -> int:
        """What will be available later."""
        return sum(entry["net"] for entry in self._all(currency) if entry["available_on"] > self._account.now())

    def _all(self, currency: str) -> list[Obj]:
        entries = self._account.objects["balance_transaction"].values()
        return [entry for entry in entries if entry["currency"] == currency]

    def _kept(self, amount: int, currency: str) -> tuple[int, str, float | None]:
        """An amount in a currency the account keeps, and the rate it was changed at, if it was."""
        if currency in self._account.settles:
            return amount, currency, None
        exchange = self._account.exchange
        return exchange.convert(amount, currency), exchange.home, float(exchange.rate(currency))

    def _keep(self, entry: Obj, kind: str, category: str, source: str | None, rate: float | None) -> Obj:
        entry |= {"type": kind, "reporting_category": category, "source": source, "exchange_rate": rate}
        return self._account.keep(entry)
