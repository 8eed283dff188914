"""Bulk reads against a scripted shop."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from canonical.errors import CrossdockError, FatalError, RetriableError
from connectors.base import Page
from tests.unit.connectors.shopify.conftest import ScriptedShop

RUN = {"run": {"bulkOperation": {"id": "gid://shopify/BulkOperation/1", "status": "CREATED"}, "userErrors": []}}
URL = "https://storage.example.org/result.jsonl?signature=abc"
PATHS = ["sku", "inventoryLevels.nodes[].location.id"]


def operation(status: str, objects: int = 0, roots: int = 0, url: str | None = URL, **more: Any) -> dict[str, Any]:
    found = {
        "id": "gid://shopify/BulkOperation/1",
        "status": status,
        "errorCode": None,
        "createdAt": "2026-11-02T08:00:00Z",
        "completedAt": "2026-11-02T08:00:20Z" if status == "COMPLETED" else None,
        "objectCount": str(objects),
        "rootObjectCount": str(roots),
        "url": url if status == "COMPLETED" else None,
    }
    return {"operation": {**found, **more}}


def lines(items: int, levels: int = 2) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(items):
        parent = f"gid://shopify/InventoryItem/{number}"
        found.append({"id": parent, "sku": f"S{number}"})
        for place in range(levels):
            level = f"gid://shopify/InventoryLevel/{place}?inventory_item_id={number}"
            found.append({"id": level, "location": {"id": f"L{place}"}, "__parentId": parent})
    return found


def download(rows: list[dict[str, Any]]) -> httpx.Response:
    return httpx.Response(200, content=b"\n".join(json.dumps(row).encode() for row in rows))


def pull(shop: ScriptedShop) -> list[Page]:
    return list(shop.connector({"bulk_from": 0}).pull("inventoryItems", PATHS))


def test_a_bulk_read_is_three_requests_when_it_is_done_by_the_first_look(shop: ScriptedShop) -> None:
    shop.say(RUN, operation("COMPLETED", 6, 2), download(lines(2)))
    [only] = pull(shop)
    assert only.complete
    assert only.cursor
    assert [record.operation for record in shop.records] == [
        "inventoryItems.bulk_run",
        "inventoryItems.bulk_poll",
        "inventoryItems.bulk_download",
    ]
    assert not any(record.write for record in shop.records)
    records = [json.loads(bytes(record)) for record in only.records]
    assert [len(record["inventoryLevels"]["nodes"]) for record in records] == [2, 2]


def test_the_signed_address_gets_no_token(shop: ScriptedShop) -> None:
    shop.say(RUN, operation("COMPLETED", 3, 1), download(lines(1)))
    pull(shop)
    assert str(shop.requests[2].url) == URL
    assert "x-shopify-access-token" not in shop.requests[2].headers


def test_a_bulk_read_dates_from_its_start(shop: ScriptedShop) -> None:
    begun = shop.clock.now()
    shop.say(RUN, operation("RUNNING"), operation("COMPLETED", 3, 1), download(lines(1)))
    [only] = pull(shop)
    assert only.as_of == begun
    assert shop.clock.now() > begun


def test_waiting_grows_and_does_not_hammer(shop: ScriptedShop) -> None:
    shop.say(RUN, *[operation("RUNNING")] * 20, operation("COMPLETED", 0, 0, None))
    pull(shop)
    waits = shop.clock.slept
    assert waits[0] == 1.0
    assert waits == sorted(waits)
    assert waits[-1] == 30.0


def test_the_next_wait_is_as_long_as_the_last_operation_took(shop: ScriptedShop) -> None:
    shop.say(
        RUN, operation("COMPLETED", 3, 1), download(lines(1)), RUN, operation("COMPLETED", 3, 1), download(lines(1))
    )
    pull(shop)
    pull(shop)
    assert shop.clock.slept == [1.0, 21.0]


def test_an_empty_result_has_no_address_and_is_complete(shop: ScriptedShop) -> None:
    shop.say(RUN, operation("COMPLETED", 0, 0, None))
    [only] = pull(shop)
    assert only.complete
    assert list(only.records) == []


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        ("FAILED", "INTERNAL_SERVER_ERROR", RetriableError),
        ("FAILED", "TIMEOUT", RetriableError),
        ("FAILED", "ACCESS_DENIED", FatalError),
        ("CANCELED", None, RetriableError),
        ("EXPIRED", None, RetriableError),
    ],
)
def test_an_operation_that_failed_gives_nothing(
    shop: ScriptedShop, status: str, code: str | None, kind: type[CrossdockError]
) -> None:
    shop.say(RUN, operation(status, errorCode=code, url=URL, partialDataUrl=URL))
    with pytest.raises(kind, match=status) as caught:
        pull(shop)
    assert caught.value.hint
    assert len(shop.requests) == 2


@pytest.mark.parametrize("missing", [1, 3])
def test_a_result_shorter_than_announced_is_incomplete(shop: ScriptedShop, missing: int) -> None:
    shop.say(RUN, operation("COMPLETED", 12, 4), download(lines(4)[:-missing]))
    pages = pull(shop)
    assert not pages[-1].complete
    assert not pages[-1].cursor


def test_a_cut_result_raises(shop: ScriptedShop) -> None:
    whole = download(lines(4)).content
    shop.say(RUN, operation("COMPLETED", 12, 4), httpx.Response(200, content=whole[:-10]))
    with pytest.raises(RetriableError, match="cut"):
        pull(shop)


def test_a_result_that_is_gone_can_be_read_again(shop: ScriptedShop) -> None:
    gone = httpx.Response(403, content=b"<Error><Code>AccessDenied</Code></Error>")
    shop.say(RUN, operation("COMPLETED", 6, 2), *[gone] * 5)
    with pytest.raises(RetriableError, match="not there any more") as caught:
        pull(shop)
    assert "signature" not in str(caught.value)


def test_children_far_from_their_parents_are_asked_for_grouped_the_next_time(shop: ScriptedShop) -> None:
    rows = lines(4_500, 1)
    loose = [row for row in rows if "__parentId" not in row] + [row for row in rows if "__parentId" in row]
    shop.say(RUN, operation("COMPLETED", 9_000, 4_500), download(loose))
    assert not pull(shop)[-1].complete
    shop.say(RUN, operation("COMPLETED", 9_000, 4_500), download(rows))
    assert pull(shop)[-1].complete
    groups = [request["variables"]["group"] for request in shop.sent if "group" in request["variables"]]
    assert groups == [False, True]


@pytest.mark.parametrize("code", ["OPERATION_IN_PROGRESS", "LIMIT_REACHED"])
def test_a_busy_shop_can_be_asked_again(shop: ScriptedShop, code: str) -> None:
    error = {"code": code, "message": "busy", "field": None}
    shop.say({"run": {"bulkOperation": None, "userErrors": [error]}})
    with pytest.raises(RetriableError, match="busy"):
        pull(shop)


def test_a_query_that_cannot_run_in_bulk_is_fatal(shop: ScriptedShop) -> None:
    error = {"code": "INVALID", "message": "no connection", "field": ["query"]}
    shop.say({"run": {"bulkOperation": None, "userErrors": [error]}})
    with pytest.raises(FatalError, match="no connection"):
        pull(shop)


def test_records_come_in_pages_and_none_is_lost(shop: ScriptedShop) -> None:
    shop.say(RUN, operation("COMPLETED", 1_201, 1_201), download(lines(1_201, 0)))
    pages = pull(shop)
    assert [len(page.records) for page in pages] == [500, 500, 201]
    assert [page.complete for page in pages] == [False, False, True]


def test_a_shop_known_to_be_large_is_read_in_bulk_at_once(shop: ScriptedShop) -> None:
    locations = {
        "records": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}},
        "total": {"count": 5_000},
    }
    shop.say(locations, RUN, operation("COMPLETED", 3, 1), download(lines(1)))
    connector = shop.connector()
    connector.locations()
    [only] = connector.pull("inventoryItems", PATHS)
    assert only.complete
    assert [record.operation for record in shop.records][1:] == [
        "inventoryItems.bulk_run",
        "inventoryItems.bulk_poll",
        "inventoryItems.bulk_download",
    ]


def test_a_shop_that_turns_out_large_is_read_in_bulk_after_one_look(shop: ScriptedShop) -> None:
    info = {"hasNextPage": True, "endCursor": "a"}
    look = {"records": {"nodes": [], "pageInfo": info}, "total": {"count": 5_000}}
    shop.say(look, RUN, operation("COMPLETED", 3, 1), download(lines(1)))
    pages = list(shop.connector().pull("inventoryItems", PATHS))
    assert len(pages) == 1
    assert pages[0].complete
    assert len(shop.requests) == 4
