"""What a query costs, what it gets back, and when it must wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from connectors.shopify.simulator import Bucket
from tests.unit.connectors.shopify.simulator.conftest import Shop


def cost_of(shop: Shop, query: str, variables: dict[str, Any] | None = None) -> tuple[int, int]:
    cost = shop.ask(query, variables)["extensions"]["cost"]
    return cost["requestedQueryCost"], cost["actualQueryCost"]


@pytest.mark.parametrize(
    ("query", "requested", "actual"),
    [
        ("{ shop { name currencyCode } }", 1, 1),
        ("{ shop { plan { displayName } } }", 2, 2),
        ("{ productVariants(first: 100) { nodes { id price } } }", 102, 5),
        ("{ productVariants(first: 100) { edges { node { id price } } pageInfo { hasNextPage } } }", 102, 5),
        ("{ productVariants(first: 50) { nodes { id product { id } inventoryItem { id } } } }", 152, 11),
        ("{ products(first: 5) { nodes { id variants(first: 10) { nodes { id } } } } }", 67, 11),
        (
            "{ inventoryItems(first: 10) { nodes { inventoryLevels(first: 10) { nodes { location { id } } } } } }",
            232,
            21,
        ),
    ],
)
def test_a_query_asks_for_the_most_it_may_cost_and_pays_what_it_got(
    shop: Shop, query: str, requested: int, actual: int
) -> None:
    assert cost_of(shop, query) == (requested, actual)


def test_page_sizes_in_variables_and_their_defaults_count(shop: Shop) -> None:
    query = "query($n: Int = 40) { productVariants(first: $n) { nodes { id } } }"
    assert cost_of(shop, query)[0] == 42
    assert cost_of(shop, query, {"n": 7})[0] == 9


def test_reading_by_ids_costs_by_id_and_takes_the_dearest_fragment(shop: Shop) -> None:
    query = """query($ids: [ID!]!) { nodes(ids: $ids) {
      ... on InventoryItem { sku } ... on ProductVariant { product { id } } } }"""
    ids = [shop.item_id("MUG"), shop.item_id("TEE-S"), "gid://shopify/ProductVariant/1"]
    assert cost_of(shop, query, {"ids": ids}) == (6, 2)


def test_a_mutation_costs_ten_whatever_it_returns(shop: Shop) -> None:
    shop.set_stock(shop.row("MUG", 1, 3))
    assert shop.sim.bucket.available == 1990


def test_the_bucket_restores_on_the_clock_and_not_above_its_size(make: Callable[..., Shop]) -> None:
    shop = make(bucket=Bucket(maximum=1000, restore_rate=50))
    for _ in range(3):
        shop.set_stock(shop.row("MUG", 3, 3))
    assert shop.sim.bucket.available == 970
    shop.clock.advance(0.4)
    assert shop.ask("{ __typename }")["extensions"]["cost"]["throttleStatus"] == {
        "maximumAvailable": 1000,
        "currentlyAvailable": 990,
        "restoreRate": 50,
    }
    shop.clock.advance(3600)
    shop.ask("{ __typename }")
    assert shop.sim.bucket.available == 1000


@pytest.mark.parametrize("status", [200, 429])
def test_an_empty_bucket_throttles_without_effect(make: Callable[..., Shop], status: int) -> None:
    shop = make(bucket=Bucket(maximum=1000, restore_rate=10, available=5), throttle_status=status)
    mutation = 'mutation { inventoryItemUpdate(id: "%s", input: {tracked: false}) { userErrors { message } } }'
    answer = shop.post(mutation % shop.item_id("MUG"))
    body = msgspec.json.decode(answer.body)
    assert answer.status == status
    assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in body
    assert body["extensions"]["cost"] == {
        "requestedQueryCost": 10,
        "actualQueryCost": None,
        "throttleStatus": {"maximumAvailable": 1000, "currentlyAvailable": 5, "restoreRate": 10},
    }
    assert shop.sim.log.effects() == []
    shop.clock.advance(0.5)
    assert shop.post(mutation % shop.item_id("MUG")).status == 200
    assert len(shop.sim.log.effects()) == 1


def test_what_is_estimated_must_be_there_even_if_less_is_spent(make: Callable[..., Shop]) -> None:
    shop = make(bucket=Bucket(maximum=1000, restore_rate=10, available=100))
    answer = shop.ask("{ productVariants(first: 200) { nodes { id } } }")
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"


def test_one_query_may_cost_a_thousand_points(shop: Shop) -> None:
    query = "query($n: Int!) { inventoryItems(first: $n) { nodes { inventoryLevels(first: 1) { nodes { id } } } } }"
    assert cost_of(shop, query, {"n": 249})[0] == 998
    error = shop.ask(query, {"n": 250})["errors"][0]
    assert error["extensions"] | {"documentation": ""} == {
        "code": "MAX_COST_EXCEEDED",
        "cost": 1002,
        "maxCost": 1000,
        "documentation": "",
    }


def test_without_that_limit_the_bucket_is_the_limit(make: Callable[..., Shop]) -> None:
    shop = make(single_query_max=0)
    query = "query($n: Int!) { inventoryItems(first: 250) { nodes { inventoryLevels(first: $n) { nodes { id } } } } }"
    assert cost_of(shop, query, {"n": 1})[0] == 1002
    assert shop.ask(query, {"n": 9})["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


def test_input_arrays_hold_at_most_250_entries(shop: Shop) -> None:
    rows = [shop.row("MUG", 3, 3)] * 251
    given = {"name": "available", "reason": "correction", "quantities": rows}
    mutation = """mutation($input: InventorySetQuantitiesInput!) {
      inventorySetQuantities(input: $input) @idempotent(key: "k") { userErrors { code } } }"""
    assert shop.ask(mutation, {"input": given})["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
    ids = {"ids": ["gid://shopify/Product/1"] * 251}
    answer = shop.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids)
    assert answer["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
