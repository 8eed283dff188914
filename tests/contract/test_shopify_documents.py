"""Every GraphQL document the Shopify connector can send fits the vendor's own schemas."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    build_client_schema,
    get_named_type,
    is_scalar_type,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Call, Effect, Environment, WriteRow
from connectors.conformance.world import MemoryState
from connectors.manifest import load_fields, load_manifest
from connectors.shopify import documents
from connectors.shopify.connector import connect
from connectors.shopify.documents import Wanted, wanted
from connectors.shopify.effectdocs import EFFECTS, REFUNDED, SHIPPED, TRACKED
from connectors.shopify.nesting import further_text
from connectors.shopify.orders import selections
from connectors.shopify.packing import pack
from connectors.shopify.selection import NODES, Selection, plain_path
from connectors.shopify.simulator import ShopifySimulator
from connectors.simulation import CatalogItem, SimTransport, Ticker
from mappings.documents import compile_document, load_documents
from mappings.model import MappingContext

CATALOG = load_fields("connectors.shopify")
VERSIONS = load_manifest("connectors.shopify").versions
RESOURCES = tuple(CATALOG.resources)


@cache
def schema_of(specs: Path, version: str) -> GraphQLSchema:
    """A version's schema, built once: that takes a second or two."""
    with gzip.open(specs / "shopify" / f"admin_{version}.json.gz") as file:
        return build_client_schema(json.load(file)["data"], assume_valid=True)


@pytest.fixture(scope="module", params=VERSIONS)
def schema(request: pytest.FixtureRequest, specs: Path) -> GraphQLSchema:
    return schema_of(specs, request.param)


parsed = cache(parse)


@cache
def complaints(schema: GraphQLSchema, text: str) -> tuple[str, ...]:
    """What the schema says against a document; fields share most of the documents they are asked for with."""
    return tuple(error.message for error in validate(schema, parsed(text)))


def problems(schema: GraphQLSchema, text: str, variables: dict[str, Any] | None = None) -> list[str]:
    """What the schema says against a document and its variables."""
    document = parsed(text)
    found = list(complaints(schema, text))
    if variables is not None and not found:
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        values = get_variable_values(schema, operation.variable_definitions or (), variables)
        found = [error.message for error in values] if isinstance(values, list) else []
    return found


def reads_of(ask: Wanted) -> list[tuple[str, dict[str, Any] | None]]:
    """Every read document for one set of fields, with variables as they are sent."""
    query = "updated_at:>='2026-11-01T00:00:00Z'"
    page = {"first": 250, "after": None, "query": query}
    found: list[tuple[str, dict[str, Any] | None]] = [
        (ask.page(counted=False), page),
        (ask.page(counted=True), {**page, "limit": 25_001}),
        (ask.by_ids(), {"ids": ["gid://shopify/ProductVariant/1"]}),
        (ask.bulk(), None),
        (ask.bulk(query), None),
        (documents.BULK_RUN, {"query": ask.bulk(), "group": False}),
    ]
    more = {"id": "gid://shopify/InventoryItem/1", "first": 10, "after": "abc"}
    if ask.resource == documents.ORDERS:
        texts = [
            further_text(holder, name, child, ask.sizes) for holder, name, child in lists_in("Order", ask.selection)
        ]
        return found + [(text, more) for text in texts]
    return found + [(ask.more(name), more) for name in ask.selection.connections()]


HOLDERS = {
    "fulfillmentOrders": "FulfillmentOrder",
    "refunds": "Refund",
    "fulfillments": "Fulfillment",
    "returns": "Return",
}


def lists_in(holder: str, selection: Selection) -> Iterator[tuple[str, str, Selection]]:
    """Every paged list of an order, whose it is, and what is asked of its entries."""
    for name, child in selection.fields.items():
        if child.is_connection:
            yield holder, name, child
        if name in HOLDERS:
            yield from lists_in(HOLDERS[name], child.fields[NODES] if child.is_connection else child)


def asks_for(resource: str, paths: list[str], levels: int) -> list[Wanted]:
    """What is asked of a resource for these paths; orders are asked in two parts, one of which only some have."""
    if resource != documents.ORDERS:
        return [wanted(CATALOG, resource, paths, levels)]
    base, details, _ = selections(paths, CATALOG.resources[resource])
    found = [Wanted(resource, base, 1), Wanted(resource, base, 1, ", sortKey: UPDATED_AT")]
    return found if details is None else [*found, Wanted(resource, details, 1)]


def stock_row(number: int) -> WriteRow:
    item, location = f"gid://shopify/InventoryItem/{number}", "gid://shopify/Location/1"
    return WriteRow(number, "inventoryItems", item, {"quantity": 4}, {"quantity": 7}, scope_id=location)


def variant_row(number: int) -> WriteRow:
    values = {"price": "12.50", "compareAtPrice": None, "barcode": "4006381333931"}
    variant, product = f"gid://shopify/ProductVariant/{number}", "gid://shopify/Product/1"
    return WriteRow(number, "productVariants", variant, values, parent_id=product)


def sent(call: Call) -> tuple[str, dict[str, Any]]:
    body = json.loads(call.body)
    return body["query"], body["variables"]


@pytest.mark.parametrize("resource", RESOURCES)
def test_reading_every_field_at_once_is_valid(schema: GraphQLSchema, resource: str) -> None:
    for ask in asks_for(resource, list(CATALOG.resources[resource]), 3):
        for text, variables in reads_of(ask):
            assert problems(schema, text, variables) == [], text


@pytest.mark.parametrize("resource", RESOURCES)
def test_reading_each_field_alone_is_valid(schema: GraphQLSchema, resource: str) -> None:
    for path in CATALOG.resources[resource]:
        if path.startswith("made."):
            continue  # what is worked out takes the same fields, whichever of it is asked for
        for ask in asks_for(resource, [path], 3):
            texts = reads_of(ask) if resource != documents.ORDERS else [(ask.by_ids(), None)]
            for text, variables in texts:
                assert problems(schema, text, variables) == [], path


def test_reading_what_the_shipped_mapping_of_orders_asks_for_is_valid(schema: GraphQLSchema) -> None:
    (spec,) = (spec for spec in load_documents("shopify") if spec.document == "order")
    paths = list(compile_document(spec, MappingContext("EUR", {})).read_paths)
    for ask in asks_for(documents.ORDERS, paths, 1):
        for text, variables in reads_of(ask):
            assert problems(schema, text, variables) == []


def test_what_orders_are_told_is_valid(schema: GraphQLSchema) -> None:
    order, plan = "gid://shopify/Order/1", "gid://shopify/FulfillmentOrder/1"
    parts = [{"fulfillmentOrderId": plan, "fulfillmentOrderLineItems": [{"id": f"{plan}1", "quantity": 2}]}]
    tracking = {"company": "DHL", "numbers": ["T1"], "urls": ["https://dhl.example/T1"]}
    shipment = {"lineItemsByFulfillmentOrder": parts, "trackingInfo": tracking, "notifyCustomer": False}
    money = {"orderId": order, "kind": "REFUND", "gateway": "manual", "amount": "3.00"}
    line = {"lineItemId": "gid://shopify/LineItem/1", "quantity": 1, "restockType": "NO_RESTOCK"}
    refund = {"orderId": order, "note": "n", "notify": False, "currency": "EUR"}
    given: dict[str, dict[str, Any]] = {
        SHIPPED: {"fulfillment": shipment},
        TRACKED: {"id": "gid://shopify/Fulfillment/1", "tracking": tracking, "notify": True},
        REFUNDED: {"input": {**refund, "refundLineItems": [line], "transactions": [money]}, "key": "k"},
    }
    assert set(given) == set(EFFECTS)
    for operation, variables in given.items():
        assert problems(schema, EFFECTS[operation], variables) == []


@given(data=st.data())
def test_reading_any_set_of_fields_is_valid(newest: GraphQLSchema, data: st.DataObject) -> None:
    resource = data.draw(st.sampled_from(RESOURCES))
    paths = data.draw(st.lists(st.sampled_from(sorted(CATALOG.resources[resource])), unique=True))
    levels = data.draw(st.integers(1, 50))
    for ask in asks_for(resource, paths, levels):
        for text, variables in reads_of(ask):
            assert problems(newest, text, variables) == []


@pytest.fixture(scope="module")
def newest(specs: Path) -> GraphQLSchema:
    return schema_of(specs, VERSIONS[-1])


def test_the_fixed_documents_are_valid(schema: GraphQLSchema) -> None:
    assert problems(schema, documents.LOCATIONS, {"first": 250, "after": None, "limit": 25_001}) == []
    assert problems(schema, documents.HEALTH, {}) == []
    assert problems(schema, documents.BULK_POLL, {"id": "gid://shopify/BulkOperation/1"}) == []


@pytest.mark.parametrize("row", [stock_row, variant_row])
def test_a_packed_write_is_valid_with_its_variables(schema: GraphQLSchema, row: Callable[[int], WriteRow]) -> None:
    [call] = pack([row(number) for number in range(1, 251)], lambda: "0f4e")
    assert problems(schema, *sent(call)) == []


def test_a_write_without_its_comparison_would_be_noticed(newest: GraphQLSchema) -> None:
    """The check above can fail: an unknown input field is a complaint."""
    [call] = pack([stock_row(1)], lambda: "0f4e")
    text, variables = sent(call)
    variables["input"]["quantities"][0]["compareQuantity"] = 7
    assert problems(newest, text, variables)


def test_an_older_version_without_the_comparison_is_not_offered(specs: Path) -> None:
    [call] = pack([stock_row(1)], lambda: "0f4e")
    assert problems(schema_of(specs, "2025-10"), *sent(call))
    assert "2025-10" not in VERSIONS


@pytest.mark.parametrize("resource", RESOURCES)
def test_plain_fields_have_the_type_the_catalog_says(newest: GraphQLSchema, resource: str) -> None:
    kinds = {
        "text": {"String", "ID", "UnsignedInt64", "URL"},
        "id": {"ID"},
        "decimal": {"Money", "Decimal", "Float"},
        "integer": {"Int"},
        "flag": {"Boolean"},
        "instant": {"DateTime"},
        "html": {"HTML"},
        "list": {"String"},
    }
    for path, spec in CATALOG.resources[resource].items():
        if path.startswith("made."):
            continue
        named: Any = newest.type_map[documents.TYPES[resource]]
        for name in plain_path(path).split("."):
            if name == "fulfillmentLineItem":
                named = newest.type_map["ReturnLineItem"]
            named = get_named_type(named.fields[name].type)
        if is_scalar_type(named):
            assert named.name in kinds[spec.type], path
        else:
            assert spec.type == "text", path  # an enumeration


def test_written_fields_exist_in_the_inputs(newest: GraphQLSchema) -> None:
    inputs = {
        "productVariantsBulkUpdate": "ProductVariantsBulkInput",
        "inventorySetQuantities": "InventoryQuantityInput",
    }
    for operation, paths in CATALOG.writes.items():
        fields = newest.type_map[inputs[operation]].fields  # type: ignore[attr-defined]
        assert set(paths) <= set(fields)


class Recorder(httpx.BaseTransport):
    """Keeps every GraphQL request on its way to the simulated shop."""

    def __init__(self, simulator: ShopifySimulator) -> None:
        self._inner = SimTransport(simulator)
        self.requests: list[dict[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("graphql.json"):
            self.requests.append(json.loads(request.content))
        return self._inner.handle_request(request)


@pytest.fixture(scope="module")
def whole_run() -> list[dict[str, Any]]:
    """Health, locations, pages, bulk, changes, lookups, further levels and all writes, as they go out."""
    clock = Ticker()
    places = {f"W{number}": f"Place {number}" for number in range(8)}
    simulator = ShopifySimulator(clock=clock, tokens=("shpat_1",), locations=places)
    simulator.load([CatalogItem(f"S{n}", f"Item {n}", Decimal(5), dict.fromkeys(places, 3)) for n in range(20)])
    order = simulator.checkout.place({f"S{n}": 2 for n in range(12)}, shipping=[("DHL", "std", "4.90", "0")])
    simulator.checkout.fulfill(order, dict.fromkeys(range(7), 1), number="T1")
    simulator.checkout.refund(order, dict.fromkeys(range(6, 12), 1))
    simulator.checkout.announce(order, dict.fromkeys(range(6), 1))
    line = simulator.checkout.get(order).lines[0].gid
    recorder = Recorder(simulator)
    env = Environment("shop_eu", clock, MemoryState(), http_transport=recorder)
    settings = {"shop": "demo-shop", "access_token": "shpat_1", "refunds": "note"}
    everything = {resource: list(paths) for resource, paths in CATALOG.resources.items()}
    for bulk_from in (2_000, 0):
        connector = connect({**settings, "bulk_from": bulk_from}, env)
        for resource, paths in everything.items():
            last = list(connector.pull(resource, paths))[-1]
            list(connector.changed_since(resource, paths, last.cursor or ""))
            list(connector.lookup(resource, paths, [json.loads(bytes(last.records[0]))["id"]]))
        connector.locations()
        connector.check()
    item, variant = next(iter(simulator.platform.store.items)), next(iter(simulator.platform.store.variants))
    rows = [
        WriteRow(1, "inventoryItems", item.gid, {"quantity": 4}, {"quantity": 3}, scope_id=simulator.location_id("W1")),
        WriteRow(2, "productVariants", variant.gid, {"price": "6.00"}, parent_id=variant.product.gid),
    ]
    for call in connector.pack(rows, lambda: "5f0e8a52-0000-4000-8000-000000000001"):
        connector.push(call)
    told: dict[str, Any] = {"orderId": order, "lines": [{"lineItemId": line, "quantity": 1}]}
    for effect in (
        Effect(SHIPPED, "a", {**told, "tracking": [{"company": "DHL", "number": "T2"}]}),
        Effect(REFUNDED, "b", {"orderId": order, "amount": "1.00", "currency": "EUR"}),
    ):
        call = connector.compose(effect, lambda: "5f0e8a52-0000-4000-8000-000000000002")
        connector.push(call)
        connector.resolve(call)
    assert len(recorder.requests) > 30
    assert len(simulator.checkout.get(order).fulfillments) == 2
    return recorder.requests


def test_every_request_of_a_whole_run_is_valid(schema: GraphQLSchema, whole_run: list[dict[str, Any]]) -> None:
    assert any("refundLineItems(first: $first" in request["query"] for request in whole_run)
    for request in whole_run:
        assert problems(schema, request["query"], request["variables"]) == [], request["query"]
        bulk = request["variables"].get("query")
        if "bulkOperationRunQuery" in request["query"]:
            assert problems(schema, bulk, {}) == []
