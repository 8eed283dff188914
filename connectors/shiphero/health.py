"""What `doctor` asks of an account: the token, whose account it is, its credits, the clock."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from canonical.errors import CrossdockError, ProtocolError
from connectors.base import Environment, Finding, PlatformLocation
from connectors.http import Answer
from connectors.shiphero.client import Client
from connectors.shiphero.documents import ACCOUNT, QUOTA
from connectors.shiphero.options import Options
from connectors.shiphero.shapes import Quota

_SKEW_WARNING = 60.0


class _Address(msgspec.Struct, frozen=True):
    name: str | None = None


class _Warehouse(msgspec.Struct, frozen=True):
    id: str
    identifier: str | None = None
    profile: str | None = None
    company_name: str | None = None
    address: _Address | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        known = (self.identifier, self.address.name if self.address else None, self.company_name, self.profile)
        return next((one for one in known if one), self.id)


class _Account(msgspec.Struct, frozen=True):
    id: str
    email: str | None = None
    status: str | None = None
    is_3pl: bool | None = None
    warehouses: list[_Warehouse | None] | None = None


class _Result(msgspec.Struct, frozen=True):
    data: _Account | None = None


class _AccountData(msgspec.Struct, frozen=True):
    account: _Result | None = None


class _AccountAnswer(msgspec.Struct, frozen=True):
    data: _AccountData


class _QuotaData(msgspec.Struct, frozen=True):
    user_quota: Quota | None = None


class _QuotaAnswer(msgspec.Struct, frozen=True):
    data: _QuotaData


class Doctor:
    """Looks at one connection and reports; an error is a finding."""

    def __init__(self, client: Client, options: Options, environment: Environment) -> None:
        self._client = client
        self._options = options
        self._environment = environment

    def findings(self) -> list[Finding]:
        """Everything worth knowing; what follows from an earlier failure is not asked."""
        found = [self._try("credentials", self._credentials)]
        if not found[0].ok:
            return found
        found += self._token()
        return [*found, self._try("customer", self._customer), self._try("credits", self._credits)]

    def warehouses(self) -> list[PlatformLocation]:
        """Every warehouse of the account; which of them are in use is not told."""
        account, _ = self._account()
        return [PlatformLocation(one.id, one.name) for one in account.warehouses or () if one is not None]

    @staticmethod
    def _try(check: str, look: Callable[[], Finding]) -> Finding:
        try:
            return look()
        except CrossdockError as error:
            return Finding(check, ok=False, message=str(error.args[0]), advice=error.hint)

    def _credentials(self) -> Finding:
        account, answer = self._account()
        text = f"account {account.id}, {len(account.warehouses or ())} warehouses"
        there = answer.server_date
        skew = 0.0 if there is None else (there - self._environment.clock.now()).total_seconds()
        if abs(skew) > _SKEW_WARNING:
            text = f"{text}; its clock and ours differ by {skew:.0f} seconds"
            return Finding("credentials", ok=True, message=text, advice="set this machine's clock", warning=True)
        return Finding("credentials", ok=True, message=text)

    def _token(self) -> list[Finding]:
        if not self._client.token_replaced or self._environment.vault is not None:
            return []
        text = "ShipHero replaced the refresh token, and the new one is in memory only"
        advice = "set token_key in the configuration, and the refresh token anew once, or a restart cannot log in"
        return [Finding("token", ok=True, message=text, advice=advice, warning=True)]

    def _customer(self) -> Finding:
        account, _ = self._account()
        ours = self._options.customer_account_id
        if account.is_3pl and not ours:
            text = "this is the account of a 3PL, and no customer_account_id is set"
            advice = "set customer_account_id, or orders and stock of all its customers are read as one"
            return Finding("customer", ok=True, message=text, advice=advice, warning=True)
        return Finding("customer", ok=True, message=f"customer {ours}" if ours else "the account's own goods")

    def _credits(self) -> Finding:
        """A quota that cannot be asked for is no fault: it is learned when credits run short."""
        try:
            quota = self._client.query("user_quota", QUOTA, {}).decode(_QuotaAnswer).data.user_quota
        except ProtocolError as error:
            text = f"the quota of credits is not told: {error.args[0]}"
            return Finding("credits", ok=True, message=text, warning=True)
        if quota is None or not self._client.budget.take(quota, self._environment.clock.now()):
            return Finding("credits", ok=True, message="the quota of credits is not told", warning=True)
        text = f"{quota.credits_remaining:g} of {quota.max_available or 0:g} credits, {quota.increment_rate:g} a second"
        return Finding("credits", ok=True, message=text)

    def _account(self) -> tuple[_Account, Answer]:
        answer = self._client.query("account", ACCOUNT, {})
        found = answer.decode(_AccountAnswer).data.account
        if found is None or found.data is None:
            raise ProtocolError(f"{answer.place}: the answer tells of no account")
        return found.data, answer
