"""Reads: every record once, what changed, exactly what was asked for, and nothing made of broken answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from canonical.errors import AmbiguousError, FatalError, ProtocolError, SkippableError
from connectors.base import Page
from connectors.shipbob.simulator.simulator import CHANNEL, OTHER_CHANNEL
from tests.unit.connectors.shipbob.stage import MAPPINGS, Stage, made, records_of

Answer = Callable[[httpx.Request], httpx.Response]


def answering(stage: Stage, body: Any, status: int = 200) -> Stage:
    """The same stage, with everything answered alike."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    stage.transport = httpx.MockTransport(lambda request: httpx.Response(status, headers=headers, content=content))
    return stage


@pytest.mark.parametrize("form", ["internal", "absolute", "relative"])
@pytest.mark.parametrize("resource", ["products", "inventory"])
def test_all_pages_are_read_however_the_next_one_is_named(stage: Stage, form: str, resource: str) -> None:
    stage.account.switches.next_form = form  # type: ignore[assignment]
    for number in range(33):
        stage.stock(f"S{number}", {8: 1})
    records = stage.pull(resource)
    assert len({json.dumps(record) for record in records}) == 35
    assert stage.calls("product" if resource == "products" else "inventory-level") == 4


def test_the_token_goes_to_no_other_host(stage: Stage) -> None:
    hosts: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.add(request.url.host)
        following = None if "Cursor" in request.url.params else "https://evil.example/2026-01/product?Cursor=1"
        return httpx.Response(200, json={"items": [], "next": following})

    stage.transport = httpx.MockTransport(answer)
    stage.pull("products")
    assert hosts == {"api.shipbob.com"}


def test_the_parameters_of_the_next_page_are_taken_as_they_are(stage: Stage) -> None:
    asked: list[list[tuple[str, str]]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(parse_qsl(urlsplit(str(request.url)).query))
        return httpx.Response(200, json={"items": [], "next": "/x?a=%26b&cursor=%3D%3D" if len(asked) == 1 else None})

    stage.transport = httpx.MockTransport(answer)
    stage.pull("products")
    assert asked[1] == [("a", "&b"), ("cursor", "==")]


def test_variants_of_one_product_are_records_of_their_own(stage: Stage) -> None:
    product = stage.account.account.variants[stage.stock("RED", {})].product_id
    stage.account.admin.add("BLUE", product=product)
    records = {one["sku"]: one for one in stage.pull("products")}
    assert records["RED"]["product"]["id"] == records["BLUE"]["product"]["id"] == product
    assert records["RED"]["id"] != records["BLUE"]["id"]


def test_only_the_variant_that_was_asked_for_is_looked_up(stage: Stage) -> None:
    red = stage.stock("RED", {})
    stage.account.admin.add("BLUE", product=stage.account.account.variants[red].product_id)
    found = records_of(stage.connector.lookup("products", (), [str(red), str(red), "999999", "x", ""]))
    assert [one["sku"] for one in found] == ["RED"]


def test_orders_of_all_channels_are_read(stage: Stage) -> None:
    for channel in (CHANNEL, OTHER_CHANNEL):
        stage.account.admin.order(f"r-{channel}", {"TEA": 1}, channel)
    assert {one["channel"]["id"] for one in stage.pull("orders")} == {CHANNEL, OTHER_CHANNEL}


def test_full_reads_of_orders_start_at_the_configured_day(stage: Stage) -> None:
    made(stage.create(reference="old-1-1"))
    stage.clock.advance(5 * 86_400)
    new = made(stage.create(reference="new-1-1"))
    assert [one["id"] for one in stage.pull("orders", orders_since="2026-11-04")] == [new]


def test_a_full_last_page_is_followed_by_a_look_for_more(stage: Stage) -> None:
    for number in range(10):
        stage.account.admin.order(f"r-{number}", {"TEA": 1}, CHANNEL)
    assert len(stage.pull("orders")) == 10
    assert stage.calls("order") == 2


def test_an_order_made_while_orders_are_read_is_read_last(stage: Stage) -> None:
    for number in range(25):
        stage.account.admin.order(f"r-{number}", {"TEA": 1}, CHANNEL)
    pages: list[Page] = []
    for page in stage.connector.pull("orders", ()):
        if not pages:
            stage.account.admin.order("late", {"TEA": 1}, CHANNEL)
        pages.append(page)
    references = [one["reference_id"] for one in records_of(pages)]
    assert references == [*(f"r-{number}" for number in range(25)), "late"]
    assert pages[-1].complete


def test_what_happens_to_a_shipment_is_a_change_of_its_order(stage: Stage) -> None:
    first, second = made(stage.create(reference="a-1-1")), made(stage.create(reference="a-2-1"))
    stage.settle()
    cursor = stage.cursor("orders")
    stage.settle()
    assert stage.changed("orders", cursor) == []
    stage.account.admin.ship_all(second)
    assert [one["id"] for one in stage.changed("orders", cursor)] == [second]
    stage.clock.advance(10)
    stage.account.admin.cancel(first)
    assert [one["id"] for one in stage.changed("orders", cursor)] == [first, second]


def test_the_cursor_is_of_shipbobs_clock_and_holds_the_overlap(stage: Stage) -> None:
    made(stage.create())
    assert stage.cursor("orders") == "2026-11-02T08:55:00Z"
    stage.account.switches.date_header = False
    stage.clock.advance(86_400)
    assert stage.cursor("orders").startswith("2026-11-02T08:55:30")


def test_without_a_clock_and_without_records_there_is_no_cursor(stage: Stage) -> None:
    stage.account.switches.date_header = False
    assert [page.cursor for page in stage.connector.pull("orders", ())] == [None]


def test_products_that_were_renamed_are_read_again(stage: Stage) -> None:
    cursor = stage.cursor("products")
    stage.settle()
    stage.account.admin.rename("CUP", "Mug")
    assert [one["name"] for one in stage.changed("products", cursor)] == ["Mug"]


def test_stock_has_no_delta(stage: Stage) -> None:
    assert [page.cursor for page in stage.connector.pull("inventory", ())] == [None]
    with pytest.raises(FatalError, match="cannot tell"):
        list(stage.connector.changed_since("inventory", (), "2026-11-02T08:00:00Z"))


def test_a_cursor_that_is_none_is_refused(stage: Stage) -> None:
    with pytest.raises(FatalError, match="cursor"):
        list(stage.connector.changed_since("orders", (), "soon"))


def test_a_resource_that_there_is_not_is_refused(stage: Stage) -> None:
    with pytest.raises(FatalError, match="no resource"):
        stage.pull("planets")


@pytest.mark.parametrize(
    ("resource", "body"),
    [
        ("products", []),
        ("products", {"items": None}),
        ("products", {}),
        ("products", {"items": [], "next": "https://api.shipbob.com/2026-01/product"}),
        ("products", {"items": [], "next": "http://[broken?Cursor=1"}),
        ("orders", {"items": []}),
    ],
)
def test_an_answer_of_another_shape_is_an_error_and_no_end(stage: Stage, resource: str, body: Any) -> None:
    with pytest.raises(ProtocolError):
        answering(stage, body).pull(resource)


@pytest.mark.parametrize(
    ("resource", "odd"),
    [
        ("products", {"id": "x"}),
        ("products", 7),
        ("products", None),
        ("products", {"id": 1, "variants": [None]}),
        ("inventory", {"inventory_id": "seven"}),
        ("orders", {"reference_id": "r"}),
        ("orders", None),
        ("orders", {"id": None}),
    ],
)
def test_no_cursor_passes_a_record_whose_id_cannot_be_told(stage: Stage, resource: str, odd: Any) -> None:
    good = {"id": 2, "inventory_id": 2, "variants": [{"id": 3}]}
    body = [odd, good] if resource == "orders" else {"items": [odd, good]}
    pages = list(answering(stage, body).connector.pull(resource, ()))
    bad, read = records_of(pages)
    assert "id" not in bad
    assert bad["status"].startswith("cannot be read: ")
    assert read.get("inventory_id") == 2 or read["id"] in (2, 3)
    assert (pages[-1].cursor, pages[-1].complete) == (None, False)


@pytest.mark.parametrize(
    "odd",
    [
        {"shipments": [None]},
        {"shipments": {"a": 1}},
        {"shipments": [{"products": [None]}]},
        {"shipments": [{"products": [{"inventory_items": [3]}]}]},
        {"products": [{"quantity": "x"}]},
        {"created_date": 5},
    ],
)
def test_an_order_that_cannot_be_worked_with_is_refused_by_mapping_and_stops_no_other(stage: Stage, odd: Any) -> None:
    good = {"id": 2, "order_number": "2", "status": "Processing", "created_date": "2026-01-01T00:00:00Z"}
    pages = list(answering(stage, [{**good, "id": 1, **odd}, good]).connector.pull("orders", ()))
    bad, read = (bytes(raw) for page in pages for raw in page.records)
    mapping = MAPPINGS["target_order"]
    assert (mapping.identify(bad), mapping.identify(read)) == ("1", "2")
    with pytest.raises(SkippableError, match="cannot be read: Expected"):
        mapping.decode(bad)
    mapping.decode(read)
    assert pages[-1].complete


def test_a_search_for_one_s_own_order_does_not_overlook_one_that_cannot_be_read(stage: Stage) -> None:
    call = stage.compose()
    with pytest.raises(ProtocolError, match="expected shape"):
        answering(stage, [{"id": 1, "shipments": [None]}]).connect(channel_id=str(CHANNEL)).resolve(call)


def test_pages_that_go_in_a_circle_are_an_error(stage: Stage) -> None:
    with pytest.raises(ProtocolError, match="twice"):
        answering(stage, {"items": [], "next": "/2026-01/product?Cursor=1"}).pull("products")


@pytest.mark.parametrize("body", [b"<html><body>Maintenance</body></html>", b'{"items": [', b""])
def test_a_web_page_or_half_an_answer_is_an_error(stage: Stage, body: bytes) -> None:
    with pytest.raises(ProtocolError):
        answering(stage, body).pull("products")


@pytest.mark.parametrize("body", [[], {"id": "x"}, {}, {"id": 1, "shipments": 3}])
def test_a_write_that_is_answered_with_something_else_is_not_known(stage: Stage, body: Any) -> None:
    call = stage.compose()
    answering(stage, body, 201)
    connector = stage.connect(channel_id=str(CHANNEL), unknown_products="create")
    with pytest.raises(AmbiguousError):
        connector.push(call)


def test_every_place_is_told_also_those_that_are_closed(stage: Stage) -> None:
    found = {place.external_id: (place.name, place.active) for place in stage.connector.locations()}
    assert found == {
        "8": ("Cicero (IL)", True),
        "20": ("Moreno Valley (CA)", True),
        "31": ("Bethlehem (PA)", False),
    }


def test_no_field_is_written(stage: Stage) -> None:
    assert stage.connector.pack([], str) == []
