"""A shop sells, ShipHero sends: the request is made there once, and its parcels and ends come back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from connectors.base import Connector, Environment
from connectors.manifest import load_manifest
from connectors.shiphero.connector import connect
from connectors.shiphero.simulator import ShipHeroSimulator
from connectors.shiphero.simulator.access import REFRESH_TOKEN
from connectors.shiphero.simulator.loading import load
from connectors.simulation import CatalogItem, Fault, SimTransport
from mappings.compiler import compile_mapping
from mappings.documents import compile_document, load_documents
from mappings.loader import load_mappings
from mappings.model import MappingContext
from sync.config import ConnectionConfig
from sync.orders.routes import Route
from tests.support.desk import Desk
from tests.support.trading import open_trading


def connection(hero: ShipHeroSimulator) -> ConnectionConfig:
    """The account as an operator configures it."""
    ids = {row["identifier"]: row["id"] for row in hero.state.all("Warehouse")}
    context = MappingContext("EUR", {external: code for code, external in ids.items()})

    def build(environment: Environment) -> Connector:
        return connect({"refresh_token": REFRESH_TOKEN}, replace(environment, http_transport=SimTransport(hero)))

    return ConnectionConfig(
        name="wh",
        platform="shiphero",
        manifest=load_manifest("connectors.shiphero"),
        mappings={spec.entity: compile_mapping(spec, context) for spec in load_mappings("shiphero", None)},
        build=build,
        documents={spec.document: compile_document(spec, context) for spec in load_documents("shiphero", None)},
        locations=ids,
        currency="EUR",
    )


@dataclass
class Warehouse(Desk):
    """The desk, and the warehouse's side of it."""

    hero: ShipHeroSimulator

    def orders(self) -> list[dict[str, Any]]:
        """What the warehouse holds."""
        return self.hero.state.all("Order")

    def states(self) -> list[tuple[str, str]]:
        """Each request and where it stands with us."""
        from sync.orders import store

        with self.database() as found:
            return [(row.reference, row.state) for row in found.execute(store.REQUEST.select())]


@pytest.fixture
def desk(sqlite_url: str) -> Warehouse:
    """A live shop whose orders ShipHero sends from WH1."""
    trading = open_trading(sqlite_url, prefix=f"{uuid4().hex}-", targets=(), routes=[Route("wh", "wh", ("WH1",))])
    hero = ShipHeroSimulator(clock=trading.clock)
    load(hero, [CatalogItem("SKU-1", "Thing", 5, {"WH1": 10, "WH2": 5})])  # type: ignore[arg-type]
    hub = trading.hub
    hub.config = replace(hub.config, connections={**hub.config.connections, "wh": connection(hero)})
    return Warehouse(trading, hero)


def test_an_order_is_asked_for_once_and_its_parcel_comes_back(desk: Warehouse) -> None:
    desk.sync()
    desk.place(2)
    desk.sync()
    assert [order["partner_order_id"] for order in desk.orders()] == ["shop-o1-1"]
    assert desk.states() == [("shop-o1-1", "accepted")]
    desk.hero.admin.ship(desk.orders()[0]["id"], tracking="1Z77")
    desk.sync()
    assert desk.states() == [("shop-o1-1", "shipped")]
    assert len(desk.orders()) == 1


def test_an_order_that_the_shopper_cancels_is_canceled_there(desk: Warehouse) -> None:
    desk.sync()
    desk.place(2)
    desk.sync()
    desk.change("o1", status="canceled")
    for _ in range(3):
        desk.sync()
    assert [order["fulfillment_status"] for order in desk.orders()] == ["canceled"]
    assert desk.states() == [("shop-o1-1", "canceled")]


def test_a_cancellation_that_comes_too_late_is_told(desk: Warehouse) -> None:
    desk.sync()
    desk.place(2)
    desk.sync()
    desk.hero.admin.ship(desk.orders()[0]["id"])
    desk.change("o1", status="canceled")
    for _ in range(3):
        desk.sync()
    assert [order["fulfillment_status"] for order in desk.orders()] == ["fulfilled"]
    assert desk.states() == [("shop-o1-1", "shipped")]


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before", "late_effect", "status_after", "drop"])
def test_a_request_whose_answer_was_lost_is_made_once(desk: Warehouse, kind: Any) -> None:
    desk.sync()
    desk.place(2)
    desk.hero.faults.add(Fault(kind, only="write", delay=90.0))
    for _ in range(6):
        desk.sync()
    assert [order["partner_order_id"] for order in desk.orders()] == ["shop-o1-1"]
    assert desk.states() == [("shop-o1-1", "accepted")]


@pytest.mark.parametrize("step", ["before the effect", "after the effect", "effect closed"])
def test_a_hub_killed_at_any_step_asks_once_in_the_end(desk: Warehouse, step: str) -> None:
    desk.sync()
    desk.place(2)
    assert desk.kill(step)
    for _ in range(8):
        desk.sync()
    assert [order["partner_order_id"] for order in desk.orders()] == ["shop-o1-1"]
    assert desk.states() == [("shop-o1-1", "accepted")]


def test_an_order_without_stock_there_waits_there(desk: Warehouse) -> None:
    desk.sync()
    desk.place(2)
    desk.sync()
    order = desk.orders()[0]
    desk.hero.admin.hold(order["id"])
    desk.sync()
    assert desk.states() == [("shop-o1-1", "on_hold")]
    desk.hero.admin.hold(order["id"], on=False)
    desk.sync()
    assert desk.states() == [("shop-o1-1", "accepted")]
