"""Stock: what moves which figure and which stamp, and every way a write of stock is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.connectors.shopify.simulator.conftest import SET, Shop

LEVEL = """query($item: ID!, $place: ID!) { inventoryItem(id: $item) { updatedAt
  inventoryLevel(locationId: $place) { updatedAt
    quantities(names: ["available", "on_hand", "committed", "damaged"]) { name quantity updatedAt } } } }"""


def figures(shop: Shop, sku: str, place: str = "WH1") -> dict[str, int]:
    found = shop.data(LEVEL, {"item": shop.item_id(sku), "place": shop.sim.location_id(place)})
    return {entry["name"]: entry["quantity"] for entry in found["inventoryItem"]["inventoryLevel"]["quantities"]}


def codes(payload: Any) -> list[tuple[str, list[str]]]:
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


def test_setting_available_moves_on_hand_by_the_same_difference(shop: Shop) -> None:
    shop.sim.shop.sell("MUG", 1, "WH1")
    payload = shop.set_stock(shop.row("MUG", 7, 2), referenceDocumentUri="gid://hub/Call/1")
    group = payload["inventoryAdjustmentGroup"]
    assert group["reason"] == "correction"
    assert [(c["name"], c["delta"], c["quantityAfterChange"]) for c in group["changes"]] == [
        ("available", 5, 7),
        ("on_hand", 5, 8),
    ]
    assert figures(shop, "MUG") == {"available": 7, "on_hand": 8, "committed": 1, "damaged": 0}


def test_setting_on_hand_moves_available(shop: Shop) -> None:
    shop.sim.shop.sell("MUG", 1, "WH1")
    shop.set_stock(shop.row("MUG", 10, 3), name="on_hand")
    assert figures(shop, "MUG") == {"available": 9, "on_hand": 10, "committed": 1, "damaged": 0}


def test_a_sale_and_its_fulfillment_move_units_on(shop: Shop) -> None:
    shop.sim.shop.sell("TEE-S", 3, "WH1")
    assert figures(shop, "TEE-S") == {"available": 7, "on_hand": 10, "committed": 3, "damaged": 0}
    shop.sim.shop.fulfill("TEE-S", 2, "WH1")
    assert figures(shop, "TEE-S") == {"available": 7, "on_hand": 8, "committed": 1, "damaged": 0}
    shop.sim.shop.cancel("TEE-S", 1, "WH1")
    assert figures(shop, "TEE-S") == {"available": 8, "on_hand": 8, "committed": 0, "damaged": 0}


def test_on_hand_is_always_available_plus_committed_plus_the_unavailable(shop: Shop) -> None:
    shop.sim.admin.set_state("TEE-S", "WH1", "damaged", 2)
    shop.sim.admin.set_state("TEE-S", "WH1", "incoming", 50)
    shop.sim.shop.sell("TEE-S", 4, "WH1")
    shop.sim.admin.set_available("TEE-S", "WH1", 20)
    assert figures(shop, "TEE-S") == {"available": 20, "on_hand": 26, "committed": 4, "damaged": 2}


def test_a_change_of_stock_moves_the_stamps_of_the_level_but_not_of_the_item(shop: Shop) -> None:
    shop.clock.advance(90)
    shop.sim.shop.sell("MUG", 1, "WH1")
    found = shop.data(LEVEL, {"item": shop.item_id("MUG"), "place": shop.sim.location_id("WH1")})["inventoryItem"]
    assert found["updatedAt"] == "2026-11-02T08:00:00Z"
    assert found["inventoryLevel"]["updatedAt"] == "2026-11-02T08:01:30Z"
    stamps = {entry["name"]: entry["updatedAt"] for entry in found["inventoryLevel"]["quantities"]}
    assert stamps["available"] == stamps["committed"] == "2026-11-02T08:01:30Z"
    query = "{ inventoryItems(first: 9, query: \"updated_at:>'2026-11-02T08:00:30Z'\") { nodes { sku } } }"
    assert shop.data(query)["inventoryItems"]["nodes"] == []


def test_a_stale_expectation_rejects_the_whole_call_and_names_the_row(shop: Shop) -> None:
    payload = shop.set_stock(shop.row("TEE-S", 1, 10), shop.row("TEE-M", 1, 9), shop.row("MUG", 1, 3))
    assert payload["inventoryAdjustmentGroup"] is None
    assert codes(payload) == [("CHANGE_FROM_QUANTITY_STALE", ["input", "quantities", "1", "changeFromQuantity"])]
    assert shop.sim.quantity("TEE-S", "WH1") == 10
    assert shop.sim.log.effects() == []


def test_if_stale_rows_alone_fall_out_the_others_are_applied(make: Callable[..., Shop]) -> None:
    shop = make(stale_rejects_all=False)
    payload = shop.set_stock(shop.row("TEE-S", 1, 10), shop.row("TEE-M", 1, 9), shop.row("MUG", 1, 3))
    assert codes(payload) == [("CHANGE_FROM_QUANTITY_STALE", ["input", "quantities", "1", "changeFromQuantity"])]
    assert {change["item"]["sku"] for change in payload["inventoryAdjustmentGroup"]["changes"]} == {"TEE-S", "MUG"}
    assert [shop.sim.quantity(sku, "WH1") for sku in ("TEE-S", "TEE-M", "MUG")] == [1, 10, 1]


def test_a_bad_row_rejects_the_call_even_then(make: Callable[..., Shop]) -> None:
    shop = make(stale_rejects_all=False)
    payload = shop.set_stock(shop.row("TEE-S", 1, 10), shop.row("TEE-M", -1, 10))
    assert codes(payload)[0][0] == "INVALID_QUANTITY_NEGATIVE"
    assert shop.sim.quantity("TEE-S", "WH1") == 10


def test_it_may_report_the_first_bad_row_only_and_not_name_it(make: Callable[..., Shop]) -> None:
    rows = [("TEE-S", 9), ("TEE-M", 9)]
    shop = make()
    assert len(codes(shop.set_stock(*(shop.row(sku, 1, expected) for sku, expected in rows)))) == 2
    shop = make(report_all_rows=False, name_rows=False)
    payload = shop.set_stock(*(shop.row(sku, 1, expected) for sku, expected in rows))
    assert codes(payload) == [("CHANGE_FROM_QUANTITY_STALE", ["input", "quantities"])]


def test_null_skips_the_comparison(shop: Shop) -> None:
    assert shop.set_stock(shop.row("MUG", 9, None))["userErrors"] == []
    assert shop.sim.quantity("MUG", "WH1") == 9


@pytest.mark.parametrize("version", ["2026-04", "2026-07", "2026-10"])
def test_the_expectation_must_be_given_since_2026_04(shop: Shop, version: str) -> None:
    shop.version = version
    row = shop.row("MUG", 9, None)
    del row["changeFromQuantity"]
    assert codes(shop.set_stock(row))[0][1][-1] == "changeFromQuantity"
    assert shop.sim.quantity("MUG", "WH1") == 3


def test_the_oldest_version_still_knows_the_old_way(shop: Shop) -> None:
    shop.version = "2026-01"
    bare = shop.row("MUG", 9, None)
    del bare["changeFromQuantity"]
    assert codes(shop.set_stock(bare))[0][0] == "COMPARE_QUANTITY_REQUIRED"
    assert codes(shop.set_stock({**bare, "compareQuantity": 1}))[0][0] == "COMPARE_QUANTITY_STALE"
    assert codes(shop.set_stock({**bare, "compareQuantity": 3})) == []
    assert codes(shop.set_stock({**bare, "quantity": 4}, ignoreCompareQuantity=True)) == []
    assert shop.sim.quantity("MUG", "WH1") == 4


def test_a_call_that_changes_nothing_has_no_group_and_no_effect(shop: Shop) -> None:
    payload = shop.set_stock(shop.row("MUG", 3, 3))
    assert payload == {"inventoryAdjustmentGroup": None, "userErrors": []}
    assert shop.sim.log.effects() == []
    assert shop.sim.log.writes("inventorySetQuantities") == 1


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"inventoryItemId": "gid://shopify/InventoryItem/1"}, "INVALID_INVENTORY_ITEM", "inventoryItemId"),
        ({"locationId": "gid://shopify/Location/1"}, "INVALID_LOCATION", "locationId"),
        ({"quantity": -1}, "INVALID_QUANTITY_NEGATIVE", "quantity"),
        ({"quantity": 1_000_000_001}, "INVALID_QUANTITY_TOO_HIGH", "quantity"),
    ],
)
def test_a_bad_row_is_refused_with_its_code(shop: Shop, change: dict[str, Any], code: str, field: str) -> None:
    payload = shop.set_stock({**shop.row("MUG", 9, 3), **change})
    assert codes(payload) == [(code, ["input", "quantities", "0", field])]


@pytest.mark.parametrize(
    ("header", "code", "field"),
    [
        ({"name": "committed"}, "INVALID_NAME", "name"),
        ({"reason": "because"}, "INVALID_REASON", "reason"),
        ({"referenceDocumentUri": "no uri"}, "INVALID_REFERENCE_DOCUMENT", "referenceDocumentUri"),
    ],
)
def test_a_bad_header_is_refused_with_its_code(shop: Shop, header: dict[str, str], code: str, field: str) -> None:
    payload = shop.set_stock(shop.row("MUG", 9, 3), **header)
    assert codes(payload) == [(code, ["input", field])]
    assert shop.sim.quantity("MUG", "WH1") == 3


def test_a_pair_of_item_and_location_may_stand_in_a_call_once(shop: Shop) -> None:
    payload = shop.set_stock(shop.row("TEE-S", 9, 10), shop.row("TEE-S", 3, 4, "WH2"), shop.row("TEE-S", 8, 10))
    assert codes(payload)[0][0] == "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
    assert codes(payload)[0][1][2] == "2"


def test_the_stock_of_a_bundle_cannot_be_set(shop: Shop) -> None:
    shop.sim.admin.make_bundle("MUG")
    assert codes(shop.set_stock(shop.row("MUG", 9, 3)))[0][0] == "NON_MUTABLE_INVENTORY_ITEM"


def test_a_closed_location_takes_no_stock(shop: Shop) -> None:
    shop.sim.admin.deactivate_location("WH2")
    assert codes(shop.set_stock(shop.row("TEE-S", 9, 4, "WH2")))[0][0] == "INVALID_LOCATION"


@pytest.mark.parametrize("version", ["2026-01", "2026-04", "2026-07"])
def test_before_2026_10_an_item_must_be_stocked_there_first(shop: Shop, version: str) -> None:
    shop.version = version
    assert codes(shop.set_stock(shop.row("MUG", 5, 0, "WH2")))[0][0] == "ITEM_NOT_STOCKED_AT_LOCATION"
    activate = """mutation($item: ID!, $place: ID!) { inventoryActivate(inventoryItemId: $item, locationId: $place)
      @idempotent(key: "open") { inventoryLevel { location { id } } userErrors { message } } }"""
    ids = {"item": shop.item_id("MUG"), "place": shop.sim.location_id("WH2")}
    assert shop.data(activate, ids)["inventoryActivate"]["userErrors"] == []
    assert shop.set_stock(shop.row("MUG", 5, 0, "WH2"))["userErrors"] == []
    assert shop.sim.quantity("MUG", "WH2") == 5


def test_since_2026_10_setting_stock_opens_the_level(shop: Shop) -> None:
    assert shop.set_stock(shop.row("MUG", 5, 0, "WH2"))["userErrors"] == []
    assert shop.sim.quantity("MUG", "WH2") == 5


@pytest.mark.parametrize(("version", "kept"), [("2026-01", 0), ("2026-04", 4)])
def test_a_level_that_is_opened_again_keeps_its_figures_since_2026_04(shop: Shop, version: str, kept: int) -> None:
    shop.version = version
    shop.sim.admin.stop_stocking("TEE-S", "WH2")
    activate = 'mutation { inventoryActivate(inventoryItemId: "%s", locationId: "%s") @idempotent(key: "k") %s }'
    text = activate % (shop.item_id("TEE-S"), shop.sim.location_id("WH2"), "{ userErrors { message } }")
    assert shop.data(text)["inventoryActivate"]["userErrors"] == []
    assert shop.sim.quantity("TEE-S", "WH2") == kept


def test_a_level_that_is_not_stocked_is_hidden(shop: Shop) -> None:
    shop.sim.admin.stop_stocking("TEE-S", "WH2")
    query = '{ inventoryItem(id: "%s") { inventoryLevels(first: 5%s) { nodes { isActive } } } }'
    levels = shop.data(query % (shop.item_id("TEE-S"), ""))["inventoryItem"]["inventoryLevels"]["nodes"]
    assert levels == [{"isActive": True}]
    levels = shop.data(query % (shop.item_id("TEE-S"), ", includeInactive: true"))["inventoryItem"]["inventoryLevels"]
    assert levels["nodes"] == [{"isActive": True}, {"isActive": False}]


def test_differences_are_added_to_one_state(shop: Shop) -> None:
    mutation = """mutation($input: InventoryAdjustQuantitiesInput!, $key: String!) {
      inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {
        inventoryAdjustmentGroup { changes { name delta } } userErrors { code field } } }"""
    change = {"inventoryItemId": shop.item_id("MUG"), "locationId": shop.sim.location_id("WH1"), "delta": -1}
    given = {"name": "available", "reason": "correction", "changes": [{**change, "changeFromQuantity": 3}]}
    assert shop.data(mutation, {"input": given, "key": "a"})["inventoryAdjustQuantities"]["userErrors"] == []
    assert shop.sim.quantity("MUG", "WH1") == 2
    stale = shop.data(mutation, {"input": given, "key": "b"})["inventoryAdjustQuantities"]["userErrors"]
    assert stale[0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    given["changes"] = [change]
    missing = shop.data(mutation, {"input": given, "key": "c"})["inventoryAdjustQuantities"]["userErrors"]
    assert missing[0]["field"][-1] == "changeFromQuantity"


def test_a_malformed_id_fails_the_whole_request(shop: Shop) -> None:
    given = {"name": "available", "reason": "correction", "quantities": [{**shop.row("MUG", 1, 3), "locationId": "1"}]}
    assert shop.ask(SET, {"input": given, "key": "k"})["errors"]
    assert shop.sim.quantity("MUG", "WH1") == 3


def test_the_names_of_states_are_told(shop: Shop) -> None:
    names = shop.data("{ inventoryProperties { quantityNames { name comprises } } }")["inventoryProperties"]
    found = {entry["name"]: entry["comprises"] for entry in names["quantityNames"]}
    assert set(found["on_hand"]) == {
        "available",
        "committed",
        "damaged",
        "quality_control",
        "reserved",
        "safety_stock",
    }
    assert "incoming" in found
