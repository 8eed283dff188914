"""A record that is wrong gets a reason code; it is left as it is, and everything else goes on."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.simulation import CatalogItem
from sync.apply import apply
from sync.audit import audit
from sync.explain import explain
from sync.observe import ReadMode
from sync.run import SyncReport, look, make_plan, run_sync
from tests.support.findings import applied, lines, open_conflicts, reasons
from tests.support.trade import Trade, catalog, open_trade

COUNT = 12
BAD, GOOD = "SKU-00001", "SKU-00002"


def thing(sku: str, *, title: str = "One more", gtin: str = "") -> CatalogItem:
    return CatalogItem(sku, title, Decimal("10.00"), {"WH1": 10, "WH2": 5}, gtin=gtin)


def sync(trade: Trade, *, force: bool = False) -> SyncReport:
    trade.clock.advance(60)
    report = run_sync(trade.hub, ReadMode.FULL, force=force)
    trade.clock.advance(60)
    assert not report.look.failed
    return report


def stock(trade: Trade, sku: str) -> tuple[int, int, int | None]:
    """What both shops list: Shopify's two places and the one figure of WooCommerce."""
    return trade.shopify.quantity(sku, "WH1"), trade.shopify.quantity(sku, "WH2"), trade.woo.quantity(sku)


def assert_others_go_on(trade: Trade, skus: Iterable[str] = (GOOD,)) -> None:
    """The owner's next figures of sound things arrive, and then nothing is left to do."""
    for sku in skus:
        trade.erp.admin.set_stock(sku, "WH1", 3)
    sync(trade)
    assert [stock(trade, sku) for sku in skus] == [(3, 5, 8) for _ in skus]
    assert make_plan(trade.hub)[1].changes == 0


@pytest.fixture
def trade(tmp_path: Path) -> Trade:
    """A dozen things in step everywhere."""
    opened = open_trade(tmp_path, catalog(COUNT))
    opened.adopt()
    opened.clear_logs()
    return opened


# --- keys


def test_keys_that_fit_nothing_or_too_much_are_told_apart_and_block_nobody(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(COUNT))
    trade.erp.load([thing("TWICE-ERP"), thing("TWICE-ERP"), thing("only-erp"), thing(""), thing("Cased-1")])
    trade.shopify.load([thing("TWICE"), thing("TWICE"), thing("ONLY-SHOP"), thing(""), thing("CASED-1")])
    trade.shopify.load([thing("TWICE-ERP")])
    trade.woo.load([thing("TWICE-ERP"), thing("ONLY-SITE"), thing(""), thing("cased-1")])
    trade.erp.load([thing("TWICE")])
    trade.adopt()

    shop = reasons(trade.hub, "shop_eu")
    assert {code: skus for code, skus in shop.items() if code != "missing_sku"} == {
        "duplicate_sku": {"TWICE"},
        "unmatched": {"ONLY-SHOP", "TWICE-ERP"},
        "sku_case_differs": {"CASED-1"},
    }
    # A Shopify variant and its inventory item are two records, both without a key.
    assert len(shop["missing_sku"]) == 2
    assert reasons(trade.hub, "shop_web") == {
        "unmatched": {"ONLY-SITE", "TWICE-ERP"},
        "missing_sku": {one for one, record in trade.woo.snapshot().items() if not record["sku"]},
        "sku_case_differs": {"cased-1"},
    }
    erp = reasons(trade.hub, "erp")
    assert erp["duplicate_sku"] == {"TWICE-ERP"}
    assert "missing_sku" in erp
    look(trade.hub, ReadMode.FULL)
    found = audit(trade.hub, trade.hub.config.flows["inventory"], "shop_web")
    assert found.absent >= 1, "what only the ERP has is told by the audit"
    assert_others_go_on(trade)


def test_a_second_record_with_a_linked_sku_is_left_out_and_the_first_stays_linked(trade: Trade) -> None:
    first = next(iter(trade.shopify.platform.store.items_by_sku[BAD]))
    trade.shopify.admin.add(thing(BAD))
    second = trade.shopify.platform.store.items_by_sku[BAD][-1]
    trade.erp.admin.set_stock(BAD, "WH1", 4)

    sync(trade)

    assert reasons(trade.hub, "shop_eu") == {"duplicate_sku": {BAD}}
    place = trade.shopify.platform.store.location_by_code["WH1"].number
    assert [item.levels[place].get("available") for item in (first, second)] == [4, 10]
    trade.shopify.platform.store.set_sku(second, "NEW-KEY")
    second.updated_at = second.variants[0].updated_at = trade.clock.now()
    sync(trade)
    assert reasons(trade.hub, "shop_eu") == {"unmatched": {"NEW-KEY"}}


def test_a_second_product_in_the_erp_with_a_linked_sku_moves_nothing(trade: Trade) -> None:
    first = trade.erp.state.by_code[BAD]
    trade.erp.load([CatalogItem(BAD, "A copy", Decimal("99.00"), {"WH1": 1, "WH2": 1})])
    trade.erp.state.by_code[BAD] = first

    report = sync(trade)

    assert applied(report) == 0
    assert reasons(trade.hub, "erp") == {"duplicate_sku": {BAD}}
    assert stock(trade, BAD) == (10, 5, 15)
    assert_others_go_on(trade, [BAD, GOOD])


def test_a_sku_renamed_at_its_owner_keeps_its_links(trade: Trade) -> None:
    variant = trade.erp.state.variants[trade.erp.state.by_code.pop(BAD)]
    variant.code, variant.written = "RENAMED-1", trade.erp.stamp()
    trade.erp.state.by_code["RENAMED-1"] = variant.id
    trade.erp.admin.set_stock("RENAMED-1", "WH1", 2)

    sync(trade)

    assert stock(trade, BAD) == (2, 5, 7)
    assert [one.sku for one in explain(trade.hub, "RENAMED-1")][:1] == ["RENAMED-1"]
    trade.shopify.admin.set_sku(BAD, "RENAMED-1")
    trade.woo.admin.set_sku(BAD, "RENAMED-1")
    trade.erp.admin.set_stock("RENAMED-1", "WH1", 1)
    sync(trade)
    assert stock(trade, "RENAMED-1") == (1, 5, 6)
    assert [reasons(trade.hub, name) for name in ("erp", "shop_eu", "shop_web")] == [{}, {}, {}]


def test_names_beyond_the_basic_plane_and_very_long_keys_are_ordinary(tmp_path: Path) -> None:
    long = "L" * 250
    odd = [
        thing("\N{GRINNING FACE}-1", title="T-Shirt \N{GRINNING FACE} \U00020000"),
        thing(long),
        thing("a b/c?d=e&f'g\""),
    ]
    trade = open_trade(tmp_path, [*catalog(COUNT), *odd])
    trade.adopt()

    assert_others_go_on(trade, [item.sku for item in odd])

    assert [reasons(trade.hub, name) for name in ("erp", "shop_eu", "shop_web")] == [{}, {}, {}]


# --- figures


def test_negative_stock_lists_nothing_and_counts_against_the_other_place(trade: Trade) -> None:
    trade.erp.admin.set_stock(BAD, "WH1", -3)
    trade.erp.admin.set_stock(GOOD, "WH1", -9)

    sync(trade)

    # 5 in the second place and 3 owed in the first: 2 can be sold, from the place that has them.
    assert stock(trade, BAD) == (0, 2, 2)
    assert stock(trade, GOOD) == (0, 0, 0)
    assert "negative_stock" in reasons(trade.hub, "erp")
    trade.erp.admin.set_stock(BAD, "WH1", 7)
    trade.erp.admin.set_stock(GOOD, "WH1", 7)
    sync(trade)
    assert stock(trade, BAD) == stock(trade, GOOD) == (7, 5, 12)
    assert reasons(trade.hub, "erp") == {}


def test_a_fraction_is_never_rounded_it_gets_a_reason_and_the_shops_keep_what_they_have(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(COUNT))
    cloth = thing("CLOTH")
    trade.erp.load([cloth], digits=1)
    trade.shopify.load([cloth])
    trade.woo.load([cloth])
    trade.adopt()
    trade.erp.admin.set_stock("CLOTH", "WH1", Decimal("2.5"))

    report = sync(trade)

    assert applied(report) == 0
    assert reasons(trade.hub, "erp") == {"fraction": {"CLOTH"}}
    assert stock(trade, "CLOTH") == (10, 5, 15)
    assert_others_go_on(trade)
    trade.shopify.shop.sell("CLOTH", 3, "WH1")
    sync(trade)
    assert stock(trade, "CLOTH") == (7, 5, 12), "a sale is heard everywhere all the same"
    trade.erp.admin.set_stock("CLOTH", "WH1", 2)
    sync(trade)
    assert stock(trade, "CLOTH") == (2, 5, 7)
    assert reasons(trade.hub, "erp") == {}


def test_a_price_of_zero_is_a_price(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(9))
    trade.adopt()
    trade.erp.admin.set_price(BAD, Decimal(0))

    sync(trade)

    assert trade.shopify.price(BAD) == trade.woo.price(BAD) == 0
    trade.erp.admin.set_price(BAD, Decimal("10.00"))
    sync(trade)
    assert trade.shopify.price(BAD) == trade.woo.price(BAD) == 10


def test_101_and_251_rows_are_split_where_the_platforms_end_and_all_arrive(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(251))
    trade.adopt()
    for number in range(1, 252):
        trade.erp.admin.set_stock(f"SKU-{number:05d}", "WH1", 3)
    trade.clear_logs()
    assert applied(sync(trade, force=True)) == 502
    assert [entry.rows for entry in trade.shopify.log.entries if entry.kind == "write"] == [250, 1]
    assert [entry.rows for entry in trade.woo.log.entries if entry.kind == "write"] == [100, 100, 51]
    for number in range(1, 102):
        trade.erp.admin.set_stock(f"SKU-{number:05d}", "WH1", 2)
    trade.clear_logs()
    assert applied(sync(trade, force=True)) == 202
    assert [entry.rows for entry in trade.shopify.log.entries if entry.kind == "write"] == [101]
    assert [entry.rows for entry in trade.woo.log.entries if entry.kind == "write"] == [100, 1]
    assert {stock(trade, f"SKU-{number:05d}") for number in range(1, 102)} == {(2, 5, 7)}


# --- one bad row among good ones


@pytest.mark.parametrize("named", [True, False])
def test_one_row_the_shop_refuses_is_found_and_the_rest_of_its_call_lands(trade: Trade, *, named: bool) -> None:
    trade.shopify.switches.name_rows = named
    trade.shopify.admin.make_bundle(BAD)
    skus = [f"SKU-{number:05d}" for number in range(1, COUNT + 1)]
    for sku in skus:
        trade.erp.admin.set_stock(sku, "WH1", 6)

    report = sync(trade, force=True)

    assert report.applied[0].outcomes["rejected"] == 1
    assert [trade.shopify.quantity(sku, "WH1") for sku in skus] == [10] + [6] * 11
    assert trade.woo.quantity(BAD) == 11
    assert reasons(trade.hub, "shop_eu") == {"rejected": {BAD}}
    trade.clear_logs()
    sync(trade)
    assert trade.shopify.log.writes() == 0, "what was refused is not tried again for ever"
    assert_others_go_on(trade)


def test_one_row_that_moved_in_between_is_left_out_and_the_rest_of_its_call_lands(trade: Trade) -> None:
    skus = [f"SKU-{number:05d}" for number in range(1, COUNT + 1)]
    for sku in skus:
        trade.erp.admin.set_stock(sku, "WH1", 6)
    trade.clock.advance(60)
    _, summary = make_plan(trade.hub, force=True)
    trade.shopify.shop.sell(BAD, 2, "WH1")

    report = apply(trade.hub, summary.plan_id)

    assert report.outcomes["moved"] >= 1
    assert [trade.shopify.quantity(sku, "WH1") for sku in skus[1:]] == [6] * 11
    assert trade.shopify.quantity(BAD, "WH1") == 8
    trade.erp.admin.book_sale(BAD, "WH1", 2)
    sync(trade)
    assert stock(trade, BAD) == (4, 5, 9)


# --- things that go and come


def test_a_record_deleted_in_a_shop_is_a_conflict_and_is_not_made_again(trade: Trade) -> None:
    trade.shopify.admin.delete_variant(BAD)
    trade.woo.admin.delete(BAD)
    trade.erp.admin.set_stock(BAD, "WH1", 4)
    variants, products = len(trade.shopify.snapshot()["variants"]), len(trade.woo.snapshot())

    for _ in range(2):
        sync(trade)

    assert open_conflicts(trade.hub) == {("shop_eu", "deleted_there"), ("shop_web", "deleted_there")}
    assert (len(trade.shopify.snapshot()["variants"]), len(trade.woo.snapshot())) == (variants, products)
    assert_others_go_on(trade)


def test_a_record_that_comes_back_goes_on_where_it_left(trade: Trade) -> None:
    trade.woo.admin.trash(BAD)
    sync(trade)
    assert open_conflicts(trade.hub) == {("shop_web", "deleted_there")}
    trade.erp.admin.set_stock(BAD, "WH1", 4)
    sync(trade)
    assert trade.woo.quantity(BAD) == 15
    trade.woo.admin.restore(BAD)

    sync(trade)

    assert open_conflicts(trade.hub) == set()
    assert trade.woo.quantity(BAD) == 9


def test_what_the_erp_archives_is_taken_to_zero_by_a_planned_write_and_comes_back_with_it(trade: Trade) -> None:
    trade.erp.admin.archive(BAD)
    trade.clock.advance(60)

    _, summary = make_plan(trade.hub)

    assert lines(trade.hub, summary.plan_id) == {
        ("shop_eu", BAD, "stock[WH1]", 0, "planned"),
        ("shop_eu", BAD, "stock[WH2]", 0, "planned"),
        ("shop_web", BAD, "stock", 0, "planned"),
    }
    sync(trade)
    assert stock(trade, BAD) == (0, 0, 0)
    template = trade.erp.state.template_of(trade.erp.state.by_code[BAD])
    template.active, template.written = True, trade.erp.stamp()
    sync(trade)
    assert stock(trade, BAD) == (10, 5, 15)


# --- what the configuration does not know


def test_a_place_the_configuration_does_not_know_gets_a_reason_and_is_left_alone(trade: Trade) -> None:
    trade.shopify.admin.add_location("POPUP", "A stand at the fair")
    trade.shopify.admin.set_available(BAD, "POPUP", 50)
    trade.erp.admin.set_stock(BAD, "WH1", 4)

    sync(trade)

    assert reasons(trade.hub, "shop_eu") == {"unknown_location": {BAD}}
    assert trade.shopify.quantity(BAD, "POPUP") == 50
    assert stock(trade, BAD) == (4, 5, 9)


def test_an_item_a_shop_does_not_count_is_left_alone_until_it_does(trade: Trade) -> None:
    trade.shopify.admin.set_tracked(BAD, tracked=False)
    trade.woo.admin.untrack(BAD)
    trade.erp.admin.set_stock(BAD, "WH1", 4)
    trade.clear_logs()

    report = sync(trade)

    assert applied(report) == 0
    assert trade.shopify.log.writes() == trade.woo.log.writes() == 0
    trade.shopify.admin.set_tracked(BAD, tracked=True)
    trade.woo.admin.set_stock(BAD, 15)
    sync(trade)
    assert stock(trade, BAD) == (4, 5, 9)


def test_a_shop_that_sells_in_another_currency_gets_no_price_and_gives_none(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(COUNT), currency="USD")
    trade.erp.admin.set_price(BAD, Decimal("12.00"))

    looked = look(trade.hub, ReadMode.FULL)

    said = looked.failed["shop_eu"]
    assert "the configuration says EUR, the platform's prices are in USD" in said
    assert "set the connection's currency" in said
    trade.adopt()
    assert trade.shopify.price(BAD) == 10
    assert trade.woo.price(BAD) == 12


def test_a_site_that_changes_its_currency_is_noticed_before_the_next_price(trade: Trade) -> None:
    trade.woo._facts._currency = "USD"
    trade.clock.advance(24 * 3600)
    trade.erp.admin.set_price(BAD, Decimal("12.00"))

    report = run_sync(trade.hub, ReadMode.FULL)

    assert "the platform's prices are in USD" in report.look.failed["shop_web"]
    assert trade.woo.price(BAD) == 10
    assert trade.shopify.price(BAD) == 12
