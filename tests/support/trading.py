"""A hub with orders over in-memory platforms: shops that sell, an ERP that keeps books, a 3PL that ships."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

import msgspec

from connectors.base import Connector, Environment
from connectors.manifest import CompareAndSet
from connectors.memory.simulator.markets import trade
from connectors.memory.simulator.trade import MemoryTrade
from connectors.simulation import Ticker
from mappings.documents import DocumentMapping, compile_document, load_documents
from mappings.model import MappingContext
from sync.config import ConnectionConfig, Processor
from sync.orders.routes import OrderFlow, Route
from tests.support.hubs import Shops, memory_connection, memory_mappings, open_shops


class Passing(Ticker):
    """A clock on which every look takes a little time, as on real ones: nothing happens at the same instant twice."""

    on_sleep: Callable[[], object] = staticmethod(lambda: None)

    def now(self) -> datetime:
        self.advance(0.001)
        return super().now()

    def sleep(self, seconds: float) -> None:
        self.on_sleep()
        super().sleep(seconds)


@cache
def _documents() -> Mapping[str, DocumentMapping]:
    context = MappingContext("EUR", {})
    return {spec.document: compile_document(spec, context) for spec in load_documents("memory")}


def _without_comparison(connection: ConnectionConfig) -> ConnectionConfig:
    """A platform that sets what it is told, and shows of its stock what is left, as WooCommerce does."""
    manifest = connection.manifest
    levels = msgspec.structs.replace(manifest.writes["levels.set"], compare_and_set=CompareAndSet.NONE)
    plain = msgspec.structs.replace(manifest, writes={**manifest.writes, "levels.set": levels})

    def build(environment: Environment) -> Connector:
        connector = connection.build(environment)
        connector.manifest = plain
        return connector

    mappings = memory_mappings(connection.locations, only_left=True)
    return replace(connection, manifest=plain, build=build, mappings=mappings)


@dataclass
class Trading:
    """The hub, its platforms, and the trade of each."""

    shops: Shops
    trades: dict[str, MemoryTrade]

    @property
    def hub(self) -> Any:
        """The engine."""
        return self.shops.hub

    @property
    def clock(self) -> Any:
        """The one clock."""
        return self.shops.clock

    def place(self, shop: str, lines: Mapping[str, int], **more: Any) -> str:
        """A shopper orders now."""
        return self.trades[shop].place(lines, self.clock.now(), **more)


def open_trading(
    url: str,
    *,
    shops: tuple[str, ...] = ("shop",),
    others: tuple[str, ...] = (),
    targets: tuple[str, ...] = ("erp",),
    routes: Sequence[Route] = (),
    prefix: str = "",
    live: timedelta = timedelta(0),
    flow: Mapping[str, Any] | None = None,
    blind: tuple[str, ...] = (),
    processors: Mapping[str, Processor] = MappingProxyType({}),
    start: datetime | None = None,
    **more: Any,
) -> Trading:
    """Shops whose orders are live from now on; ``others`` are 3PLs and processors, ``blind`` shops do not compare."""
    found = open_shops(url, shops=shops, prefix=prefix, **more)
    found.clock = found.hub.clock = Passing(start) if start else Passing()
    config = found.hub.config
    places = {"WH1": "WH1", "WH2": "WH2"}
    connections = dict(config.connections)
    for name in others:
        connections[name] = memory_connection(name, f"{prefix}{name}", places)
    for name in blind:
        connections[name] = _without_comparison(connections[name])
        found.worlds[name].compares = False
    connections = {name: replace(one, documents=_documents()) for name, one in connections.items()}
    flows = {
        name: OrderFlow(f"orders_{name}", name, targets, found.clock.now() - live, **(flow or {})) for name in shops
    }
    found.hub.config = replace(
        config, connections=connections, orders=flows, routes=tuple(routes), processors=processors
    )
    names = ("erp", *shops, *others)
    return Trading(found, {name: trade(f"{prefix}{name}") for name in names})
