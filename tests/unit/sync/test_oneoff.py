"""A value that variants share at the owner is written for all of them, and the operator is told of each."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Row

from connectors.simulation.catalog import CatalogItem
from sync import conflicts
from sync.apply import apply
from sync.journal import value
from sync.observe import ReadMode
from sync.oneoff import also_changed
from sync.resolve import Choice, resolve
from sync.run import run_sync
from tests.support.findings import lines
from tests.support.trade import Trade, catalog, open_trade


@pytest.fixture
def trade(tmp_path: Path) -> Trade:
    """A shirt in three sizes, which the ERP keeps under one price, and a thing of its own; a shop edited prices."""
    stock = {"WH1": 5, "WH2": 5}
    shirts = [CatalogItem(f"V-{x}", "Shirt", Decimal("10.00"), stock, option=x, product="shirt") for x in "ABC"]
    found = open_trade(tmp_path, [*shirts, *catalog(1)])
    found.adopt()
    found.shopify.admin.set_price("V-A", Decimal("9.00"))
    found.shopify.admin.set_price("SKU-00001", Decimal("8.00"))
    run_sync(found.hub, ReadMode.FULL)
    found.clock.advance(60)
    return found


def conflict_of(trade: Trade, theirs: str) -> Row[tuple[object, ...]]:
    with trade.hub.database.begin() as connection:
        [found] = [row for row in conflicts.listing(connection) if str(value(row.theirs)) == theirs]
    return found


def prices(trade: Trade, sku: str) -> list[str]:
    return [str(shop.price(sku)) for shop in (trade.shopify, trade.woo)]


def planned(trade: Trade, plan_id: int | None) -> set[tuple[str, str, str, object, str]]:
    assert plan_id is not None
    return lines(trade.hub, plan_id)


def test_the_plan_names_every_variant_whose_price_it_changes(trade: Trade) -> None:
    done = resolve(trade.hub, conflict_of(trade, "9").id, Choice.TO_OWNER)
    assert {(where, sku, status) for where, sku, _, _, status in planned(trade, done.plan_id)} == {
        ("erp", "V-A", "planned"),
        ("erp", "V-B", "planned"),
        ("erp", "V-C", "planned"),
    }
    assert len({str(after) for _, _, _, after, _ in planned(trade, done.plan_id)}) == 1


def test_the_operator_is_told_of_them_before_and_after(trade: Trade) -> None:
    conflict = conflict_of(trade, "9")
    with trade.hub.database.begin() as connection:
        before = also_changed(trade.hub, connection, conflict, "erp")
    assert before == "; also changes V-B, V-C, which share this value"
    assert resolve(trade.hub, conflict.id, Choice.TO_OWNER).text.endswith(before)


def test_one_write_serves_all_variants_and_the_shops_follow(trade: Trade) -> None:
    done = resolve(trade.hub, conflict_of(trade, "9").id, Choice.TO_OWNER)
    assert done.plan_id is not None
    trade.clear_logs()
    report = apply(trade.hub, done.plan_id)
    assert dict(report.outcomes) == {"applied": 3}
    assert trade.erp.log.writes() == 1
    trade.clock.advance(60)
    run_sync(trade.hub, ReadMode.FULL)
    for sku in ("V-A", "V-B", "V-C"):
        assert [Decimal(price) for price in prices(trade, sku)] == [Decimal(9), Decimal(9)]
    with trade.hub.database.begin() as connection:
        assert [value(row.theirs) for row in conflicts.listing(connection)] == ["8"]


def test_a_value_that_nobody_shares_is_one_line(trade: Trade) -> None:
    done = resolve(trade.hub, conflict_of(trade, "8").id, Choice.TO_OWNER)
    assert {(where, sku) for where, sku, _, _, _ in planned(trade, done.plan_id)} == {("erp", "SKU-00001")}
    assert "also changes" not in done.text
