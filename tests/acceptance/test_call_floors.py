"""In a quiet world a thousand changed quantities cost the fewest calls the platforms allow; the simulators count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from connectors.simulation import SimTransport
from connectors.simulation.simulator import Simulator
from sync.apply import apply
from sync.hub import Hub
from sync.observe import ReadMode
from sync.run import make_plan, run_sync
from tests.support.trade import Trade, catalog, open_trade

COUNT = 1_000
SHOPIFY_ROWS, WOO_ROWS = 250, 100
BULK_CALLS = 3
"""Start, one poll, download."""


@pytest.fixture
def trade(tmp_path: Path) -> Trade:
    """A thousand simple products, adopted, with nothing to do."""
    opened = open_trade(tmp_path, catalog(COUNT))
    opened.adopt()
    opened.clear_logs()
    return opened


def calls(simulator: Simulator, kind: str) -> Counter[str]:
    return Counter(entry.operation.partition(" ")[0] for entry in simulator.log.entries if entry.kind == kind)


def rows(simulator: Simulator) -> list[int]:
    return [entry.rows for entry in simulator.log.entries if entry.kind == "write"]


def set_stock(trade: Trade, units: dict[str, int], numbers: range) -> None:
    """Count stock in the ERP, place to figure, for these SKUs."""
    for number in numbers:
        for place, figure in units.items():
            trade.erp.admin.set_stock(f"SKU-{number:05d}", place, figure)
    trade.clock.advance(60)
    trade.clear_logs()


def sync(trade: Trade) -> int:
    """Sync by full reads, past the guards, since far more than they allow has changed; the lines applied."""
    report = run_sync(trade.hub, ReadMode.FULL, force=True)
    assert not report.look.failed
    assert not report.look.incomplete
    assert report.plans[-1].changes == 0
    return sum(applied.applied for applied in report.applied)


def dry_hub(trade: Trade) -> Hub:
    """A second hub on the same database and platforms that may only read."""
    platforms = {"erp": trade.erp, "shop_eu": trade.shopify, "shop_web": trade.woo}
    transports = {name: SimTransport(simulator) for name, simulator in platforms.items()}
    return Hub(trade.hub.config, trade.hub.database, trade.clock, read_only=True, transports=transports)


def assert_reads_at_their_floor(trade: Trade, *, woo_checks: int = 0) -> None:
    # Variants and inventory items are two kinds of objects: a bulk operation each.
    assert trade.shopify.log.reads() == 2 * BULK_CALLS, calls(trade.shopify, "read")
    assert trade.shopify.log.reads("bulkOperationRunQuery") == 2
    assert trade.woo.log.reads() == COUNT // WOO_ROWS + woo_checks, calls(trade.woo, "read")


def test_a_thousand_quantities_in_two_locations_cost_four_calls_to_shopify_and_ten_to_woocommerce(trade: Trade) -> None:
    set_stock(trade, {"WH1": 3}, range(1, COUNT + 1, 2))
    set_stock(trade, {"WH2": 3}, range(2, COUNT + 1, 2))

    assert sync(trade) == 2 * COUNT

    assert calls(trade.shopify, "write") == {"inventorySetQuantities": 4}
    assert rows(trade.shopify) == [SHOPIFY_ROWS] * 4
    assert calls(trade.woo, "write") == {"products/batch": 10}
    assert rows(trade.woo) == [WOO_ROWS] * 10
    shopify, woo = trade.shopify.log.effects(), trade.woo.log.effects()
    assert len(shopify) == len(woo) == COUNT
    assert sorted(effect.rpartition("/")[2] for effect in shopify) == ["WH1 10->3"] * 500 + ["WH2 5->3"] * 500
    assert set(woo) == {f"SKU-{n:05d}: stock_quantity={8 if n % 2 else 13}" for n in range(1, COUNT + 1)}
    assert trade.erp.log.writes() == 0
    assert_reads_at_their_floor(trade, woo_checks=COUNT // WOO_ROWS)


def test_both_levels_of_five_hundred_items_are_a_thousand_rows_and_four_calls(trade: Trade) -> None:
    set_stock(trade, {"WH1": 2, "WH2": 1}, range(1, 501))

    assert sync(trade) == 1_000 + 500

    assert calls(trade.shopify, "write") == {"inventorySetQuantities": 4}
    assert rows(trade.shopify) == [SHOPIFY_ROWS] * 4
    assert calls(trade.woo, "write") == {"products/batch": 5}
    assert_reads_at_their_floor(trade, woo_checks=5)


def test_an_unchanged_catalog_costs_no_write_and_no_read_above_the_floor(trade: Trade) -> None:
    assert sync(trade) == 0

    assert [simulator.log.writes() for simulator in (trade.erp, trade.shopify, trade.woo)] == [0, 0, 0]
    assert_reads_at_their_floor(trade)


def test_looking_for_changes_in_an_unchanged_catalog_costs_one_call_an_object_kind(trade: Trade) -> None:
    # Past the overlap within which the cursors look back.
    trade.clock.advance(3_600)
    run_sync(trade.hub, ReadMode.FULL)
    trade.clock.advance(3_600)
    trade.clear_logs()

    run_sync(trade.hub, ReadMode.DELTA)

    assert trade.shopify.log.reads() == len(trade.shopify.log.entries) == 2
    assert trade.woo.log.reads() == len(trade.woo.log.entries) == 1
    assert trade.erp.log.writes() == 0


@pytest.mark.parametrize("pending", [False, True])
def test_a_dry_run_sends_no_write_whether_or_not_a_change_is_pending(trade: Trade, *, pending: bool) -> None:
    if pending:
        set_stock(trade, {"WH1": 3}, range(1, 101))
    before = (trade.shopify.snapshot(), trade.woo.snapshot(), trade.erp.snapshot())
    platforms = (trade.erp, trade.shopify, trade.woo)

    looked, summary = make_plan(dry_hub(trade), ReadMode.FULL)

    assert not looked.incomplete
    assert dict(summary.planned) == ({"shop_eu": 100, "shop_web": 100} if pending else {})
    assert [simulator.log.writes() for simulator in platforms] == [0, 0, 0]
    assert [simulator.log.effects() for simulator in platforms] == [[], [], []]
    assert (trade.shopify.snapshot(), trade.woo.snapshot(), trade.erp.snapshot()) == before


def test_applying_with_the_hands_of_a_dry_run_sends_nothing_and_loses_nothing(trade: Trade) -> None:
    set_stock(trade, {"WH1": 3}, range(1, 101))
    dry = dry_hub(trade)
    _, summary = make_plan(dry, ReadMode.FULL)

    report = apply(dry, summary.plan_id)

    assert set(report.failed) == {"shop_eu", "shop_web"}
    assert all("a dry run sends no writes" in text for text in report.failed.values())
    assert [simulator.log.writes() for simulator in (trade.shopify, trade.woo)] == [0, 0]
    assert sync(trade) == 200
