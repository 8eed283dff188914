"""The ERP of a market: Tryton's simulator, or the real server; asked past every connector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import httpx

from canonical.clock import Clock
from connectors.simulation import SimTransport, Simulator, serve
from connectors.tryton.simulator import TrytonSimulator
from tests.servers.tryton import server as servers
from tests.servers.tryton.catalog import COUNTRIES, CURRENCIES, GROUPS, SHOP, TAXES, WAREHOUSES
from tests.servers.tryton.relay import Relay
from tests.servers.tryton.rpc import Rpc
from tests.servers.tryton.server import DATABASE, PASSWORD, USER
from tests.servers.tryton.world import World, real


class TrytonBooks:
    """Tryton as a market's ERP."""

    secret = PASSWORD

    def __init__(self, world: World, url: str, line: Simulator | None = None) -> None:
        self._world = world
        self._url = url
        self.line = line

    @cached_property
    def _rpc(self) -> Rpc:
        return Rpc(self._world)

    def settings(self) -> str:
        """Its connector and settings, as the configuration has them."""
        shop = self._rpc.id_of("web.shop", [["name", "=", SHOP]])
        return (
            "connector: tryton\n"
            "    allow_private_network: true\n"
            f'    settings: {{url: "{self._url}", database: {DATABASE}, username: {USER}, web_shop: {shop}, '
            f"warehouse: {self.place_id('WH1')}, "
            'password: "${env:ERP_SECRET}"}'
        )

    def place_id(self, code: str) -> str:
        """Its own id of a warehouse."""
        return self._world.warehouse_ids[code]

    def sales(self) -> dict[str, tuple[str, int]]:
        """Its sales by our reference: the state in its own words, and the units. Doubled references are an error."""
        found: dict[str, tuple[str, int]] = {}
        units: Counter[int] = Counter()
        for line in self._rpc.rows("sale.line", [["product", "!=", None]], "sale", "quantity"):
            units[line["sale"]] += int(line["quantity"])
        for sale in self._rpc.rows("sale.sale", [["web_id", "!=", None]], "web_id", "state"):
            assert sale["web_id"] not in found, f"two sales of {sale['web_id']}"
            found[sale["web_id"]] = (str(sale["state"]), units[sale["id"]])
        return found

    def lying(self, code: str) -> dict[str, int]:
        """Units that lie in a warehouse, by SKU."""
        rows = self._rpc.call(
            "product.product.search_read",
            [["code", "like", "MUG-%"]],
            0,
            None,
            None,
            ["code", "quantity"],
            locations=[int(self.place_id(code))],
            with_childs=True,
        )
        return {str(row["code"]): int(row["quantity"]) for row in rows}

    def told(self) -> Counter[str]:
        """How often each shipment was told, by the reference it was told under."""
        rows = self._rpc.rows("stock.shipment.out", [["reference", "!=", None]], "reference", "state")
        assert all(row["state"] in ("shipped", "done") for row in rows), rows
        return Counter(str(row["reference"]) for row in rows)


@contextmanager
def simulated_books(clock: Clock) -> Iterator[TrytonBooks]:
    """The simulator, served over HTTP."""
    simulator = TrytonSimulator(clock=clock, username=USER, password=PASSWORD, warehouses=WAREHOUSES)
    for group in GROUPS:
        simulator.load(group.items, kind=group.kind, digits=group.digits)
    simulator.clerk.open_shop(SHOP, currencies=CURRENCIES, countries=COUNTRIES, taxes=TAXES)
    world = World(
        "simulator",
        "http://tryton.test",
        simulator.clock,
        SimTransport(simulator),
        simulator.admin,
        {code: simulator.location_id(code) for code in WAREHOUSES},
        {},
        {},
        simulator,
    )
    with serve(simulator) as served:
        yield TrytonBooks(world, served.base_url, simulator)


@contextmanager
def real_books(folder: Path) -> Iterator[TrytonBooks]:
    """The real server, on a database of its own."""
    with _real_world(folder) as world:
        yield TrytonBooks(world, world.url)


@contextmanager
def relayed_books(folder: Path, clock: Clock) -> Iterator[TrytonBooks]:
    """The real server, on a line that loses what it is told to; what the books say is asked past it."""
    with _real_world(folder) as world, closing(Relay(world.url, clock=clock)) as relay, serve(relay) as served:
        yield TrytonBooks(world, served.base_url, relay)


@contextmanager
def _real_world(folder: Path) -> Iterator[World]:
    folder.mkdir()
    with servers.running(folder) as server:
        yield replace(real(server), inner=httpx.HTTPTransport())
