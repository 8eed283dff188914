"""The WooCommerce connector: reads, writes and checks in the platform's own shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

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
from connectors.currency import CurrencyCheck
from connectors.manifest import Manifest, load_manifest
from connectors.outcomes import without_secrets
from connectors.woocommerce.client import Client
from connectors.woocommerce.health import Doctor
from connectors.woocommerce.options import Options, SettingValue, read_options
from connectors.woocommerce.orders import RESOURCE as ORDERS
from connectors.woocommerce.orders import OrderReader
from connectors.woocommerce.parents import Parents
from connectors.woocommerce.reading import ProductReader
from connectors.woocommerce.records import RESOURCE
from connectors.woocommerce.refunds import REFUNDED, RefundWriter
from connectors.woocommerce.shipments import SHIPPED, ShipmentWriter
from connectors.woocommerce.subscriptions import WooSubscriptions
from connectors.woocommerce.writing import ProductWriter

_PACKAGE = "connectors.woocommerce"


class WooCommerceConnector:
    """One shop; one stock figure a product, no locations."""

    def __init__(self, options: Options, environment: Environment, manifest: Manifest) -> None:
        self.manifest = manifest
        self._client = Client(options, environment)
        self._parents = Parents(environment.state)
        self._reader = ProductReader(self._client, self._parents, options.per_page, manifest.overlap_seconds)
        self._writer = ProductWriter(self._client, options.batch_size)
        self._orders = OrderReader(self._client, options.per_page, manifest.overlap_seconds)
        self._effects: Mapping[str, ShipmentWriter | RefundWriter] = {
            SHIPPED: ShipmentWriter(self._client, self._orders),
            REFUNDED: RefundWriter(self._client, options.per_page),
        }
        self._doctor = Doctor(self._client, options, environment)
        self._currency = options.currency
        self._money = CurrencyCheck(options.currency, self._doctor.currency, environment)

    def check(self) -> list[Finding]:
        """Look at address, keys, rights, version, clock, currency and the safety of the connection."""
        return self._doctor.findings()

    def currency(self) -> str:
        """The currency of the shop's prices, as configured or as the shop says."""
        if not self._currency:
            self._currency = self._doctor.currency()
        return self._currency

    def locations(self) -> list[PlatformLocation]:
        """None: the shop counts one figure a product."""
        return []

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        """Read all products and variations, or all orders."""
        if resource == ORDERS:
            return self._orders.pull(fields)
        self._confirm(resource, fields)
        return self._reader.pull(fields)

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Read the products and variations, or the orders, saved since a cursor."""
        if resource == ORDERS:
            return self._orders.changed_since(fields, cursor)
        self._confirm(resource, fields)
        return self._reader.changed_since(fields, cursor)

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Re-read exactly these products and variations, or orders."""
        if resource == ORDERS:
            return self._orders.lookup(fields, ids)
        self._confirm(resource, fields)
        return self._reader.lookup(fields, ids)

    def pack(self, rows: Sequence[WriteRow], new_key: Callable[[], str]) -> list[Call]:
        """Compose batches: simple products together, variations by their parent; no keys, the platform takes none."""
        return self._writer.pack(rows)

    def compose(self, effect: Effect, new_key: Callable[[], str]) -> Call:
        """Compose what is noted at an order; no key, the platform takes none."""
        writer = self._effects.get(effect.operation)
        if writer is None:
            raise FatalError(f"woocommerce has no effect {effect.operation!r}")
        return writer.compose(effect)

    def push(self, call: Call) -> CallOutcome:
        """Send one batch, or note something at an order; what the shop answers is what it now holds."""
        writer = self._effects.get(call.operation)
        done = self._writer.push(call) if writer is None else writer.push(call)
        return without_secrets(done, self._client.redact)

    def resolve(self, call: Call) -> CallOutcome | None:
        """What was noted at an order is looked up; a set of values is read again and planned anew, never repeated."""
        writer = self._effects.get(call.operation)
        return None if writer is None else without_secrets(writer.resolve(call), self._client.redact)

    def subscriptions(self) -> WooSubscriptions:
        """The shop's webhooks."""
        return WooSubscriptions(self._client)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _confirm(self, resource: str, fields: Sequence[str]) -> None:
        _check_resource(resource)
        if any(field.endswith("price") for field in fields):
            self._money.confirm()


def connect(settings: Mapping[str, SettingValue], environment: Environment) -> WooCommerceConnector:
    """Build the connector of one configured shop; ConfigError names every wrong setting."""
    manifest = _manifest()
    return WooCommerceConnector(read_options(settings, manifest), environment, manifest)


@cache
def _manifest() -> Manifest:
    return load_manifest(_PACKAGE)


def _check_resource(resource: str) -> None:
    if resource != RESOURCE:
        raise FatalError(f"woocommerce has no resource {resource!r}", hint=f"the mapping must read {RESOURCE!r}")
