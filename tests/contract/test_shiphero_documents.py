"""Every GraphQL document of the ShipHero connector is valid against the schema that its API generated in 2022.

A second schema, written by a third party from the reference pages, differs; where it does is listed here one by one, so
that a change of either is noticed. The manifest tells the operator of the same points.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from graphql.execution.values import get_variable_values
from graphql.language import OperationDefinitionNode
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Effect, Environment
from connectors.conformance.world import MemoryState
from connectors.manifest import load_fields, load_manifest
from connectors.shiphero import documents
from connectors.shiphero.connector import connect
from connectors.shiphero.documents import ORDERS, Wanted, page_document, wanted
from connectors.shiphero.simulator import ShipHeroSimulator
from connectors.shiphero.simulator.access import REFRESH_TOKEN
from connectors.shiphero.simulator.endpoint import schema as own_schema
from connectors.shiphero.simulator.loading import load
from connectors.simulation import SimTransport, Ticker

CATALOG = load_fields("connectors.shiphero")
RESOURCES = tuple(CATALOG.resources)
FILTERS: dict[str, list[list[str]]] = {
    "products": [[], ["updated_from"], ["updated_from", "customer_account_id"], ["customer_account_id"]],
    "inventory": [[], ["customer_account_id"]],
    "orders": [
        [],
        ["order_date_from"],
        ["updated_from", "customer_account_id"],
        ["partner_order_id", "customer_account_id"],
    ],
}

KNOWN_DIFFERENCES = {
    "Argument 'Mutation.order_cancel(id:)' of type 'String!' is required, but it was not provided.",
    "Cannot query field 'credits_remaining' on type 'UserQuotaQueryResult'.",
    "Cannot query field 'increment_rate' on type 'UserQuotaQueryResult'.",
    "Cannot query field 'max_available' on type 'UserQuotaQueryResult'.",
    "Cannot query field 'shipments' on type 'Order'.",
    "Cannot query field 'tags' on type 'Product'.",
    "Field 'holds' must not have a selection since type '[String]' has no subfields.",
    "Unknown argument 'after' on field 'Order.line_items'.",
    "Unknown argument 'after' on field 'OrdersQueryResult.data'.",
    "Unknown argument 'after' on field 'ProductsQueryResult.data'.",
    "Unknown argument 'after' on field 'Shipment.line_items'.",
    "Unknown argument 'after' on field 'ShipmentsQueryResult.data'.",
    "Unknown argument 'customer_account_id' on field 'Query.orders'.",
    "Unknown argument 'data' on field 'Mutation.order_cancel'.",
    "Unknown argument 'date_from' on field 'Query.shipments'.",
    "Unknown argument 'first' on field 'Order.line_items'.",
    "Unknown argument 'first' on field 'OrdersQueryResult.data'.",
    "Unknown argument 'first' on field 'ProductsQueryResult.data'.",
    "Unknown argument 'first' on field 'Shipment.line_items'.",
    "Unknown argument 'first' on field 'ShipmentsQueryResult.data'.",
    "Unknown argument 'partner_order_id' on field 'Query.orders'.",
    "Unknown argument 'sort' on field 'OrdersQueryResult.data'.",
    "Unknown argument 'sort' on field 'ProductsQueryResult.data'.",
    "Unknown argument 'sort' on field 'ShipmentsQueryResult.data'.",
    "Unknown argument 'updated_from' on field 'Query.products'.",
    "Unknown type 'CancelOrderInput'.",
    "Unknown type 'ISODateTime'.",
}


@pytest.fixture(scope="module")
def schema(specs: Path) -> GraphQLSchema:
    return build_schema((specs / "shiphero" / "public-api.reconstructed-2022-11.graphql").read_text("utf-8"))


@pytest.fixture(scope="module")
def told(specs: Path) -> GraphQLSchema:
    text = (specs / "shiphero" / "public-api.doc-derived.graphql").read_text("utf-8")
    return build_schema(text, assume_valid_sdl=True)


def problems(schema: GraphQLSchema, text: str, variables: dict[str, Any] | None = None) -> list[str]:
    """What a schema says against a document and its variables."""
    document = parse(text)
    found = [error.message for error in validate(schema, document)]
    if variables is not None and not found:
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        values = get_variable_values(schema, operation.variable_definitions or (), variables)
        found = [error.message for error in values] if isinstance(values, list) else []
    return found


def reads_of(ask: Wanted) -> list[str]:
    """Every document that reads a set of fields."""
    found = [ask.page(filters) for filters in FILTERS[ask.resource]]
    found += [ask.lookup(count) for count in (1, 10)]
    if "line_items" in ask.tree:
        found.append(ask.more(("line_items",)))
    if "line_items" in ask.tree.get("shipments", {}):
        found.append(ask.more(("shipments", "line_items")))
    return found


def fixed() -> list[str]:
    """The documents that no field changes."""
    shipments = page_document(documents.SHIPMENTS, "id order_id", ["date_from"])
    return [documents.ACCOUNT, documents.QUOTA, shipments]


@pytest.mark.parametrize("resource", RESOURCES)
def test_reading_every_field_at_once_is_valid(schema: GraphQLSchema, resource: str) -> None:
    for text in reads_of(wanted(CATALOG, resource, list(CATALOG.resources[resource]), 20)):
        assert problems(schema, text) == [], text


@pytest.mark.parametrize("resource", RESOURCES)
def test_reading_each_field_alone_is_valid(schema: GraphQLSchema, resource: str) -> None:
    for path in CATALOG.resources[resource]:
        for text in reads_of(wanted(CATALOG, resource, [path], 20)):
            assert problems(schema, text) == [], path


@given(data=st.data())
def test_reading_any_set_of_fields_is_valid(schema: GraphQLSchema, data: st.DataObject) -> None:
    resource = data.draw(st.sampled_from(RESOURCES))
    paths = data.draw(st.lists(st.sampled_from(sorted(CATALOG.resources[resource])), unique=True))
    for text in reads_of(wanted(CATALOG, resource, paths, data.draw(st.integers(1, 100)))):
        assert problems(schema, text) == []


def test_the_fixed_documents_are_valid(schema: GraphQLSchema) -> None:
    for text in fixed():
        assert problems(schema, text) == [], text


def test_a_field_that_does_not_exist_would_be_noticed(schema: GraphQLSchema) -> None:
    text = wanted(CATALOG, ORDERS, ["order_number"], 20).page([]).replace("order_number", "order_nummer")
    assert problems(schema, text)


class Recorder(httpx.BaseTransport):
    """Keeps every GraphQL request on its way to the simulated account."""

    def __init__(self, simulator: ShipHeroSimulator) -> None:
        self._inner = SimTransport(simulator)
        self.requests: list[dict[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/graphql":
            self.requests.append(json.loads(request.content))
        return self._inner.handle_request(request)


def whole_run(clock: Ticker) -> list[dict[str, Any]]:
    """Health, places, pages, changes, lookups, further lines, an order and its cancellation, as they go out."""
    hero = ShipHeroSimulator(clock=clock)
    load(hero, [])
    for number in range(8):
        hero.admin.product(f"S{number}", f"Item {number}", "5.00")
    order = hero.admin.order("A-1", {f"S{number}": 2 for number in range(6)})
    hero.admin.ship(order, {"S0": 1, "S1": 1, "S2": 1})
    recorder = Recorder(hero)
    connector = connect(
        {"refresh_token": REFRESH_TOKEN, "page_size": 3, "line_page_size": 2},
        Environment("wh", clock, MemoryState(), http_transport=recorder),
    )
    connector.check()
    connector.locations()
    for resource, fields in CATALOG.resources.items():
        last = list(connector.pull(resource, list(fields)))[-1]
        list(connector.lookup(resource, list(fields), [json.loads(bytes(last.records[0]))["id"]]))
        if resource != "inventory":
            list(connector.changed_since(resource, list(fields), last.cursor or ""))
    address = {"first_name": "Ada", "address1": "1 Main St", "city": "Reno", "country": "US"}
    line = {"partner_line_item_id": "1", "sku": "S1", "quantity": 1, "price": "5.00"}
    document: dict[str, Any] = {"order_number": "A-2", "shipping_address": address, "line_items": [line]}
    made = connector.push(connector.compose(Effect("order_create", "A-2", document), str))[0]
    assert made.record is not None
    number = json.loads(bytes(made.record))["id"]
    connector.push(
        connector.compose(Effect("order_cancel", "A-2", {"order_id": number, "reason": "edit"}, number), str)
    )
    return recorder.requests


def test_every_request_of_a_whole_run_is_valid_with_its_variables(schema: GraphQLSchema, clock: Ticker) -> None:
    requests = whole_run(clock)
    assert len(requests) > 15
    for request in requests:
        assert problems(schema, request["query"], request["variables"]) == [], request["query"]


def test_the_simulators_own_schema_is_a_part_of_the_real_one(schema: GraphQLSchema) -> None:
    for name, kind in own_schema().type_map.items():
        if name.startswith("__") or not hasattr(kind, "fields"):
            continue
        real: Any = schema.type_map[name]
        for field, definition in kind.fields.items():
            assert field in real.fields, f"{name}.{field}"
            assert str(definition.type) == str(real.fields[field].type), f"{name}.{field}"
            for argument, given_type in getattr(definition, "args", {}).items():
                assert str(given_type.type) == str(real.fields[field].args[argument].type), (
                    f"{name}.{field}({argument})"
                )


def _short(message: str) -> str:
    """A complaint without what a schema proposes instead, and without where in our document it is."""
    return re.sub(r" Did you mean .*$", "", re.sub(r'Variable "?\$\w+"?', "Variable", message)).replace('"', "'")


def test_the_second_schema_differs_in_the_points_that_are_listed(told: GraphQLSchema) -> None:
    found: set[str] = set()
    for resource, fields in CATALOG.resources.items():
        ask = wanted(CATALOG, resource, list(fields), 20)
        for text in [*reads_of(ask), ask.create(), ask.cancel()] if resource == ORDERS else reads_of(ask):
            found |= {_short(message) for message in problems(told, text)}
    for text in fixed():
        found |= {_short(message) for message in problems(told, text)}
    assert found == KNOWN_DIFFERENCES


def test_the_manifest_tells_of_the_second_schema() -> None:
    doc = [text for text in load_manifest("connectors.shiphero").unverified if text.startswith("doc:")]
    told = " ".join(doc)
    for word in ("first and after", "sort", "partner_order_id", "customer_account_id", "updated_from", "date_from"):
        assert word in told
