"""The connector against the simulated shop: what the platform itself counts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

import httpx
import pytest

from canonical.errors import AmbiguousError, FatalError
from connectors.base import Environment, Page, RowStatus, WriteRow
from connectors.conformance.world import MemoryState
from connectors.shopify.connector import ShopifyConnector, connect
from connectors.shopify.simulator import Bucket, ShopifySimulator, Switches
from connectors.simulation import CatalogItem, Fault, SimTransport, Ticker, serve

LEVEL = "inventoryLevels.nodes[]"
LEVELS = ["sku", f"{LEVEL}.location.id", f"{LEVEL}.quantities[name=available].quantity"]
PRICES = ["sku", "price", "product.id", "inventoryItem.id"]


def items(number: int) -> list[CatalogItem]:
    stock = {"WH1": 50, "WH2": 20}
    return [CatalogItem(f"S{n:05d}", f"Item {n}", Decimal("9.90"), stock, product=f"P{n // 3}") for n in range(number)]


class Tap(httpx.BaseTransport):
    """Between connector and shop: keeps every answer of the platform."""

    def __init__(self, simulator: ShopifySimulator) -> None:
        self._inner = SimTransport(simulator)
        self.answers: list[dict[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        if request.url.path.endswith("graphql.json"):
            self.answers.append(json.loads(response.content))
        return response

    @property
    def points(self) -> float:
        """Points the platform took for all answers."""
        return sum(answer["extensions"]["cost"]["actualQueryCost"] or 0 for answer in self.answers)

    @property
    def throttled(self) -> int:
        """Answers that said no."""
        codes = [error["extensions"].get("code") for answer in self.answers for error in answer.get("errors", ())]
        return codes.count("THROTTLED")


@dataclass
class Shop:
    """A simulated shop and the tap on it."""

    clock: Ticker
    size: int = 0
    switches: Switches = field(default_factory=Switches)
    bucket: Bucket = field(default_factory=Bucket)
    state: MemoryState = field(default_factory=MemoryState)

    def __post_init__(self) -> None:
        self.simulator = ShopifySimulator(
            clock=self.clock,
            client_id="id",
            client_secret="shpss_secret",
            locations={"WH1": "One", "WH2": "Two"},
            switches=self.switches,
            bucket=self.bucket,
        )
        self.simulator.load(items(self.size))
        self.tap = Tap(self.simulator)

    def connector(self, **settings: Any) -> ShopifyConnector:
        given = {"shop": "demo-shop", "client_id": "id", "client_secret": "shpss_secret", **settings}
        return connect(given, Environment("shop_eu", self.clock, self.state, http_transport=self.tap))

    def stock_rows(self, number: int, value: int) -> list[WriteRow]:
        store = self.simulator.platform.store
        rows = []
        for position in range(number):
            sku, place = f"S{position // 2:05d}", ("WH1", "WH2")[position % 2]
            expected = {"quantity": self.simulator.quantity(sku, place)}
            location = self.simulator.location_id(place)
            item = store.items_by_sku[sku][0].gid
            rows.append(WriteRow(position, "inventoryItems", item, {"quantity": value}, expected, scope_id=location))
        return rows


@pytest.fixture
def keys() -> Iterator[str]:
    return (f"5f0e8a52-0000-4000-8000-{number:012d}" for number in count(1))


def by_sku(pages: list[Page]) -> dict[str, Any]:
    found = [json.loads(bytes(record)) for page in pages for record in page.records]
    return {record["sku"]: record for record in found}


def test_a_thousand_quantities_over_two_locations_cost_four_calls(clock: Ticker, keys: Iterator[str]) -> None:
    shop = Shop(clock, 500)
    connector = shop.connector()
    for call in connector.pack(shop.stock_rows(1000, 7), lambda: next(keys)):
        assert {outcome.status for outcome in connector.push(call).values()} == {RowStatus.APPLIED}
    assert shop.simulator.log.writes() == 4
    assert len(shop.simulator.log.effects()) == 1000
    assert shop.tap.points == 40


@pytest.mark.parametrize("order", ["adjacent", "page"])
def test_a_large_shop_is_read_in_three_requests(clock: Ticker, order: Any) -> None:
    shop = Shop(clock, 3_000, Switches(bulk_order=order))
    connector = shop.connector()
    connector.locations()
    shop.simulator.log.clear()
    pages = list(connector.pull("inventoryItems", LEVELS))
    assert pages[-1].complete
    assert shop.simulator.log.reads() == 3
    assert len(by_sku(pages)) == 3_000


def test_pages_and_bulk_give_the_same_records(clock: Ticker) -> None:
    shop = Shop(clock, 40)
    paged = by_sku(list(shop.connector().pull("inventoryItems", LEVELS)))
    bulk = by_sku(list(shop.connector(bulk_from=0).pull("inventoryItems", LEVELS)))
    assert paged == bulk
    assert [level["quantities"] for level in paged["S00007"]["inventoryLevels"]["nodes"]] == [
        [{"name": "available", "quantity": 50}],
        [{"name": "available", "quantity": 20}],
    ]


def test_a_shop_is_read_in_the_fewest_pages_the_cost_allows(clock: Ticker) -> None:
    """300 records of 3 points each: 250 a page fit the single-query maximum, so two pages are the floor."""
    shop = Shop(clock, 300)
    pages = list(shop.connector().pull("productVariants", PRICES))
    assert [len(page.records) for page in pages] == [250, 50]
    assert shop.simulator.log.reads("productVariants") == 2
    assert shop.tap.throttled == 0


def test_our_estimate_of_the_cost_is_the_platforms(clock: Ticker) -> None:
    shop = Shop(clock, 300)
    connector = shop.connector()
    connector.locations()
    ids = [row.gid for row in shop.simulator.platform.store.items]
    list(connector.pull("productVariants", PRICES))
    list(connector.lookup("inventoryItems", LEVELS, ids))
    connector.check()
    assert json.loads(shop.state.values.get("shopify.costs", "{}")) == {}


def test_a_saturated_connection_uses_the_points_and_is_never_throttled(clock: Ticker, keys: Iterator[str]) -> None:
    shop = Shop(clock, 150, bucket=Bucket(maximum=200.0, restore_rate=10.0))
    connector = shop.connector()
    begun = clock.now()
    for row in shop.stock_rows(300, 7):
        [call] = connector.pack([row], lambda: next(keys))
        connector.push(call)
    elapsed = (clock.now() - begun).total_seconds()
    allowed = 200.0 + 10.0 * elapsed
    assert shop.tap.throttled == 0
    assert elapsed > 200
    assert shop.tap.points / allowed >= 0.98


def test_saturated_reads_use_the_points_and_are_never_throttled(clock: Ticker) -> None:
    shop = Shop(clock, 2_500, bucket=Bucket(maximum=2_000.0, restore_rate=100.0))
    connector = shop.connector()
    connector.locations()
    ids = [row.gid for row in shop.simulator.platform.store.items]
    begun, spent = clock.now(), shop.tap.points
    pages = list(connector.lookup("inventoryItems", LEVELS, ids))
    elapsed = (clock.now() - begun).total_seconds()
    assert sum(len(page.records) for page in pages) == 2_500
    assert shop.tap.throttled == 0
    assert (shop.tap.points - spent) / (2_000.0 + 100.0 * elapsed) >= 0.98


def test_two_processes_that_share_the_bucket_recover_from_being_throttled(clock: Ticker) -> None:
    shop = Shop(clock, 300)
    connector = shop.connector()
    list(connector.pull("productVariants", PRICES))
    shop.bucket.available = 0.0
    pages = list(connector.pull("productVariants", PRICES))
    assert pages[-1].complete
    assert shop.tap.throttled == 1


def test_stale_quantities_are_told_apart_and_nothing_is_sent_blindly(clock: Ticker, keys: Iterator[str]) -> None:
    shop = Shop(clock, 10)
    connector = shop.connector()
    [call] = connector.pack(shop.stock_rows(4, 7), lambda: next(keys))
    shop.simulator.shop.sell("S00001", 2, "WH1")
    outcome = connector.push(call)
    wanted = [RowStatus.UNTOUCHED, RowStatus.UNTOUCHED, RowStatus.STALE, RowStatus.UNTOUCHED]
    assert [outcome[number].status for number in call.rows] == wanted
    assert shop.simulator.log.writes() == 1
    assert shop.simulator.quantity("S00001", "WH1") == 48


def test_the_same_call_sent_again_takes_effect_once(clock: Ticker, keys: Iterator[str]) -> None:
    shop = Shop(clock, 10)
    connector = shop.connector()
    [call] = connector.pack(shop.stock_rows(2, 7), lambda: next(keys))
    first = connector.push(call)
    assert connector.push(call) == first
    assert len(shop.simulator.log.effects()) == 2


def test_a_key_whose_attempt_failed_asks_for_a_new_one(clock: Ticker, keys: Iterator[str]) -> None:
    shop = Shop(clock, 10)
    connector = shop.connector()
    rows = shop.stock_rows(2, 7)
    [call] = connector.pack(rows, lambda: next(keys))
    shop.simulator.shop.sell("S00000", 1, "WH1")
    connector.push(call)
    again = connector.push(call)
    assert {outcome.status for outcome in again.values()} == {RowStatus.UNTOUCHED}
    assert "PREVIOUS_ATTEMPT_FAILED" in again[0].message
    [anew] = connector.pack(shop.stock_rows(2, 7), lambda: next(keys))
    assert anew.key != call.key
    assert {outcome.status for outcome in connector.push(anew).values()} == {RowStatus.APPLIED}


def test_other_rows_under_a_used_key_leave_the_effect_open(clock: Ticker) -> None:
    shop = Shop(clock, 10)
    connector = shop.connector()
    [first] = connector.pack(shop.stock_rows(2, 7), lambda: "5f0e8a52-0000-4000-8000-000000000001")
    connector.push(first)
    [other] = connector.pack(shop.stock_rows(2, 9), lambda: "5f0e8a52-0000-4000-8000-000000000001")
    with pytest.raises(AmbiguousError):
        connector.push(other)
    assert shop.simulator.quantity("S00000", "WH1") == 7


def test_prices_are_written_a_product_a_call_and_read_back_from_the_answer(clock: Ticker, keys: Iterator[str]) -> None:
    shop = Shop(clock, 6)
    connector = shop.connector()
    variants = list(shop.simulator.platform.store.variants)
    rows = [
        WriteRow(n, "productVariants", row.gid, {"price": "12.345", "barcode": None}, parent_id=row.product.gid)
        for n, row in enumerate(variants)
    ]
    calls = connector.pack(rows, lambda: next(keys))
    assert len(calls) == 2
    for call in calls:
        for outcome in connector.push(call).values():
            record = json.loads(bytes(outcome.record or b""))
            assert outcome.status is RowStatus.APPLIED
            assert record["price"] == str(shop.simulator.price(record["sku"]))
            assert record["barcode"] is None


@pytest.mark.parametrize("version", ["2026-01", "2026-04", "2026-07", "2026-10"])
def test_every_version_reads_and_writes(clock: Ticker, keys: Iterator[str], version: str) -> None:
    shop = Shop(clock, 5)
    connector = shop.connector(api_version=version)
    assert all(finding.ok for finding in connector.check())
    assert [place.name for place in connector.locations()] == ["One", "Two"]
    assert len(by_sku(list(connector.pull("inventoryItems", LEVELS)))) == 5
    for call in connector.pack(shop.stock_rows(4, 7), lambda: next(keys)):
        connector.push(call)
    assert shop.simulator.quantity("S00001", "WH2") == 7


def test_an_item_that_is_not_stocked_somewhere_is_rejected_before_2026_10(clock: Ticker, keys: Iterator[str]) -> None:
    shop = Shop(clock, 5)
    shop.simulator.admin.add_location("WH3", "Three")
    [row] = shop.stock_rows(1, 7)
    place = shop.simulator.location_id("WH3")
    missing = WriteRow(1, row.resource, row.external_id, {"quantity": 3}, {"quantity": 0}, scope_id=place)
    connector = shop.connector(api_version="2026-07")
    outcome = connector.push(connector.pack([missing], lambda: next(keys))[0])
    assert outcome[1].status is RowStatus.REJECTED
    assert "ITEM_NOT_STOCKED_AT_LOCATION" in outcome[1].message
    newest = shop.connector()
    outcome = newest.push(newest.pack([missing], lambda: next(keys))[0])
    assert outcome[1].status is RowStatus.APPLIED


def test_a_change_of_stock_is_not_in_the_delta_but_in_the_full_read(clock: Ticker) -> None:
    shop = Shop(clock, 5)
    clock.advance(3600)
    connector = shop.connector()
    cursor = list(connector.pull("inventoryItems", LEVELS))[-1].cursor or ""
    clock.advance(3600)
    shop.simulator.admin.set_available("S00003", "WH1", 11)
    assert by_sku(list(connector.changed_since("inventoryItems", LEVELS, cursor))) == {}
    full = by_sku(list(connector.pull("inventoryItems", LEVELS)))
    assert full["S00003"]["inventoryLevels"]["nodes"][0]["quantities"] == [{"name": "available", "quantity": 11}]


def test_a_change_that_the_search_shows_late_is_caught_by_the_overlap(clock: Ticker) -> None:
    shop = Shop(clock, 5, Switches(search_delay=120.0))
    clock.advance(3600)
    connector = shop.connector()
    cursor = list(connector.pull("productVariants", PRICES))[-1].cursor or ""
    clock.advance(600)
    shop.simulator.admin.set_price("S00002", Decimal("1.00"))
    clock.advance(1)
    pages = list(connector.changed_since("productVariants", PRICES, cursor))
    assert by_sku(pages) == {}
    clock.advance(200)
    assert set(by_sku(list(connector.changed_since("productVariants", PRICES, pages[-1].cursor or "")))) == {"S00002"}


def test_an_item_in_more_places_than_fit_is_read_to_the_end(clock: Ticker) -> None:
    places = {f"W{number}": f"Place {number}" for number in range(12)}
    simulator = ShopifySimulator(clock=clock, client_id="id", client_secret="shpss_secret", locations=places)
    simulator.load([CatalogItem("A", "A", Decimal(1), dict.fromkeys(places, 3))])
    shop = Shop(clock)
    shop.simulator, shop.tap = simulator, Tap(simulator)
    [only] = shop.connector().pull("inventoryItems", LEVELS)
    assert len(json.loads(bytes(only.records[0]))["inventoryLevels"]["nodes"]) == 12
    assert simulator.log.reads() == 3


def test_a_failed_bulk_operation_gives_no_records(clock: Ticker) -> None:
    shop = Shop(clock, 50)
    shop.simulator.platform.bulk.fail_next = "INTERNAL_SERVER_ERROR"
    with pytest.raises(Exception, match="INTERNAL_SERVER_ERROR"):
        list(shop.connector(bulk_from=0).pull("inventoryItems", LEVELS))


def test_a_missing_scope_is_named_in_the_error_and_by_doctor(clock: Ticker) -> None:
    simulator = ShopifySimulator(
        clock=clock, tokens=("shpat_static",), scopes=("write_products", "read_locations"), locations={"WH1": "One"}
    )
    simulator.load([CatalogItem("A", "A", Decimal(1), {"WH1": 3})])
    env = Environment("shop_eu", clock, MemoryState(), http_transport=SimTransport(simulator))
    connector = connect({"shop": "demo-shop", "access_token": "shpat_static"}, env)
    with pytest.raises(FatalError, match="read_inventory"):
        list(connector.pull("inventoryItems", LEVELS))
    [scopes] = [finding for finding in connector.check() if finding.check == "scopes"]
    assert "write_inventory" in scopes.message


def test_a_wrong_secret_is_an_error_about_credentials(clock: Ticker) -> None:
    shop = Shop(clock, 1)
    [finding] = shop.connector(client_secret="shpss_wrong").check()
    assert not finding.ok
    assert "client_secret" in finding.advice
    assert "shpss_wrong" not in f"{finding.message} {finding.advice}"


def test_a_token_that_ends_under_many_threads_is_replaced_once(clock: Ticker) -> None:
    shop = Shop(clock, 5)
    connector = shop.connector()
    connector.locations()
    shop.simulator.expire_tokens()
    together = threading.Barrier(6)
    failures: list[BaseException] = []

    def work() -> None:
        together.wait()
        try:
            connector.locations()
        except Exception as error:  # noqa: BLE001 - whatever a thread raises belongs to the test
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert shop.simulator.tokens.grants == 2


def test_a_token_is_replaced_before_its_day_is_over(clock: Ticker) -> None:
    shop = Shop(clock, 5)
    connector = shop.connector()
    connector.locations()
    clock.advance(24 * 3600 - 60)
    connector.locations()
    assert shop.simulator.tokens.grants == 2
    assert all(entry.status == 200 for entry in shop.simulator.log.entries)


def test_a_lost_answer_of_a_write_is_said_to_be_open(clock: Ticker, keys: Iterator[str]) -> None:
    shop = Shop(clock, 5)
    connector = shop.connector()
    [call] = connector.pack(shop.stock_rows(2, 7), lambda: next(keys))
    shop.simulator.faults.add(Fault("timeout_after", only="write"))
    with pytest.raises(AmbiguousError):
        connector.push(call)
    assert shop.simulator.log.writes() == 1
    assert connector.resolve(call) is None


def test_over_real_http_everything_works_the_same(clock: Ticker, keys: Iterator[str]) -> None:
    shop = Shop(clock, 30)
    with serve(shop.simulator) as served:
        settings: dict[str, str | int | float | bool] = {"url": served.base_url, "bulk_from": 0}
        settings |= {"client_id": "id", "client_secret": "shpss_secret"}
        connector = connect(settings, Environment("shop_eu", clock, MemoryState(), allow_private_network=True))
        pages = list(connector.pull("inventoryItems", LEVELS))
        [call] = connector.pack(shop.stock_rows(4, 7), lambda: next(keys))
        outcome = connector.push(call)
        connector.close()
    assert pages[-1].complete
    assert len(by_sku(pages)) == 30
    assert {row.status for row in outcome.values()} == {RowStatus.APPLIED}
