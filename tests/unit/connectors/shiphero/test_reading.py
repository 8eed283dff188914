"""Reads: whole or said not to be, every hit checked, inner lists to their end, hostile answers told loudly."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest

from canonical.errors import ConfigError, FatalError, ProtocolError, RetriableError
from connectors.conformance.world import catalog
from connectors.shiphero.records import state_of
from connectors.shiphero.simulator.loading import load
from connectors.simulation import Fault, SimTransport, Ticker
from tests.unit.connectors.shiphero.stage import EVERY_ORDER_FIELD, Stage, records_of, stage

CLIENT_A, CLIENT_B = "Q3VzdG9tZXI6MQ==", "Q3VzdG9tZXI6Mg=="


class Editing(SimTransport):
    """Does something in the warehouse before the so-manieth GraphQL request."""

    def __init__(self, scene: Stage, number: int, act: Callable[[], object]) -> None:
        super().__init__(scene.hero)
        self._left = number
        self._act = act

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/graphql":
            self._left -= 1
            if self._left == 0:
                self._act()
        return super().handle_request(request)


class Answering(SimTransport):
    """Gives a fixed answer to every GraphQL request."""

    def __init__(self, scene: Stage, body: Any) -> None:
        super().__init__(scene.hero)
        self._body = body

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/graphql":
            return httpx.Response(200, json=self._body, request=request)
        return super().handle_request(request)


def test_stock_is_read_by_warehouse(clock: Ticker) -> None:
    scene = stage(clock, 1)
    [record] = records_of(scene.pull("inventory", "sku", "warehouse_products[].available"))
    assert [entry["available"] for entry in record["warehouse_products"]] == [10, 5]


@pytest.mark.parametrize("sorts", [True, False])
def test_a_product_that_goes_while_pages_are_read_makes_the_read_incomplete(clock: Ticker, sorts: bool) -> None:
    scene = stage(clock, 12, sorts=sorts)
    gone = Editing(scene, 3, lambda: scene.hero.admin.remove_product("SKU-00000"))
    pages = list(scene.connect(transport=gone, page_size=4).pull("products", ["sku"]))
    assert not any(page.complete for page in pages)
    assert pages[-1].cursor is None


def test_a_cursor_that_names_a_record_is_not_shifted_by_one_that_goes(clock: Ticker) -> None:
    scene = stage(clock, 12, sorts=True, stable_cursors=True)
    gone = Editing(scene, 3, lambda: scene.hero.admin.remove_product("SKU-00000"))
    pages = list(scene.connect(transport=gone, page_size=4).pull("products", ["sku"]))
    assert pages[-1].complete


def test_an_order_that_comes_while_pages_are_read_is_noticed_where_lists_cannot_be_sorted(clock: Ticker) -> None:
    def add(scene: Stage) -> None:
        clock.advance(60)
        scene.hero.admin.order("late", {"SKU-00001": 1})

    for sorts in (True, False):
        scene = stage(clock, 3, sorts=sorts)
        for number in range(8):
            scene.hero.admin.order(f"o-{number}", {"SKU-00001": 1})
        transport = Editing(scene, 3, partial(add, scene))
        pages = list(scene.connect(transport=transport, order_page_size=3).pull("orders", ["state"]))
        assert pages[-1].complete is sorts
        assert len({record["id"] for record in records_of(pages)}) == (9 if sorts else 8)


def test_a_delta_whose_pages_shift_is_read_again(clock: Ticker) -> None:
    scene = stage(clock, 12)
    cursor = scene.pull("products", "sku")[-1].cursor or ""
    clock.advance(600)
    for number in range(12):
        scene.hero.admin.rename(f"SKU-{number:05d}", "New")
    gone = Editing(scene, 3, lambda: scene.hero.admin.remove_product("SKU-00000"))
    pages = list(scene.connect(transport=gone, page_size=4).changed_since("products", ["sku"], cursor))
    assert pages[-1].cursor
    assert not any(page.complete for page in pages)
    assert len({record["id"] for record in records_of(pages)}) >= 11


def test_a_delta_whose_pages_always_shift_gives_no_cursor(clock: Ticker) -> None:
    scene = stage(clock, 30)
    skus = iter(range(30))

    class Leaving(SimTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if b"$after" in request.content and b'"after"' in request.content:
                scene.hero.admin.remove_product(f"SKU-{next(skus):05d}")
            return super().handle_request(request)

    connector = scene.connect(transport=Leaving(scene.hero), page_size=8)
    pages = list(connector.changed_since("products", ["sku"], "2020-01-01T00:00:00+00:00"))
    assert all(page.cursor is None for page in pages)


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("filters", [True, False])
def test_a_parcel_is_seen_in_the_delta_whether_it_moves_the_order_or_not(
    clock: Ticker, moves: bool, filters: bool
) -> None:
    scene = stage(clock, shipping_moves_order=moves, filters_dates=filters)
    first, _ = [scene.hero.admin.order(number, {"SKU-00001": 1}) for number in ("a", "b")]
    clock.advance(7200)
    cursor = scene.pull("orders", *EVERY_ORDER_FIELD)[-1].cursor or ""
    clock.advance(7200)
    scene.hero.admin.ship(first)
    found = records_of(scene.connector.changed_since("orders", EVERY_ORDER_FIELD, cursor))
    assert first in {record["id"] for record in found}
    assert next(record for record in found if record["id"] == first)["state"] == "shipped"
    if filters:
        assert [record["id"] for record in found] == [first]


def test_what_is_older_than_the_cursor_is_left_out_where_the_filter_is_not_heeded(clock: Ticker) -> None:
    scene = stage(clock, 5, filters_dates=False)
    clock.advance(7200)
    cursor = scene.pull("products", "sku")[-1].cursor or ""
    scene.hero.admin.rename("SKU-00003", "New")
    found = records_of(scene.connector.changed_since("products", ["name"], cursor))
    assert [record["name"] for record in found] == ["New"]


@pytest.mark.parametrize("zone", [True, False])
def test_dates_without_a_zone_are_utc(clock: Ticker, zone: bool) -> None:
    scene = stage(clock, zone=zone)
    scene.hero.admin.order("a", {"SKU-00001": 1})
    mapping = scene.mapping("target_order")
    [page] = scene.connector.pull("orders", mapping.read_paths)
    document: Any = mapping.decode(page.records[0])
    assert document.updated_at == clock.now()


@pytest.mark.parametrize("filters", [True, False])
def test_full_reads_of_orders_may_start_at_a_day(clock: Ticker, filters: bool) -> None:
    scene = stage(clock, filters_dates=filters)
    scene.hero.admin.order("old", {"SKU-00001": 1}, order_date="2026-10-01T08:00:00")
    scene.hero.admin.order("new", {"SKU-00001": 1}, order_date="2026-11-01T08:00:00")
    pages = scene.pull("orders", "order_number", orders_since="2026-11-01")
    assert [record["order_number"] for record in records_of(pages)] == (["new"] if filters else ["old", "new"])
    assert pages[-1].complete
    assert len(records_of(scene.pull("products", "sku", orders_since="2026-11-01"))) == 3


def test_nobody_tells_whose_stock_changed(clock: Ticker) -> None:
    scene = stage(clock)
    assert scene.connector.manifest.resources["inventory"].timestamp == ""
    with pytest.raises(FatalError, match="only full reads do"):
        list(scene.connector.changed_since("inventory", ["sku"], "2026-01-01T00:00:00+00:00"))


@pytest.mark.parametrize("honored", [True, False])
def test_a_customer_of_a_3pl_reads_its_own(clock: Ticker, honored: bool) -> None:
    scene = stage(clock, 0, filters_customer=honored)
    load(scene.hero, catalog(2), CLIENT_A)
    load(scene.hero, [item for item in catalog(5) if item.sku > "SKU-00001"], CLIENT_B)
    mine = scene.hero.admin.order("a", {"SKU-00001": 1}, customer=CLIENT_A)
    other = scene.hero.admin.order("b", {"SKU-00003": 1}, customer=CLIENT_B)
    pages = scene.pull("products", "sku", customer_account_id=CLIENT_A)
    assert [record["sku"] for record in records_of(pages)] == ["SKU-00000", "SKU-00001"]
    assert pages[-1].complete is honored
    connector = scene.connect(customer_account_id=CLIENT_A)
    assert [one["id"] for one in records_of(connector.lookup("orders", ["state"], [mine, other]))] == [mine]
    scene.hero.admin.ship(other)
    found = records_of(connector.changed_since("orders", ["state"], "2026-01-01T00:00:00+00:00"))
    assert [one["id"] for one in found] == [mine]


@pytest.mark.parametrize("absent", ["field", "answer", "silent"])
def test_records_that_are_not_there_are_left_out_however_that_is_said(clock: Ticker, absent: str) -> None:
    scene = stage(clock, 9, absent=absent)
    ids = [row["id"] for row in scene.hero.state.all("Product")]
    asked = [ids[0], "UHJvZHVjdDo5OTk5OTk=", ids[5], "", "Product:1", ids[8], ids[0]]
    found = records_of(scene.connector.lookup("products", ["sku"], asked))
    assert sorted(record["id"] for record in found) == sorted([ids[0], ids[5], ids[8]])


def test_lookups_go_several_at_once_or_one_by_one(clock: Ticker) -> None:
    scene = stage(clock, 10)
    ids = [row["id"] for row in scene.hero.state.all("Product")]
    assert len(records_of(scene.connector.lookup("products", ["sku"], ids))) == 10
    assert scene.operations().count("product.lookup") == 1
    scene.switches.aliases = False
    with pytest.raises(ProtocolError, match="only once"):
        list(scene.connector.lookup("products", ["sku"], ids))
    assert len(records_of(scene.connect(lookup_batch=1).lookup("products", ["sku"], ids))) == 10


def test_an_order_of_five_hundred_lines_is_read_to_its_last(clock: Ticker) -> None:
    scene = stage(clock, 0, credits=1_000_000.0)
    order = scene.hero.admin.order("long", {f"S-{number}": 1 + number % 3 for number in range(500)})
    scene.hero.admin.ship(order, {f"S-{number}": 1 for number in range(300)})
    [record] = scene.orders()
    lines = [edge["node"]["sku"] for edge in record["line_items"]["edges"]]
    assert lines == [f"S-{number}" for number in range(500)]
    [shipment] = record["shipments"]
    assert len(shipment["line_items"]["edges"]) == 300
    assert record["state"] == "partially_shipped"
    assert scene.operations().count("order.line_items") == 24
    assert scene.operations().count("shipment.line_items") == 14


@pytest.mark.parametrize(
    ("status", "holds", "lines", "state"),
    [
        ("pending", {}, [(2, 0)], "pending"),
        ("Tote Complete", {}, [(2, 0)], "pending"),
        ("pending", {"fraud_hold": True}, [(2, 0)], "on_hold"),
        ("pending", {"fraud_hold": True}, [(2, 1)], "partially_shipped"),
        ("pending", {}, [(2, 1), (1, 1)], "partially_shipped"),
        ("pending", {}, [(2, 2), (1, 1)], "shipped"),
        ("pending", {}, [(2, 2), (0, 0)], "shipped"),
        ("fulfilled", {}, [(2, 0)], "shipped"),
        ("Canceled", {}, [(2, 0)], "canceled"),
        ("cancelled", {}, [(2, 2)], "canceled"),
        (None, None, [], "pending"),
        ("pending", [True], [(1, None)], "pending"),
    ],
)
def test_where_an_order_stands(status: Any, holds: Any, lines: list[tuple[int, Any]], state: str) -> None:
    edges = [{"node": {"quantity": units, "quantity_shipped": sent}} for units, sent in lines]
    assert state_of({"fulfillment_status": status, "holds": holds, "line_items": {"edges": edges}}) == state


@pytest.mark.parametrize(
    "body",
    [
        {"data": None},
        {"data": {"products": None}},
        {"data": {"products": {"data": None}}},
        {"data": {"products": {"data": {"edges": [{"node": None}], "pageInfo": {"hasNextPage": False}}}}},
        {"data": {"products": {"data": {"edges": [{"node": {"sku": "x"}}], "pageInfo": {"hasNextPage": False}}}}},
        {"data": {}},
        {"errors": [{"message": "Cannot query field", "code": None}]},
        {"errors": "no"},
        {"errors": [{"message": {"odd": 1}, "code": [5]}], "data": {"products": None}},
        [],
    ],
)
def test_an_answer_that_is_no_list_ends_the_read(clock: Ticker, body: Any) -> None:
    scene = stage(clock)
    with pytest.raises(ProtocolError):
        list(scene.connect(transport=Answering(scene, body)).pull("products", ["sku"]))


@pytest.mark.parametrize("line_items", [{"edges": [{"node": None}]}, {"edges": [None]}, {"edges": [{}]}])
def test_a_line_that_cannot_be_read_is_no_order_without_it(clock: Ticker, line_items: Any) -> None:
    scene = stage(clock)
    page = {
        "edges": [{"cursor": "a", "node": {"id": "a", "line_items": line_items}}],
        "pageInfo": {"hasNextPage": False},
    }
    answer = Answering(scene, {"data": {"orders": {"data": page}}})
    with pytest.raises(ProtocolError, match="an entry in the line_items of a"):
        list(scene.connect(transport=answer).pull("orders", ["line_items.edges[].node.sku"]))


@pytest.mark.parametrize("found", [7, {"data": {"sku": "x"}}, {"data": []}])
def test_a_record_that_cannot_be_read_is_told(clock: Ticker, found: Any) -> None:
    scene = stage(clock)
    with pytest.raises(ProtocolError):
        list(scene.connect(transport=Answering(scene, {"data": {"r0": found}})).lookup("products", ["sku"], ["a"]))


def test_a_list_that_goes_in_a_circle_ends_the_read(clock: Ticker) -> None:
    scene = stage(clock)
    edges = [{"cursor": name, "node": {"id": name, "sku": name}} for name in ("a", "b")]
    data = {"edges": edges, "pageInfo": {"hasNextPage": True, "endCursor": "b"}}
    pages = scene.connect(transport=Answering(scene, {"data": {"products": {"data": data}}}))
    with pytest.raises(ProtocolError, match="same page"):
        list(pages.pull("products", ["sku"]))


def test_trouble_of_the_platform_is_tried_again(clock: Ticker) -> None:
    scene = stage(clock)
    body = {"errors": [{"message": "Internal server error"}], "data": {"products": None}}
    with pytest.raises(RetriableError):
        list(scene.connect(transport=Answering(scene, body)).pull("products", ["sku"]))
    assert scene.operations().count("products") == 5


def test_a_web_page_is_told_as_one(clock: Ticker) -> None:
    scene = stage(clock)
    scene.hero.faults.add(Fault("html", times=99, status=200))
    with pytest.raises(ProtocolError, match="web page"):
        scene.pull("products", "sku")


def test_names_of_four_bytes_come_through(clock: Ticker) -> None:
    scene = stage(clock, 0)
    scene.hero.admin.product("S-😀", "Zoë 🦊 漢字", "1.00")
    [record] = records_of(scene.pull("products", "sku", "name"))
    assert (record["sku"], record["name"]) == ("S-😀", "Zoë 🦊 漢字")


def test_a_field_or_a_resource_that_is_not_there_is_named(clock: Ticker) -> None:
    scene = stage(clock)
    with pytest.raises(ConfigError, match="no field 'colour'"):
        scene.pull("products", "colour")
    with pytest.raises(FatalError, match="no resource 'returns'"):
        scene.pull("returns", "id")


def test_a_field_that_holds_others_asks_for_all_of_them(clock: Ticker) -> None:
    scene = stage(clock, 1)
    [record] = records_of(scene.pull("inventory", "warehouse_products"))
    assert set(json.loads(json.dumps(record["warehouse_products"][0]))) >= {"on_hand", "allocated", "available"}
