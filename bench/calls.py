"""Calls against the floor, and points against what is allowed: counted by the simulators."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path

import msgspec

from bench.figure import Figure
from bench.world import SECRETS, Sites, first_sync, open_hub
from canonical.clock import Clock
from connectors.base import Connector, Environment, StateStore, WriteRow
from connectors.shopify.connector import connect
from connectors.shopify.simulator import ShopifySimulator
from connectors.simulation import SimRequest, SimResponse, SimTransport, Ticker
from connectors.simulation.catalog import CatalogItem
from connectors.tryton.simulator import TrytonSimulator
from connectors.woocommerce.simulator import WooSimulator
from sync.observe import ReadMode
from sync.run import run_sync

_PLACES = {"WH1": "Main", "WH2": "Second"}
_SHOPIFY_ROWS, _WOO_ROWS, _BULK_CALLS = 250, 100, 3
_VARIANTS_PAGE, _ITEMS_PAGE = 250, 55
"""Records of a page: 250 by the platform's cap, 55 with their levels by the 1,000 points a query may cost."""
_LEVEL = "inventoryLevels.nodes[]"


def changed_quantities(changes: int) -> list[Figure]:
    """So many changed quantities in both shops: writes and reads against the platforms' floors."""
    clock = Ticker()
    items = [
        CatalogItem(f"SKU-{n:05d}", f"Thing {n}", Decimal("10.00"), {"WH1": 10, "WH2": 5})
        for n in range(1, changes + 1)
    ]
    erp = TrytonSimulator(clock=clock, warehouses=_PLACES)
    shopify = ShopifySimulator(clock=clock, tokens=(SECRETS["SHOPIFY_TOKEN"],), locations=_PLACES)
    woo = WooSimulator(clock=clock, consumer_key=SECRETS["WOO_KEY"], consumer_secret=SECRETS["WOO_SECRET"])
    for simulator in (erp, shopify, woo):
        simulator.load(items)
    sites = Sites(
        "https://erp.example",
        "https://bench.myshopify.com",
        "https://shop.example",
        (str(erp.location_id("WH1")), str(erp.location_id("WH2"))),
        (str(shopify.location_id("WH1")), str(shopify.location_id("WH2"))),
    )
    transports = {
        "erp": SimTransport(erp),
        "shop_eu": SimTransport(shopify),
        "shop_web": SimTransport(woo),
    }
    with tempfile.TemporaryDirectory() as folder:
        hub = open_hub(Path(folder), sites, clock, transports=transports)
        first_sync(hub)
        clock.advance(60)
        for number, item in enumerate(items):
            erp.admin.set_stock(item.sku, "WH1" if number % 2 else "WH2", 3)
        clock.advance(60)
        for simulator in (erp, shopify, woo):
            simulator.log.clear()
        run_sync(hub, ReadMode.FULL, force=True)
        hub.close()
        hub.database.close()
    pages = -(-changes // _WOO_ROWS)
    shopify_reads = sum(min(_BULK_CALLS, -(-changes // rows)) for rows in (_VARIANTS_PAGE, _ITEMS_PAGE))
    return [
        _calls(f"{changes} changed quantities, Shopify writes", shopify.log.writes(), -(-changes // _SHOPIFY_ROWS)),
        _calls(f"{changes} changed quantities, WooCommerce writes", woo.log.writes(), pages),
        _calls(f"{changes} changed quantities, Shopify reads", shopify.log.reads(), shopify_reads),
        _calls(f"{changes} changed quantities, WooCommerce reads", woo.log.reads(), 2 * pages),
    ]


def _calls(name: str, made: int, floor: int) -> Figure:
    note = f"{made} calls, the floor is {floor}; counted by the simulator"
    return Figure(f"calls / floor: {name}", f"{made / floor:.2f}", "1.00", note, made <= floor)


class _State(dict[str, str]):
    def put(self, key: str, value: str) -> None:
        self[key] = value


class _Metered(SimTransport):
    """Counts points that were spent and answers that refused, from what the platform itself says."""

    def __init__(self, simulator: ShopifySimulator) -> None:
        super().__init__(simulator)
        handle = simulator.handle
        self.points, self.throttled = 0.0, 0

        def metered(request: SimRequest) -> SimResponse:
            answer = handle(request)
            if request.path.endswith("/graphql.json"):
                self._note(msgspec.json.decode(answer.body))
            return answer

        simulator.handle = metered  # type: ignore[method-assign]

    def _note(self, answer: dict[str, dict[str, dict[str, float]]]) -> None:
        self.throttled += b"THROTTLED" in msgspec.json.encode(answer.get("errors"))
        self.points += answer.get("extensions", {}).get("cost", {}).get("actualQueryCost") or 0


def saturated(calls: int, records: int) -> list[Figure]:
    """A run of writes, then one of reads, that ask for more than the bucket holds: points used against allowed."""
    writes, throttled = _saturated_writes(calls)
    reads, also = _saturated_reads(records)
    refused = throttled + also
    return [
        _points(f"points used / allowed, {calls} writes", writes),
        _points(f"points used / allowed, reading {records} records by id", reads),
        Figure("THROTTLED answers in both runs", str(refused), "0", "counted from the answers", refused == 0),
    ]


def _points(name: str, share: float) -> Figure:
    return Figure(name, f"{share:.3f}", ">= 0.98", "by the platform's own count, on its clock", share >= 0.98)


def _shop(clock: Clock, items: int) -> tuple[ShopifySimulator, _Metered, Connector]:
    simulator = ShopifySimulator(clock=clock, tokens=(SECRETS["SHOPIFY_TOKEN"],), locations=_PLACES)
    simulator.load(
        CatalogItem(f"SKU-{n:05d}", f"Thing {n}", Decimal("10.00"), {"WH1": 10, "WH2": 5}) for n in range(1, items + 1)
    )
    transport = _Metered(simulator)
    state: StateStore = _State()
    environment = Environment("shop_eu", clock, state, http_transport=transport)
    settings = {"shop": "bench.myshopify.com", "access_token": SECRETS["SHOPIFY_TOKEN"]}
    return simulator, transport, connect(settings, environment)


def _saturated_writes(calls: int) -> tuple[float, int]:
    clock = Ticker()
    simulator, meter, connector = _shop(clock, 100)
    items = list(simulator.platform.store.items)
    place = simulator.location_id("WH1")
    keys: Iterator[int] = count(1)
    connector.locations()
    clock.advance(3600)
    begun, spent = clock.now(), meter.points
    for number in range(calls):
        units = 10 - number // len(items) % 2
        row = WriteRow(0, "inventoryItems", items[number % len(items)].gid, {"quantity": 19 - units}, scope_id=place)
        row = WriteRow(0, row.resource, row.external_id, row.values, {"quantity": units}, scope_id=place)
        for call in connector.pack([row], lambda: f"key-{next(keys)}"):
            connector.push(call)
    allowed = 2_000 + 100 * (clock.now() - begun).total_seconds()
    return (meter.points - spent) / allowed, meter.throttled


def _saturated_reads(records: int) -> tuple[float, int]:
    clock = Ticker()
    simulator, meter, connector = _shop(clock, records)
    connector.locations()
    clock.advance(3600)
    ids = [item.gid for item in simulator.platform.store.items]
    begun, spent = clock.now(), meter.points
    paths = ("sku", f"{_LEVEL}.location.id", f"{_LEVEL}.quantities[name=available].quantity")
    for _ in connector.lookup("inventoryItems", paths, ids):
        pass
    allowed = 2_000 + 100 * (clock.now() - begun).total_seconds()
    return (meter.points - spent) / allowed, meter.throttled
