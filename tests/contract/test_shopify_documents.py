"""Every GraphQL document the Shopify connector can send fits the vendor's own schemas."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

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

from connectors.base import Call, WriteRow
from connectors.manifest import load_fields, load_manifest
from connectors.shopify import documents
from connectors.shopify.documents import Wanted, wanted
from connectors.shopify.packing import pack
from connectors.shopify.selection import plain_path

CATALOG = load_fields("connectors.shopify")
VERSIONS = load_manifest("connectors.shopify").versions
RESOURCES = tuple(CATALOG.resources)


def schema_of(specs: Path, version: str) -> GraphQLSchema:
    with gzip.open(specs / "shopify" / f"admin_{version}.json.gz") as file:
        return build_client_schema(json.load(file)["data"], assume_valid=True)


@pytest.fixture(scope="module", params=VERSIONS)
def schema(request: pytest.FixtureRequest, specs: Path) -> GraphQLSchema:
    return schema_of(specs, request.param)


def problems(schema: GraphQLSchema, text: str, variables: dict[str, Any] | None = None) -> list[str]:
    """What the schema says against a document and its variables."""
    document = parse(text)
    found = [error.message for error in validate(schema, document)]
    if variables is not None and not found:
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        values = get_variable_values(schema, operation.variable_definitions or (), variables)
        found = [error.message for error in values] if isinstance(values, list) else []
    return found


def reads_of(ask: Wanted) -> list[tuple[str, dict[str, Any] | None]]:
    """Every read document for one set of fields, with variables as they are sent."""
    page = {"first": 250, "after": None, "query": "updated_at:>='2026-11-01T00:00:00Z'"}
    found: list[tuple[str, dict[str, Any] | None]] = [
        (ask.page(counted=False), page),
        (ask.page(counted=True), {**page, "limit": 25_001}),
        (ask.by_ids(), {"ids": ["gid://shopify/ProductVariant/1"]}),
        (ask.bulk(), None),
        (documents.BULK_RUN, {"query": ask.bulk(), "group": False}),
    ]
    more = {"id": "gid://shopify/InventoryItem/1", "first": 10, "after": "abc"}
    return found + [(ask.more(name), more) for name in ask.selection.connections()]


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
    ask = wanted(CATALOG, resource, list(CATALOG.resources[resource]), 3)
    for text, variables in reads_of(ask):
        assert problems(schema, text, variables) == [], text


@pytest.mark.parametrize("resource", RESOURCES)
def test_reading_each_field_alone_is_valid(schema: GraphQLSchema, resource: str) -> None:
    for path in CATALOG.resources[resource]:
        ask = wanted(CATALOG, resource, [path], 3)
        for text, variables in reads_of(ask):
            assert problems(schema, text, variables) == [], path


@given(data=st.data())
def test_reading_any_set_of_fields_is_valid(newest: GraphQLSchema, data: st.DataObject) -> None:
    resource = data.draw(st.sampled_from(RESOURCES))
    paths = data.draw(st.lists(st.sampled_from(sorted(CATALOG.resources[resource])), unique=True))
    levels = data.draw(st.integers(1, 50))
    for text, variables in reads_of(wanted(CATALOG, resource, paths, levels)):
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
        "text": {"String", "ID", "UnsignedInt64"},
        "id": {"ID"},
        "decimal": {"Money", "Decimal", "Float"},
        "integer": {"Int"},
        "flag": {"Boolean"},
        "instant": {"DateTime"},
        "html": {"HTML"},
        "list": {"String"},
    }
    for path, spec in CATALOG.resources[resource].items():
        named: Any = newest.type_map[{"productVariants": "ProductVariant", "inventoryItems": "InventoryItem"}[resource]]
        for name in plain_path(path).split("."):
            named = get_named_type(named.fields[name].type)
        if is_scalar_type(named):
            assert named.name in kinds[spec.type], path
        else:
            assert spec.type == "text", path


def test_written_fields_exist_in_the_inputs(newest: GraphQLSchema) -> None:
    inputs = {
        "productVariantsBulkUpdate": "ProductVariantsBulkInput",
        "inventorySetQuantities": "InventoryQuantityInput",
    }
    for operation, paths in CATALOG.writes.items():
        fields = newest.type_map[inputs[operation]].fields  # type: ignore[attr-defined]
        assert set(paths) <= set(fields)
