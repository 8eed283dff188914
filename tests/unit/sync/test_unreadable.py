"""A record that cannot be read is there nevertheless: left out by its id, never taken for deleted, let go when well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.memory.simulator.world import MemoryItem
from sync import conflicts, quarantine
from sync.observe import ReadMode
from sync.run import run_sync
from tests.support.hubs import Shops, open_shops

Spoil = Callable[..., None]


@pytest.fixture
def shops(database_url: str) -> Iterator[Shops]:
    found = open_shops(database_url, items=3)
    found.adopt()
    sync(found)
    yield found
    found.hub.database.close()


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Spoil:
    """Make one item answer with other values than it has; without values it is well again."""
    real = MemoryItem.record

    def spoiled(item: MemoryItem, **values: Any) -> None:
        def record(self: MemoryItem) -> dict[str, Any]:
            return {**real(self), **(values if self is item else {})}

        monkeypatch.setattr(MemoryItem, "record", record)

    return spoiled


def sync(shops: Shops, mode: ReadMode = ReadMode.FULL) -> None:
    shops.tick()
    run_sync(shops.hub, mode)
    shops.tick(60)


def left_out(shops: Shops) -> list[tuple[str, str, str, str]]:
    with shops.hub.database.begin() as connection:
        return sorted((r.entity, r.external_id, r.slot, r.reason) for r in quarantine.listing(connection))


def open_conflicts(shops: Shops) -> list[str]:
    with shops.hub.database.begin() as connection:
        return [row.kind for row in conflicts.listing(connection)]


BAD = [("inventory", "i1", "", "invalid_value"), ("variant", "i1", "", "invalid_value")]


@pytest.mark.parametrize("touched", [False, True], ids=["the same bytes as before", "new bytes"])
def test_a_record_of_another_shape_is_not_deleted_and_is_let_go_when_it_is_well_again(
    shops: Shops, spoil: Spoil, touched: bool
) -> None:
    item = shops.shop.items["i1"]
    spoil(item, levels="bad")
    sync(shops)
    assert open_conflicts(shops) == []
    found = left_out(shops)
    assert found
    assert set(found) <= set(BAD)
    spoil(item)
    if touched:
        shops.shop.touch(item)
    sync(shops)
    assert left_out(shops) == []
    shops.erp.set_stock("SKU-1", "WH1", 3)
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 3


def test_a_record_that_is_really_gone_is_still_found_beside_an_unreadable_one(shops: Shops, spoil: Spoil) -> None:
    spoil(shops.shop.items["i1"], levels="bad")
    del shops.shop.items["i2"]
    sync(shops)
    assert set(open_conflicts(shops)) == {"deleted_there"}
    with shops.hub.database.begin() as connection:
        assert {row.external_id for row in conflicts.listing(connection)} == {"i2"}


def test_a_read_with_a_record_that_has_no_id_proves_no_absence(shops: Shops, spoil: Spoil) -> None:
    item = shops.shop.items["i1"]
    spoil(item, id=None)
    sync(shops)
    assert open_conflicts(shops) == []
    assert {row[1:] for row in left_out(shops)} == {("?", "", "invalid_value")}
    spoil(item)
    sync(shops)
    assert left_out(shops) == []
    del shops.shop.items["i1"]
    sync(shops)
    assert set(open_conflicts(shops)) == {"deleted_there"}


def test_a_record_left_out_for_its_sku_stays_so_however_well_it_can_be_read(shops: Shops) -> None:
    shops.shop.add("", id="n1", price="1.00", stock={"WH1": 1})
    sync(shops)
    sync(shops)
    assert ("variant", "n1", "", "missing_sku") in left_out(shops)
