from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from connectors.base import Page
from sync import conflicts, cursors, drops, observeset, quarantine
from sync.cursors import CursorState
from sync.observe import ReadMode, ReadReport, drain, observe, store_page
from sync.run import look, make_plan, run_sync
from sync.store import tables
from sync.topology import mappings_by_resource
from tests.support.hubs import Shops, open_shops


@pytest.fixture
def shops(database_url: str) -> Iterator[Shops]:
    found = open_shops(database_url, items=12)
    found.adopt()
    yield found
    found.hub.close()
    found.hub.database.close()


def pages(shops: Shops, name: str) -> list[Page]:
    return list(shops.hub.connector(name).pull("items", ()))


def deliver(shops: Shops, name: str, found: Sequence[Page]) -> ReadReport:
    report = ReadReport(name)
    for page in found:
        with shops.hub.database.begin() as connection:
            mappings = mappings_by_resource(shops.hub.config, name)["items"]
            store_page(shops.hub, connection, name, mappings, page, report)
    return report


def cursor(shops: Shops, name: str) -> CursorState:
    with shops.hub.database.begin() as connection:
        return cursors.load(connection, name, "items")


def open_conflicts(shops: Shops) -> list[str]:
    with shops.hub.database.begin() as connection:
        return [row.kind for row in conflicts.listing(connection)]


def sync(shops: Shops) -> None:
    run_sync(shops.hub, ReadMode.FULL, force=True)
    shops.tick()


@pytest.mark.parametrize("name", ["erp", "shop"])
def test_a_page_read_before_what_is_known_is_no_news(shops: Shops, name: str) -> None:
    old = pages(shops, name)
    shops.tick()
    world = shops.erp if name == "erp" else shops.shop
    world.set_price("SKU-1", "11.00")
    world.set_stock("SKU-1", "WH1", 4)
    sync(shops)
    report = deliver(shops, name, old)
    assert report.changed == 0
    assert report.outdated == 24
    assert make_plan(shops.hub)[1].changes == 0


def test_an_old_page_is_no_news_either_where_nothing_had_changed_since(shops: Shops) -> None:
    shops.erp.set_price("SKU-1", "77.00")
    old = pages(shops, "erp")
    shops.erp.set_price("SKU-1", "10.00")
    shops.tick()
    sync(shops)
    assert deliver(shops, "erp", old).changed == 0
    assert make_plan(shops.hub)[1].changes == 0


def test_a_page_delivered_twice_counts_once(shops: Shops) -> None:
    shops.shop.sell("SKU-1", 2, "WH1")
    shops.tick()
    found = pages(shops, "shop")
    assert deliver(shops, "shop", found).changed > 0
    assert deliver(shops, "shop", found).changed == 0
    sync(shops)
    with shops.hub.database.begin() as connection:
        assert [row.open_units for row in drops.listing(connection)] == [2]


class Cut:
    """A connector whose reads end before their last page."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        for page in self._inner.pull(resource, fields):  # type: ignore[attr-defined]
            yield replace(page, records=page.records[:3], complete=False)


@pytest.mark.parametrize("name", ["erp", "shop"])
def test_an_incomplete_read_moves_no_cursor_and_proves_no_absence(shops: Shops, name: str) -> None:
    before = cursor(shops, name)
    connector = shops.hub.connector(name)
    shops.hub._connectors[name] = Cut(connector)  # type: ignore[assignment]
    looked = look(shops.hub, ReadMode.FULL)
    assert looked.reads[name].incomplete == ["items"]
    assert looked.incomplete
    assert cursor(shops, name) == before
    assert open_conflicts(shops) == []
    assert make_plan(shops.hub)[1].changes == 0


def test_a_linked_record_that_a_complete_read_does_not_return_is_a_conflict_until_it_comes_back(shops: Shops) -> None:
    item = shops.shop.items.pop("i1")
    sync(shops)
    assert set(open_conflicts(shops)) == {"deleted_there"}
    shops.erp.set_price("SKU-1", "12.00")
    sync(shops)
    assert not any("SKU-1" in effect for effect in shops.shop.effects), "it is not made anew"
    shops.shop.items["i1"] = item
    sync(shops)
    assert open_conflicts(shops) == []
    assert shops.shop.find("SKU-1").price == "12.00"


def test_a_delta_proves_no_absence(shops: Shops) -> None:
    del shops.shop.items["i1"]
    observe(shops.hub, "shop", ReadMode.DELTA)
    assert open_conflicts(shops) == []


def test_a_source_that_shrank_moves_nothing_and_nothing_of_it_counts_as_gone(shops: Shops) -> None:
    before = cursor(shops, "erp")
    kept = dict(shops.erp.items)
    for number in range(4, 13):
        del shops.erp.items[f"i{number}"]
    shops.erp.set_price("SKU-1", "11.00")
    shops.tick()
    _, summary = make_plan(shops.hub)
    assert summary.changes == 0
    assert summary.guarded
    assert cursor(shops, "erp").swept_count == before.swept_count == 12
    assert open_conflicts(shops) == []
    shops.erp.items.update(kept)
    shops.tick()
    sync(shops)
    assert shops.shop.find("SKU-1").price == "11.00"


def test_a_shrunken_source_does_not_stop_a_sale_from_lowering_the_other_shop(sqlite_url: str) -> None:
    shops = open_shops(sqlite_url, items=12, shops=("shop", "web"))
    shops.adopt()
    for number in range(4, 13):
        del shops.erp.items[f"i{number}"]
    shops.shop.sell("SKU-1", 3, "WH1")
    run_sync(shops.hub, ReadMode.FULL)
    web = shops.worlds["web"]
    assert web.stock("SKU-1", "WH1") + web.stock("SKU-1", "WH2") == 12
    shops.hub.database.close()


def test_a_read_of_another_scope_calls_nothing_gone(shops: Shops) -> None:
    with shops.hub.database.begin() as connection:
        cursors.save(connection, replace(cursors.load(connection, "shop", "items"), scope="another"))
    del shops.shop.items["i1"]
    sync(shops)
    assert open_conflicts(shops) == []
    del shops.shop.items["i2"]
    sync(shops)
    assert set(open_conflicts(shops)) == {"deleted_there"}


def test_a_fraction_is_told_and_neither_rounded_nor_taken_for_zero(shops: Shops) -> None:
    shops.erp.set_stock("SKU-1", "WH1", 2.5)
    sync(shops)
    with shops.hub.database.begin() as connection:
        found = {(row.sku, row.slot, row.reason) for row in quarantine.listing(connection, 10)}
    assert found == {("SKU-1", "stock[WH1]", "fraction"), ("SKU-1", "on_hand[WH1]", "fraction")}
    assert shops.shop.stock("SKU-1", "WH1") == 10
    shops.erp.set_stock("SKU-1", "WH1", 2)
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 2
    with shops.hub.database.begin() as connection:
        assert quarantine.listing(connection, 10) == []


def test_a_platform_that_tells_without_end_is_read_once_and_not_without_end(
    shops: Shops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.observeset._MOST", 2)
    connector, asked = shops.hub.connector("shop"), list[list[str]]()
    lookup = connector.lookup

    def told_meanwhile(resource: str, paths: Any, ids: Any) -> Any:
        assert len(asked) < 10
        asked.append(list(ids))
        with shops.hub.database.begin() as connection:
            observeset.mark(connection, "shop", "items", ["i1", f"new {len(asked)}"], shops.hub.stamp())
        return lookup(resource, paths, ids)

    monkeypatch.setattr(connector, "lookup", told_meanwhile)
    with shops.hub.database.begin() as connection:
        observeset.mark(connection, "shop", "items", ["i1", "i2"], shops.hub.stamp())
        observeset.mark(connection, "shop", "items", ["i3"], shops.hub.stamp())
        observeset.mark(connection, "shop", "items", ["i2"], shops.hub.stamp())
    assert drain(shops.hub, "shop") == 3
    assert asked == [["i1", "i3"], ["i2"]]
    with shops.hub.database.begin() as connection:
        assert {row[0] for row in connection.execute(select(tables.table(tables.Observe).c.external_id))} == {
            "i1",
            "new 1",
            "new 2",
        }


def test_marked_records_are_read_again_and_the_marks_are_gone(shops: Shops) -> None:
    shops.shop.sell("SKU-3", 1, "WH1")
    shops.tick()
    with shops.hub.database.begin() as connection:
        observeset.mark(connection, "shop", "items", ["i3", "nowhere"], shops.hub.stamp())
    assert drain(shops.hub, "shop") == 2
    table = tables.table(tables.Shadow).c
    with shops.hub.database.begin() as connection:
        assert observeset.count(connection) == 0
        observed = connection.execute(
            select(table.observed).where(
                table.connection == "shop", table.entity == "inventory", table.external_id == "i3"
            )
        ).scalar_one()
    assert b'"stock[WH1]":9' in observed
