"""Bulk operations: what they take, how they end, and what their files hold."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from connectors.simulation import CatalogItem
from tests.unit.connectors.shopify.simulator.conftest import Shop

RUN = """mutation($query: String!, $group: Boolean! = false) {
  bulkOperationRunQuery(query: $query, groupObjects: $group) {
    bulkOperation { id status url } userErrors { code field message } } }"""
POLL = """query($id: ID!) { bulkOperation(id: $id) {
  status errorCode url partialDataUrl objectCount rootObjectCount fileSize completedAt type } }"""
ITEMS = """{ inventoryItems { edges { node { id sku inventoryLevels { edges { node {
  id location { id } quantities(names: ["available", "on_hand"]) { name quantity } } } } } } } }"""


def run(shop: Shop, query: str, *, group: bool = False) -> Any:
    return shop.data(RUN, {"query": query, "group": group})["bulkOperationRunQuery"]


def poll(shop: Shop, operation: str) -> Any:
    return shop.data(POLL, {"id": operation})["bulkOperation"]


def lines(shop: Shop, url: str) -> list[dict[str, Any]]:
    answer = shop.send("GET", url.removeprefix("https://demo-shop.myshopify.com"))
    assert answer.status == 200
    return [msgspec.json.decode(line) for line in answer.body.splitlines()]


def finished(shop: Shop, query: str, *, group: bool = False) -> list[dict[str, Any]]:
    payload = run(shop, query, group=group)
    assert payload["userErrors"] == []
    return lines(shop, poll(shop, payload["bulkOperation"]["id"])["url"])


def many(count: int) -> list[CatalogItem]:
    return [CatalogItem(f"A-{i}", f"Thing {i}", Decimal(5), {"WH1": i, "WH2": 1}) for i in range(count)]


def test_the_file_holds_what_single_reads_hold(shop: Shop) -> None:
    query = """{ productVariants { edges { node { id sku price barcode updatedAt selectedOptions { name value }
      inventoryItem { id tracked measurement { weight { unit value } } }
      product { id title descriptionHtml tags } } } } }"""
    found = finished(shop, query)
    node = query.split("node ", 1)[1].rsplit("} } }", 1)[0]
    for line in found:
        single = '{ node(id: "%s") { ... on ProductVariant %s } }' % (line["id"], node)
        assert shop.data(single)["node"] == line
    assert [line["sku"] for line in found] == ["TEE-S", "TEE-M", "MUG"]


@pytest.mark.parametrize("order", ["adjacent", "page", "end"])
def test_children_follow_their_parents_and_name_them(make: Callable[..., Shop], order: str) -> None:
    shop = make(many(600), bulk_order=order)
    found = finished(shop, ITEMS)
    parents = {line["id"] for line in found if "__parentId" not in line}
    seen: set[str] = set()
    for line in found:
        seen.add(line["id"])
        assert line.get("__parentId", line["id"]) in seen
    assert (len(parents), len(found)) == (600, 1800)
    follows = [b.get("__parentId") == a["id"] for a, b in pairwise(found) if "__parentId" not in a]
    assert all(follows) is (order == "adjacent")


def test_grouped_children_stand_right_behind_their_parent(make: Callable[..., Shop]) -> None:
    found = finished(make(many(300)), ITEMS, group=True)
    for index in range(0, len(found), 3):
        assert [line.get("__parentId") for line in found[index : index + 3]] == [None, *[found[index]["id"]] * 2]


def test_a_connection_of_an_object_inside_hangs_on_the_line(shop: Shop) -> None:
    query = "{ productVariants { nodes { id inventoryItem { sku inventoryLevels { nodes { id } } } } } }"
    found = finished(shop, query, group=True)
    assert found[0]["inventoryItem"] == {"sku": "TEE-S"}
    assert {line["__parentId"] for line in found[1:3]} == {found[0]["id"]}


def test_an_operation_is_finished_once_it_was_polled_and_time_passed(make: Callable[..., Shop]) -> None:
    shop = make(bulk_polls=2, bulk_seconds=30)
    operation = run(shop, ITEMS)["bulkOperation"]
    assert (operation["status"], operation["url"]) == ("CREATED", None)
    assert poll(shop, operation["id"])["status"] == "RUNNING"
    assert poll(shop, operation["id"])["status"] == "RUNNING"
    shop.clock.advance(30)
    done = poll(shop, operation["id"])
    assert (done["status"], done["completedAt"], done["type"]) == ("COMPLETED", "2026-11-02T08:00:30Z", "QUERY")
    assert (done["objectCount"], done["rootObjectCount"]) == ("8", "3")
    assert int(done["fileSize"]) == sum(len(msgspec.json.encode(line)) + 1 for line in lines(shop, done["url"]))


def test_the_result_is_what_the_shop_held_at_the_start(make: Callable[..., Shop]) -> None:
    shop = make(bulk_seconds=30)
    operation = run(shop, ITEMS)["bulkOperation"]["id"]
    shop.sim.shop.sell("MUG", 1, "WH1")
    shop.clock.advance(30)
    found = lines(shop, poll(shop, operation)["url"])
    assert found[-1]["quantities"][0] == {"name": "available", "quantity": 3}


def test_an_empty_result_has_no_file(make: Callable[..., Shop]) -> None:
    shop = make([])
    done = poll(shop, run(shop, ITEMS)["bulkOperation"]["id"])
    assert (done["status"], done["url"], done["objectCount"]) == ("COMPLETED", None, "0")


def test_filters_and_the_cap_of_lists_do_not_stop_a_bulk_read(make: Callable[..., Shop]) -> None:
    shop = make(many(30), paging_limit=10)
    assert len(finished(shop, "{ productVariants { edges { node { id } } } }")) == 30
    assert len(finished(shop, '{ productVariants(query: "sku:A-7") { edges { node { id } } } }')) == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{ shop { name } }", "at least one connection"),
        ("{ productVariants { pageInfo { hasNextPage } } }", "select its nodes"),
        ('{ node(id: "gid://shopify/Product/1") { id } products { nodes { id } } }', "node"),
        ("query($n: Int) { products(first: $n) { nodes { id } } }", "variables"),
        ("{ products { nodes { title variants { nodes { id } } } } }", "'id'"),
        (
            "{ products { nodes { id variants { nodes { id inventoryItem { variants { nodes { id } } } } } } } }",
            "nested deeper",
        ),
        ("{ " + " ".join(f"p{i}: products {{ nodes {{ id }} }}" for i in range(6)) + " }", "more than 5"),
        ("{ products { nodes { nonsense } } }", "nonsense"),
        ("mutation { x }", "x"),
        ("{ products", "Syntax Error"),
    ],
)
def test_a_query_that_cannot_run_in_bulk_is_refused(shop: Shop, query: str, words: str) -> None:
    payload = run(shop, query)
    assert payload["bulkOperation"] is None
    assert payload["userErrors"][0]["code"] == "INVALID"
    assert words in payload["userErrors"][0]["message"]


def test_five_run_at_once_and_a_sixth_waits(make: Callable[..., Shop]) -> None:
    shop = make()
    first, *_ = [run(shop, ITEMS)["bulkOperation"]["id"] for _ in range(5)]
    assert run(shop, ITEMS)["userErrors"][0]["code"] == "LIMIT_REACHED"
    poll(shop, first)
    assert run(shop, ITEMS)["userErrors"] == []
    shop.clock.advance(120)
    assert run(shop, ITEMS)["userErrors"] == []


def test_an_operation_can_fail_half_way(shop: Shop) -> None:
    shop.sim.admin.fail_next_bulk("TIMEOUT")
    done = poll(shop, run(shop, ITEMS)["bulkOperation"]["id"])
    assert (done["status"], done["errorCode"], done["url"]) == ("FAILED", "TIMEOUT", None)
    assert 0 < len(lines(shop, done["partialDataUrl"])) < 8
    assert poll(shop, run(shop, ITEMS)["bulkOperation"]["id"])["status"] == "COMPLETED"


def test_an_operation_without_its_scope_fails(shop: Shop) -> None:
    shop.sim.tokens.scopes = frozenset({"read_products"})
    done = poll(shop, run(shop, ITEMS)["bulkOperation"]["id"])
    assert (done["status"], done["errorCode"]) == ("FAILED", "ACCESS_DENIED")


def test_an_operation_can_be_canceled(shop: Shop) -> None:
    operation = run(shop, ITEMS)["bulkOperation"]["id"]
    cancel = 'mutation { bulkOperationCancel(id: "%s") { bulkOperation { status } userErrors { message } } }'
    assert shop.data(cancel % operation)["bulkOperationCancel"]["bulkOperation"] == {"status": "CANCELED"}
    assert poll(shop, operation)["url"] is None


def test_the_list_of_operations_shows_the_newest_first_and_filters(shop: Shop) -> None:
    ids = [run(shop, ITEMS)["bulkOperation"]["id"] for _ in range(2)]
    poll(shop, ids[0])
    listed = "query($q: String) { bulkOperations(first: 5, query: $q) { nodes { id } } }"
    assert [row["id"] for row in shop.data(listed, {"q": None})["bulkOperations"]["nodes"]] == ids[::-1]
    found = shop.data(listed, {"q": "status:completed"})["bulkOperations"]["nodes"]
    assert {row["id"] for row in found} == set(ids)
    assert shop.data("{ currentBulkOperation { id } }")["currentBulkOperation"] == {"id": ids[1]}


def test_a_result_is_kept_for_seven_days_and_needs_its_own_address(shop: Shop) -> None:
    operation = run(shop, ITEMS)["bulkOperation"]["id"]
    url = poll(shop, operation)["url"]
    assert shop.send("GET", "/bulk-results/720001/guess.jsonl").status == 403
    assert len(lines(shop, url)) == 8
    shop.clock.advance(7 * 86_400 + 1)
    assert poll(shop, operation)["url"] is None
    assert shop.send("GET", url.removeprefix("https://demo-shop.myshopify.com")).status == 403


def test_only_the_results_of_the_last_operations_are_kept(shop: Shop) -> None:
    urls = []
    for _ in range(6):
        urls.append(poll(shop, run(shop, ITEMS)["bulkOperation"]["id"])["url"])
    assert shop.send("GET", urls[0].removeprefix("https://demo-shop.myshopify.com")).status == 403
    assert len(lines(shop, urls[1])) == 8


def test_starting_one_is_a_read_and_counts_the_objects(shop: Shop) -> None:
    run(shop, ITEMS)
    call = shop.sim.log.entries[-1]
    assert (call.operation, call.kind, call.rows) == ("bulkOperationRunQuery", "read", 8)


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_bulk_mutation_runs_once_per_line_of_the_upload(shop: Shop, method: str) -> None:
    stage = """mutation($m: StagedUploadHttpMethodType) { stagedUploadsCreate(input: [{
      resource: BULK_MUTATION_VARIABLES, filename: "v.jsonl", mimeType: "text/jsonl", httpMethod: $m}]) {
        stagedTargets { url parameters { name value } } userErrors { message } } }"""
    target = shop.data(stage, {"m": method})["stagedUploadsCreate"]["stagedTargets"][0]
    path = target["url"].removeprefix("https://demo-shop.myshopify.com")
    given = [
        {"product": shop.variant(sku).product.gid, "variants": [{"id": shop.variant(sku).gid, "price": price}]}
        for sku, price in (("MUG", "7"), ("TEE-S", "-1"))
    ]
    text = b"\n".join(msgspec.json.encode(line) for line in given)
    if method == "PUT":
        key = path.removeprefix("/staged-uploads/")
        assert shop.send("PUT", path, text).status == 201
    else:
        key = next(entry["value"] for entry in target["parameters"] if entry["name"] == "key")
        parts = [("key", key.encode()), ("file", text)]
        body = (
            b"".join(
                b'--XX\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
                for name, value in parts
            )
            + b"--XX--\r\n"
        )
        headers = {"content-type": "multipart/form-data; boundary=XX"}
        assert shop.send("POST", path, body, headers).status == 201
    start = """mutation($path: String!, $text: String!) {
      bulkOperationRunMutation(stagedUploadPath: $path, mutation: $text) {
        bulkOperation { id } userErrors { code } } }"""
    mutation = """mutation($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
      productVariantsBulkUpdate(productId: $product, variants: $variants) {
        productVariants { price } userErrors { code } } }"""
    payload = shop.data(start, {"path": key, "text": mutation})["bulkOperationRunMutation"]
    assert payload["userErrors"] == []
    found = lines(shop, poll(shop, payload["bulkOperation"]["id"])["url"])
    results = [line["data"]["productVariantsBulkUpdate"] for line in found]
    assert [line["__lineNumber"] for line in found] == [0, 1]
    assert results[0]["productVariants"] == [{"price": "7.00"}]
    assert results[1]["userErrors"] == [{"code": "NEGATIVE_PRICE_VALUE"}]
    assert shop.sim.price("MUG") == Decimal("7.00")


def test_a_bulk_mutation_needs_its_file(shop: Shop) -> None:
    start = """mutation { bulkOperationRunMutation(stagedUploadPath: "nowhere", mutation: "mutation { x }") {
      bulkOperation { id } userErrors { code } } }"""
    assert shop.data(start)["bulkOperationRunMutation"]["userErrors"] == [{"code": "NO_SUCH_FILE"}]
