"""Reads of products and variations: whole or not, by which clock, and only what was asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical.errors import AuthenticationError, FatalError, ProtocolError, RetriableError
from connectors.simulation import CatalogItem, Fault, Ticker


def test_a_thousand_simple_products_cost_ten_calls_and_no_more(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1000))
    pages = list(world.connect().pull("products", woo.FIELDS))
    assert len({record["id"] for record in woo.records(pages)}) == 1000
    assert [page.complete for page in pages] == [False] * 9 + [True]
    assert [call.operation for call in world.shop.log.entries] == ["products"] * 10


def test_variations_come_as_records_with_type_and_parent(make_world: Any, woo: Any) -> None:
    world = make_world([*woo.items(3, "P"), CatalogItem("SOLO", "Solo", Decimal(5), {"WH1": 1})])
    found = {record["sku"]: record for record in woo.records(world.connect().pull("products", woo.FIELDS))}
    assert found["SOLO"]["type"] == "simple"
    assert found[""]["type"] == "variable"
    assert {found[sku]["parent_id"] for sku in world.skus(3)} == {found[""]["id"]}
    assert {found[sku]["type"] for sku in world.skus(3)} == {"variation"}
    assert found["S00001"]["stock_quantity"] == 10


@pytest.mark.parametrize("extras", [True, False])
def test_a_shop_before_10_3_is_read_parent_by_parent(make_world: Any, woo: Any, extras: bool) -> None:
    catalog = [CatalogItem(f"V{n}", "V", Decimal(1), {"WH1": n}, product=f"P{n % 2}") for n in range(6)]
    world = make_world(catalog, wc_version="9.9.5", variation_extras=extras)
    pages = list(world.connect().pull("products", woo.FIELDS))
    variations = [record for record in woo.records(pages) if record["type"] == "variation"]
    assert sorted(record["sku"] for record in variations) == [f"V{n}" for n in range(6)]
    assert {str(record["parent_id"]) for record in variations} == {world.shop.parent_of(sku) for sku in ("V0", "V1")}
    assert pages[-1].complete
    world.shop.admin.set_stock("V3", 99)
    changed = woo.records(world.connect().changed_since("products", woo.FIELDS, pages[-1].cursor or ""))
    assert [(record["sku"], record["stock_quantity"]) for record in changed] == [("V3", 99)]


def test_only_wanted_fields_travel(make_world: Any, woo: Any) -> None:
    world = make_world([CatalogItem("T", "T", Decimal(1), {"WH1": 1}, tags=("b", "a"))])
    (record,) = woo.records(world.connect().pull("products", ("sku", "tags[].name", "dimensions.length")))
    assert set(record) == {
        "id", "type", "parent_id", "status", "sku", "date_created_gmt", "date_modified_gmt", "tags", "dimensions"
    }  # fmt: skip
    assert [tag["name"] for tag in record["tags"]] == ["a", "b"]
    assert record["dimensions"] == {"length": ""}


def test_an_empty_shop_is_one_complete_page(make_world: Any, woo: Any) -> None:
    (page,) = make_world().connect().pull("products", woo.FIELDS)
    assert (list(page.records), page.complete) == ([], True)


def _after_first_page(world: Any, woo: Any, act: Callable[[], None]) -> list[Any]:
    pages = []
    for number, page in enumerate(world.connect(per_page=10).pull("products", woo.FIELDS)):
        if number == 0:
            act()
        pages.append(page)
    return pages


def test_a_product_that_goes_while_we_read_makes_the_read_incomplete(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(40))
    pages = _after_first_page(world, woo, lambda: world.shop.admin.trash("S00003"))
    assert len({record["id"] for record in woo.records(pages)}) < 40
    assert not any(page.complete for page in pages)
    assert all(page.cursor is None for page in pages)


def test_one_gone_and_one_new_do_not_cancel_out(make_world: Any, woo: Any) -> None:
    """The total stays the same, yet one record slid onto a page that had been read."""
    world = make_world(woo.items(40))

    def swap() -> None:
        world.clock.advance(2)
        world.shop.admin.delete("S00003")
        product = world.shop.store.add("simple", world.clock.now())
        product.values["sku"] = "NEW"

    pages = _after_first_page(world, woo, swap)
    assert len({record["id"] for record in woo.records(pages)}) == 40
    assert not pages[-1].complete


def test_a_save_while_we_read_loses_nothing(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(40))
    pages = _after_first_page(world, woo, lambda: world.shop.admin.set_price("S00003", Decimal(77)))
    assert pages[-1].complete


def test_without_totals_a_read_of_several_pages_never_counts_as_whole(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(25), total_headers=False)
    assert not any(page.complete for page in world.connect(per_page=10).pull("products", woo.FIELDS))
    assert [page.complete for page in world.connect().pull("products", woo.FIELDS)] == [True]


def test_the_cursor_is_the_shops_clock_less_the_overlap_never_ours(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1))
    ahead = Ticker(world.clock.now() + timedelta(minutes=10))
    here = world.connect()
    here._client._transport._clock = ahead
    (page,) = here.pull("products", woo.FIELDS)
    assert page.as_of == ahead.now()
    assert page.cursor == "2026-11-02T07:59:30"


def test_without_a_date_header_the_newest_stamp_makes_the_cursor(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(2), date_header=False)
    world.shop.admin.set_stock("S00001", 4)
    (page,) = world.connect().pull("products", woo.FIELDS)
    assert page.cursor == "2026-11-02T07:59:30"


def test_an_unchanged_shop_of_simple_products_costs_one_call(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(250))
    cursor = list(world.connect().pull("products", woo.FIELDS))[-1].cursor or ""
    world.shop.log.clear()
    pages = list(world.connect().changed_since("products", woo.FIELDS, cursor))
    assert woo.records(pages) == []
    assert pages[-1].cursor is not None
    assert len(world.shop.log.entries) == 1


def test_variations_are_read_again_as_soon_as_a_variable_product_shows_up(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(3))
    cursor = list(world.connect().pull("products", woo.FIELDS))[-1].cursor or ""
    world.clock.advance(86_400 + 60)
    world.shop.load([CatalogItem("LATE", "Late", Decimal(1), {"WH1": 2}, product="L")])
    found = woo.records(world.connect().changed_since("products", woo.FIELDS, cursor))
    assert "LATE" in {record["sku"] for record in found}


def test_what_was_saved_in_the_second_of_the_read_is_found_by_the_next(make_world: Any, woo: Any) -> None:
    """The shop's filter is strict and counts whole seconds: only the overlap saves this change."""
    world = make_world([*woo.items(2, "P"), CatalogItem("SOLO", "Solo", Decimal(5), {"WH1": 1})])
    connector = world.connect()
    cursor = list(connector.pull("products", woo.FIELDS))[-1].cursor or ""
    world.shop.shop.sell("S00001")
    world.shop.shop.sell("SOLO")
    found = woo.records(connector.changed_since("products", woo.FIELDS, cursor))
    changed = {record["sku"]: record["stock_quantity"] for record in found}
    assert changed == {"S00001": 9, "SOLO": 0}


@pytest.mark.parametrize("offset", [-8.0, 0.0, 5.5])
def test_the_sites_own_time_zone_changes_nothing(make_world: Any, woo: Any, offset: float) -> None:
    world = make_world(woo.items(3), site_utc_offset_hours=offset)
    connector = world.connect()
    cursor = list(connector.pull("products", woo.FIELDS))[-1].cursor or ""
    world.clock.advance(3600)
    world.shop.admin.set_stock("S00002", 1)
    changed = woo.records(connector.changed_since("products", woo.FIELDS, cursor))
    assert [record["sku"] for record in changed] == ["S00002"]


def test_a_delta_read_that_drifts_is_read_again_and_ends_with_a_cursor(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(30))
    connector = world.connect(per_page=10)
    cursor = list(connector.pull("products", woo.FIELDS))[-1].cursor or ""
    for sku in world.skus(30):
        world.shop.admin.set_stock(sku, 5)
    seen: set[int] = set()
    pages = connector.changed_since("products", woo.FIELDS, cursor)
    first = next(pages)
    seen.update(record["id"] for record in woo.records([first]))
    world.shop.admin.trash("S00000")
    rest = list(pages)
    seen.update(record["id"] for record in woo.records(rest))
    assert seen == {int(world.shop.id_of(sku)) for sku in world.skus(30)}
    assert rest[-1].cursor is not None
    assert not any(page.complete for page in [first, *rest])


def test_a_web_page_instead_of_json_ends_a_read_with_advice(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1))
    world.shop.faults.add(Fault("html", times=99, status=200))
    with pytest.raises(ProtocolError, match="web page") as caught:
        list(world.connect().pull("products", woo.FIELDS))
    assert "maintenance" in caught.value.hint


def test_a_maintenance_page_that_passes_is_waited_for(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1))
    world.shop.faults.add(Fault("html", times=2, status=503))
    assert len(woo.records(world.connect().pull("products", woo.FIELDS))) == 1


def test_a_shop_that_stays_down_is_told_as_such(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1))
    world.shop.faults.add(Fault("status", times=99, status=502))
    with pytest.raises(RetriableError, match="502"):
        list(world.connect().pull("products", woo.FIELDS))


def test_a_wrong_secret_is_told_with_what_to_check(make_world: Any, woo: Any) -> None:
    with pytest.raises(AuthenticationError, match="Consumer secret is invalid") as caught:
        list(make_world().connect(consumer_secret="cs_wrong_wrong_wrong").pull("products", woo.FIELDS))
    assert "consumer_secret" in caught.value.hint
    assert "cs_wrong" not in str(caught.value)


def test_an_unknown_resource_is_named(make_world: Any) -> None:
    with pytest.raises(FatalError, match="coupons"):
        make_world().connect().pull("coupons", ())
