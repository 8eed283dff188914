"""Re-reads of given ids: few calls, no strangers, no absence that was not proven."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.simulation import CatalogItem


def ids_of(world: Any, skus: list[str]) -> list[str]:
    return [world.shop.id_of(sku) for sku in skus]


def test_a_thousand_products_are_re_read_in_ten_calls(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1200))
    ids = ids_of(world, world.skus(1000, 100))
    pages = list(world.connect().lookup("products", woo.FIELDS, ids))
    assert [str(record["id"]) for record in woo.records(pages)] == ids
    assert world.shop.log.reads("products") == 10
    assert pages[-1].complete


def test_a_variation_is_found_by_its_id_alone(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(3, "P"))
    (record,) = woo.records(world.connect().lookup("products", woo.FIELDS, ids_of(world, ["S00001"])))
    assert (record["sku"], record["type"], str(record["parent_id"])) == (
        "S00001", "variation", world.shop.parent_of("S00001"),
    )  # fmt: skip


def test_a_variation_known_from_a_read_is_asked_for_once(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(3, "P"))
    connector = world.connect()
    list(connector.pull("products", woo.FIELDS))
    world.shop.log.clear()
    list(connector.lookup("products", woo.FIELDS, ids_of(world, ["S00001", "S00002"])))
    assert [call.operation for call in world.shop.log.entries] == ["variations"]


@pytest.mark.parametrize("warm", [True, False])
def test_before_10_3_a_variation_is_found_under_its_parent(make_world: Any, woo: Any, warm: bool) -> None:
    catalog = [CatalogItem(f"V{n}", "V", Decimal(1), {"WH1": n}, product=f"P{n // 2}") for n in range(6)]
    world = make_world(catalog, wc_version="10.2.0", variation_extras=False)
    connector = world.connect()
    if warm:
        list(connector.pull("products", woo.FIELDS))
    found = woo.records(connector.lookup("products", woo.FIELDS, ids_of(world, ["V1", "V4"])))
    assert sorted((record["sku"], str(record["parent_id"])) for record in found) == [
        ("V1", world.shop.parent_of("V1")),
        ("V4", world.shop.parent_of("V4")),
    ]


def test_what_was_trashed_or_deleted_is_absent_and_proven_so(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(4))
    ids = ids_of(world, world.skus(4))
    world.shop.admin.trash("S00001")
    world.shop.admin.delete("S00002")
    pages = list(world.connect().lookup("products", woo.FIELDS, ids))
    assert [record["sku"] for record in woo.records(pages)] == ["S00000", "S00003"]
    assert pages[-1].complete


def test_strangers_are_left_out_and_prove_no_absence(make_world: Any, woo: Any) -> None:
    """A shop that ignores `include` answers with whatever comes first."""
    world = make_world(woo.items(300), ignored_params=frozenset({"include"}))
    asked = ids_of(world, ["S00002", "S00250"])
    pages = list(world.connect().lookup("products", woo.FIELDS, asked))
    assert [str(record["id"]) for record in woo.records(pages)] == asked[:1]
    assert not any(page.complete for page in pages)


def test_ids_that_are_no_numbers_are_simply_not_found(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1))
    pages = list(world.connect().lookup("products", woo.FIELDS, ["gid://x/1", world.shop.id_of("S00000"), "٣"]))
    assert [record["sku"] for record in woo.records(pages)] == ["S00000"]


def test_a_deleted_product_of_a_simple_shop_costs_no_second_call(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(5))
    connector = world.connect()
    list(connector.pull("products", woo.FIELDS))
    ids = ids_of(world, world.skus(5))
    world.shop.admin.delete("S00002")
    world.shop.log.clear()
    assert len(woo.records(connector.lookup("products", woo.FIELDS, ids))) == 4
    assert len(world.shop.log.entries) == 1
