from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.observe import ReadMode
from sync.run import make_plan, run_sync
from tests.support.hubs import Shops, open_shops


@pytest.fixture
def shops(database_url: str) -> Iterator[Shops]:
    found = open_shops(database_url)
    found.adopt()
    yield found
    found.hub.database.close()


def test_equal_worlds_plan_nothing_and_write_nothing(shops: Shops) -> None:
    report = run_sync(shops.hub, ReadMode.FULL)
    assert report.plans[-1].changes == 0
    assert shops.shop.writes == []


def test_a_price_and_a_stock_change_at_the_owner_land_in_the_shop(shops: Shops) -> None:
    shops.erp.set_price("SKU-1", "12.50")
    shops.erp.set_stock("SKU-2", "WH1", 7)
    _, summary = make_plan(shops.hub)
    assert summary.changes == 2
    shops.tick()
    report = run_sync(shops.hub, ReadMode.FULL)
    assert report.applied[0].outcomes == {"applied": 2}
    assert shops.shop.find("SKU-1").price == "12.50"
    assert shops.shop.stock("SKU-2", "WH1") == 7
    shops.tick()
    assert make_plan(shops.hub)[1].changes == 0
