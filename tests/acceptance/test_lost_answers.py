"""Answers that never come: each write is resolved as its class says, never by a blind second one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import select

from connectors.simulation import Fault
from connectors.simulation.faults import FaultKind
from connectors.simulation.simulator import Simulator
from sync import conflicts, drops, journal, recover
from sync.apply import ApplyReport, apply
from sync.hub import Hub
from sync.observe import ReadMode
from sync.run import make_plan, run_sync
from sync.store.tables import CallLine, table
from tests.support.trade import Trade, catalog, open_trade

Shop = Literal["shop_eu", "shop_web"]
SHOPS: list[Shop] = ["shop_eu", "shop_web"]
SKU = "SKU-00001"
LINE = table(CallLine)
LANDS: dict[FaultKind, int] = {
    "timeout_before": 2,
    "timeout_after": 1,
    "late_effect": 1,
    "status_after": 1,
    "status": 2,
    "drop": 2,
    "truncated": 1,
}
"""How many calls it takes until a write has landed that meets a fault once: two where the first did nothing."""


@pytest.fixture
def trade(tmp_path: Path) -> Iterator[Trade]:
    opened = open_trade(tmp_path, catalog(3))
    opened.adopt()
    opened.clear_logs()
    yield opened
    opened.hub.close()
    opened.hub.database.close()


def simulator(trade: Trade, shop: Shop) -> Simulator:
    return trade.shopify if shop == "shop_eu" else trade.woo


def fail_once(trade: Trade, shop: Shop, kind: FaultKind) -> None:
    simulator(trade, shop).faults.add(Fault(kind, only="write", status=500, delay=10.0))


def listed(trade: Trade, shop: Shop) -> int:
    if shop == "shop_eu":
        return sum(trade.shopify.quantity(SKU, code) for code in ("WH1", "WH2"))
    units = trade.woo.quantity(SKU)
    assert units is not None
    return units


def price(trade: Trade, shop: Shop) -> Decimal | None:
    return trade.shopify.price(SKU) if shop == "shop_eu" else trade.woo.price(SKU)


def sell(trade: Trade, shop: Shop, units: int) -> None:
    if shop == "shop_eu":
        trade.shopify.shop.sell(SKU, units, "WH1")
    else:
        trade.woo.shop.sell(SKU, units)


def count(trade: Trade, units: int) -> None:
    """The ERP counts WH1; WH2 keeps its five."""
    trade.erp.admin.set_stock(SKU, "WH1", units)
    trade.clock.advance(60)


def sync(trade: Trade) -> None:
    run_sync(trade.hub, ReadMode.FULL)
    trade.clock.advance(60)


def lose(trade: Trade, shop: Shop, kind: FaultKind) -> ApplyReport:
    """Plan and apply, and stop where the answer is lost."""
    _, summary = make_plan(trade.hub)
    fail_once(trade, shop, kind)
    return apply(trade.hub, summary.plan_id)


def open_calls(trade: Trade) -> int:
    with trade.hub.database.begin() as connection:
        return sum(journal.count_open(connection).values())


def open_drops(trade: Trade) -> list[tuple[str, int, str]]:
    with trade.hub.database.begin() as connection:
        return [(row.connection, row.open_units, row.cause) for row in drops.listing(connection)]


def logged_conflicts(trade: Trade) -> list[str]:
    with trade.hub.database.begin() as connection:
        return [row.kind for row in conflicts.listing(connection, "all")]


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("figures", [(19, 18), (20, 21)])
def test_a_figure_whose_answer_was_lost_lands_once(trade: Trade, shop: Shop, figures: tuple[int, int]) -> None:
    """Lowered, lowered and so on, or raised and raised."""
    platform, step = simulator(trade, shop), figures[1] - figures[0]
    for number, kind in enumerate(LANDS):
        units = figures[0] + step * number
        trade.clear_logs()
        count(trade, units)
        fail_once(trade, shop, kind)
        sync(trade)

        assert listed(trade, shop) == units + 5, kind
        assert platform.faults.pending() == 0
        assert len(platform.log.effects()) == 1, kind
        assert platform.log.writes() == LANDS[kind], kind
        assert open_calls(trade) == 0
        trade.clear_logs()
        sync(trade)
        assert platform.log.writes() == 0, kind
    assert logged_conflicts(trade) == []
    assert open_drops(trade) == []


@pytest.mark.parametrize("shop", SHOPS)
def test_a_price_whose_answer_was_lost_lands_once(trade: Trade, shop: Shop) -> None:
    platform = simulator(trade, shop)
    for number, kind in enumerate(LANDS):
        wanted = Decimal("10.50") + number
        trade.clear_logs()
        trade.erp.admin.set_price(SKU, wanted)
        trade.clock.advance(60)
        fail_once(trade, shop, kind)
        sync(trade)

        assert price(trade, shop) == wanted, kind
        assert len(platform.log.effects()) == 1, kind
        assert platform.log.writes() == LANDS[kind], kind
        trade.clear_logs()
        sync(trade)
        assert platform.log.writes() == 0, kind
    assert logged_conflicts(trade) == []


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("kind", ["timeout_after", "late_effect", "status_after"])
def test_nothing_is_sent_while_a_lost_write_may_still_take_effect(trade: Trade, shop: Shop, kind: FaultKind) -> None:
    count(trade, 4)
    report = lose(trade, shop, kind)
    assert report.outcomes["unconfirmed"] == 1
    trade.clock.advance(2)
    trade.erp.admin.set_stock(SKU, "WH1", 3)
    _, summary = make_plan(trade.hub)
    if kind == "late_effect":
        assert summary.waiting["unconfirmed_write"] >= 1
    assert simulator(trade, shop).log.writes() == 1
    sync(trade)
    assert listed(trade, shop) == 3 + 5
    assert len(simulator(trade, shop).log.effects()) == 2


def test_a_write_that_was_settled_and_followed_by_another_while_it_was_looked_into_is_not_settled_again(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking into it reads pages, between which what was told meanwhile overtakes."""
    count(trade, 9)
    lose(trade, "shop_eu", "timeout_before")
    trade.clock.advance(120)
    overtaken: list[str] = []

    def overtake(_hub: Hub, name: str) -> None:
        if name == "shop_eu" and not overtaken:
            overtaken.append(name)
            count(trade, 3)
            sync(trade)

    monkeypatch.setattr(recover, "read_orders", overtake)
    sync(trade)
    assert overtaken
    assert listed(trade, "shop_eu") == listed(trade, "shop_web") == 3 + 5
    with trade.hub.database.begin() as connection:
        query = select(LINE.c.after, LINE.c.outcome).where(LINE.c.slot == "stock[WH1]").order_by(LINE.c.call_id)
        told = connection.execute(query.where(LINE.c.external_id.contains("InventoryItem"))).all()
    assert [(bytes(row.after), row.outcome) for row in told] == [(b"9", "lost"), (b"3", "applied")]


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("units", [4, 25])
def test_sales_after_a_late_effect_are_neither_erased_nor_taken_for_a_failed_write(
    trade: Trade, shop: Shop, units: int
) -> None:
    count(trade, units)
    lose(trade, shop, "late_effect")
    trade.clock.advance(10)
    simulator(trade, shop).run_due()
    sell(trade, shop, 2)
    trade.clock.advance(120)
    sync(trade)

    assert listed(trade, shop) == units + 5 - 2
    assert len(simulator(trade, shop).log.effects()) == 1
    assert simulator(trade, shop).log.writes() == 1
    assert [(channel, units) for channel, units, _ in open_drops(trade)] == [(shop, 2)]
    other: Shop = "shop_web" if shop == "shop_eu" else "shop_eu"
    assert listed(trade, other) == units + 5 - 2
    count(trade, units - 2)
    sync(trade)
    assert open_drops(trade) == []
    assert listed(trade, shop) == listed(trade, other) == units + 5 - 2


@pytest.mark.parametrize("shop", SHOPS)
def test_sales_before_a_write_that_never_arrived_are_not_taken_for_its_effect(trade: Trade, shop: Shop) -> None:
    count(trade, 9)
    lose(trade, shop, "timeout_before")
    sell(trade, shop, 4)
    trade.clock.advance(120)
    sync(trade)
    count(trade, 5)
    sync(trade)

    assert listed(trade, "shop_eu") == listed(trade, "shop_web") == 5 + 5
    count(trade, 30)
    sync(trade)
    sync(trade)
    assert listed(trade, shop) <= 35


def test_an_effect_later_than_anybody_waits_for_is_put_right_and_never_raised_over(trade: Trade) -> None:
    count(trade, 25)
    _, summary = make_plan(trade.hub)
    trade.shopify.faults.add(Fault("late_effect", only="write", delay=3600.0))
    apply(trade.hub, summary.plan_id)
    sync(trade)
    assert listed(trade, "shop_eu") == 30
    count(trade, 4)
    sync(trade)
    assert listed(trade, "shop_eu") == 9
    trade.clock.advance(3600)
    trade.shopify.run_due()
    sync(trade)
    assert listed(trade, "shop_eu") == 9


def test_a_sale_between_reading_and_writing_is_seen_where_the_shop_compares_nothing(trade: Trade) -> None:
    count(trade, 4)
    _, summary = make_plan(trade.hub)
    sell(trade, "shop_web", 2)
    report = apply(trade.hub, summary.plan_id)
    assert report.outcomes["moved"] == 1
    assert trade.woo.log.writes() == 0

    trade.clock.advance(60)
    sync(trade)
    assert open_drops(trade) == [("shop_web", 2, "unaccounted_drop")]
    assert listed(trade, "shop_web") == listed(trade, "shop_eu") == 4 + 5 - 2


def test_after_an_unaccounted_drop_raises_wait_for_the_owner_and_lowerings_go_out(trade: Trade) -> None:
    sell(trade, "shop_web", 2)
    trade.clock.advance(60)
    sync(trade)
    assert listed(trade, "shop_web") == listed(trade, "shop_eu") == 13

    count(trade, 20)
    report = run_sync(trade.hub, ReadMode.FULL)
    assert report.plans[-1].waiting["unaccounted_drop"] == 2
    assert listed(trade, "shop_web") == listed(trade, "shop_eu") == 13

    shipment = trade.erp.admin.book_sale(SKU, "WH1", 2)
    trade.clock.advance(60)
    sync(trade)
    assert listed(trade, "shop_web") == listed(trade, "shop_eu") == 23
    trade.erp.admin.ship(shipment)
    trade.clock.advance(60)
    trade.clear_logs()
    sync(trade)
    assert trade.woo.log.writes() == trade.shopify.log.writes() == 0

    sell(trade, "shop_web", 1)
    count(trade, 3)
    sync(trade)
    assert max(listed(trade, "shop_web"), listed(trade, "shop_eu")) <= 8


def test_a_lost_answer_of_a_partly_saved_batch_is_resolved_record_by_record(trade: Trade) -> None:
    trade.woo.switches.slow_batch_items = 2
    trade.woo.switches.slow_batch_effect = "fitted"
    for n in (1, 2, 3):
        trade.erp.admin.set_stock(f"SKU-0000{n}", "WH1", 2)
    trade.clock.advance(60)
    sync(trade)

    assert [trade.woo.quantity(f"SKU-0000{n}") for n in (1, 2, 3)] == [7, 7, 7]
    assert sorted(trade.woo.log.effects()) == [f"SKU-0000{n}: stock_quantity=7" for n in (1, 2, 3)]
