"""One world to test against, behind which stands the simulator or the real server: the merchant's side of it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import httpx

from canonical.clock import Clock
from connectors.base import Environment
from connectors.simulation import SimTransport, Ticker
from connectors.tryton.connector import TrytonConnector, connect
from connectors.tryton.simulator import TrytonSimulator
from tests.servers.tryton.catalog import ARCHIVED, COUNTRIES, CURRENCIES, GROUPS, SHOP, TAXES, WAREHOUSES
from tests.servers.tryton.server import PASSWORD, USER, TrytonServer


class Merchant(Protocol):
    """What people in the company do."""

    def set_price(self, sku: str, price: Decimal) -> None: ...
    def rename(self, sku: str, name: str) -> None: ...
    def set_stock(self, sku: str, warehouse: str, units: Decimal | int) -> None: ...
    def put_aside(self, sku: str, warehouse: str, units: Decimal | int) -> None: ...
    def book_sale(self, sku: str, warehouse: str, units: Decimal | int, planned: date | None = None) -> int: ...
    def expect(self, sku: str, warehouse: str, units: Decimal | int, planned: date | None = None) -> int: ...
    def ship(self, shipment: int) -> None: ...
    def cancel_sale(self, shipment: int) -> None: ...


class WallClock:
    """Real time, which nobody waits for."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - a real server lives in real time

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing should have to wait {seconds} s")


@dataclass
class MemoryState:
    """Small durable state."""

    values: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        return self.values.get(key)

    def put(self, key: str, value: str) -> None:
        self.values[key] = value


class Wire(httpx.BaseTransport):
    """The line between connector and server: remembers what passed, and breaks or spoils it on request."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.methods: list[str] = []
        self._cuts: list[tuple[str, bool]] = []
        self._spoiled = 0
        self._before: dict[str, Callable[[], object]] = {}

    def cut(self, method: str, *, reached: bool) -> None:
        """Lose the next answer to a method; the request reached the server or did not."""
        self._cuts.append((method, reached))

    def spoil_sessions(self, times: int) -> None:
        """Let so many requests carry a session the server does not know."""
        self._spoiled = times

    def before(self, method: str, action: Callable[[], object]) -> None:
        """Let something happen just before the next call of a method."""
        self._before[method] = action

    def count(self, ending: str) -> int:
        """How many calls of methods with this ending passed."""
        return sum(method.endswith(ending) for method in self.methods)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        method = httpx.Response(200, content=request.read()).json()["method"]
        self.methods.append(method)
        if (action := self._before.pop(method, None)) is not None:
            action()
        cut = next((one for one in self._cuts if method.endswith(one[0])), None)
        if cut is not None:
            self._cuts.remove(cut)
            if cut[1]:
                self._inner.handle_request(request).read()
            raise httpx.ReadTimeout("the read timed out", request=request)
        if self._spoiled and "authorization" in request.headers:
            self._spoiled -= 1
            request.headers["authorization"] = "Session " + base64.b64encode(f"{USER}:1:gone".encode()).decode()
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Stay open: the world outlives its connectors."""


@dataclass
class World:
    """A server with its catalog, and a way to connect to it."""

    name: str
    url: str
    clock: Clock
    inner: httpx.BaseTransport
    merchant: Merchant
    warehouse_ids: dict[str, str]
    product_ids: dict[str, str]
    template_ids: dict[str, str]
    behind: TrytonSimulator | None = None
    wire: Wire = field(init=False)

    def __post_init__(self) -> None:
        self.wire = Wire(self.inner)

    def connect(self, *, read_only: bool = False, **settings: str | int) -> TrytonConnector:
        """A connector to this server, whose traffic passes ``wire``."""
        environment = Environment("erp", self.clock, MemoryState(), read_only, self.wire, allow_private_network=True)
        given: dict[str, str | int] = {
            "url": self.url,
            "database": "tryton",
            "username": USER,
            "password": PASSWORD,
            "page_size": 7,
        }
        return connect({**given, **settings}, environment)

    @property
    def simulator(self) -> TrytonSimulator:
        """The simulator, for tests that need no real server."""
        assert self.behind is not None, "this world is the real server"
        return self.behind

    def let_pass(self, seconds: float) -> None:
        """Let time pass, where it is ours to move."""
        if isinstance(self.clock, Ticker):
            self.clock.advance(seconds)

    def today(self) -> date:
        """The company's date."""
        return self.clock.now().date()

    def day(self, offset: int) -> date:
        """A day before or after today."""
        return self.today() + timedelta(days=offset)


def simulated() -> World:
    """A new simulator with the catalog."""
    clock = Ticker()
    simulator = TrytonSimulator(clock=clock, username=USER, password=PASSWORD, warehouses=WAREHOUSES)
    for group in GROUPS:
        simulator.load(group.items, kind=group.kind, digits=group.digits)
    simulator.admin.archive(ARCHIVED)
    simulator.clerk.open_shop(SHOP, currencies=CURRENCIES, countries=COUNTRIES, taxes=TAXES)
    clock.advance(3600)
    skus = [item.sku for group in GROUPS for item in group.items]
    return World(
        "simulator",
        "http://tryton.test",
        clock,
        SimTransport(simulator),
        simulator.admin,
        {code: simulator.location_id(code) for code in WAREHOUSES},
        {sku: simulator.product_id(sku) for sku in skus},
        {sku: simulator.template_id(sku) for sku in skus},
        simulator,
    )


def real(server: TrytonServer) -> World:
    """The running server, seeded with the catalog."""
    people = People(server)
    products = people.call("product.product.search_read", [], 0, None, None, ["code", "template"], active_test=False)
    return World(
        "server",
        server.url,
        WallClock(),
        httpx.HTTPTransport(),
        people,
        {code: str(number) for code, number in people.warehouses.items()},
        {row["code"]: str(row["id"]) for row in products},
        {row["code"]: str(row["template"]) for row in products},
    )


class People:
    """People at the real server, working through its own protocol."""

    def __init__(self, server: TrytonServer) -> None:
        self._http = httpx.Client(base_url=server.url, timeout=60, trust_env=False)
        self._path = f"/{server.database}/rpc/"
        user, token, _ = self._send("common.db.login", [server.username, {"password": server.password}, "en"])
        credentials = base64.b64encode(f"{server.username}:{user}:{token}".encode()).decode()
        self._http.headers["Authorization"] = f"Session {credentials}"
        self._places = {
            row["id"]: row for row in self.call("stock.location.search_read", [], 0, None, None, _PLACE_FIELDS)
        }
        self.warehouses = {row["code"]: row["id"] for row in self._places.values() if row["type"] == "warehouse"}

    def call(self, method: str, *params: Any, **context: Any) -> Any:
        """Call a method of a model."""
        return self._send(f"model.{method}", [*params, {"company": 1, **context}])

    def set_price(self, sku: str, price: Decimal) -> None:
        value = {"__class__": "Decimal", "decimal": str(price)}
        self.call("product.template.write", [self._product(sku)["template"]], {"list_price": value})

    def rename(self, sku: str, name: str) -> None:
        self.call("product.template.write", [self._product(sku)["template"]], {"name": name})

    def set_stock(self, sku: str, warehouse: str, units: Decimal | int) -> None:
        line = {"product": self._product(sku)["id"], "quantity": float(units)}
        place = self._zone(warehouse, "storage_location")
        values = {"location": place, "company": 1, "empty_quantity": "keep", "lines": [["create", [line]]]}
        self.call("stock.inventory.confirm", self.call("stock.inventory.create", [values]))

    def put_aside(self, sku: str, warehouse: str, units: Decimal | int) -> None:
        self.call("stock.move.do", [self.expect(sku, warehouse, units)])

    def expect(self, sku: str, warehouse: str, units: Decimal | int, planned: date | None = None) -> int:
        source, target = self._place("supplier"), self._zone(warehouse, "input_location")
        values = self._move(sku, units, source, target, planned)
        return int(self.call("stock.move.create", [values])[0])

    def book_sale(self, sku: str, warehouse: str, units: Decimal | int, planned: date | None = None) -> int:
        customer = self.call("party.party.search", [["name", "=", "Test Customer"]], 0, 1, None)[0]
        address = self.call("party.address.search", [["party", "=", customer]], 0, 1, None)[0]
        output = self._zone(warehouse, "output_location")
        when = planned or datetime.now(UTC).date()  # noqa: TID251 - the server's own day
        move = self._move(sku, units, output, self._place("customer"), when)
        shipment = {
            "customer": customer,
            "delivery_address": address,
            "company": 1,
            "warehouse": self.warehouses[warehouse],
            "warehouse_output": output,
            "warehouse_storage": self._zone(warehouse, "storage_location"),
            "planned_date": _date(when),
            "outgoing_moves": [["create", [move]]],
        }
        ids = self.call("stock.shipment.out.create", [shipment])
        self.call("stock.shipment.out.wait", ids)
        return int(ids[0])

    def ship(self, shipment: int) -> None:
        for step in ("assign_try", "pick", "pack", "ship", "do"):
            self.call(f"stock.shipment.out.{step}", [shipment])

    def cancel_sale(self, shipment: int) -> None:
        self.call("stock.shipment.out.cancel", [shipment])

    def _move(self, sku: str, units: Decimal | int, source: int, target: int, planned: date | None) -> dict[str, Any]:
        product = self._product(sku)
        return {
            "product": product["id"],
            "unit": product["default_uom"],
            "quantity": float(units),
            "from_location": source,
            "to_location": target,
            "company": 1,
            "currency": 1,
            "unit_price": {"__class__": "Decimal", "decimal": "1"},
            "planned_date": None if planned is None else _date(planned),
        }

    def _product(self, sku: str) -> dict[str, Any]:
        found = self.call("product.product.search_read", [["code", "=", sku]], 0, 1, None, ["template", "default_uom"])
        return dict(found[0])

    def _zone(self, warehouse: str, name: str) -> int:
        return int(self._places[self.warehouses[warehouse]][name])

    def _place(self, kind: str) -> int:
        return next(row["id"] for row in self._places.values() if row["type"] == kind)

    def _send(self, method: str, params: list[Any]) -> Any:
        """Call, and say yes to whatever the server asks, as people do."""
        answer = self._http.post(self._path, json={"id": 1, "method": method, "params": params})
        answer.raise_for_status()
        body = answer.json()
        if "error" in body and body["error"][0] == "UserWarning":
            self._send("model.res.user.warning.skip", [body["error"][1][0], False, {"company": 1}])
            return self._send(method, params)
        assert "error" not in body, f"{method}: {body['error']}"
        return body["result"]


_PLACE_FIELDS = ["code", "type", "storage_location", "input_location", "output_location"]


def _date(day: date) -> dict[str, Any]:
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}
