"""Amounts carry no currency on most platforms, so the platform is asked what its amounts mean before they are used."""

from __future__ import annotations

from collections.abc import Callable

from canonical.errors import AuthenticationError, FatalError
from connectors.base import Environment

_KEY = "currency"


class CurrencyCheck:
    """Compares the configured currency of a connection with the platform's own, once a day, across runs."""

    def __init__(self, configured: str, ask: Callable[[], str], environment: Environment) -> None:
        self._configured = configured
        self._ask = ask
        self._environment = environment

    def confirm(self) -> None:
        """FatalError when the platform counts in another currency.

        Nothing happens where none is configured, or where the key may not ask.
        """
        if not self._configured:
            return
        today = f"{self._configured} {self._environment.clock.now().date()}"
        if self._environment.state.get(_KEY) == today:
            return
        try:
            there = self._ask()
        except AuthenticationError:
            # A key may be allowed to read products and not the shop's settings: `doctor` tells what it cannot see.
            return
        if there != self._configured:
            raise FatalError(
                f"{self._environment.connection}: the configuration says {self._configured},"
                f" the platform's prices are in {there}",
                hint="set the connection's currency to what the platform uses; no price is read or written until then",
            )
        self._environment.state.put(_KEY, today)
