"""The shipped mapping files: they load, fit their platform's catalog, and mean what they should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from canonical.errors import SkippableError
from canonical.inventory import Basis
from mappings.compiled import CompiledMapping
from mappings.compiler import compile_mapping
from mappings.lint import OwnedField, lint
from mappings.lint_catalog import plain_catalog
from mappings.loader import SHIPPED, load_mappings
from mappings.model import Mapped, MappingContext
from mappings.source import load_yaml

ROOT = Path(__file__).resolve().parents[3]
PLATFORMS = sorted(folder.name for folder in SHIPPED.iterdir() if any(folder.glob("*.yaml")))
CONTEXT = MappingContext("EUR", {"gid://shopify/Location/1": "WH1", "gid://shopify/Location/2": "WH2", "4": "WH1"})


def mapping(platform: str, entity: str) -> CompiledMapping:
    (spec,) = (spec for spec in load_mappings(platform, None) if spec.entity == entity)
    return compile_mapping(spec, CONTEXT)


def decode(platform: str, entity: str, record: Any) -> Mapped:
    mapped = mapping(platform, entity).decode(msgspec.json.encode(record))
    assert mapped is not None
    return mapped


def catalog(platform: str) -> Any:
    return plain_catalog(load_yaml(ROOT / "connectors" / platform / "fields.yaml").data)  # type: ignore[arg-type]


def test_there_are_mappings_for_every_platform() -> None:
    assert PLATFORMS == ["memory", "shipbob", "shiphero", "shopify", "tryton", "woocommerce"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_shipped_mappings_fit_their_platform(platform: str) -> None:
    specs = load_mappings(platform, None)
    assert [spec.entity for spec in specs] == ["inventory", "variant"]
    assert [str(problem) for problem in lint(specs, {platform: catalog(platform)})] == []


def test_an_erp_may_own_stock_and_prices_of_all_shops() -> None:
    specs = [spec for platform in PLATFORMS for spec in load_mappings(platform, None)]
    shops = ("shopify", "woocommerce", "memory")
    owned = [
        OwnedField("variant", "sku", "tryton"),
        OwnedField("variant", "price", "tryton", shops),
        OwnedField("variant", "sellable", "tryton"),
        OwnedField("inventory", "stock", "tryton", shops),
    ]
    assert lint(specs, {platform: catalog(platform) for platform in PLATFORMS}, owned) == []


def test_a_shopify_variant() -> None:
    record = {
        "id": "gid://shopify/ProductVariant/7",
        "sku": "SHOE-42",
        "barcode": "4006381333931",
        "price": "19.90",
        "compareAtPrice": None,
        "product": {"id": "gid://shopify/Product/3", "title": "Shoe", "status": "ACTIVE"},
    }
    mapped = decode("shopify", "variant", record)
    assert (mapped.kind, mapped.parent_id, mapped.sku) == ("productVariant", "gid://shopify/Product/3", "SHOE-42")
    assert mapped.slots == {
        "title": "Shoe",
        "price[EUR]": "19.9",
        "compare_at_price[EUR]": None,
        "sellable": True,
    }
    archived = decode("shopify", "variant", {"id": "1", "product": {"id": "3", "status": "ARCHIVED"}})
    assert archived.slots["sellable"] is False


def test_shopify_prices_are_written_to_the_bulk_update() -> None:
    written = mapping("shopify", "variant").encode({"price[EUR]": "19.9", "compare_at_price[EUR]": None})
    assert written == {"productVariantsBulkUpdate": {"price": "19.90", "compareAtPrice": None}}


def test_shopify_stock_reads_all_three_figures_and_writes_available_only() -> None:
    def level(place: int, **units: int) -> dict[str, Any]:
        quantities = [{"name": name, "quantity": number} for name, number in units.items()]
        return {"location": {"id": f"gid://shopify/Location/{place}"}, "quantities": quantities}

    nodes = [level(1, committed=2, available=8, on_hand=10), level(2, available=0, on_hand=0, committed=0)]
    record = {"id": "gid://shopify/InventoryItem/1", "tracked": True, "inventoryLevels": {"nodes": nodes}}
    mapped = decode("shopify", "inventory", record)
    assert mapped.slots == {
        "tracked": True,
        "stock[WH1]": 8,
        "on_hand[WH1]": 10,
        "committed[WH1]": 2,
        "stock[WH2]": 0,
        "on_hand[WH2]": 0,
        "committed[WH2]": 0,
    }
    assert mapped.scopes["stock[WH2]"] == "gid://shopify/Location/2"
    shopify = mapping("shopify", "inventory")
    assert shopify.encode({"stock[WH1]": 5}) == {"inventorySetQuantities": {"quantity": 5}}
    assert {name for name, rule in shopify.fields.items() if rule.writable} == {"stock"}
    assert shopify.fields["stock"].stock is not None
    assert shopify.fields["stock"].stock.deducts == "creation"


WOO = {
    "id": 12,
    "type": "simple",
    "status": "publish",
    "parent_id": 0,
    "sku": "MUG",
    "global_unique_id": "",
    "name": "Mug",
    "description": "",
    "tags": [{"id": 1, "name": "kitchen", "slug": "kitchen"}],
    "regular_price": "9.50",
    "manage_stock": True,
    "stock_quantity": 4,
}


def test_a_woocommerce_product() -> None:
    mapped = decode("woocommerce", "variant", WOO)
    assert (mapped.kind, mapped.external_id, mapped.parent_id, mapped.gtin) == ("product", "12", "", "")
    assert mapped.slots == {
        "title": "Mug",
        "description": None,
        "tags": ["kitchen"],
        "price[EUR]": "9.5",
        "sellable": True,
    }
    assert decode("woocommerce", "inventory", WOO).slots == {"stock": 4, "tracked": True}


def test_a_woocommerce_variation_is_written_elsewhere_than_a_product() -> None:
    variation = decode("woocommerce", "variant", {**WOO, "type": "variation", "parent_id": 11, "regular_price": ""})
    assert (variation.kind, variation.parent_id, variation.slots["price[EUR]"]) == ("variation", "11", None)
    woo = mapping("woocommerce", "variant")
    assert woo.encode({"price[EUR]": "9.5"}, "variation") == {"variations/batch": {"regular_price": "9.50"}}
    assert woo.encode({"description": None}, "product") == {"products/batch": {"description": ""}}
    with pytest.raises(SkippableError):
        woo.encode({"title": "Mug"}, "variation")
    stock = mapping("woocommerce", "inventory")
    assert stock.encode({"stock": 3}, "product") == {"products/batch": {"stock_quantity": 3}}


@pytest.mark.parametrize("change", [{"type": "variable"}, {"type": "grouped"}, {"status": "trash"}])
def test_woocommerce_records_that_are_not_sold_are_left_out(change: dict[str, str]) -> None:
    record = msgspec.json.encode({**WOO, **change})
    assert mapping("woocommerce", "variant").decode(record) is None
    assert mapping("woocommerce", "inventory").decode(record) is None


def test_a_woocommerce_draft_is_known_but_not_sellable() -> None:
    assert decode("woocommerce", "variant", {**WOO, "status": "draft"}).slots["sellable"] is False


@pytest.mark.parametrize(("manage_stock", "tracked"), [(True, True), (False, False), ("parent", False)])
def test_woocommerce_stock_counts_only_where_it_is_managed(manage_stock: Any, tracked: bool) -> None:
    record = {**WOO, "manage_stock": manage_stock, "stock_quantity": None}
    assert decode("woocommerce", "inventory", record).slots == {"stock": None, "tracked": tracked}


def test_a_tryton_product() -> None:
    raw = b'{"id": 5, "code": "MUG", "version": "1732233600.25", "active": true,'
    raw += b' "template": {"id": 3, "name": "Mug", "list_price": "9.5000"}}'
    mapped = mapping("tryton", "variant").decode(raw)
    assert mapped == Mapped(
        *("variant", "product", "5", "3", "MUG", ""),
        {"title": "Mug", "price[EUR]": "9.5", "sellable": True},
        {},
        "1732233600.25",
    )
    written = mapping("tryton", "variant").encode({"price[EUR]": "9.1234"})
    assert written == {"product.write": {"list_price": "9.1234"}}


def test_tryton_stock_is_the_forecast_and_a_fraction_has_a_reason() -> None:
    tryton = mapping("tryton", "inventory")
    mapped = tryton.decode(
        b'{"id": 5, "code": "MUG", "levels": [{"location": 4, "quantity": 12.0, "forecast_quantity": 7.0}]}'
    )
    assert mapped is not None
    assert mapped.slots == {"stock[WH1]": 7, "on_hand[WH1]": 12}
    rule = tryton.fields["stock"].stock
    assert rule is not None
    assert rule.basis is Basis.ACCEPTED
    mapped = tryton.decode(b'{"id": 5, "levels": [{"location": 4, "quantity": 12.5, "forecast_quantity": 12.5}]}')
    assert mapped is not None
    assert mapped.slots == {}
    assert {issue.reason for issue in mapped.issues} == {"fraction"}
