"""The Stripe connector: reads, refunds and checks in the platform's own shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from canonical.errors import FatalError, SkippableError
from connectors.base import (
    Call,
    CallOutcome,
    Effect,
    Environment,
    Finding,
    Page,
    PlatformLocation,
    WriteRow,
)
from connectors.manifest import Manifest, load_manifest
from connectors.outcomes import without_secrets
from connectors.stripe.client import Client
from connectors.stripe.health import Doctor
from connectors.stripe.options import Options, SettingValue, read_options
from connectors.stripe.reading import Reader
from connectors.stripe.refunds import OPERATION, Refunds, compose
from connectors.stripe.subscriptions import StripeSubscriptions

_PACKAGE = "connectors.stripe"


class StripeConnector:
    """One account; money only, no goods and no places."""

    def __init__(self, options: Options, environment: Environment, manifest: Manifest) -> None:
        self.manifest = manifest
        self._client = Client(options, environment)
        connection = environment.connection
        self._reader = Reader(self._client, connection, options.created_since, manifest.overlap_seconds)
        self._refunds = Refunds(self._client, connection)
        self._doctor = Doctor(self._client, options, environment)

    def check(self) -> list[Finding]:
        """Look at the key, its rights, the API version, the clock, and whether money is real."""
        return self._doctor.findings()

    def locations(self) -> list[PlatformLocation]:
        """None: a payment processor counts no stock."""
        return []

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        """Read all objects of a kind."""
        return self._reader.pull(resource, fields)

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Read what is new or was named by an event since a cursor."""
        return self._reader.changed_since(resource, fields, cursor)

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Re-read exactly these objects."""
        return self._reader.lookup(resource, fields, ids)

    def pack(self, rows: Sequence[WriteRow], new_key: Callable[[], str]) -> list[Call]:
        """Nothing can be packed: no field of Stripe is written, money is only moved by effects."""
        if rows:
            raise FatalError("stripe takes no field writes", hint="give another connection the ownership")
        return []

    def compose(self, effect: Effect, new_key: Callable[[], str]) -> Call:
        """Make the call that pays money back."""
        if effect.operation != OPERATION:
            raise SkippableError("unknown_operation", f"stripe cannot do {effect.operation!r}", ref=effect.reference)
        return compose(effect, new_key)

    def push(self, call: Call) -> CallOutcome:
        """Pay back under the call's key."""
        return without_secrets(self._refunds.push(call), self._client.redact)

    def resolve(self, call: Call) -> CallOutcome | None:
        """Find out what became of a refund, by its reference and by its key."""
        return without_secrets(self._refunds.resolve(call), self._client.redact)

    def subscriptions(self) -> StripeSubscriptions:
        """The account's webhook endpoints."""
        return StripeSubscriptions(self._client)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def connect(settings: Mapping[str, SettingValue], environment: Environment) -> StripeConnector:
    """Build the connector of one configured account; ConfigError names every wrong setting."""
    manifest = _manifest()
    return StripeConnector(read_options(settings, manifest), environment, manifest)


@cache
def _manifest() -> Manifest:
    return load_manifest(_PACKAGE)
