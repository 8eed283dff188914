"""The Shopify connector: variants with prices, inventory items with stock per location, and orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from canonical.errors import AmbiguousError, CrossdockError, FatalError
from connectors.base import JSON, Call, CallOutcome, Effect, Environment, Finding, Page, PlatformLocation, WriteRow
from connectors.currency import CurrencyCheck
from connectors.http import Answer
from connectors.manifest import load_fields, load_manifest
from connectors.outcomes import without_secrets
from connectors.paging import CursorGuard
from connectors.shopify import health
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import HEALTH, LOCATIONS, MUTATION_COST, ORDERS, PAGE_CAP, WRITES
from connectors.shopify.effectdocs import REFUNDED, SHIPPED
from connectors.shopify.memory import Memory
from connectors.shopify.options import Options, read_options
from connectors.shopify.orderreads import OrderDesk
from connectors.shopify.orders import OrderReader
from connectors.shopify.outcomes import judge
from connectors.shopify.packing import pack
from connectors.shopify.pages import PAGING_CAP
from connectors.shopify.reads import Reader
from connectors.shopify.refunds import RefundWriter
from connectors.shopify.shapes import Counted, Data, Location
from connectors.shopify.shipments import ShipmentWriter
from connectors.shopify.subscriptions import ShopifySubscriptions
from connectors.shopify.verdict import StillRunningError

_HEALTH_COST = 3
_PRICED = "productVariants"


def connect(settings: Mapping[str, str | int | float | bool], env: Environment) -> ShopifyConnector:
    """A connector for one shop; ConfigError names what is wrong with the settings."""
    manifest = load_manifest("connectors.shopify")
    return ShopifyConnector(read_options(settings, manifest), env)


class ShopifyConnector:
    """One shop, read and written through its Admin API."""

    def __init__(self, options: Options, env: Environment) -> None:
        self.manifest = load_manifest("connectors.shopify")
        self._options = options
        self._env = env
        self._client = ShopifyClient(options, env)
        self._memory = Memory(env.state)
        self._currency = options.currency
        self._money = CurrencyCheck(options.currency, lambda: self._health()[1].shop.currency_code, env)
        self._reader = Reader(
            self._client,
            options,
            load_fields("connectors.shopify"),
            env.clock,
            self._memory,
            timedelta(seconds=self.manifest.overlap_seconds),
        )
        self._orders = OrderReader(self._reader)
        desk = OrderDesk(self._client, options.max_query_cost)
        self._effects: Mapping[str, ShipmentWriter | RefundWriter] = {
            SHIPPED: ShipmentWriter(desk, env.clock.now),
            REFUNDED: RefundWriter(desk, allowed=options.notes_refunds),
        }

    def check(self) -> list[Finding]:
        """Look at token, scopes, API version, clock and currency."""
        try:
            answer, found = self._health()
        except CrossdockError as error:
            return [Finding("token", ok=False, message=str(error.args[0]), advice=error.hint)]
        today = self._env.clock.now().date()
        return [
            Finding("token", ok=True, message=f"{found.shop.name} ({found.shop.myshopify_domain})"),
            health.scopes(found),
            health.order_scopes(found),
            health.version(self._options.api_version, self._client.answered_version, self.manifest, today),
            health.clock(answer),
            health.currency(self._options.currency, found.shop),
        ]

    def currency(self) -> str:
        """The currency of the shop's prices, as configured or as the shop says."""
        if not self._currency:
            self._currency = self._health()[1].shop.currency_code
        return self._currency

    def locations(self) -> list[PlatformLocation]:
        """Every place where this shop counts stock, inactive ones included."""
        found: list[Location] = []
        guard = CursorGuard(self._env.connection, "locations")
        after: str | None = None
        while True:
            variables: dict[str, JSON] = {"first": PAGE_CAP, "after": after, "limit": PAGING_CAP + 1}
            answer = self._client.query("locations", LOCATIONS, variables, 3 + PAGE_CAP)
            page = answer.decode(Data[Counted[Location]]).data
            found += page.records.nodes
            if not page.records.page_info.has_next_page:
                break
            after = guard.advance(page.records.page_info.end_cursor or "")
        self._memory.sizes.locations = sum(place.is_active for place in found)
        if page.total is not None:
            self._memory.sizes.records = page.total.count
        self._memory.keep()
        return [PlatformLocation(place.id, place.name, place.is_active) for place in found]

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        """Read all records of a resource, by pages or by a bulk operation."""
        if resource == ORDERS:
            return self._orders.pull(fields)
        self._confirm(resource)
        return self._reader.pull(resource, fields)

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Read the records whose own fields changed; stock levels are not among them."""
        if resource == ORDERS:
            return self._orders.changed_since(fields, cursor)
        self._confirm(resource)
        return self._reader.changed_since(resource, fields, cursor)

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Re-read exactly these records."""
        if resource == ORDERS:
            return self._orders.lookup(fields, ids)
        self._confirm(resource)
        return self._reader.lookup(resource, fields, ids)

    def pack(self, rows: Sequence[WriteRow], new_key: Callable[[], str]) -> list[Call]:
        """Compose the fewest calls that write these rows."""
        return pack(rows, new_key)

    def compose(self, effect: Effect, new_key: Callable[[], str]) -> Call:
        """Compose what an order is to be told; only refunds carry a key that Shopify keeps."""
        writer = self._effects.get(effect.operation)
        if writer is None:
            raise FatalError(f"shopify has no effect {effect.operation!r}")
        return writer.compose(effect, new_key())

    def push(self, call: Call) -> CallOutcome:
        """Send one call exactly as packed, or tell an order something once."""
        effect = self._effects.get(call.operation)
        if effect is not None:
            return without_secrets(effect.push(call), self._client.redact)
        try:
            answer = self._client.post(call.operation, WRITES[call.operation], call.body, MUTATION_COST)
        except StillRunningError as error:
            raise AmbiguousError(f"{call.operation}: an attempt with the same key has not ended yet") from error
        return without_secrets(judge(call, answer), self._client.redact)

    def resolve(self, call: Call) -> CallOutcome | None:
        """What an order was told is looked for there; values that were set are read again by the engine instead."""
        effect = self._effects.get(call.operation)
        return None if effect is None else without_secrets(effect.resolve(call), self._client.redact)

    def subscriptions(self) -> ShopifySubscriptions:
        """What the app has Shopify tell."""
        return ShopifySubscriptions(self._client)

    def close(self) -> None:
        """Give back all connections."""
        self._memory.keep()
        self._client.close()

    def _confirm(self, resource: str) -> None:
        if resource == _PRICED:
            self._money.confirm()

    def _health(self) -> tuple[Answer, health.Health]:
        answer = self._client.query("health", HEALTH, {}, _HEALTH_COST)
        return answer, answer.decode(Data[health.Health]).data
