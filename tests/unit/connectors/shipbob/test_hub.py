"""A shop's orders go to ShipBob and their parcels come back, through the whole engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Connector, Environment
from connectors.manifest import load_manifest
from connectors.shipbob.connector import connect
from connectors.shipbob.simulator import ShipBobSimulator
from connectors.shipbob.simulator.simulator import CHANNEL, TOKEN
from connectors.simulation import SimTransport
from mappings.compiler import compile_mapping
from mappings.documents import compile_document, load_documents
from mappings.loader import load_mappings
from mappings.model import MappingContext
from sync.config import ConnectionConfig
from sync.observe import ReadMode
from sync.orders import store, views
from sync.orders.routes import Route
from sync.run import run_sync
from tests.support.trading import Trading, open_trading

PLACES = {"WH1": "8", "WH2": "20"}


@dataclass
class Business:
    """A shop, a hub, and the goods at ShipBob."""

    trading: Trading
    shipbob: ShipBobSimulator

    def sync(self, seconds: float = 600) -> None:
        """Let time pass, then let the hub work."""
        self.trading.clock.advance(seconds)
        run_sync(self.trading.hub)

    def requests(self) -> list[tuple[str, str, str]]:
        """Every request with its state and why."""
        with self.trading.hub.database.begin() as connection:
            rows = connection.execute(store.REQUEST.select().order_by(store.REQUEST.c.id)).all()
        return [(row.reference, row.state, row.reason) for row in rows]

    def shown(self) -> list[dict[str, Any]]:
        """The orders as ShipBob shows them."""
        return [self.shipbob.shown(number) for number in self.shipbob.account.orders]


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    route = Route("all", "wms", tuple(PLACES))
    trading = open_trading(f"sqlite:///{tmp_path / 'hub.sqlite'}", prefix=str(tmp_path), targets=(), routes=(route,))
    shipbob = ShipBobSimulator(clock=trading.clock)
    for number in (1, 2, 3):
        shipbob.admin.add(f"SKU-{number}")
        for center, units in ((8, 10), (20, 5)):
            shipbob.admin.receive(f"SKU-{number}", center, units)
    config = trading.hub.config
    trading.hub.config = replace(config, connections={**config.connections, "wms": connection(shipbob)})
    trading.shops.adopt()
    run_sync(trading.hub, ReadMode.FULL)
    yield Business(trading, shipbob)
    trading.hub.database.close()


def connection(shipbob: ShipBobSimulator) -> ConnectionConfig:
    context = MappingContext("EUR", {center: place for place, center in PLACES.items()})

    def build(environment: Environment) -> Connector:
        return connect({"token": TOKEN}, replace(environment, http_transport=SimTransport(shipbob)))

    return ConnectionConfig(
        name="wms",
        platform="shipbob",
        manifest=load_manifest("connectors.shipbob"),
        mappings={spec.entity: compile_mapping(spec, context) for spec in load_mappings("shipbob", None)},
        build=build,
        locations=dict(PLACES),
        currency="EUR",
        documents={spec.document: compile_document(spec, context) for spec in load_documents("shipbob", None)},
    )


def test_an_order_is_asked_for_accepted_shipped_and_told(business: Business) -> None:
    order = business.trading.place("shop", {"SKU-1": 2})
    business.sync()
    assert business.requests() == [("shop-o1-1", "sent", "")]
    business.sync()
    assert business.requests() == [("shop-o1-1", "accepted", "")]
    (held,) = business.shown()
    assert held["shipments"][0]["location"]["id"] == 8
    business.shipbob.admin.ship(held["shipments"][0]["id"], "9400 1")
    business.sync()
    assert business.requests() == [("shop-o1-1", "shipped", "")]
    assert told(business, order) == [("9400 1", 2)]
    business.sync()
    assert len(business.shown()) == 1
    assert told(business, order) == [("9400 1", 2)]


def test_a_reference_that_a_canceled_order_holds_gets_a_new_generation(business: Business) -> None:
    business.shipbob.admin.cancel(business.shipbob.admin.order("shop-o1-1", {"SKU-1": 2}, CHANNEL))
    business.trading.place("shop", {"SKU-1": 2})
    for _ in range(3):
        business.sync()
    assert business.requests() == [("shop-o1-1", "canceled", "reference_canceled"), ("shop-o1-2", "accepted", "")]
    assert [one["status"] for one in business.shown()] == ["Cancelled", "Processing"]


def test_an_order_that_was_canceled_at_shipbob_is_known_to_be(business: Business) -> None:
    business.trading.place("shop", {"SKU-1": 2})
    business.sync()
    business.shipbob.admin.cancel(business.shown()[0]["id"])
    business.sync()
    assert business.requests()[0][:2] == ("shop-o1-1", "canceled")


def test_a_buyer_who_cancels_in_time_gets_nothing_sent(business: Business) -> None:
    order = business.trading.place("shop", {"SKU-1": 2})
    business.sync()
    business.trading.trades["shop"].cancel(order)
    business.sync()
    assert business.shown()[0]["status"] == "Cancelled"
    assert business.requests()[0][:2] == ("shop-o1-1", "canceled")


def test_an_order_that_waits_for_goods_at_shipbob_is_not_taken_as_accepted(business: Business) -> None:
    business.trading.place("shop", {"SKU-1": 2})
    business.shipbob.admin.lose("SKU-1", 8, 10)
    business.sync()
    business.sync()
    assert business.shown()[0]["status"] == "Exception"
    assert business.requests() == [("shop-o1-1", "sent", "")]
    business.shipbob.admin.receive("SKU-1", 8, 10)
    business.sync()
    assert business.requests() == [("shop-o1-1", "accepted", "")]


def test_what_a_buyer_sends_back_stands_with_the_order(business: Business) -> None:
    order = business.trading.place("shop", {"SKU-1": 2})
    business.sync()
    (held,) = business.shown()
    business.shipbob.admin.ship(held["shipments"][0]["id"], "9400 1")
    business.sync()
    number = business.shipbob.admin.send_back(held["shipments"][0]["id"], {"SKU-1": 1})
    business.sync()
    assert returned(business, order) == [(str(number), "open", "1 x SKU-1")]
    while business.shipbob.admin.process_return(number) != "Completed":
        pass
    business.sync()
    assert returned(business, order) == [(str(number), "closed", "1 x SKU-1")]


def returned(business: Business, order: str) -> list[tuple[object, ...]]:
    """The goods that come back of an order."""
    with business.trading.hub.database.begin() as connection:
        row = store.find_order(connection, "shop", order)
        found = views.returns(connection, row, None) if row else []
    return [(one["id"], one["status"], one["units"]) for one in found]


def told(business: Business, order: str) -> list[tuple[str, int]]:
    """The parcels that the shop was told of for an order, with their units."""
    notices = business.trading.trades["shop"].notices
    return [
        (parcel["number"], sum(line["quantity"] for line in notice["lines"]))
        for notice in notices
        if notice["order_id"] == order
        for parcel in notice["tracking"]
    ]
