"""One SKU names one item: a rename onto a SKU in use waits, and a record that fits two items is no guess."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from sync import quarantine
from sync.observe import ReadMode
from sync.run import run_sync
from sync.store import tables
from tests.support.hubs import Shops, open_shops

ITEM = tables.table(tables.Item)


@pytest.fixture
def shops(database_url: str) -> Iterator[Shops]:
    found = open_shops(database_url, items=3)
    found.adopt()
    sync(found)
    yield found
    found.hub.database.close()


def sync(shops: Shops) -> None:
    shops.tick()
    run_sync(shops.hub, ReadMode.FULL)
    shops.tick(60)


def rename(shops: Shops, item: str, sku: str) -> None:
    shops.erp.items[item].sku = sku
    shops.erp.touch(shops.erp.items[item])


def skus(shops: Shops) -> list[str]:
    with shops.hub.database.begin() as connection:
        return list(connection.execute(select(ITEM.c.sku).order_by(ITEM.c.id)).scalars())


def left_out(shops: Shops) -> set[tuple[str, str, str]]:
    with shops.hub.database.begin() as connection:
        return {(row.connection, row.external_id, row.reason) for row in quarantine.listing(connection)}


def test_a_rename_onto_a_sku_in_use_leaves_the_item_its_own(shops: Shops) -> None:
    rename(shops, "i2", "SKU-1")
    sync(shops)
    assert skus(shops) == ["SKU-1", "SKU-2", "SKU-3"]
    assert ("erp", "i2", "duplicate_sku") in left_out(shops)


def test_prices_of_both_go_to_their_own_records_while_the_sku_is_disputed(shops: Shops) -> None:
    rename(shops, "i2", "SKU-1")
    shops.erp.items["i1"].price = "5.00"
    shops.erp.items["i2"].price = "99.00"
    shops.erp.touch(shops.erp.items["i1"])
    sync(shops)
    assert shops.shop.items["i1"].price == "5.00"
    assert shops.shop.items["i2"].price == "99.00"


def test_the_rename_takes_place_once_the_sku_is_free(shops: Shops) -> None:
    rename(shops, "i2", "SKU-1")
    sync(shops)
    rename(shops, "i1", "SKU-9")
    sync(shops)
    assert skus(shops) == ["SKU-9", "SKU-1", "SKU-3"]
    assert left_out(shops) == set()


def test_a_rename_that_is_taken_back_is_no_finding_any_more(shops: Shops) -> None:
    rename(shops, "i2", "SKU-1")
    sync(shops)
    rename(shops, "i2", "SKU-2")
    sync(shops)
    assert skus(shops) == ["SKU-1", "SKU-2", "SKU-3"]
    assert left_out(shops) == set()


def test_two_items_may_swap_their_skus(shops: Shops) -> None:
    rename(shops, "i1", "SKU-2")
    rename(shops, "i2", "SKU-1")
    sync(shops)
    assert skus(shops) == ["SKU-2", "SKU-1", "SKU-3"]
    assert left_out(shops) == set()


def test_two_items_that_want_one_free_sku_both_keep_their_own(shops: Shops) -> None:
    rename(shops, "i1", "NEW")
    rename(shops, "i2", "NEW")
    sync(shops)
    assert skus(shops) == ["SKU-1", "SKU-2", "SKU-3"]
    assert left_out(shops) == {("erp", "i1", "duplicate_sku"), ("erp", "i2", "duplicate_sku")}


def test_a_record_whose_sku_two_items_have_is_linked_to_neither(shops: Shops) -> None:
    with shops.hub.database.begin() as connection:
        connection.execute(update(ITEM).where(ITEM.c.sku == "SKU-2").values(sku="SKU-1", sku_folded="sku-1"))
    shops.shop.items.clear()
    shops.shop.add("SKU-1", id="n1", price="50.00", stock={"WH1": 0, "WH2": 0})
    sync(shops)
    assert ("shop", "n1", "ambiguous_match") in left_out(shops)
    assert shops.shop.items["n1"].price == "50.00"
