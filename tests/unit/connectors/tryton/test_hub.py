"""Orders of a shop become sales in Tryton, and what happens there comes back, through the whole engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.base import Connector, Environment
from connectors.manifest import load_manifest
from connectors.simulation import CatalogItem, SimTransport
from connectors.tryton.connector import connect
from connectors.tryton.simulator import TrytonSimulator
from mappings.compiler import compile_mapping
from mappings.documents import compile_document, load_documents
from mappings.loader import load_mappings
from mappings.model import MappingContext
from sync.config import ConnectionConfig
from sync.observe import ReadMode
from sync.orders import store
from sync.orders.routes import Route
from sync.run import run_sync
from tests.support.trading import Trading, open_trading

SKUS = ("SKU-1", "SKU-2", "SKU-3")


@dataclass
class Business:
    """A shop, a hub, a 3PL, and the books at Tryton."""

    trading: Trading
    books: TrytonSimulator

    def sync(self, seconds: float = 600) -> None:
        """Let time pass, then let the hub work."""
        self.trading.clock.advance(seconds)
        run_sync(self.trading.hub)

    def requests(self, connection: str = "erp") -> list[tuple[str, str, str]]:
        """Every request with its state and why."""
        with self.trading.hub.database.begin() as database:
            rows = database.execute(store.REQUEST.select().order_by(store.REQUEST.c.id)).all()
        return [(row.reference, row.state, row.reason) for row in rows if row.connection == connection]

    def stock(self, sku: str) -> Decimal:
        """What lies in the first warehouse."""
        return self.books.quantity(sku, "WH1")


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    route = Route("all", "tpl", ("WH1",))
    trading = open_trading(
        f"sqlite:///{tmp_path / 'hub.sqlite'}", prefix=str(tmp_path), others=("tpl",), routes=(route,)
    )
    books = TrytonSimulator(clock=trading.clock, warehouses={"WH1": "Main", "WH2": "Second"})
    books.load(CatalogItem(sku, f"Thing {sku}", Decimal(10), {"WH1": 10, "WH2": 5}) for sku in SKUS)
    shop = books.clerk.open_shop()
    config = trading.hub.config
    trading.hub.config = replace(config, connections={**config.connections, "erp": connection(books, shop)})
    trading.shops.adopt()
    run_sync(trading.hub, ReadMode.FULL)
    yield Business(trading, books)
    trading.hub.database.close()


def connection(books: TrytonSimulator, shop: int) -> ConnectionConfig:
    places = {code: books.location_id(code) for code in ("WH1", "WH2")}
    context = MappingContext("EUR", {number: code for code, number in places.items()})
    settings: dict[str, str | int] = {
        "url": "https://tryton.example",
        "database": books.database,
        "username": books.username,
        "password": books.password,
        "web_shop": shop,
        "warehouse": int(places["WH1"]),
        "without_address": "accept",
    }

    def build(environment: Environment) -> Connector:
        return connect(settings, replace(environment, http_transport=SimTransport(books)))

    return ConnectionConfig(
        name="erp",
        platform="tryton",
        manifest=load_manifest("connectors.tryton"),
        mappings={spec.entity: compile_mapping(spec, context) for spec in load_mappings("tryton", None)},
        build=build,
        locations=places,
        currency="EUR",
        documents={spec.document: compile_document(spec, context) for spec in load_documents("tryton", None)},
    )


def test_an_order_is_booked_shipped_elsewhere_and_the_books_follow(business: Business) -> None:
    business.trading.place("shop", {"SKU-1": 2, "SKU-2": 1})
    business.sync()
    business.sync()
    assert business.requests() == [("shop-o1-1", "accepted", "")]
    (sale,) = business.books.clerk.sales("shop-o1-1")
    assert sale.state == "processing"
    (asked,) = business.requests("tpl")
    business.trading.trades["tpl"].ship(asked[0], {"SKU-1": 1}, number="T1")
    business.sync()
    business.sync()
    assert business.requests() == [("shop-o1-1", "partially_shipped", "")]
    assert (business.stock("SKU-1"), business.stock("SKU-2")) == (Decimal(9), Decimal(10))
    business.trading.trades["tpl"].ship(asked[0], {"SKU-1": 1, "SKU-2": 1}, number="T2")
    for _ in range(3):
        business.sync()
    assert business.requests() == [("shop-o1-1", "shipped", "")]
    assert (business.stock("SKU-1"), business.stock("SKU-2")) == (Decimal(8), Decimal(9))
    assert len(business.books.clerk.sales("shop-o1-1")) == 1
    assert [one.state for one in business.books.clerk.shipments(sale.id)] == ["done", "done"]


def test_a_buyer_who_cancels_in_time_is_called_off_in_the_books(business: Business) -> None:
    order = business.trading.place("shop", {"SKU-1": 2})
    business.sync()
    business.sync()
    business.trading.trades["shop"].cancel(order)
    business.sync()
    business.sync()
    assert business.requests()[0][:2] == ("shop-o1-1", "canceled")
    sale = business.books.clerk.sale("shop-o1-1")
    assert (sale.state, sale.shipment_state) == ("done", "none")
    assert [one.state for one in business.books.clerk.invoices(sale.id)] == ["cancelled"]


def test_an_order_that_tryton_asks_about_is_blocked_with_the_question_and_goes_on_once_it_is_allowed(
    business: Business,
) -> None:
    business.books.clerk.ask("sale.sale.confirm", "credit_limit", "The party is over its limit.")
    business.trading.place("shop", {"SKU-1": 2})
    business.sync()
    ((reference, state, _),) = business.requests()
    assert (reference, state) == ("shop-o1-1", "blocked")
    with business.trading.hub.database.begin() as database:
        details = database.execute(store.EFFECT.select()).all()
    assert any("over its limit" in row.detail and "credit_limit" in row.detail for row in details)
    assert business.books.clerk.sale("shop-o1-1").state == "quotation"
