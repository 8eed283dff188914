"""Sales that the owner has booked, or has not: the worlds in which simpler rules raise over a sale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from canonical.inventory import ChannelRule, Pool
from sync import conflicts, drops
from sync.observe import ReadMode
from sync.resolve import Choice, resolve
from sync.run import run_sync
from tests.support.hubs import Shops, open_shops

_opened: list[Shops] = []


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().hub.database.close()


def world(url: str, **more: Any) -> Shops:
    found = open_shops(url, **{"items": 1, "shops": ("a", "b"), **more})
    _opened.append(found)
    found.adopt()
    return found


def sync(shops: Shops) -> None:
    shops.tick()
    run_sync(shops.hub, ReadMode.FULL)
    shops.tick()


def total(shops: Shops, name: str) -> int:
    found = shops.worlds[name]
    return int(found.stock("SKU-1", "WH1")) + int(found.stock("SKU-1", "WH2"))


def open_drops(shops: Shops) -> int:
    with shops.hub.database.begin() as connection:
        return sum(row.open_units for row in drops.listing(connection))


def test_one_booking_explains_one_of_two_equal_sales(sqlite_url: str) -> None:
    shops = world(sqlite_url)
    for name in ("a", "b"):
        shops.worlds[name].sell("SKU-1", 3, "WH1")
    shops.erp.set_stock("SKU-1", "WH1", 7)
    sync(shops)
    assert open_drops(shops) == 3
    shops.erp.set_stock("SKU-1", "WH1", 12)
    sync(shops)
    assert total(shops, "a") <= 14
    assert total(shops, "b") <= 14


def test_a_transfer_between_warehouses_books_no_sale(sqlite_url: str) -> None:
    shops = world(sqlite_url)
    shops.worlds["a"].sell("SKU-1", 3, "WH1")
    shops.erp.set_stock("SKU-1", "WH1", 7)
    shops.erp.set_stock("SKU-1", "WH2", 8)
    sync(shops)
    assert open_drops(shops) == 3
    assert total(shops, "a") <= 12
    shops.erp.set_stock("SKU-1", "WH1", 4)
    sync(shops)
    assert (total(shops, "a"), total(shops, "b")) == (12, 12)


def test_a_larger_buffer_books_no_sale(sqlite_url: str) -> None:
    shops = world(sqlite_url, shops=("a",), rules={"a": ChannelRule("a", "main", buffer=3)})
    shops.worlds["a"].sell("SKU-1", 3, "WH1")
    sync(shops)
    assert open_drops(shops) == 3


def test_a_booked_sale_counts_once_where_the_listing_is_capped(sqlite_url: str) -> None:
    shops = world(sqlite_url, rules={"a": ChannelRule("a", "main", max_listed=5)})
    sync(shops)
    shops.worlds["a"].sell("SKU-1", 3, "WH1")
    shops.erp.set_stock("SKU-1", "WH1", 7)
    sync(shops)
    assert open_drops(shops) == 0
    assert (total(shops, "a"), total(shops, "b")) == (5, 12)


def test_a_fall_in_another_pool_books_no_sale(sqlite_url: str) -> None:
    shops = world(
        sqlite_url,
        shops=("a",),
        pools={"main": Pool("main", ("WH1",)), "other": Pool("other", ("WH2",))},
        rules={"a": ChannelRule("a", "main")},
    )
    shops.worlds["a"].sell("SKU-1", 3, "WH1")
    sync(shops)
    shops.erp.set_stock("SKU-1", "WH2", 2)
    sync(shops)
    assert shops.worlds["a"].stock("SKU-1", "WH1") == 7


def test_canceling_a_booked_order_does_not_free_an_open_one(sqlite_url: str) -> None:
    shops = world(sqlite_url, shops=("a",))
    shop = shops.worlds["a"]
    shop.sell("SKU-1", 3, "WH1")
    sync(shops)
    shops.erp.set_stock("SKU-1", "WH1", 7)
    sync(shops)
    shop.sell("SKU-1", 3, "WH1")
    sync(shops)
    shop.sell("SKU-1", -3, "WH1")
    sync(shops)
    shops.erp.set_stock("SKU-1", "WH1", 10)
    sync(shops)
    assert shop.stock("SKU-1", "WH1") <= 7


def test_a_canceled_sale_that_was_never_booked_gives_its_units_back(sqlite_url: str) -> None:
    shops = world(sqlite_url)
    shops.worlds["a"].sell("SKU-1", 3, "WH1")
    sync(shops)
    shops.worlds["a"].sell("SKU-1", -3, "WH1")
    sync(shops)
    assert (total(shops, "a"), total(shops, "b")) == (15, 15)


def test_a_rise_by_hand_after_a_fulfillment_is_no_cancellation(sqlite_url: str) -> None:
    shops = world(sqlite_url, shops=("a",))
    shop = shops.worlds["a"]
    shop.sell("SKU-1", 3, "WH1")
    sync(shops)
    shops.erp.set_stock("SKU-1", "WH2", 6)
    sync(shops)
    level = shop.find("SKU-1").levels["WH1"]
    level["committed"], level["on_hand"] = 0, 7
    shop.touch(shop.find("SKU-1"))
    sync(shops)
    shop.set_stock("SKU-1", "WH1", 10)
    sync(shops)
    assert shop.stock("SKU-1", "WH1") == 7
    assert open_drops(shops) == 3


def test_resolving_a_rise_leaves_real_sales_open(sqlite_url: str) -> None:
    shops = world(sqlite_url)
    shop = shops.worlds["a"]
    shop.sell("SKU-1", 3, "WH1")
    sync(shops)
    shops.erp.set_stock("SKU-1", "WH2", 9)
    sync(shops)
    shop.set_stock("SKU-1", "WH2", 6)
    sync(shops)
    with shops.hub.database.begin() as connection:
        found = conflicts.listing(connection)
    for row in found:
        resolve(shops.hub, row.id, Choice.OURS)
    sync(shops)
    assert open_drops(shops) == 3
    assert shop.stock("SKU-1", "WH1") == 7


def test_a_sale_on_a_late_page_of_a_long_read_is_counted_once(sqlite_url: str) -> None:
    shops = world(sqlite_url, items=250)
    shop = shops.worlds["a"]
    for sku in ("SKU-5", "SKU-240"):
        shop.sell(sku, 3, "WH1")
        shops.erp.set_stock(sku, "WH1", 7)
    sync(shops)
    assert open_drops(shops) == 0
