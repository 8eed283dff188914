"""Stock figures: where the warehouses are, what lies in them, and what of it is promised."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from canonical.value import decimal_text
from connectors.tryton.client import Reply, TrytonClient
from connectors.tryton.reads import ARCHIVED_TOO, PRODUCT, Domain, Found, Search
from connectors.tryton.wire import Row, exact, units_text

GOODS: Domain = ["type", "=", "goods"]
LOCATION = "model.stock.location"
MOVE = "model.stock.move"
_OPEN_STATES = ["draft", "assigned"]


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A place with goods; counts are booked in its storage location."""

    id: int
    code: str
    name: str
    active: bool
    storage: int


@dataclass(frozen=True, slots=True)
class Places:
    """All locations: the warehouses, and the warehouse each location lies in."""

    warehouses: tuple[Warehouse, ...]
    within: Mapping[int, int]
    read: Reply

    @property
    def counted(self) -> tuple[Warehouse, ...]:
        """The warehouses whose stock is read."""
        return tuple(warehouse for warehouse in self.warehouses if warehouse.active)

    def warehouse(self, external_id: str) -> Warehouse | None:
        """The warehouse of an id, if there is one in use."""
        return next((one for one in self.counted if str(one.id) == external_id), None)


@dataclass(frozen=True, slots=True)
class Levels:
    """Stock records, with the start of the earliest request behind them."""

    records: list[bytes]
    as_of: datetime
    found: Found


def read_places(search: Search) -> Places:
    """Read the tree of locations."""
    names = ("code", "name", "type", "active", "parent", "storage_location")
    pages = list(search.pages(LOCATION, [], names, ARCHIVED_TOO))
    rows = [row for page in pages for row in page.rows]
    by_id = {row["id"]: row for row in rows}
    warehouses = tuple(
        Warehouse(row["id"], row["code"] or "", row["name"], bool(row["active"]), row["storage_location"] or 0)
        for row in rows
        if row["type"] == "warehouse"
    )
    within = {one: above for one in by_id if (above := _warehouse_above(one, by_id))}
    return Places(warehouses, within, pages[0].reply)


def _warehouse_above(location: int, by_id: Mapping[int, Row]) -> int:
    steps = 0
    while location in by_id and by_id[location]["type"] != "warehouse" and steps < len(by_id):
        location, steps = by_id[location]["parent"] or 0, steps + 1
    return location if location in by_id and by_id[location]["type"] == "warehouse" else 0


@dataclass(frozen=True, slots=True)
class Promises:
    """What is promised, and when the first request for it began; no request, no instant."""

    units: Mapping[int, Mapping[int, Decimal]]
    begun: datetime | None = None

    def of(self, warehouse: int, product: int) -> Decimal:
        """Units of a product that will leave a warehouse."""
        return self.units.get(warehouse, {}).get(product, Decimal(0))


class StockReader:
    """Reads figures per warehouse.

    What is promised is read before what is there: a shipment that leaves in between is then taken off twice until
    the next read, never forgotten.
    """

    def __init__(self, client: TrytonClient, search: Search, *, forecast: bool) -> None:
        self._client = client
        self._search = search
        self._forecast = forecast
        self.places = read_places(search)

    def all(self) -> Iterator[Levels]:
        """Every product that is goods."""
        promises = self._promises([])
        for found in self._search.pages(PRODUCT, [GOODS], self._names(), self._first_context()):
            yield self._levels(found, promises)

    def of_ids(self, ids: Sequence[int]) -> Iterator[Levels]:
        """These products, as far as they exist and are goods."""
        size = self._search.page_size
        for start in range(0, len(ids), size):
            part = list(ids[start : start + size])
            promises = self._promises([["product", "in", part]])
            for found in self._search.of_ids(PRODUCT, part, self._names(), [GOODS], self._first_context()):
                yield self._levels(found, promises)

    def quantities(self, location: int, products: Sequence[int], *, inside: bool = True) -> dict[int, Decimal]:
        """Units in one location, and in the places inside it, by product; a product that does not exist is left out."""
        return {product: exact(units) for product, units in self._read(location, products, inside=inside).items()}

    def _read(self, location: int, products: Sequence[int], *, inside: bool = True) -> dict[int, float]:
        context = {**_looking_at(location), "with_childs": inside}
        pages = self._search.of_ids(PRODUCT, products, ("quantity",), [GOODS], context)
        return {row["id"]: float(row["quantity"] or 0) for page in pages for row in page.rows}

    def _names(self) -> tuple[str, ...]:
        return ("code", "quantity") if self.places.counted else ("code",)

    def _first_context(self) -> Row:
        return _looking_at(*(warehouse.id for warehouse in self.places.counted[:1]))

    def _levels(self, found: Found, promises: Promises) -> Levels:
        """Complete a page, read in the first warehouse, with the figures of the others."""
        ids = [row["id"] for row in found.rows]
        figures: dict[int, Mapping[int, float]] = {}
        for number, warehouse in enumerate(self.places.counted):
            first = {row["id"]: float(row["quantity"] or 0) for row in found.rows} if number == 0 else None
            figures[warehouse.id] = self._read(warehouse.id, ids) if first is None else first
        records = [self._record(row, figures, promises) for row in found.rows]
        started = found.reply.started
        return Levels(records, started if promises.begun is None else min(promises.begun, started), found)

    def _record(self, row: Row, figures: Mapping[int, Mapping[int, float]], promises: Promises) -> bytes:
        product = row["id"]
        levels = []
        for warehouse, units in figures.items():
            if product in units:
                there = units[product]
                level = {"location": str(warehouse), "quantity": units_text(there)}
                if self._forecast:
                    promised = promises.of(warehouse, product)
                    level["forecast_quantity"] = (
                        decimal_text(exact(there) - promised) if promised else level["quantity"]
                    )
                levels.append(level)
        return msgspec.json.encode({"id": product, "code": row["code"], "levels": levels})

    def _promises(self, only: Domain) -> Promises:
        """Units of open moves that leave a warehouse, planned for whatever day."""
        if not self._forecast:
            return Promises({})
        units: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        begun: list[datetime] = []
        company = self._client.session().context["company"]
        domain = [["state", "in", _OPEN_STATES], ["company", "=", company], *only]
        names = ("product", "internal_quantity", "from_location", "to_location")
        for page in self._search.pages(MOVE, domain, names):
            begun.append(page.reply.started)
            for row in page.rows:
                source = self.places.within.get(row["from_location"], 0)
                if source and source != self.places.within.get(row["to_location"], 0):
                    units[source][row["product"]] += exact(row["internal_quantity"] or 0.0)
        return Promises(units, begun[0])


def _looking_at(*locations: int) -> Row:
    """Context in which ``quantity`` is that of these locations, for archived products too."""
    return {"locations": list(locations), **ARCHIVED_TOO}
