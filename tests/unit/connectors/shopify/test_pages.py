"""Paged reads against a scripted shop."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from canonical.errors import FatalError, ProtocolError
from connectors.base import Page
from tests.unit.connectors.shopify.conftest import ScriptedShop, cost, throttled

LEVEL_PATHS = [
    "sku",
    "inventoryLevels.nodes[].location.id",
    "inventoryLevels.nodes[].quantities[name=available].quantity",
]


def variant(number: int) -> dict[str, Any]:
    return {"id": f"gid://shopify/ProductVariant/{number}", "price": "1.00"}


def page(nodes: list[Any], after: str | None = None, total: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"records": {"nodes": nodes, "pageInfo": {"hasNextPage": bool(after), "endCursor": after}}}
    return found if total is None else {**found, "total": {"count": total}}


def pull(shop: ScriptedShop, paths: list[str] | None = None, **settings: Any) -> list[Page]:
    return list(shop.connector(settings).pull("productVariants", paths or ["price"]))


def ids(pages: list[Page]) -> list[str]:
    return [json.loads(bytes(record))["id"].rpartition("/")[2] for page in pages for record in page.records]


def too_dear(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"errors": [{"message": "x", "extensions": {"code": "MAX_COST_EXCEEDED"}}]})


def test_an_empty_shop_is_one_complete_page_with_a_cursor(shop: ScriptedShop) -> None:
    shop.say(page([], total=0))
    [only] = pull(shop)
    assert only.complete
    assert only.cursor
    assert list(only.records) == []


def test_pages_are_read_to_the_end_and_only_the_last_is_complete(shop: ScriptedShop) -> None:
    shop.say(page([variant(1)], "a", 3), page([variant(2)], "b"), page([variant(3)]))
    pages = pull(shop)
    assert ids(pages) == ["1", "2", "3"]
    assert [found.complete for found in pages] == [False, False, True]
    assert [bool(found.cursor) for found in pages] == [False, False, True]
    assert [request["variables"]["after"] for request in shop.sent] == [None, "a", "b"]


def test_a_page_that_repeats_its_position_ends_the_read(shop: ScriptedShop) -> None:
    shop.say(page([variant(1)], "a", 3), page([variant(2)], "a"), page([variant(3)], "a"))
    with pytest.raises(ProtocolError, match="twice"):
        pull(shop)


def test_a_record_that_comes_twice_makes_the_read_incomplete(shop: ScriptedShop) -> None:
    shop.say(page([variant(1)], "a", 2), page([variant(1)]))
    assert [found.complete for found in pull(shop)] == [False, False]


def test_the_page_size_follows_from_the_price_of_the_fields(shop: ScriptedShop) -> None:
    shop.say(page([], total=0), page([], total=0))
    pull(shop, ["price"])
    pull(shop, ["price", "product.id", "inventoryItem.id", "inventoryItem.measurement.weight.value"])
    assert [request["variables"]["first"] for request in shop.sent] == [250, (1000 - 3) // 5]


def test_a_smaller_bucket_makes_smaller_pages(shop: ScriptedShop) -> None:
    small = {"data": page([variant(1)], "a", 2), "extensions": cost(requested=253, available=100, maximum=100)}
    shop.say(httpx.Response(200, json=small), page([variant(2)]))
    pull(shop)
    assert [request["variables"]["first"] for request in shop.sent] == [250, 98]


def test_a_query_dearer_than_reckoned_makes_smaller_pages(shop: ScriptedShop) -> None:
    dear = {"data": page([variant(1)], "a"), "extensions": cost(requested=504, available=300, maximum=300)}
    shop.say(page([variant(0)], "z", 3), httpx.Response(200, json=dear), page([variant(2)]))
    shop.state.put("shopify.sizes", "{}")
    pull(shop)
    assert [request["variables"]["first"] for request in shop.sent] == [250, 250, 148]


def test_a_refused_query_is_halved_until_it_passes(shop: ScriptedShop) -> None:
    shop.say(too_dear, too_dear, page([variant(1)], total=1))
    assert ids(pull(shop)) == ["1"]
    assert [request["variables"]["first"] for request in shop.sent] == [250, 125, 62]


def test_a_query_that_is_too_dear_for_one_record_ends_the_read(shop: ScriptedShop) -> None:
    shop.say(*[too_dear] * 12)
    with pytest.raises(FatalError):
        pull(shop)


@pytest.mark.parametrize("status", [200, 429])
def test_a_throttled_page_waits_by_its_cost_and_comes_then(shop: ScriptedShop, status: int) -> None:
    shop.say(throttled(500, 100, status), page([variant(1)], total=1))
    before = shop.clock.now()
    assert ids(pull(shop)) == ["1"]
    waited = (shop.clock.now() - before).total_seconds()
    assert 4.0 <= waited < 5.0


def level(place: int) -> dict[str, Any]:
    quantities = [{"name": "available", "quantity": place}]
    return {"id": f"gid://shopify/InventoryLevel/{place}", "location": {"id": f"L{place}"}, "quantities": quantities}


def item(number: int, places: range, after: str | None = None) -> dict[str, Any]:
    levels = {"nodes": [level(place) for place in places], "pageInfo": {"hasNextPage": bool(after), "endCursor": after}}
    return {"id": f"gid://shopify/InventoryItem/{number}", "inventoryLevels": levels, "sku": "A"}


def more(places: range, after: str | None = None) -> dict[str, Any]:
    nodes = [level(place) for place in places]
    return {"record": {"more": {"nodes": nodes, "pageInfo": {"hasNextPage": bool(after), "endCursor": after}}}}


def test_levels_beyond_the_first_page_are_read_on(shop: ScriptedShop) -> None:
    shop.say(page([item(1, range(2), "x"), item(2, range(1))], total=2), more(range(2, 4), "y"), more(range(4, 5)))
    [only] = shop.connector().pull("inventoryItems", LEVEL_PATHS)
    records = [json.loads(bytes(record)) for record in only.records]
    assert [len(record["inventoryLevels"]["nodes"]) for record in records] == [5, 1]
    assert list(records[0]) == ["id", "sku", "inventoryLevels"]
    assert list(records[0]["inventoryLevels"]) == ["nodes"]
    assert [request["variables"].get("after") for request in shop.sent] == [None, "x", "y"]


@pytest.mark.parametrize(
    "nodes",
    [[{**item(1, range(1)), "inventoryLevels": None}], [{"id": item(1, range(0))["id"]}], [{"id": None}], [None]],
)
def test_a_record_without_what_was_asked_for_is_an_error_in_words(shop: ScriptedShop, nodes: list[Any]) -> None:
    shop.say(page(nodes, total=1))
    with pytest.raises(ProtocolError, match="expected shape"):
        list(shop.connector().pull("inventoryItems", LEVEL_PATHS))


def test_levels_that_never_end_are_noticed(shop: ScriptedShop) -> None:
    shop.say(page([item(1, range(1), "x")], total=1), more(range(1, 2), "x"))
    with pytest.raises(ProtocolError, match="twice"):
        list(shop.connector().pull("inventoryItems", LEVEL_PATHS))


def test_the_number_of_locations_sizes_the_level_list(shop: ScriptedShop) -> None:
    places = [{"id": f"L{number}", "name": "x", "isActive": number < 3} for number in range(4)]
    shop.say(page(places, total=0), page([], total=0))
    connector = shop.connector()
    connector.locations()
    list(connector.pull("inventoryItems", LEVEL_PATHS))
    assert "inventoryLevels(first: 3)" in shop.sent[1]["query"]


def test_a_lookup_keeps_only_what_was_asked_for(shop: ScriptedShop) -> None:
    shop.say({"records": [variant(1), None, {}, variant(9), variant(2)]})
    wanted = [f"gid://shopify/ProductVariant/{number}" for number in (1, 2, 3, 4, 5)]
    pages = list(shop.connector().lookup("productVariants", ["price"], wanted))
    assert ids(pages) == ["1", "2"]
    assert not pages[0].complete


def test_a_lookup_is_cut_by_its_cost_and_asks_for_no_id_twice(shop: ScriptedShop) -> None:
    shop.say({"records": []}, {"records": []}, {"records": []})
    wanted = [f"gid://shopify/ProductVariant/{number % 501}" for number in range(600)]
    list(shop.connector().lookup("productVariants", ["price"], wanted))
    assert [len(request["variables"]["ids"]) for request in shop.sent] == [250, 250, 1]


def test_changes_are_asked_for_from_the_cursor_on(shop: ScriptedShop) -> None:
    dated = httpx.Response(
        200,
        json={"data": page([], total=0), "extensions": cost()},
        headers={"date": "Mon, 02 Nov 2026 07:00:00 GMT"},
    )
    shop.say(dated, page([variant(1)], "a"), page([variant(2)]))
    connector = shop.connector()
    [first] = connector.pull("productVariants", ["price"])
    pages = list(connector.changed_since("productVariants", ["price"], first.cursor or ""))
    assert shop.sent[1]["variables"]["query"] == "updated_at:>='2026-11-02T06:55:00Z'"
    assert ids(pages) == ["1", "2"]
    assert not any(found.complete for found in pages)
    assert [bool(found.cursor) for found in pages] == [False, True]


def test_a_cursor_of_something_else_is_refused(shop: ScriptedShop) -> None:
    with pytest.raises(FatalError, match="cursor"):
        list(shop.connector().changed_since("productVariants", ["price"], "17"))


def test_too_many_changes_give_no_cursor(shop: ScriptedShop) -> None:
    def full(start: int) -> dict[str, Any]:
        return page([variant(start + number) for number in range(250)], str(start))

    shop.say(*[full(start) for start in range(0, 30_000, 250)])
    cursor = '{"since":"2026-11-02T06:55:00Z"}'
    pages = list(shop.connector().changed_since("productVariants", ["price"], cursor))
    assert len(pages) == 100
    assert not any(found.cursor for found in pages)


def test_a_list_that_ends_where_paging_stops_is_not_whole(shop: ScriptedShop) -> None:
    """Shopify stops paging at 25,000 records, which looks like an end."""
    chunks = [page([variant(start + number) for number in range(250)], str(start)) for start in range(0, 24_750, 250)]
    chunks[0]["total"] = {"count": 100}
    shop.say(*chunks, page([variant(24_750 + number) for number in range(250)]))
    pages = pull(shop)
    assert sum(len(found.records) for found in pages) == 25_000
    assert not pages[-1].complete
    assert not pages[-1].cursor


def test_an_unknown_resource_is_refused(shop: ScriptedShop) -> None:
    with pytest.raises(FatalError, match="customers"):
        list(shop.connector().pull("customers", ["id"]))
