"""The ShipHero connector: reads, orders, cancellations and checks in the platform's own shapes."""

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
from connectors.manifest import Manifest, load_fields, load_manifest
from connectors.outcomes import without_secrets
from connectors.shiphero.client import Client
from connectors.shiphero.effects import CANCEL, CREATE, OrderWriter
from connectors.shiphero.health import Doctor
from connectors.shiphero.options import Options, SettingValue, read_options
from connectors.shiphero.reading import Reader
from connectors.shiphero.subscriptions import ShipHeroSubscriptions

_PACKAGE = "connectors.shiphero"


class ShipHeroConnector:
    """One account of warehouses, or one customer of a 3PL."""

    def __init__(self, options: Options, environment: Environment, manifest: Manifest) -> None:
        self.manifest = manifest
        catalog = load_fields(_PACKAGE)
        self._client = Client(options, environment)
        self._customer_account_id = options.customer_account_id
        self._reader = Reader(self._client, options, catalog, manifest.overlap_seconds)
        self._writer = OrderWriter(self._client, self._reader, catalog, options.customer_account_id)
        self._doctor = Doctor(self._client, options, environment)

    def check(self) -> list[Finding]:
        """Look at the credentials, whose account it is, the credits and the clock."""
        return self._doctor.findings()

    def locations(self) -> list[PlatformLocation]:
        """The warehouses."""
        return self._doctor.warehouses()

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        """Read all products, their stock, or all orders."""
        return self._reader.pull(resource, fields)

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Read the products or orders saved since a cursor."""
        return self._reader.changed_since(resource, fields, cursor)

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Re-read exactly these products or orders."""
        return self._reader.lookup(resource, fields, ids)

    def pack(self, rows: Sequence[WriteRow], new_key: Callable[[], str]) -> list[Call]:
        """Nothing can be packed: the warehouse counts its stock, and names are the shop's."""
        if rows:
            raise FatalError("shiphero takes no field writes", hint="give another connection the ownership")
        return []

    def compose(self, effect: Effect, new_key: Callable[[], str]) -> Call:
        """Compose an order or its cancellation; no key, the platform takes none."""
        if effect.operation not in (CREATE, CANCEL):
            raise SkippableError("unknown_operation", f"shiphero cannot do {effect.operation!r}", ref=effect.reference)
        return self._writer.compose(effect)

    def push(self, call: Call) -> CallOutcome:
        """Make or cancel an order, unless that was done already."""
        return without_secrets(self._writer.push(call), self._client.redact)

    def resolve(self, call: Call) -> CallOutcome | None:
        """Look up what became of an order or its cancellation."""
        return without_secrets(self._writer.resolve(call), self._client.redact)

    def subscriptions(self) -> ShipHeroSubscriptions:
        """The webhooks of this account."""
        return ShipHeroSubscriptions(self._client, self._customer_account_id)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def connect(settings: Mapping[str, SettingValue], environment: Environment) -> ShipHeroConnector:
    """Build the connector of one configured account; ConfigError names every wrong setting."""
    manifest = _manifest()
    return ShipHeroConnector(read_options(settings, manifest), environment, manifest)


@cache
def _manifest() -> Manifest:
    return load_manifest(_PACKAGE)
