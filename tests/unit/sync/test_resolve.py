from __future__ import annotations

from collections.abc import Iterator

import pytest

from canonical.errors import DataError
from sync import conflicts, drops
from sync.apply import apply
from sync.observe import ReadMode
from sync.resolve import Choice, resolve, resolve_drop
from sync.run import run_sync
from tests.support.hubs import Shops, open_shops


@pytest.fixture
def shops(database_url: str) -> Iterator[Shops]:
    found = open_shops(database_url, items=2)
    found.adopt()
    yield found
    found.hub.close()
    found.hub.database.close()


def sync(shops: Shops) -> None:
    run_sync(shops.hub, ReadMode.FULL)
    shops.tick()


def only_conflict(shops: Shops) -> int:
    with shops.hub.database.begin() as connection:
        (row,) = conflicts.listing(connection)
        return int(row.id)


def open_conflicts(shops: Shops) -> int:
    with shops.hub.database.begin() as connection:
        return len(conflicts.listing(connection))


def edit_price(shops: Shops) -> int:
    shops.shop.set_price("SKU-1", "50.00")
    sync(shops)
    return only_conflict(shops)


def test_ours_writes_the_owners_newest_value(shops: Shops) -> None:
    conflict = edit_price(shops)
    resolve(shops.hub, conflict, Choice.OURS)
    shops.erp.set_price("SKU-1", "11.00")
    sync(shops)
    assert shops.shop.find("SKU-1").price == "11.00"
    assert open_conflicts(shops) == 0


def test_theirs_stays_until_the_owners_next_change(shops: Shops) -> None:
    resolve(shops.hub, edit_price(shops), Choice.THEIRS)
    sync(shops)
    sync(shops)
    assert shops.shop.find("SKU-1").price == "50.00"
    assert open_conflicts(shops) == 0
    shops.erp.set_price("SKU-1", "12.00")
    sync(shops)
    assert shops.shop.find("SKU-1").price == "12.00"


def test_to_owner_plans_one_write_to_the_owner_and_sends_nothing_by_itself(shops: Shops) -> None:
    resolved = resolve(shops.hub, edit_price(shops), Choice.TO_OWNER)
    assert shops.erp.writes == []
    assert resolved.plan_id is not None
    report = apply(shops.hub, resolved.plan_id)
    assert report.outcomes == {"applied": 1}
    assert shops.erp.find("SKU-1").price == "50.00"
    shops.tick()
    sync(shops)
    sync(shops)
    assert shops.shop.find("SKU-1").price == "50.00"
    assert shops.shop.writes == []
    assert apply(shops.hub, resolved.plan_id).outcomes == {}, "it is written once"


def test_a_conflict_is_resolved_once_and_only_if_it_exists(shops: Shops) -> None:
    conflict = edit_price(shops)
    resolve(shops.hub, conflict, Choice.THEIRS)
    with pytest.raises(DataError, match="closed already"):
        resolve(shops.hub, conflict, Choice.OURS)
    with pytest.raises(DataError, match="no conflict 999"):
        resolve(shops.hub, 999, Choice.OURS)


def test_stock_is_never_adopted(shops: Shops) -> None:
    shops.erp.set_stock("SKU-1", "WH1", 20)
    shops.shop.set_stock("SKU-1", "WH1", 12)
    sync(shops)
    conflict = only_conflict(shops)
    with pytest.raises(DataError, match="recomputed"):
        resolve(shops.hub, conflict, Choice.THEIRS)
    resolve(shops.hub, conflict, Choice.OURS)
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 20


def test_a_drop_that_is_declared_booked_lets_raises_out_again(shops: Shops) -> None:
    shops.shop.sell("SKU-1", 2, "WH1")
    sync(shops)
    shops.erp.set_stock("SKU-1", "WH1", 15)
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 8
    with shops.hub.database.begin() as connection:
        (drop,) = drops.listing(connection)
    resolve_drop(shops.hub, drop.id)
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 15
    with pytest.raises(DataError, match="no open drop"):
        resolve_drop(shops.hub, drop.id)
