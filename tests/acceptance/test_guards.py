"""Guards stop what looks like a mistake of a source, and only that: sales, other sources and other flows go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from canonical.ownership import Ownership, OwnershipRule
from connectors.memory.simulator.world import world
from sync import flowstate, resolve
from sync.config import FlowConfig, FlowKind
from sync.observe import ReadMode
from sync.run import SyncReport, make_plan, run_sync
from tests.support.findings import applied
from tests.support.hubs import Shops, hub_config, memory_connection, open_shops
from tests.support.trade import catalog, open_trade

HOURS = 3600.0
Open = Callable[..., Shops]


@pytest.fixture
def opened(sqlite_url: str, tmp_path: Path) -> Open:
    """Open and adopt a hub with so many items."""

    def open_with(items: int, **more: Any) -> Shops:
        shops = open_shops(sqlite_url, items=items, prefix=f"{tmp_path.name}-", **more)
        shops.adopt()
        sync(shops)
        return shops

    return open_with


def sync(shops: Shops, *, force: bool = False, mode: ReadMode = ReadMode.FULL) -> SyncReport:
    shops.tick()
    report = run_sync(shops.hub, mode, force=force)
    shops.tick()
    return report


def numbers(first: int, last: int) -> list[str]:
    return [f"SKU-{number}" for number in range(first, last + 1)]


def count(shops: Shops, skus: Iterable[str], units: int, *, both: bool = False) -> None:
    """The ERP counts these SKUs anew at WH1, or everywhere."""
    for sku in skus:
        for place in ("WH1", "WH2") if both else ("WH1",):
            shops.erp.set_stock(sku, place, units)


def listed(shops: Shops, skus: Iterable[str], place: str = "WH1", shop: str = "shop") -> list[int]:
    return [shops.worlds[shop].stock(sku, place) for sku in skus]


def frozen(shops: Shops) -> dict[tuple[str, str], str]:
    with shops.hub.database.begin() as db:
        return {(one.flow, one.connection): one.frozen for one in flowstate.all_standings(db) if one.frozen}


def last(report: SyncReport) -> tuple[bool, dict[str, int]]:
    return report.plans[-1].guarded, dict(report.plans[-1].withheld)


# --- the four guards, and the size from which they judge


@pytest.mark.parametrize(("changed", "stopped"), [(6, False), (7, True)])
def test_more_than_thirty_percent_changed_is_withheld_as_a_whole(opened: Open, changed: int, *, stopped: bool) -> None:
    shops = opened(20)
    count(shops, numbers(1, changed), 8)

    report = sync(shops)

    assert last(report) == (stopped, {"guard_changed": changed} if stopped else {})
    assert listed(shops, numbers(1, changed)) == [10 if stopped else 8] * changed
    assert frozen(shops) == ({("inventory", "shop"): "guard_changed"} if stopped else {})
    if stopped:
        breach = report.plans[0].breaches[0][2]
        assert str(breach) == "guard_changed: 7 of 20 items (35 %), the limit is 30 %"


@pytest.mark.parametrize(("zeroed", "stopped"), [(4, False), (5, True)])
def test_more_than_twenty_percent_to_zero_is_withheld_as_a_whole(opened: Open, zeroed: int, *, stopped: bool) -> None:
    shops = opened(20)
    count(shops, numbers(1, zeroed), 0, both=True)

    report = sync(shops)

    assert report.plans[-1].guarded is stopped
    assert set(report.plans[-1].withheld) == ({"guard_zero"} if stopped else set())
    assert listed(shops, numbers(1, zeroed)) == [10 if stopped else 0] * zeroed
    assert listed(shops, numbers(1, zeroed), "WH2") == [5 if stopped else 0] * zeroed


@pytest.mark.parametrize(("price", "stopped"), [("13.00", False), ("13.01", True), ("7.00", False), ("6.99", True)])
def test_a_price_that_moves_more_than_thirty_percent_is_withheld_alone(
    opened: Open, price: str, *, stopped: bool
) -> None:
    shops = opened(10)
    shops.erp.set_price("SKU-1", price)
    shops.erp.set_price("SKU-2", "10.50")

    report = sync(shops)

    assert last(report) == (stopped, {"guard_price": 1} if stopped else {})
    assert shops.shop.find("SKU-1").price == ("10.00" if stopped else price)
    assert shops.shop.find("SKU-2").price == "10.50"
    assert sync(shops).plans[-1].guarded is stopped, "it is told again as long as it lasts"


@pytest.mark.parametrize(("hidden", "stopped"), [(2, False), (3, True)])
def test_a_source_below_eighty_percent_of_its_last_complete_count_is_frozen(
    opened: Open, hidden: int, *, stopped: bool
) -> None:
    shops = opened(10)
    for number in range(1, hidden + 1):
        del shops.erp.items[f"i{number}"]
    count(shops, ["SKU-9"], 3)

    report = sync(shops)

    assert report.look.reads["erp"].shrunk == (["items"] if stopped else [])
    assert report.plans[-1].guarded is stopped
    assert listed(shops, ["SKU-9"]) == [10 if stopped else 3]
    assert listed(shops, numbers(1, hidden)) == [10] * hidden, "what is not seen is never taken to zero"


def test_sets_of_nine_are_not_judged(opened: Open) -> None:
    shops = opened(9)
    count(shops, numbers(1, 9), 0, both=True)
    shops.erp.set_price("SKU-1", "99.00")

    report = sync(shops)

    assert not report.plans[-1].guarded
    assert listed(shops, numbers(1, 9)) == [0] * 9
    assert shops.shop.find("SKU-1").price == "99.00"
    for number in range(1, 9):
        del shops.erp.items[f"i{number}"]
    assert sync(shops).look.reads["erp"].shrunk == []


def test_an_empty_source_withholds_everything_and_loses_nothing(opened: Open) -> None:
    shops = opened(12)
    kept = dict(shops.erp.items)
    shops.erp.items.clear()

    report = sync(shops)

    assert report.look.reads["erp"].shrunk == ["items"]
    assert report.plans[-1].guarded
    assert applied(report) == 0
    assert listed(shops, numbers(1, 12)) == [10] * 12
    shops.erp.items.update(kept)
    count(shops, ["SKU-1"], 7)
    back = sync(shops)
    assert not back.plans[-1].guarded
    assert listed(shops, ["SKU-1"]) == [7]
    assert frozen(shops) == {}


# --- the window


def test_zeroes_that_trickle_in_by_twos_are_stopped_as_well(opened: Open) -> None:
    shops = opened(20)
    for first in (1, 3):
        count(shops, numbers(first, first + 1), 0, both=True)
        assert not sync(shops, mode=ReadMode.DELTA).plans[-1].guarded
        shops.tick(HOURS)
    count(shops, numbers(5, 6), 0, both=True)

    report = sync(shops, mode=ReadMode.DELTA)

    assert report.plans[-1].guarded
    assert set(report.plans[-1].withheld) == {"guard_zero"}
    assert listed(shops, numbers(1, 6)) == [0] * 4 + [10] * 2
    shops.tick(24 * HOURS)
    assert not sync(shops).plans[-1].guarded, "what is older than the window no longer counts"
    assert listed(shops, numbers(5, 6)) == [0, 0]


def test_the_same_items_moving_again_and_again_are_counted_once(opened: Open) -> None:
    shops = opened(20)
    for units in range(9, 2, -1):
        count(shops, numbers(1, 4), units)
        assert not sync(shops).plans[-1].guarded
        shops.tick(HOURS)
    assert listed(shops, numbers(1, 4)) == [3] * 4


def test_the_writes_of_the_adoption_itself_do_not_count(sqlite_url: str, tmp_path: Path) -> None:
    shops = open_shops(sqlite_url, items=20, prefix=f"{tmp_path.name}-")
    count(shops, numbers(1, 20), 0, both=True)
    for sku in numbers(1, 20):
        shops.erp.set_price(sku, "55.00")
    shops.adopt()

    report = sync(shops)

    assert not report.plans[0].guarded
    assert listed(shops, numbers(1, 20)) == [0] * 20
    assert shops.shop.find("SKU-20").price == "55.00"
    count(shops, numbers(1, 6), 4)
    assert not sync(shops).plans[-1].guarded, "nor do they fill the window"
    assert listed(shops, numbers(1, 6)) == [4] * 6


# --- what goes on while a source is doubted


def test_a_sale_on_one_channel_still_lowers_the_other_while_the_source_is_frozen(opened: Open) -> None:
    shops = opened(20, shops=("shop", "web"))
    kept = dict(shops.erp.items)
    shops.erp.items.clear()
    assert sync(shops).plans[-1].guarded
    shops.shop.sell("SKU-1", 3, "WH1")

    report = sync(shops)

    assert report.plans[0].guarded
    assert listed(shops, ["SKU-1"], shop="web") == [7]
    assert listed(shops, ["SKU-1"]) == [7]
    shops.erp.items.update(kept)


def test_a_sale_goes_out_while_too_many_zeroes_are_withheld(opened: Open) -> None:
    shops = opened(20, shops=("shop", "web"))
    count(shops, numbers(1, 10), 0, both=True)
    assert sync(shops).plans[-1].guarded
    shops.shop.sell("SKU-20", 4, "WH1")

    report = sync(shops)

    assert report.plans[0].guarded
    assert listed(shops, ["SKU-20"], shop="web") == [6]
    assert listed(shops, numbers(1, 10), shop="web") == [10] * 10


def test_a_doubted_flow_leaves_the_other_flow_alone(opened: Open) -> None:
    shops = opened(20, shops=("shop", "web"))
    count(shops, numbers(1, 10), 0, both=True)
    shops.erp.set_price("SKU-1", "11.00")

    report = sync(shops)

    assert set(frozen(shops)) == {("inventory", "shop"), ("inventory", "web")}
    assert report.plans[-1].guarded
    assert [world.find("SKU-1").price for world in shops.worlds.values()] == ["11.00", "11.00"]


def test_another_source_goes_on_while_one_is_doubted(sqlite_url: str, tmp_path: Path) -> None:
    prefix = f"{tmp_path.name}-"
    plain = hub_config(("shop",), prefix)
    rules = [
        OwnershipRule(one.entity, one.field, one.scope, "pim" if one.field == "price" else one.owner)
        for one in plain.ownership.rules
    ]
    shops = open_shops(
        sqlite_url,
        items=12,
        prefix=prefix,
        connections={**plain.connections, "pim": memory_connection("pim", f"{prefix}pim", {})},
        ownership=Ownership(rules),
        flows={
            "inventory": plain.flows["inventory"],
            "prices": FlowConfig("prices", FlowKind.STATE, "variant", ("price",), "pim", ("shop",)),
        },
    )
    pim = world(f"{prefix}pim")
    for sku in numbers(1, 12):
        pim.add(sku, price="10.00")
    shops.adopt()
    sync(shops)
    shops.erp.items.clear()
    pim.set_price("SKU-1", "12.00")

    report = sync(shops)

    assert report.plans[-1].frozen == [("inventory", "shop", "guard_shrunk")]
    assert shops.shop.find("SKU-1").price == "12.00"


# --- letting through, and lifting


def test_force_lets_the_withheld_through_once_and_the_next_change_is_judged_anew(opened: Open) -> None:
    shops = opened(20)
    count(shops, numbers(1, 10), 8)
    assert sync(shops).plans[-1].guarded

    report = sync(shops, force=True)

    assert listed(shops, numbers(1, 10)) == [8] * 10
    assert not report.plans[-1].guarded
    assert frozen(shops) == {}
    count(shops, ["SKU-1"], 7)
    assert not sync(shops).plans[-1].guarded, "what was approved does not fill the window"
    assert listed(shops, ["SKU-1"]) == [7]
    count(shops, numbers(1, 10), 6)
    assert sync(shops).plans[-1].guarded, "force was for once"
    assert listed(shops, ["SKU-2"]) == [8]


def test_a_forced_price_goes_out_once_and_the_next_big_step_is_withheld_again(opened: Open) -> None:
    shops = opened(12)
    shops.erp.set_price("SKU-1", "20.00")
    assert sync(shops).plans[-1].guarded

    assert not sync(shops, force=True).plans[-1].guarded

    assert shops.shop.find("SKU-1").price == "20.00"
    shops.erp.set_price("SKU-1", "40.00")
    assert last(sync(shops)) == (True, {"guard_price": 1})


def test_a_source_that_shrank_for_good_is_approved_once(opened: Open) -> None:
    shops = opened(20)
    for number in range(11, 21):
        del shops.erp.items[f"i{number}"]
    count(shops, ["SKU-1"], 4)
    assert sync(shops).plans[-1].guarded

    sync(shops, force=True)

    assert listed(shops, ["SKU-1"]) == [4]
    count(shops, ["SKU-1"], 3)
    again = sync(shops)
    assert not again.plans[-1].guarded, "the smaller count is the measure from now on"
    assert listed(shops, ["SKU-1"]) == [3]
    assert listed(shops, numbers(11, 20)) == [10] * 10


def test_an_approved_source_may_go_on_without_force(opened: Open) -> None:
    shops = opened(20)
    for number in range(11, 21):
        del shops.erp.items[f"i{number}"]
    count(shops, ["SKU-1"], 4)
    assert sync(shops).plans[-1].guarded

    for flow in shops.hub.config.flows.values():
        resolve.approve_source(shops.hub, flow)

    assert not sync(shops).plans[-1].guarded
    assert listed(shops, ["SKU-1"]) == [4]


def test_a_freeze_ends_when_the_source_is_right_again(opened: Open) -> None:
    shops = opened(20)
    count(shops, numbers(1, 10), 0, both=True)
    assert sync(shops).plans[-1].guarded
    for sku in numbers(1, 10):
        shops.erp.set_stock(sku, "WH1", 10)
        shops.erp.set_stock(sku, "WH2", 5)

    report = sync(shops)

    assert not report.plans[-1].guarded
    assert frozen(shops) == {}
    assert applied(report) == 0


def test_a_shrunken_source_stays_doubted_when_another_guard_had_struck_before(opened: Open) -> None:
    shops = opened(20)
    count(shops, numbers(1, 10), 0, both=True)
    assert set(frozen(shops) or sync(shops).plans[-1].withheld) == {"guard_zero"}
    for sku in numbers(1, 10):
        shops.erp.set_stock(sku, "WH1", 10)
        shops.erp.set_stock(sku, "WH2", 5)
    count(shops, ["SKU-1"], 2)
    for number in range(11, 21):
        del shops.erp.items[f"i{number}"]

    report = sync(shops)

    assert report.look.reads["erp"].shrunk == ["items"]
    assert report.plans[-1].guarded
    assert listed(shops, ["SKU-1"]) == [10]


def test_a_plan_tells_the_same_as_a_sync_and_sends_nothing(opened: Open) -> None:
    shops = opened(20)
    count(shops, numbers(1, 10), 0, both=True)
    before = list(shops.shop.effects)

    _, summary = make_plan(shops.hub)

    assert summary.guarded
    assert summary.frozen == [("inventory", "shop", "guard_zero")]
    assert summary.withheld["guard_zero"] == 20
    assert summary.changes == 0
    assert shops.shop.effects == before


def test_one_shrunken_kind_of_record_is_enough_to_doubt_a_source_that_returns_the_others_in_full(
    tmp_path: Path,
) -> None:
    trade = open_trade(tmp_path, catalog(12))
    trade.adopt()
    services = [f"SKU-{number:05d}" for number in range(7, 13)]
    for sku in services:
        trade.erp.state.template_of(trade.erp.state.by_code[sku]).type = "service"
    trade.erp.admin.set_stock("SKU-00001", "WH1", 4)
    trade.clock.advance(60)

    report = run_sync(trade.hub, ReadMode.FULL)

    assert report.look.reads["erp"].shrunk == ["stock"]
    assert report.plans[-1].guarded
    assert trade.shopify.quantity("SKU-00001", "WH1") == 10
    for sku in services:
        trade.erp.state.template_of(trade.erp.state.by_code[sku]).type = "goods"
    trade.clock.advance(60)
    # Also the ordinary sync reads a doubted source in full, so the doubt ends with the cause.
    assert not run_sync(trade.hub, ReadMode.AUTO).plans[-1].guarded
    assert trade.shopify.quantity("SKU-00001", "WH1") == 4
