"""The ShipBob connector: reads, orders and checks in the platform's own shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import msgspec

from canonical.errors import FatalError
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
from connectors.shipbob.catalog import Catalog
from connectors.shipbob.channels import Channels
from connectors.shipbob.client import Client
from connectors.shipbob.health import Doctor
from connectors.shipbob.options import Options, SettingValue, read_options
from connectors.shipbob.orders import Orders, compose
from connectors.shipbob.reading import Reader
from connectors.shipbob.subscriptions import ShipBobSubscriptions

_PACKAGE = "connectors.shipbob"
_ALL_LOCATIONS = (("IncludeInactive", "true"),)


class _Location(msgspec.Struct, frozen=True):
    id: int
    name: str | None = None
    is_active: bool = True


class ShipBobConnector:
    """One merchant at a 3PL, seen and commanded through one channel."""

    def __init__(self, options: Options, environment: Environment, manifest: Manifest) -> None:
        self.manifest = manifest
        self._client = Client(options, environment)
        connection = self._connection = environment.connection
        self._reader = Reader(
            self._client, connection, options.page_size, manifest.overlap_seconds, options.orders_since
        )
        channels = Channels(self._client, connection, options.channel_id)
        catalog = Catalog(self._reader, environment.clock)
        self._orders = Orders(self._client, self._reader, channels, catalog, creates_products=options.creates_products)
        self._doctor = Doctor(self._client, channels, options, environment, manifest)

    def check(self) -> list[Finding]:
        """Look at the token, its rights, its channel, the API version and the clock."""
        return self._doctor.findings()

    def locations(self) -> list[PlatformLocation]:
        """Every place of the network that this account knows."""
        found = self._client.all("location", _ALL_LOCATIONS).decode(list[_Location])
        return [PlatformLocation(str(one.id), one.name or str(one.id), one.is_active) for one in found]

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        """Read all records of a kind; ShipBob always sends whole ones."""
        return self._reader.pull(resource)

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Read what was changed since a cursor."""
        return self._reader.changed_since(resource, cursor)

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Re-read exactly these records."""
        return self._reader.lookup(resource, ids)

    def pack(self, rows: Sequence[WriteRow], new_key: Callable[[], str]) -> list[Call]:
        """Nothing can be packed: ShipBob counts the goods itself, and no field of it is written."""
        if rows:
            raise FatalError("shipbob takes no field writes", hint="give another connection the ownership")
        return []

    def compose(self, effect: Effect, new_key: Callable[[], str]) -> Call:
        """Make the call that makes or cancels an order."""
        return compose(effect, new_key)

    def foresee(self, calls: Sequence[Call]) -> None:
        """Look up the products of orders that are made next, many at once."""
        self._orders.foresee(calls)

    def push(self, call: Call) -> CallOutcome:
        """Make or cancel an order."""
        return without_secrets(self._orders.push(call), self._client.redact)

    def resolve(self, call: Call) -> CallOutcome | None:
        """Find out what became of an order, by its reference."""
        return without_secrets(self._orders.resolve(call), self._client.redact)

    def subscriptions(self) -> ShipBobSubscriptions:
        """The webhook subscriptions of this account."""
        return ShipBobSubscriptions(self._client, self._connection)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def connect(settings: Mapping[str, SettingValue], environment: Environment) -> ShipBobConnector:
    """Build the connector of one configured account; ConfigError names every wrong setting."""
    manifest = _manifest()
    return ShipBobConnector(read_options(settings, manifest), environment, manifest)


@cache
def _manifest() -> Manifest:
    return load_manifest(_PACKAGE)
