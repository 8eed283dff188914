from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync import adopt, conflicts
from sync.config import Baseline
from sync.observe import ReadMode
from sync.run import look, make_plan, run_sync
from tests.support.hubs import Shops, open_shops


@pytest.fixture
def shops(sqlite_url: str) -> Iterator[Shops]:
    """Item 1 differs in price and stock, item 2 in nothing, and item 3 is listed too high."""
    found = open_shops(sqlite_url, items=3)
    found.shop.set_price("SKU-1", "12.00")
    found.shop.set_stock("SKU-1", "WH1", 4)
    found.shop.set_stock("SKU-3", "WH1", 30)
    yield found
    found.hub.close()
    found.hub.database.close()


def sync(shops: Shops) -> None:
    run_sync(shops.hub, ReadMode.FULL)
    shops.tick()


def open_conflicts(shops: Shops) -> list[tuple[str, str]]:
    with shops.hub.database.begin() as connection:
        return sorted((row.kind, row.slot) for row in conflicts.listing(connection))


def test_nothing_is_written_before_an_approval(shops: Shops) -> None:
    _, summary = make_plan(shops.hub)
    assert summary.changes == 0
    assert summary.withheld["not_adopted"] == 3
    sync(shops)
    assert shops.shop.writes == []


def test_the_report_counts_and_shows_what_differs_and_writes_nothing(shops: Shops) -> None:
    look(shops.hub, ReadMode.FULL)
    flows = shops.hub.config.flows
    stock = adopt.report(shops.hub, flows["inventory"], "shop")
    prices = adopt.report(shops.hub, flows["prices"], "shop")
    assert (stock.linked, stock.equal, stock.different) == (3, 4, 2)
    assert prices.different == 1
    assert [(line.sku, line.slot) for line in prices.samples] == [("SKU-1", "price[EUR]")]
    assert prices.state == "adopting"
    assert shops.shop.writes == []


def test_the_owners_values_count_by_default(shops: Shops) -> None:
    shops.adopt(Baseline.OWNER)
    sync(shops)
    assert shops.shop.find("SKU-1").price == "10.00"
    assert [shops.shop.stock(sku, "WH1") for sku in ("SKU-1", "SKU-3")] == [10, 10]
    assert open_conflicts(shops) == []


def test_theirs_stay_until_the_owner_changes_but_nothing_stays_listed_too_high(shops: Shops) -> None:
    shops.adopt(Baseline.THEIRS)
    sync(shops)
    sync(shops)
    assert shops.shop.find("SKU-1").price == "12.00"
    assert shops.shop.stock("SKU-1", "WH1") == 4
    assert shops.shop.stock("SKU-3", "WH1") == 10
    shops.erp.set_price("SKU-1", "13.00")
    shops.erp.set_stock("SKU-1", "WH1", 11)
    sync(shops)
    assert shops.shop.find("SKU-1").price == "13.00"
    assert shops.shop.stock("SKU-1", "WH1") == 11


def test_held_differences_are_one_open_conflict_each_and_nothing_stays_listed_too_high(shops: Shops) -> None:
    shops.adopt(Baseline.HOLD)
    sync(shops)
    sync(shops)
    assert shops.shop.find("SKU-1").price == "12.00"
    assert shops.shop.stock("SKU-1", "WH1") == 4
    assert shops.shop.stock("SKU-3", "WH1") == 10
    assert open_conflicts(shops) == [("differs_at_adoption", "price[EUR]"), ("differs_at_adoption", "stock[WH1]")]


def test_a_first_sync_of_everything_trips_no_guard(sqlite_url: str) -> None:
    shops = open_shops(sqlite_url, items=20)
    for number in range(1, 21):
        shops.shop.set_price(f"SKU-{number}", "99.00")
    shops.adopt()
    _, summary = make_plan(shops.hub)
    assert (summary.changes, summary.guarded) == (20, False)
    shops.hub.database.close()


def test_an_empty_value_of_the_owner_blanks_nothing_that_may_not_be_cleared(sqlite_url: str) -> None:
    shops = open_shops(sqlite_url, items=1)
    shops.erp.find("SKU-1").price = ""
    shops.adopt()
    sync(shops)
    assert shops.shop.find("SKU-1").price == "10.00"
    shops.hub.database.close()
