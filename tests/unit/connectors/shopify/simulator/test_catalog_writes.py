"""Prices, variants and products: what is written and what the platform makes of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.shopify.simulator import ShopifySimulator
from connectors.simulation import CatalogItem, Ticker
from tests.unit.connectors.shopify.simulator.conftest import TOKEN, Shop

UPDATE = """mutation($product: ID!, $variants: [ProductVariantsBulkInput!]!, $partial: Boolean) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: $partial) {
    productVariants { id price compareAtPrice barcode sku updatedAt inventoryItem { tracked } }
    userErrors { code field message } } }"""
PRODUCT = """mutation($product: ProductUpdateInput!) { productUpdate(product: $product) {
  product { title descriptionHtml tags handle updatedAt } userErrors { field message } } }"""
SET_PRODUCT = """mutation($input: ProductSetInput!, $identifier: ProductSetIdentifiers) {
  productSet(input: $input, identifier: $identifier) {
    product { id handle variants(first: 9) { nodes { id sku title price } } } userErrors { code field } } }"""


def update(shop: Shop, *variants: dict[str, Any], of: str = "TEE-S", partial: bool = False) -> Any:
    given = {"product": shop.variant(of).product.gid, "variants": list(variants), "partial": partial}
    return shop.data(UPDATE, given)["productVariantsBulkUpdate"]


def change(shop: Shop, **fields: Any) -> Any:
    given = {"product": {"id": shop.variant("MUG").product.gid, **fields}}
    return shop.data(PRODUCT, given)["productUpdate"]


def test_prices_are_rounded_and_the_answer_holds_what_was_kept(shop: Shop) -> None:
    shop.clock.advance(60)
    small, medium = shop.variant("TEE-S"), shop.variant("TEE-M")
    payload = update(
        shop,
        {"id": medium.gid, "price": "21.005", "compareAtPrice": "30"},
        {"id": small.gid, "price": 20, "barcode": " 123 ", "inventoryItem": {"sku": "TEE-SMALL", "tracked": False}},
    )
    assert payload["userErrors"] == []
    assert [(v["id"], v["price"], v["compareAtPrice"], v["barcode"], v["sku"]) for v in payload["productVariants"]] == [
        (medium.gid, "21.01", "30.00", None, "TEE-M"),
        (small.gid, "20.00", None, "123", "TEE-SMALL"),
    ]
    assert payload["productVariants"][1]["inventoryItem"] == {"tracked": False}
    assert payload["productVariants"][0]["updatedAt"] == "2026-11-02T08:01:00Z"
    assert shop.sim.price("TEE-SMALL") == Decimal("20.00")


@pytest.mark.parametrize(("currency", "kept"), [("JPY", "1235"), ("KWD", "1234.568"), ("USD", "1234.57")])
def test_the_currency_says_how_many_decimals_are_kept(currency: str, kept: str) -> None:
    clock = Ticker()
    sim = ShopifySimulator(clock=clock, currency=currency, tokens=(TOKEN,))
    sim.load([CatalogItem("X", "X", Decimal(1))])
    shop = Shop(sim, clock)
    payload = update(shop, {"id": shop.variant("X").gid, "price": "1234.5675"}, of="X")
    assert payload["productVariants"][0]["price"] == kept


def test_a_reduced_price_and_a_barcode_are_cleared_by_null(shop: Shop) -> None:
    shop.sim.admin.set_compare_at_price("TEE-S", Decimal(30))
    payload = update(shop, {"id": shop.variant("TEE-S").gid, "compareAtPrice": None, "barcode": None})
    assert (payload["productVariants"][0]["compareAtPrice"], payload["productVariants"][0]["barcode"]) == (None, None)


def test_equal_values_move_no_stamp_and_have_no_effect(shop: Shop) -> None:
    shop.clock.advance(60)
    payload = update(shop, {"id": shop.variant("TEE-S").gid, "price": "19.9"})
    assert payload["productVariants"][0]["updatedAt"] == "2026-11-02T08:00:00Z"
    assert shop.sim.log.effects() == []


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"price": "-1"}, "NEGATIVE_PRICE_VALUE", "price"),
        ({"price": None}, "BLANK", "price"),
        ({"id": "gid://shopify/ProductVariant/1"}, "PRODUCT_VARIANT_DOES_NOT_EXIST", "id"),
        ({"id": None}, "PRODUCT_VARIANT_ID_MISSING", "id"),
        (
            {"inventoryQuantities": [{"availableQuantity": 1, "locationId": "gid://shopify/Location/61001"}]},
            "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE",
            "inventoryQuantities",
        ),
    ],
)
def test_one_bad_variant_stops_all_and_is_named(shop: Shop, wrong: dict[str, Any], code: str, field: str) -> None:
    good = {"id": shop.variant("TEE-S").gid, "price": "5"}
    payload = update(shop, good, {"id": shop.variant("TEE-M").gid, "price": "6", **wrong})
    assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [(code, ["variants", "1", field])]
    assert payload["productVariants"] is None
    assert shop.sim.price("TEE-S") == Decimal("19.90")


def test_partial_updates_keep_the_good_ones(shop: Shop) -> None:
    bad = {"id": shop.variant("TEE-M").gid, "price": "-1"}
    payload = update(shop, {"id": shop.variant("TEE-S").gid, "price": "5"}, bad, partial=True)
    assert [variant["sku"] for variant in payload["productVariants"]] == ["TEE-S"]
    assert len(payload["userErrors"]) == 1
    assert (shop.sim.price("TEE-S"), shop.sim.price("TEE-M")) == (Decimal("5.00"), Decimal("19.90"))


def test_a_variant_of_another_product_is_refused(shop: Shop) -> None:
    payload = update(shop, {"id": shop.variant("MUG").gid, "price": "5"})
    assert payload["userErrors"][0]["code"] == "PRODUCT_VARIANT_DOES_NOT_EXIST"


def test_an_unknown_product_is_refused(shop: Shop) -> None:
    given = {"product": "gid://shopify/Product/1", "variants": []}
    assert shop.data(UPDATE, given)["productVariantsBulkUpdate"]["userErrors"][0]["code"] == "PRODUCT_DOES_NOT_EXIST"


def test_a_price_that_is_no_number_fails_the_request(shop: Shop) -> None:
    variant = {"id": shop.variant("TEE-S").gid, "price": "cheap"}
    assert shop.ask(UPDATE, {"product": shop.variant("TEE-S").product.gid, "variants": [variant]})["errors"]
    literal = """mutation { productVariantsBulkUpdate(productId: "%s", variants: [{id: "%s", price: %s}]) {
      productVariants { price } userErrors { code } } }"""
    ids = (shop.variant("TEE-S").product.gid, shop.variant("TEE-S").gid)
    assert shop.ask(literal % (*ids, '"cheap"'))["errors"]
    kept = shop.data(literal % (*ids, "7.125"))["productVariantsBulkUpdate"]["productVariants"]
    assert kept == [{"price": "7.13"}]


def test_a_price_changed_in_the_admin_moves_the_stamps_of_variant_and_product(shop: Shop) -> None:
    shop.clock.advance(30)
    shop.sim.admin.set_price("TEE-S", Decimal("9.999"))
    query = '{ productVariant(id: "%s") { price updatedAt product { updatedAt } inventoryItem { updatedAt } } }'
    assert shop.data(query % shop.variant("TEE-S").gid)["productVariant"] == {
        "price": "10.00",
        "updatedAt": "2026-11-02T08:00:30Z",
        "product": {"updatedAt": "2026-11-02T08:00:30Z"},
        "inventoryItem": {"updatedAt": "2026-11-02T08:00:00Z"},
    }


def test_descriptions_lose_what_could_run(shop: Shop) -> None:
    dirty = '<p onclick="x()">Hi <b>you</b></p><script>alert(1)</script><a href=" javascript:x">y</a><br/>'
    payload = change(shop, descriptionHtml=dirty)
    assert payload["product"]["descriptionHtml"] == "<p>Hi <b>you</b></p><a>y</a><br>"


def test_tags_are_sorted_trimmed_and_kept_once(shop: Shop) -> None:
    assert change(shop, tags=["b", " a ", "B", "", "c"])["product"]["tags"] == ["a", "b", "c"]


def test_a_blank_title_changes_nothing(shop: Shop) -> None:
    payload = change(shop, title="  ", tags=["x"])
    assert payload["userErrors"][0]["field"] == ["title"]
    assert shop.variant("MUG").product.tags == ("Gift", "kitchen")


def test_handles_stay_unique(shop: Shop) -> None:
    assert change(shop, handle="tee")["product"]["handle"] == "tee-1"


def test_a_new_product_has_one_variant(shop: Shop) -> None:
    create = """mutation($product: ProductCreateInput!) { productCreate(product: $product) {
      product { title status variants(first: 5) { nodes { title price } } } userErrors { message } } }"""
    payload = shop.data(create, {"product": {"title": "Cap", "status": "DRAFT"}})["productCreate"]
    assert payload["product"] == {
        "title": "Cap",
        "status": "DRAFT",
        "variants": {"nodes": [{"title": "Default Title", "price": "0.00"}]},
    }
    assert shop.data(create, {"product": {}})["productCreate"]["userErrors"]


def test_a_list_of_variants_that_is_sent_is_complete(shop: Shop) -> None:
    product, kept = shop.variant("TEE-S").product, shop.variant("TEE-S")
    variants = [
        {"id": kept.gid, "optionValues": [{"name": "S"}], "price": "18"},
        {"optionValues": [{"name": "XL"}], "sku": "TEE-XL", "price": "25"},
    ]
    given = {"productOptions": [{"name": "Size"}], "variants": variants}
    payload = shop.data(SET_PRODUCT, {"input": given, "identifier": {"id": product.gid}})["productSet"]
    assert payload["userErrors"] == []
    found = [(v["sku"], v["title"], v["price"]) for v in payload["product"]["variants"]["nodes"]]
    assert found == [("TEE-S", "S", "18.00"), ("TEE-XL", "XL", "25.00")]
    assert "TEE-M" not in str(shop.sim.snapshot())


def test_variants_need_their_options_and_the_reverse(shop: Shop) -> None:
    identifier = {"handle": "tee"}
    only = shop.data(SET_PRODUCT, {"input": {"variants": []}, "identifier": identifier})["productSet"]
    assert only["userErrors"][0]["code"] == "PRODUCT_OPTIONS_INPUT_MISSING"
    only = shop.data(SET_PRODUCT, {"input": {"productOptions": []}, "identifier": identifier})["productSet"]
    assert only["userErrors"][0]["code"] == "VARIANTS_INPUT_MISSING"


def test_a_product_is_created_under_its_handle_when_there_is_none(shop: Shop) -> None:
    given = {"input": {"title": "Cap"}, "identifier": {"handle": "cap-2"}}
    payload = shop.data(SET_PRODUCT, given)["productSet"]
    assert payload["product"]["handle"] == "cap-2"
    assert shop.data(SET_PRODUCT, given)["productSet"]["product"]["id"] == payload["product"]["id"]


def test_a_deleted_product_is_gone_with_its_items(shop: Shop) -> None:
    gid, item = shop.variant("TEE-S").product.gid, shop.item_id("TEE-S")
    delete = 'mutation { productDelete(input: {id: "%s"}) { deletedProductId userErrors { message } } }' % gid
    assert shop.data(delete)["productDelete"]["deletedProductId"] == gid
    assert shop.data(delete)["productDelete"]["userErrors"]
    assert shop.data('{ inventoryItem(id: "%s") { id } }' % item) == {"inventoryItem": None}


def test_the_snapshot_shows_effects_and_not_the_bookkeeping(shop: Shop) -> None:
    before = shop.sim.snapshot()
    shop.clock.advance(60)
    update(shop, {"id": shop.variant("TEE-S").gid, "price": "20"})
    after = shop.sim.snapshot()
    gid = shop.variant("TEE-S").gid
    assert after["variants"][gid] == {**before["variants"][gid], "price": "20.00"}
    after["variants"][gid] = before["variants"][gid]
    assert after == before
    assert "updated_at" in shop.sim.snapshot(stamps=True)["variants"][gid]


def test_webhooks_are_kept_listed_and_deleted(shop: Shop) -> None:
    create = """mutation($uri: String) { webhookSubscriptionCreate(topic: PRODUCTS_UPDATE, webhookSubscription:
      {uri: $uri, includeFields: ["id"]}) { webhookSubscription { id topic uri format } userErrors { field } } }"""
    made = shop.data(create, {"uri": "https://hub.example/hook"})["webhookSubscriptionCreate"]["webhookSubscription"]
    assert (made["topic"], made["format"]) == ("PRODUCTS_UPDATE", "JSON")
    for uri in ("https://hub.example/hook", "http://hub.example/other"):
        assert shop.data(create, {"uri": uri})["webhookSubscriptionCreate"]["userErrors"]
    listed = "{ webhookSubscriptions(first: 5, topics: [PRODUCTS_UPDATE]) { nodes { uri } } }"
    assert shop.data(listed)["webhookSubscriptions"]["nodes"] == [{"uri": "https://hub.example/hook"}]
    delete = 'mutation { webhookSubscriptionDelete(id: "%s") { deletedWebhookSubscriptionId userErrors { field } } }'
    assert shop.data(delete % made["id"])["webhookSubscriptionDelete"]["deletedWebhookSubscriptionId"] == made["id"]
    assert shop.data(listed)["webhookSubscriptions"]["nodes"] == []
