"""The connector of Tryton: products, stock and sales in; prices, counts, orders and shipments out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from canonical.errors import ConfigError, Problem
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
from connectors.manifest import load_fields, load_manifest
from connectors.outcomes import without_secrets
from connectors.paging import DistinctCount
from connectors.tryton import counts, health, prices
from connectors.tryton.client import Account, Reply, TrytonClient
from connectors.tryton.effects import OPERATIONS, Effects
from connectors.tryton.options import SaleOptions, read_options
from connectors.tryton.reads import ARCHIVED_TOO, PRODUCT, Domain, ProductShape, Search, changed_after, cursor_at
from connectors.tryton.salereads import RESOURCE as SALES
from connectors.tryton.salereads import SaleReader
from connectors.tryton.stock import MOVE, Levels, StockReader, read_places

_PACKAGE = "connectors.tryton"
_PRODUCT_STAMPS = ("last_modified_at", "template.last_modified_at")


class TrytonConnector:
    """One company in one Tryton database."""

    def __init__(self, account: Account, page_size: int, sales: SaleOptions, environment: Environment) -> None:
        self.manifest = load_manifest(_PACKAGE)
        self._paths = load_fields(_PACKAGE).resources["products"]
        self._clock = environment.clock
        self._client = TrytonClient(account, environment)
        self._search = Search(self._client, page_size)
        self._options = sales
        self._sales = SaleReader(self._search, sales.web_shop, self.manifest.overlap_seconds)
        self._effects = Effects(self._client, sales, self._sales)

    def check(self) -> list[Finding]:
        """Look at version, login, company, rights, warehouses and clock."""
        return health.check(self._client, self._search, self.manifest, self._clock, self._options)

    def locations(self) -> list[PlatformLocation]:
        """Every warehouse, named by its code and name."""
        return [
            PlatformLocation(str(place.id), f"{place.code} {place.name}".strip(), place.active)
            for place in read_places(self._search).warehouses
        ]

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        """Read every variant, the figures of every variant that is goods, or every sale of the web shop."""
        if resource == "products":
            yield from self._products([], fields, whole=True)
        elif resource == SALES:
            yield from self._sales.pull()
        else:
            stock = self._stock(fields)
            yield from self._stock_pages(stock.all(), self._cursor(stock.places.read))

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Read variants that changed, or whose template did; stock and sales also where a move changed."""
        if resource == "products":
            yield from self._products(changed_after(cursor, *_PRODUCT_STAMPS), fields, whole=False)
        elif resource == SALES:
            yield from self._sales.changed_since(cursor)
        else:
            yield from self._changed_stock(fields, cursor)

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Re-read exactly these variants, or sales."""
        numbers = sorted({int(one) for one in ids if one.isascii() and one.isdigit()})
        if resource == "products":
            shape = ProductShape(self._paths, fields)
            for found in self._search.of_ids(PRODUCT, numbers, shape.names, [], ARCHIVED_TOO):
                yield Page(resource, [shape.encode(row) for row in found.rows], found.reply.started)
        elif resource == SALES:
            yield from self._sales.lookup(numbers)
        else:
            for levels in self._stock(fields).of_ids(numbers):
                yield Page(resource, levels.records, levels.as_of)

    def pack(self, rows: Sequence[WriteRow], new_key: Callable[[], str]) -> list[Call]:
        """Compose one transaction per hundred template rows, and one document per warehouse and hundred counts."""
        writes = self.manifest.writes
        plain = [row for row in rows if row.resource == "products"]
        counted = [row for row in rows if row.resource == "stock"]
        calls = prices.pack(plain, writes[prices.OPERATION].batch)
        return calls + counts.pack(counted, writes[counts.OPERATION].batch, new_key)

    def compose(self, effect: Effect, new_key: Callable[[], str]) -> Call:
        """Make the call that makes a sale, calls one off, or books a shipment of one."""
        return self._effects.compose(effect)

    def push(self, call: Call) -> CallOutcome:
        """Write the templates, or book the counts, of one call; or do an effect."""
        return without_secrets(self._pushed(call), self._client.redact)

    def _pushed(self, call: Call) -> CallOutcome:
        if call.operation in OPERATIONS:
            return self._effects.push(call)
        if call.operation == prices.OPERATION:
            return prices.push(self._client, call)
        return self._counts().push(call)

    def resolve(self, call: Call) -> CallOutcome | None:
        """Find the document of a count or of an effect; fields of templates are read and planned again instead."""
        if call.operation == prices.OPERATION:
            return None
        found = self._effects.resolve(call) if call.operation in OPERATIONS else self._counts().resolve(call)
        return without_secrets(found, self._client.redact)

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def _products(self, domain: Domain, fields: Sequence[str], *, whole: bool) -> Iterator[Page]:
        shape = ProductShape(self._paths, fields)
        seen = DistinctCount()
        cursor = ""
        for found in self._search.pages(PRODUCT, domain, shape.names, ARCHIVED_TOO):
            cursor = cursor or self._cursor(found.reply)
            for row in found.rows:
                seen.add(str(row["id"]))
            records = [shape.encode(row) for row in found.rows]
            complete = whole and found.last and seen.is_whole()
            yield Page("products", records, found.reply.started, cursor if found.last else None, complete)

    def _changed_stock(self, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Products with a move that changed, in whatever state, and products that changed themselves."""
        changed: set[int] = set()
        first: Reply | None = None
        for found in self._search.pages(MOVE, changed_after(cursor, "last_modified_at"), ("product",)):
            first = first or found.reply
            changed.update(row["product"] for row in found.rows)
        for found in self._search.pages(PRODUCT, changed_after(cursor, *_PRODUCT_STAMPS), ("id",), ARCHIVED_TOO):
            changed.update(row["id"] for row in found.rows)
        for levels in self._stock(fields).of_ids(sorted(changed)) if changed else ():
            yield Page("stock", levels.records, levels.as_of)
        if first is not None:
            yield Page("stock", [], first.started, self._cursor(first))

    def _stock_pages(self, pages: Iterator[Levels], cursor: str) -> Iterator[Page]:
        for levels in pages:
            done = levels.found.last
            yield Page("stock", levels.records, levels.as_of, cursor if done else None, done)

    def _stock(self, fields: Sequence[str]) -> StockReader:
        forecast = any(path.endswith("forecast_quantity") for path in fields)
        return StockReader(self._client, self._search, forecast=forecast)

    def _counts(self) -> counts.Counts:
        return counts.Counts(self._client, StockReader(self._client, self._search, forecast=True))

    def _cursor(self, reply: Reply) -> str:
        return cursor_at(reply, self.manifest.overlap_seconds)


def connect(settings: Mapping[str, str | int | float | bool], environment: Environment) -> TrytonConnector:
    """Open a connection from its settings; sends nothing yet."""
    url = str(settings["url"]).rstrip("/")
    if not (url.startswith("https://") or environment.allow_private_network):
        hint = "use https, or write allow_private_network: true at this connection if the server is in your own network"
        raise ConfigError([Problem(f"url {url!r} would send the password unencrypted", hint=hint)])
    account = Account(
        url=url,
        database=str(settings["database"]),
        username=str(settings["username"]),
        password=str(settings["password"]),
        company=int(settings.get("company", 0)),
    )
    return TrytonConnector(account, int(settings.get("page_size", 1000)), read_options(settings), environment)
