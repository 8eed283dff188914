from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from sync import conflicts, quarantine
from sync.observe import ReadMode
from sync.resolve import Choice, resolve
from sync.run import look, run_sync
from sync.shadow import SHADOW
from tests.support.hubs import Shops, open_shops

EAN = "4006381333931"


@pytest.fixture
def shops(sqlite_url: str) -> Iterator[Shops]:
    found = open_shops(sqlite_url, items=2)
    yield found
    found.hub.close()
    found.hub.database.close()


def reasons(shops: Shops, name: str = "shop", entity: str = "variant") -> dict[str, str]:
    with shops.hub.database.begin() as connection:
        return {
            row.external_id: row.reason
            for row in quarantine.listing(connection, 100)
            if (row.connection, row.entity) == (name, entity)
        }


def links(shops: Shops, name: str = "shop") -> dict[str, int | None]:
    here = (SHADOW.c.connection == name, SHADOW.c.entity == "variant")
    with shops.hub.database.begin() as connection:
        rows = connection.execute(select(SHADOW.c.external_id, SHADOW.c.item_id).where(*here))
        return {row[0]: row[1] for row in rows}


def read(shops: Shops) -> None:
    look(shops.hub, ReadMode.FULL)
    shops.tick()


def test_equal_skus_are_one_item_and_stay_it_after_a_rename_in_the_shop(shops: Shops) -> None:
    read(shops)
    before = links(shops)
    assert sorted(before.values(), key=str) == [1, 2]
    shops.shop.find("SKU-1").sku = "OTHER"
    shops.shop.touch(shops.shop.find("OTHER"))
    read(shops)
    assert links(shops) == before
    assert reasons(shops) == {}


def test_swapped_skus_do_not_swap_links(shops: Shops) -> None:
    read(shops)
    before = links(shops)
    one, two = shops.shop.find("SKU-1"), shops.shop.find("SKU-2")
    one.sku, two.sku = two.sku, one.sku
    shops.shop.touch(one)
    shops.shop.touch(two)
    read(shops)
    assert links(shops) == before


def test_a_record_without_a_key_is_quarantined_and_let_out_once_it_has_one(shops: Shops) -> None:
    item = shops.shop.add("", id="x")
    shops.erp.add("SKU-9")
    read(shops)
    assert reasons(shops) == {"x": "missing_sku"}
    item.sku = "SKU-9"
    shops.shop.touch(item)
    read(shops)
    assert reasons(shops) == {}
    assert links(shops)["x"] is not None


def test_two_records_of_one_sku_are_both_left_alone_until_one_is_gone(shops: Shops) -> None:
    shops.erp.add("SKU-9")
    shops.shop.add("SKU-9", id="x")
    shops.shop.add("SKU-9", id="y")
    read(shops)
    assert reasons(shops) == {"x": "duplicate_sku", "y": "duplicate_sku"}
    assert links(shops)["x"] is links(shops)["y"] is None
    del shops.shop.items["y"]
    read(shops)
    assert links(shops)["x"] is not None
    assert "x" not in reasons(shops)


def test_a_second_record_of_a_linked_sku_does_not_take_the_link_over(shops: Shops) -> None:
    read(shops)
    shops.shop.add("SKU-1", id="x")
    read(shops)
    assert reasons(shops) == {"x": "duplicate_sku"}
    assert links(shops)["x"] is None


def test_two_records_of_one_sku_at_the_identity_owner_make_no_item(shops: Shops) -> None:
    shops.erp.add("SKU-9", id="x")
    shops.erp.add("SKU-9", id="y")
    read(shops)
    assert reasons(shops, "erp") == {"x": "duplicate_sku", "y": "duplicate_sku"}


def test_skus_that_differ_in_case_are_not_the_same(shops: Shops) -> None:
    shops.shop.add("sku-1", id="x")
    shops.shop.add("NOWHERE", id="y")
    read(shops)
    assert reasons(shops) == {"x": "sku_case_differs", "y": "unmatched"}


def test_a_gtin_links_a_record_without_a_sku_and_only_such_a_one(shops: Shops) -> None:
    shops.erp.add("SKU-9", gtin=EAN)
    shops.shop.add("", id="x", gtin=EAN)
    shops.shop.add("PACK-9", id="y", gtin=EAN)
    read(shops)
    assert links(shops)["x"] == max(links(shops, "erp").values(), key=lambda one: one or 0)
    assert reasons(shops) == {"y": "unmatched"}


def test_a_gtin_that_fits_several_items_is_never_a_guess(shops: Shops) -> None:
    shops.erp.add("SKU-8", gtin=EAN)
    shops.erp.add("SKU-9", gtin=EAN)
    shops.shop.add("", id="x", gtin=EAN)
    read(shops)
    assert reasons(shops) == {"x": "ambiguous_match"}
    assert links(shops)["x"] is None


def test_a_listing_made_anew_is_linked_once_its_predecessor_is_given_up(shops: Shops) -> None:
    read(shops)
    del shops.shop.items["i1"]
    shops.shop.add("SKU-1", id="new", price="10.00", stock={"WH1": 10, "WH2": 5})
    read(shops)
    assert links(shops)["new"] is None
    with shops.hub.database.begin() as connection:
        gone = [row.id for row in conflicts.listing(connection) if row.kind == "deleted_there"]
    assert gone
    for one in gone:
        resolve(shops.hub, one, Choice.OURS)
    read(shops)
    assert links(shops)["new"] == 1
    run_sync(shops.hub, ReadMode.FULL)
    assert shops.shop.writes == []
