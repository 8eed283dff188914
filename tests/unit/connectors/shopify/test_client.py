"""What goes out to the shop and what counts as a read."""

from __future__ import annotations

import logging

import httpx
import msgspec
import pytest

from canonical.errors import CrossdockError
from connectors.base import WriteRow
from connectors.http import Outgoing, ReadOnlyError
from connectors.shopify import documents
from connectors.shopify.client import is_read, request_body
from connectors.shopify.packing import pack
from tests.unit.connectors.shopify.conftest import ScriptedShop, cost

PATH = "/admin/api/2026-10/graphql.json"
LOCATIONS = {"records": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}, "total": {"count": 0}}


def graphql(document: str) -> Outgoing:
    return Outgoing("POST", PATH, request_body(document, {}))


@pytest.mark.parametrize(
    "document",
    [
        "{ shop { name } }",
        "query a { shop { name } } query b { shop { id } }",
        documents.BULK_RUN,
        documents.BULK_POLL,
        documents.HEALTH,
        documents.LOCATIONS,
    ],
)
def test_these_documents_only_read(document: str) -> None:
    assert is_read(graphql(document))


@pytest.mark.parametrize(
    "document",
    [
        *documents.WRITES.values(),
        "mutation { productDelete(input: {id: 1}) { deletedProductId } }",
        "query a { shop { name } } mutation b { productDelete(input: {id: 1}) { deletedProductId } }",
        'mutation { bulkOperationRunQuery(query: "{a}", groupObjects: true) { url } productDelete { id } }',
        "mutation { bulkOperationCancel(id: 1) { userErrors { message } } }",
        'mutation { bulkOperationRunQuery: productDelete(input: {id: "1"}) { deletedProductId } }',
        "mutation { ...all } fragment all on Mutation { productDelete(input: {id: 1}) { deletedProductId } }",
        "subscription { any }",
        "fragment all on Shop { name }",
        "not graphql",
    ],
)
def test_these_documents_are_writes(document: str) -> None:
    assert not is_read(graphql(document))


@pytest.mark.parametrize(
    ("outgoing", "reads"),
    [
        (Outgoing("GET", "https://storage.example.org/result.jsonl?sig=1"), True),
        (Outgoing("POST", "/admin/oauth/access_token", b"client_id=1"), True),
        (Outgoing("POST", PATH, b"{}"), False),
        (Outgoing("POST", PATH, b"not json"), False),
        (Outgoing("POST", "/admin/api/2026-10/products.json", b"{}"), False),
        (Outgoing("DELETE", "/admin/api/2026-10/products/1.json"), False),
    ],
)
def test_other_requests_are_judged_by_method_and_path(outgoing: Outgoing, reads: bool) -> None:
    assert is_read(outgoing) is reads


def test_a_dry_run_sends_no_write(shop: ScriptedShop) -> None:
    connector = shop.connector(read_only=True)
    row = WriteRow(1, "inventoryItems", "gid://shopify/InventoryItem/1", {"quantity": 1}, {"quantity": 2}, scope_id="L")
    with pytest.raises(ReadOnlyError):
        connector.push(pack([row], lambda: "key")[0])
    assert shop.requests == []


def test_a_request_names_version_and_token(shop: ScriptedShop) -> None:
    shop.say(LOCATIONS)
    shop.connector({"api_version": "2026-04"}).locations()
    [request] = shop.requests
    assert str(request.url) == "https://example.myshopify.com/admin/api/2026-04/graphql.json"
    assert request.headers["x-shopify-access-token"] == "shpat_static_token"


def test_a_notice_of_the_platform_is_logged_once(shop: ScriptedShop, caplog: pytest.LogCaptureFixture) -> None:
    headers = {"X-Shopify-API-Version": "2026-07", "X-Shopify-API-Deprecated-Reason": "Use Y instead of X"}
    body = {"data": LOCATIONS, "extensions": cost()}
    shop.say(*[httpx.Response(200, json=body, headers=headers) for _ in range(3)])
    connector = shop.connector()
    with caplog.at_level(logging.WARNING, logger="connectors.shopify"):
        for _ in range(3):
            connector.locations()
    assert [record.action for record in caplog.records] == ["api_version_differs", "api_deprecated"]  # type: ignore[attr-defined]


def test_the_bucket_is_remembered_between_runs(shop: ScriptedShop) -> None:
    low = {"data": LOCATIONS, "extensions": cost(requested=253, available=3)}
    shop.say(httpx.Response(200, json=low), LOCATIONS)
    first = shop.connector()
    first.locations()
    first.close()
    before = shop.clock.now()
    shop.connector().locations()
    assert (shop.clock.now() - before).total_seconds() == pytest.approx(2.5, abs=0.1)


@pytest.mark.parametrize("body", [b"<html>login</html>", b'{"data":{"records":', b"", b'{"data":null}', b'{"data":{}}'])
def test_an_answer_that_is_not_the_api_ends_loudly(shop: ScriptedShop, body: bytes) -> None:
    shop.say(*[httpx.Response(200, content=body) for _ in range(10)])
    with pytest.raises(CrossdockError):
        shop.connector().locations()


def test_the_request_body_is_exact_json() -> None:
    body = request_body("{ a }", {"x": "ü", "y": None})
    assert msgspec.json.decode(body) == {"query": "{ a }", "variables": {"x": "ü", "y": None}}
