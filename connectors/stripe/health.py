"""What `doctor` asks of an account: the key, its rights, the API version, the clock, whether money is real."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from canonical.errors import AuthenticationError, CrossdockError
from connectors.base import Environment, Finding
from connectors.http import Answer
from connectors.stripe.client import Client
from connectors.stripe.options import Options
from connectors.stripe.resources import RESOURCES
from connectors.stripe.sdk import API_VERSION

_SKEW_WARNING = 60.0


class _Account(msgspec.Struct):
    id: str = ""
    default_currency: str = ""


class Doctor:
    """Looks at one connection and reports; an error is a finding."""

    def __init__(self, client: Client, options: Options, environment: Environment) -> None:
        self._client = client
        self._options = options
        self._environment = environment

    def findings(self) -> list[Finding]:
        """Everything worth knowing; what follows from an earlier failure is not asked."""
        found = [self._try("credentials", self._credentials)]
        if found[0].ok:
            found.append(self._try("rights", self._rights))
        return [*found, self._mode()]

    @staticmethod
    def _try(check: str, look: Callable[[], Finding]) -> Finding:
        try:
            return look()
        except CrossdockError as error:
            return Finding(check, ok=False, message=str(error.args[0]), advice=error.hint)

    def _credentials(self) -> Finding:
        try:
            answer = self._client.account()
        except AuthenticationError:
            # A restricted key need not see the account; whether it is a key at all is told by what it may read.
            self._client.list("charges", {"limit": 1})
            return Finding("credentials", ok=True, message="the key can read; it may not see the account itself")
        account = answer.decode(_Account)
        skew = self._skew(answer)
        if skew is not None and abs(skew) > _SKEW_WARNING:
            text = f"account {account.id}; its clock and ours differ by {skew:.0f} seconds"
            return Finding("credentials", ok=True, message=text, advice="set this machine's clock", warning=True)
        text = f"account {account.id}, settles in {account.default_currency.upper()}, API version {API_VERSION}"
        return Finding("credentials", ok=True, message=text)

    def _rights(self) -> Finding:
        refused = [name for name in (*RESOURCES, "events", "payment_intents") if not self._may_read(name)]
        if not refused:
            return Finding("rights", ok=True, message="the key may read everything that is read")
        advice = "give the restricted key the right to read them, in the dashboard under Developers, API keys"
        return Finding("rights", ok=False, message=f"the key may not read {', '.join(refused)}", advice=advice)

    def _may_read(self, resource: str) -> bool:
        try:
            self._client.list(resource, {"limit": 1})
        except AuthenticationError:
            return False
        return True

    def _mode(self) -> Finding:
        if self._options.live:
            return Finding("mode", ok=True, message="live: refunds pay real money")
        return Finding("mode", ok=True, message="test: no real money moves", warning=True)

    def _skew(self, answer: Answer) -> float | None:
        theirs: datetime | None = answer.server_date
        return None if theirs is None else (theirs - self._environment.clock.now()).total_seconds()
