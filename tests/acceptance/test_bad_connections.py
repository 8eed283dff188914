"""A platform that refuses, is away or talks nonsense: it is named with what to do, and the others go on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from connectors.simulation import Fault, SimRequest
from sync.observe import ReadMode
from sync.run import SyncReport, make_plan, run_sync
from tests.support.findings import applied, cut, lines, reasons, restore
from tests.support.trade import Trade, catalog, open_trade

COUNT = 12
CHANGED = ("SKU-00001", "SKU-00002")


@pytest.fixture
def trade(tmp_path: Path) -> Trade:
    """A dozen things, in step everywhere; then the ERP counts two of them anew and changes a price."""
    opened = open_trade(tmp_path, catalog(COUNT))
    opened.adopt()
    for sku in CHANGED:
        opened.erp.admin.set_stock(sku, "WH1", 4)
    opened.erp.admin.set_price(CHANGED[0], Decimal(11))
    opened.clock.advance(60)
    opened.clear_logs()
    return opened


def in_step(trade: Trade) -> bool:
    """Whether both shops show what the ERP was told."""
    shop = [trade.shopify.quantity(sku, "WH1") for sku in CHANGED] == [4, 4]
    web = [trade.woo.quantity(sku) for sku in CHANGED] == [9, 9]
    return shop and web and trade.shopify.price(CHANGED[0]) == trade.woo.price(CHANGED[0]) == 11


def assert_caught_up(trade: Trade) -> None:
    """The next sync does all that was left, and then there is nothing to do."""
    trade.clock.advance(60)
    again = run_sync(trade.hub, ReadMode.FULL)
    assert not again.look.failed
    assert in_step(trade)
    assert make_plan(trade.hub)[1].changes == 0


def assert_only_the_web_shop_waits(trade: Trade, report: SyncReport) -> None:
    assert set(report.look.failed) == {"shop_web"}
    assert report.look.incomplete
    # The lowering of both SKUs at WH1 and the price.
    assert trade.shopify.log.writes() == 2
    assert trade.shopify.quantity(CHANGED[1], "WH1") == 4
    assert trade.woo.log.writes() == 0


def test_a_wrong_secret_names_the_connection_and_the_remedy_and_stops_nobody_else(trade: Trade) -> None:
    trade.woo.admin.revoke_key("ck_demo_key")

    report = run_sync(trade.hub, ReadMode.FULL)

    assert_only_the_web_shop_waits(trade, report)
    said = report.look.failed["shop_web"]
    assert said.startswith("shop_web: ")
    assert "Consumer key is invalid" in said
    assert "check consumer_key and consumer_secret" in said
    assert "cs_demo_secret" not in said
    trade.woo.admin.add_key("ck_demo_key", "cs_demo_secret")
    assert_caught_up(trade)


def test_a_host_that_cannot_be_reached_is_named_and_stops_nobody_else(trade: Trade) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno -2] Name or service not known", request=request)

    cut(trade, "shop_web", httpx.MockTransport(refuse))

    report = run_sync(trade.hub, ReadMode.FULL)

    assert_only_the_web_shop_waits(trade, report)
    assert report.look.failed["shop_web"].startswith("shop_web: ")
    assert "shop.example" in report.look.failed["shop_web"]
    restore(trade)
    assert_caught_up(trade)


def test_an_erp_that_cannot_be_reached_changes_nothing_in_the_shops(trade: Trade) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("timed out", request=request)

    before = trade.shopify.snapshot(), trade.woo.snapshot()
    cut(trade, "erp", httpx.MockTransport(refuse))

    report = run_sync(trade.hub, ReadMode.FULL)

    assert set(report.look.failed) == {"erp"}
    assert (trade.shopify.snapshot(), trade.woo.snapshot()) == before
    restore(trade)
    assert_caught_up(trade)


def test_an_erp_session_that_ends_in_the_middle_of_a_read_is_opened_again(trade: Trade) -> None:
    calls = 0

    def third(request: SimRequest) -> bool:
        nonlocal calls
        calls += "search_read" in trade.erp.operation_of(request)
        return calls == 3

    trade.erp.faults.add(Fault("status", times=1, when=third, status=401))

    report = run_sync(trade.hub, ReadMode.FULL)

    assert not report.look.failed
    assert in_step(trade)
    assert trade.erp.faults.pending() == 0


def test_a_key_that_expires_between_reading_and_writing_keeps_the_lines_planned(trade: Trade) -> None:
    trade.woo.faults.add(Fault("status", only="write", status=401))

    report = run_sync(trade.hub, ReadMode.FULL)

    assert "check the key" in report.applied[0].failed["shop_web"]
    assert report.applied[0].outcomes["not_sent"] == 3
    assert report.applied[0].partial
    assert trade.shopify.price(CHANGED[0]) == 11
    assert_caught_up(trade)


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("name", ["erp", "shop_eu", "shop_web"])
def test_a_maintenance_page_instead_of_an_answer_is_told_in_words_and_nothing_is_concluded(
    trade: Trade, name: str, status: int
) -> None:
    simulator = {"erp": trade.erp, "shop_eu": trade.shopify, "shop_web": trade.woo}[name]
    simulator.faults.add(Fault("html", times=1000, only="read", status=status))

    report = run_sync(trade.hub, ReadMode.FULL)

    said = report.look.failed[name]
    assert said.startswith(f"{name}: ")
    assert "<" not in said, "no markup is poured over the user"
    assert "We will be right back" in said
    assert ("a web page instead of JSON" if status == 200 else "the platform has trouble") in said
    # Shopify compares before it sets: a lowering may go out on what was known; a price or Woo's figure may not.
    assert {entry.operation for entry in simulator.log.entries if entry.kind == "write" and entry.effect} <= {
        "inventorySetQuantities"
    }
    if name != "erp":
        other = "shop_web" if name == "shop_eu" else "shop_eu"
        written = {line[0] for plan in report.plans for line in lines(trade.hub, plan.plan_id)}
        assert other in written
    simulator.faults.clear()
    assert_caught_up(trade)
    assert reasons(trade.hub, name) == {}


def test_a_maintenance_page_as_the_answer_to_a_write_is_no_proof_and_the_record_is_read_again(trade: Trade) -> None:
    for simulator in (trade.shopify, trade.woo):
        simulator.faults.add(Fault("html", times=1, only="write", status=200))

    report = run_sync(trade.hub, ReadMode.FULL)

    assert sum(one.outcomes["unconfirmed"] for one in report.applied) > 0
    assert_caught_up(trade)
    effects = [*trade.shopify.log.effects(), *trade.woo.log.effects()]
    assert len(effects) == len(set(effects)), "nothing was done twice"


@pytest.mark.parametrize("name", ["erp", "shop_eu", "shop_web"])
def test_an_answer_cut_in_half_is_asked_for_again(trade: Trade, name: str) -> None:
    simulator = {"erp": trade.erp, "shop_eu": trade.shopify, "shop_web": trade.woo}[name]
    simulator.faults.add(Fault("truncated", times=1, only="read"))

    report = run_sync(trade.hub, ReadMode.FULL)

    assert simulator.faults.pending() == 0
    assert not report.look.failed
    assert in_step(trade)


def test_answers_that_are_always_cut_in_half_end_in_an_error_and_no_conclusion(trade: Trade) -> None:
    trade.woo.faults.add(Fault("truncated", times=1000, only="read"))

    report = run_sync(trade.hub, ReadMode.FULL)

    assert_only_the_web_shop_waits(trade, report)
    assert "JSON" in report.look.failed["shop_web"]
    trade.woo.faults.clear()
    assert_caught_up(trade)


def test_a_write_whose_answer_is_cut_in_half_took_effect_once(trade: Trade) -> None:
    for simulator in (trade.shopify, trade.woo):
        simulator.faults.add(Fault("truncated", times=1, only="write"))

    run_sync(trade.hub, ReadMode.FULL)

    assert_caught_up(trade)
    assert len(trade.woo.log.effects()) == len(set(trade.woo.log.effects()))
    assert len(trade.shopify.log.effects()) == len(set(trade.shopify.log.effects()))


def test_a_shop_that_repeats_its_page_position_is_stopped_and_not_read_for_ever(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(300))
    trade.adopt()
    trade.erp.admin.set_stock(CHANGED[0], "WH1", 4)
    trade.clock.advance(3600)
    for sku in range(1, 301):
        trade.shopify.admin.set_title(f"SKU-{sku:05d}", "Another title")
    trade.shopify.switches.stuck_cursor = True
    trade.clear_logs()

    report = run_sync(trade.hub, ReadMode.DELTA)

    assert "the same page position twice" in report.look.failed["shop_eu"]
    assert trade.shopify.log.reads() < 20
    assert trade.woo.quantity(CHANGED[0]) == 9
    trade.shopify.switches.stuck_cursor = False
    trade.clock.advance(60)
    again = run_sync(trade.hub, ReadMode.DELTA)
    assert not again.look.failed
    assert trade.shopify.quantity(CHANGED[0], "WH1") == 4


def test_one_lost_connection_after_the_plan_leaves_the_other_shop_in_step(trade: Trade) -> None:
    _, summary = make_plan(trade.hub)
    assert summary.changes == 6
    trade.woo.faults.add(Fault("drop", times=1000))

    report = run_sync(trade.hub, ReadMode.DELTA)

    assert "shop_web" in {*report.look.failed, *(name for one in report.applied for name in one.failed)}
    assert trade.shopify.quantity(CHANGED[0], "WH1") == 4
    assert applied(report) == 3
    trade.woo.faults.clear()
    assert_caught_up(trade)
