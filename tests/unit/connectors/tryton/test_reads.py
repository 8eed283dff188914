from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from canonical.clock import instant_text
from canonical.errors import AuthenticationError, ConfigError, FatalError, ProtocolError
from connectors.manifest import load_fields
from connectors.tryton.reads import ProductShape, changed_after
from tests.servers.tryton.world import World

_SPECS = load_fields("connectors.tryton").resources["products"]


def test_only_the_fields_behind_the_asked_paths_are_requested() -> None:
    shape = ProductShape(_SPECS, ["code", "template.list_price", "identifiers[type=ean].code"])
    assert set(shape.names) == {
        "id",
        "code",
        "template._timestamp",
        "template.list_price",
        "identifiers.type",
        "identifiers.code",
    }


def test_a_path_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="no such path"):
        ProductShape(_SPECS, ["template.colour"])


def test_every_readable_path_can_be_asked_for(world: World) -> None:
    paths = [path for path in _SPECS if "salable" not in path]
    record = json.loads(bytes(next(world.connect().pull("products", paths)).records[0]))
    for path in paths:
        name = path.split(".")[0].split("[")[0]
        assert name in record, path


@pytest.mark.parametrize("cursor", ["", "yesterday", '{"since": "yesterday"}', '{"until": "2026-11-02T08:00:00Z"}'])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(FatalError, match="cursor"):
        changed_after(cursor, "last_modified_at")


def test_the_cursor_is_the_servers_time_less_the_overlap(world: World) -> None:
    connector = world.connect()
    begun = world.clock.now()
    cursor = json.loads(str(list(connector.pull("products", ["code"]))[-1].cursor))
    assert cursor == {"since": instant_text(begun - timedelta(seconds=60))}


def test_a_change_of_the_last_minute_before_the_read_is_read_again(world: World) -> None:
    """A transaction that began before the read and ended after it carries an older stamp than the read."""
    connector = world.connect()
    world.simulator.admin.rename("BOOK", "Tome")
    world.clock.sleep(59)
    cursor = list(connector.pull("products", ["code"]))[-1].cursor
    found = [
        json.loads(bytes(one))["code"]
        for page in connector.changed_since("products", ["code"], str(cursor))
        for one in page.records
    ]
    assert found == ["BOOK"]


def test_a_delta_without_changes_moves_the_cursor(world: World) -> None:
    connector = world.connect()
    for resource, path in (("products", "code"), ("stock", "levels[].forecast_quantity")):
        first = list(connector.pull(resource, [path]))[-1].cursor
        world.clock.sleep(600)
        pages = list(connector.changed_since(resource, [path], str(first)))
        assert [len(page.records) for page in pages] == [0]
        assert str(pages[-1].cursor) > str(first)


def test_a_server_that_repeats_a_page_is_not_read_for_ever(world: World) -> None:
    class Repeating(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            body: dict[str, Any] = json.loads(request.read())
            if body["method"].endswith("product.search_read"):
                body["params"][0] = []
            headers = {name: value for name, value in request.headers.items() if name != "content-length"}
            return world.inner.handle_request(httpx.Request("POST", request.url, headers=headers, json=body))

    world.wire._inner = Repeating()
    with pytest.raises(ProtocolError, match="after"):
        list(world.connect().pull("products", ["code"]))


@pytest.mark.parametrize("row", [{"id": "7"}, {"id": None}, {"code": "x"}, None])
def test_a_record_without_an_id_is_an_error_in_words(world: World, row: Any) -> None:
    class Odd(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            body = json.loads(request.read())
            headers = {name: value for name, value in request.headers.items() if name != "content-length"}
            found = world.inner.handle_request(httpx.Request("POST", request.url, headers=headers, json=body))
            if not body["method"].endswith("product.search_read"):
                return found
            return httpx.Response(200, json={**json.loads(found.read()), "result": [row]})

    world.wire._inner = Odd()
    with pytest.raises(ProtocolError, match="without an id"):
        list(world.connect().pull("products", ["code"]))


def test_an_empty_source_is_a_complete_read_of_nothing(world: World) -> None:
    world.simulator.admin.empty()
    for resource, path in (("products", "code"), ("stock", "levels[].quantity")):
        pages = list(world.connect().pull(resource, [path]))
        assert [(len(page.records), page.complete) for page in pages] == [(0, True)]
    world.simulator.admin.restore()
    assert sum(len(page.records) for page in world.connect().pull("products", ["code"])) == 28


def test_a_shrunken_source_is_shown_as_it_is(world: World) -> None:
    world.simulator.admin.hide(0.5)
    assert sum(len(page.records) for page in world.connect().pull("products", ["code"])) == 14


def test_what_the_user_may_not_read_is_a_matter_of_rights(world: World) -> None:
    class Refusing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if b"search_read" not in request.read():
                return world.inner.handle_request(request)
            error = ["UserError", ['You are not allowed to access "Product".', "", None]]
            return httpx.Response(200, json={"id": 1, "error": error}, request=request)

    world.wire._inner = Refusing()
    with pytest.raises(AuthenticationError, match="not allowed to access"):
        list(world.connect().pull("products", ["code"]))


def test_figures_are_asked_for_once_a_page_and_warehouse_and_promises_once(world: World) -> None:
    connector = world.connect(page_size=10)
    list(connector.pull("stock", ["levels[].forecast_quantity"]))
    assert world.wire.count("product.product.search_read") == 3 * 2
    assert world.wire.count("stock.move.search_read") == 1


def test_promises_are_not_asked_for_when_only_the_quantity_is_wanted(world: World) -> None:
    list(world.connect().pull("stock", ["levels[].quantity"]))
    assert world.wire.count("stock.move.search_read") == 0


def test_a_shipment_that_leaves_during_the_read_is_never_forgotten(world: World) -> None:
    """Between the reading of promises and of quantities it may be taken off twice, but not left out."""
    shipment = world.merchant.book_sale("MUG-01", "WH1", 3)
    world.wire.before("model.product.product.search_read", lambda: world.merchant.ship(shipment))
    records = [
        json.loads(bytes(one))
        for page in world.connect().pull("stock", ["levels[].forecast_quantity"])
        for one in page.records
    ]
    mug = next(record for record in records if record["code"] == "MUG-01")
    assert int(mug["levels"][0]["forecast_quantity"]) <= 101 - 3


def test_stock_of_a_moment_is_dated_by_its_first_request(world: World) -> None:
    connector = world.connect()
    asked = []
    world.wire.before("model.stock.move.search_read", lambda: asked.append(world.clock.now()))
    world.wire.before("model.product.product.search_read", lambda: world.clock.sleep(30))
    page = next(connector.pull("stock", ["levels[].forecast_quantity"]))
    assert page.as_of == asked[0]
