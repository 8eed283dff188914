"""Paths into GraphQL selections, their text and their price."""

from __future__ import annotations

import pytest

from canonical.errors import ConfigError
from connectors.manifest import load_fields
from connectors.shopify.documents import wanted
from connectors.shopify.selection import bulk_text, cost, paged_text, plain_path, select

CATALOG = load_fields("connectors.shopify")
ITEMS, VARIANTS = CATALOG.resources["inventoryItems"], CATALOG.resources["productVariants"]
LEVEL = "inventoryLevels.nodes[]"


def test_only_what_is_asked_for_is_selected() -> None:
    assert paged_text(select(["price", "product.title"], VARIANTS), {}) == "id price product { title }"


def test_two_states_of_one_level_are_one_selection() -> None:
    chosen = select([f"{LEVEL}.quantities[name={name}].quantity" for name in ("available", "committed")], ITEMS)
    text = paged_text(chosen, {"inventoryLevels": 2})
    assert text.count("quantities(") == 1
    assert 'quantities(names: ["available", "committed"]) { name quantity }' in text


def test_a_nested_list_tells_where_it_ends_when_paged() -> None:
    text = paged_text(select([f"{LEVEL}.location.id"], ITEMS), {"inventoryLevels": 3})
    assert text == ("id inventoryLevels(first: 3) { nodes { id location { id } } pageInfo { hasNextPage endCursor } }")


def test_a_bulk_selection_has_edges_and_no_page_size() -> None:
    assert bulk_text(select([f"{LEVEL}.location.id"], ITEMS)) == (
        "id inventoryLevels { edges { node { id location { id } } } }"
    )


def test_a_path_above_the_catalog_takes_everything_below_it() -> None:
    text = paged_text(select(["inventoryLevels.nodes"], ITEMS), {"inventoryLevels": 1})
    assert "location { id name }" in text
    assert '"available", "on_hand", "committed"' in text


def test_an_unknown_path_is_refused() -> None:
    with pytest.raises(ConfigError, match="'colour'"):
        select(["colour"], VARIANTS)


def test_list_marks_do_not_belong_to_the_field_names() -> None:
    assert plain_path(f"{LEVEL}.quantities[name=on_hand].quantity") == "inventoryLevels.nodes.quantities.quantity"


def test_a_selection_costs_one_a_object_and_two_and_its_records_a_connection() -> None:
    flat = select(["price", "product.title", "inventoryItem.id"], VARIANTS)
    assert cost(flat, {}) == 2
    paths = ["sku", f"{LEVEL}.location.id", f"{LEVEL}.quantities[name=available].quantity"]
    assert cost(select(paths, ITEMS), {"inventoryLevels": 2}) == 2 + 2 * (1 + 1 + 1)


def test_the_parsed_catalog_is_not_changed_by_what_is_asked() -> None:
    """Selections are merged in place; the ones kept for the catalog must stay as they were."""
    first = f"{LEVEL}.quantities[name=available].quantity"
    select([first, f"{LEVEL}.quantities[name=on_hand].quantity"], ITEMS)
    assert '"on_hand"' not in paged_text(select([first], ITEMS), {"inventoryLevels": 1})


def test_the_size_of_the_level_list_shows_in_the_price_of_a_record() -> None:
    paths = [f"{LEVEL}.location.id"]
    small, large = (wanted(CATALOG, "inventoryItems", paths, levels) for levels in (2, 10))
    assert (small.record_cost, large.record_cost) == (1 + 2 + 2 * 2, 1 + 2 + 10 * 2)
