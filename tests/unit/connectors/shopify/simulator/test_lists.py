"""Pages, cursors, the cap, and the language of filters."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from connectors.simulation import CatalogItem
from tests.unit.connectors.shopify.simulator.conftest import Shop

PAGE = """query($first: Int, $after: String, $query: String) {
  list: %s(first: $first, after: $after, query: $query) {
    nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


def many(count: int) -> list[CatalogItem]:
    return [CatalogItem(f"A-{i}", f"Thing {i}", Decimal(5), {"WH1": i}) for i in range(count)]


def walk(shop: Shop, size: int, query: str | None = None, root: str = "productVariants") -> list[str]:
    """Every id, page after page."""
    found: list[str] = []
    after = None
    while True:
        page = shop.data(PAGE % root, {"first": size, "after": after, "query": query})["list"]
        found += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        after = page["pageInfo"]["endCursor"]


def skus(shop: Shop, query: str, root: str = "inventoryItems") -> list[str]:
    asked = f"query($q: String) {{ list: {root}(first: 100, query: $q) {{ nodes {{ sku }} }} }}"
    return [node["sku"] for node in shop.data(asked, {"q": query})["list"]["nodes"]]


@pytest.mark.parametrize("size", [1, 3, 7, 250])
@pytest.mark.parametrize("root", ["productVariants", "inventoryItems", "products"])
def test_paging_returns_everything_once_in_order(make: Callable[..., Shop], size: int, root: str) -> None:
    found = walk(make(many(13)), size, root=root)
    assert len(found) == 13
    assert found == sorted(set(found))


def test_rows_deleted_while_paging_make_no_other_row_disappear(make: Callable[..., Shop]) -> None:
    shop = make(many(6))
    first = shop.data(PAGE % "productVariants", {"first": 3})["list"]
    shop.sim.admin.delete_variant("A-0")
    shop.sim.admin.delete_variant("A-2")
    second = shop.data(PAGE % "productVariants", {"first": 9, "after": first["pageInfo"]["endCursor"]})["list"]
    assert len(second["nodes"]) == 3


def test_reverse_and_last_go_the_other_way(make: Callable[..., Shop]) -> None:
    shop = make(many(5))
    forward = walk(shop, 5)
    back = shop.data("{ list: productVariants(first: 5, reverse: true) { nodes { id } } }")["list"]["nodes"]
    assert [node["id"] for node in back] == forward[::-1]
    tail = shop.data("{ list: productVariants(last: 2) { nodes { id } pageInfo { hasPreviousPage startCursor } } }")
    assert [node["id"] for node in tail["list"]["nodes"]] == forward[3:]
    before = tail["list"]["pageInfo"]["startCursor"]
    more = shop.data("query($b: String) { list: productVariants(last: 2, before: $b) { nodes { id } } }", {"b": before})
    assert [node["id"] for node in more["list"]["nodes"]] == forward[1:3]


def test_paging_looks_finished_at_the_cap(make: Callable[..., Shop]) -> None:
    shop = make(many(12), paging_limit=10)
    assert len(walk(shop, 4)) == 10


def test_a_broken_platform_repeats_its_cursor(make: Callable[..., Shop]) -> None:
    shop = make(many(5), stuck_cursor=True)
    first = shop.data(PAGE % "productVariants", {"first": 2})["list"]
    again = shop.data(PAGE % "productVariants", {"first": 2, "after": first["pageInfo"]["endCursor"]})["list"]
    assert again["pageInfo"] == first["pageInfo"]
    assert again["pageInfo"]["hasNextPage"] is True


@pytest.mark.parametrize("arguments", ["", "(first: 251)", "(first: 2, last: 2)", '(first: 2, after: "nonsense")'])
def test_a_page_needs_one_sound_size_and_a_sound_cursor(shop: Shop, arguments: str) -> None:
    answer = shop.ask(f"{{ productVariants{arguments} {{ nodes {{ id }} }} }}")
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_products_sort_by_their_change(shop: Shop) -> None:
    shop.clock.advance(60)
    shop.sim.admin.set_title("TEE-S", "Tee, new")
    query = "{ products(first: 1, sortKey: UPDATED_AT) { nodes { title } pageInfo { endCursor } } }"
    page = shop.data(query)["products"]
    assert page["nodes"] == [{"title": "Mug"}]
    rest = "query($c: String) { products(first: 5, sortKey: UPDATED_AT, after: $c) { nodes { title } } }"
    found = shop.data(rest, {"c": page["pageInfo"]["endCursor"]})["products"]["nodes"]
    assert found == [{"title": "Tee, new"}]


def test_inventory_items_cannot_be_sorted(shop: Shop) -> None:
    assert "sortKey" in shop.ask("{ inventoryItems(first: 1, sortKey: ID) { nodes { id } } }")["errors"][0]["message"]


def test_closed_locations_are_listed_only_on_request(shop: Shop) -> None:
    shop.sim.admin.deactivate_location("WH2")
    assert len(shop.data("{ locations(first: 5) { nodes { id } } }")["locations"]["nodes"]) == 1
    asked = "{ locations(first: 5, includeInactive: true) { nodes { name isActive } } }"
    assert shop.data(asked)["locations"]["nodes"] == [
        {"name": "First warehouse", "isActive": True},
        {"name": "Second warehouse", "isActive": False},
    ]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [(":>", ["MUG"]), (":>=", ["TEE-S", "TEE-M", "MUG"]), (":<", []), (":<=", ["TEE-S", "TEE-M"])],
)
def test_times_compare_strictly_or_not(shop: Shop, operator: str, expected: list[str]) -> None:
    loaded = shop.clock.now().isoformat()
    shop.clock.advance(5)
    shop.sim.admin.set_price("MUG", Decimal(9))
    assert skus(shop, f"updated_at{operator}'{loaded}'", "productVariants") == expected


def test_a_change_within_the_same_second_is_missed_by_a_strict_filter(shop: Shop) -> None:
    shop.clock.advance(0.5)
    shop.sim.admin.set_price("MUG", Decimal(9))
    assert skus(shop, "updated_at:>2026-11-02T08:00:00Z", "productVariants") == []


def test_a_bare_date_is_a_whole_day(shop: Shop) -> None:
    shop.clock.advance(40_000)
    shop.sim.admin.set_price("MUG", Decimal(9))
    assert len(skus(shop, "updated_at:2026-11-02", "productVariants")) == 3


@pytest.mark.parametrize("delay", [0, 5])
def test_the_search_index_may_lag_behind(make: Callable[..., Shop], delay: float) -> None:
    shop = make(search_delay=delay)
    shop.clock.advance(60)
    shop.sim.admin.set_price("MUG", Decimal(9))
    query = "updated_at:>'2026-11-02T08:00:30Z'"
    assert skus(shop, query, "productVariants") == ([] if delay else ["MUG"])
    shop.clock.advance(delay)
    assert skus(shop, query, "productVariants") == ["MUG"]


@pytest.mark.parametrize("root", ["productVariants", "inventoryItems"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sku:MUG", ["MUG"]),
        ("sku:mug", ["MUG"]),
        ("sku:'TEE-S'", ["TEE-S"]),
        ("sku:TEE", ["TEE-S", "TEE-M"]),
        ("sku:TEE*", ["TEE-S", "TEE-M"]),
        ("sku:EE-S", []),
        ("sku:MUG OR sku:TEE-M", ["TEE-M", "MUG"]),
        ("sku:TEE AND NOT sku:TEE-M", ["TEE-S"]),
        ("sku:TEE -sku:TEE-M", ["TEE-S"]),
        ("(sku:MUG OR sku:TEE-M) updated_at:>2020-01-01", ["TEE-M", "MUG"]),
        ("sku:MUG sku:TEE-M", []),
    ],
)
def test_skus_are_found_by_their_words(shop: Shop, root: str, query: str, expected: list[str]) -> None:
    assert skus(shop, query, root) == expected


def test_a_sku_filter_also_finds_longer_skus_unless_it_is_exact(make: Callable[..., Shop]) -> None:
    items = [CatalogItem("AB-1", "a", Decimal(1)), CatalogItem("AB-1-RED", "b", Decimal(1))]
    assert skus(make(items), "sku:AB-1") == ["AB-1", "AB-1-RED"]
    assert skus(make(items, exact_sku_search=True), "sku:AB-1") == ["AB-1"]


def test_a_renamed_sku_is_found_under_its_new_name_only(shop: Shop) -> None:
    assert skus(shop, "sku:MUG") == ["MUG"]
    shop.sim.admin.set_sku("MUG", "CUP")
    assert (skus(shop, "sku:MUG"), skus(shop, "sku:CUP")) == ([], ["CUP"])


def test_ids_filter_by_value_and_by_range(shop: Shop) -> None:
    first, second, third = (shop.variant(sku).number for sku in ("TEE-S", "TEE-M", "MUG"))
    assert skus(shop, f"id:{second}", "productVariants") == ["TEE-M"]
    assert skus(shop, f"id:>{first} id:<={third}", "productVariants") == ["TEE-M", "MUG"]
    assert skus(shop, f"product_id:{shop.variant('TEE-S').product.number}", "productVariants") == ["TEE-S", "TEE-M"]
    numbers = f"{shop.variant('TEE-S').product.number},{shop.variant('MUG').product.number}"
    assert len(skus(shop, f"product_ids:{numbers}", "productVariants")) == 3


def test_a_field_that_cannot_be_searched_is_ignored_with_a_warning(shop: Shop) -> None:
    answer = shop.ask('{ inventoryItems(first: 9, query: "sku:MUG location:1") { nodes { sku } } }')
    assert [node["sku"] for node in answer["data"]["inventoryItems"]["nodes"]] == ["MUG"]
    answer = shop.ask('{ inventoryItems(first: 9, query: "barcode:12345") { nodes { sku } } }')
    assert len(answer["data"]["inventoryItems"]["nodes"]) == 3
    warning = answer["extensions"]["search"][0]["warnings"][0]
    assert (warning["field"], warning["code"]) == ("barcode", "invalid_field")


def test_counts_say_when_they_stopped(make: Callable[..., Shop]) -> None:
    shop = make(many(7))
    count: Any = shop.data("{ productVariantsCount(limit: 5) { count precision } }")["productVariantsCount"]
    assert count == {"count": 5, "precision": "AT_LEAST"}
    assert shop.data("{ productsCount { count precision } }")["productsCount"] == {"count": 7, "precision": "EXACT"}


def test_nodes_answers_null_for_what_does_not_exist_in_the_order_asked(shop: Shop) -> None:
    ids = ["gid://shopify/ProductVariant/1", shop.item_id("MUG"), shop.variant("TEE-S").gid]
    query = """query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
      ... on InventoryItem { sku } ... on ProductVariant { price } } }"""
    assert shop.data(query, {"ids": ids})["nodes"] == [
        None,
        {"__typename": "InventoryItem", "id": ids[1], "sku": "MUG"},
        {"__typename": "ProductVariant", "id": ids[2], "price": "19.90"},
    ]


def test_a_text_that_is_no_global_id_is_an_error(shop: Shop) -> None:
    assert "Invalid global id" in shop.ask('{ node(id: "123") { id } }')["errors"][0]["message"]


def test_a_level_is_found_by_its_own_id(shop: Shop) -> None:
    item = '{ inventoryItem(id: "%s") { inventoryLevel(locationId: "%s") { id } } }'
    level = shop.data(item % (shop.item_id("TEE-S"), shop.sim.location_id("WH2")))["inventoryItem"]["inventoryLevel"]
    found = shop.data('{ inventoryLevel(id: "%s") { item { sku } location { name } } }' % level["id"])
    assert found["inventoryLevel"] == {"item": {"sku": "TEE-S"}, "location": {"name": "Second warehouse"}}
