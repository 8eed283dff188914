from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from canonical.errors import AmbiguousError
from sync import conflicts, drops
from sync.apply import apply
from sync.config import Policy
from sync.observe import ReadMode
from sync.run import look, make_plan, run_sync
from sync.store import tables
from tests.support.hubs import Shops, open_shops


@pytest.fixture
def shops(database_url: str) -> Iterator[Shops]:
    found = open_shops(database_url, items=4)
    found.adopt()
    yield found
    found.hub.database.close()


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Shops]:
    found = open_shops(sqlite_url, items=4, shops=("shop", "web"))
    found.adopt()
    yield found
    found.hub.database.close()


def open_conflicts(shops: Shops) -> list[str]:
    with shops.hub.database.begin() as connection:
        return [row.kind for row in conflicts.listing(connection)]


def sync(shops: Shops) -> None:
    run_sync(shops.hub, ReadMode.FULL)
    shops.tick()


def test_a_price_edited_in_the_shop_is_held_and_not_overwritten(shops: Shops) -> None:
    shops.shop.set_price("SKU-1", "99.00")
    report = run_sync(shops.hub, ReadMode.FULL)
    assert report.plans[-1].changes == 0
    assert shops.shop.find("SKU-1").price == "99.00"
    assert open_conflicts(shops) == ["changed_by_other"]


def test_a_held_price_stays_held_when_the_owner_moves_and_ends_when_they_put_it_back(shops: Shops) -> None:
    shops.shop.set_price("SKU-1", "99.00")
    sync(shops)
    shops.erp.set_price("SKU-1", "15.00")
    sync(shops)
    assert shops.shop.find("SKU-1").price == "99.00"
    shops.shop.set_price("SKU-1", "10.00")
    sync(shops)
    assert shops.shop.find("SKU-1").price == "15.00"
    assert open_conflicts(shops) == []


def test_stock_raised_by_hand_is_lowered_and_logged(shops: Shops) -> None:
    shops.shop.set_stock("SKU-1", "WH1", 50)
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 10
    with shops.hub.database.begin() as connection:
        logged = conflicts.listing(connection, "all")
    assert [(row.kind, row.state) for row in logged] == [("stock_raised_by_other", "closed")]


def test_a_sale_in_the_shop_is_no_conflict_and_is_not_raised_over(shops: Shops) -> None:
    shops.shop.sell("SKU-1", 3, "WH1")
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 7
    assert open_conflicts(shops) == []
    shops.erp.set_stock("SKU-1", "WH1", 7)
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 7
    shops.erp.set_stock("SKU-1", "WH1", 12)
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 12


def test_no_raise_goes_out_while_a_sale_is_not_in_the_owners_figure(shops: Shops) -> None:
    shops.shop.sell("SKU-1", 3, "WH1")
    sync(shops)
    shops.erp.set_stock("SKU-1", "WH1", 12)
    report = run_sync(shops.hub, ReadMode.FULL)
    assert report.plans[-1].waiting["unaccounted_drop"] == 1
    assert shops.shop.stock("SKU-1", "WH1") == 7


def test_a_sale_on_one_channel_lowers_the_other_at_once(lite: Shops) -> None:
    lite.shop.sell("SKU-1", 3, "WH1")
    sync(lite)
    assert lite.worlds["web"].stock("SKU-1", "WH1") + lite.worlds["web"].stock("SKU-1", "WH2") == 12
    with lite.hub.database.begin() as connection:
        item = connection.execute(select(tables.table(tables.Drop).c.item_id)).scalars().first()
        assert item is not None
        assert drops.open_units(connection, [item]) == {item: {"WH1": 3}}


def test_a_sale_between_plan_and_apply_is_skipped_as_moved_and_the_rest_lands(shops: Shops) -> None:
    for sku in ("SKU-1", "SKU-2", "SKU-3"):
        shops.erp.set_stock(sku, "WH1", 8)
    _, summary = make_plan(shops.hub)
    assert summary.changes == 3
    shops.tick()
    shops.shop.sell("SKU-2", 1, "WH1")
    report = apply(shops.hub, summary.plan_id)
    assert report.outcomes == {"applied": 2, "moved": 1}
    shops.tick()
    sync(shops)
    assert [shops.shop.stock(f"SKU-{n}", "WH1") for n in (1, 2, 3)] == [8, 7, 8]


def test_no_place_is_raised_in_a_call_whose_other_place_had_moved(shops: Shops) -> None:
    shops.erp.set_stock("SKU-1", "WH1", 14)
    shops.erp.set_stock("SKU-1", "WH2", 3)
    _, summary = make_plan(shops.hub)
    assert summary.changes == 2
    shops.tick()
    shops.shop.sell("SKU-1", 1, "WH2")
    assert apply(shops.hub, summary.plan_id).outcomes == {"moved": 2}
    assert (shops.shop.stock("SKU-1", "WH1"), shops.shop.stock("SKU-1", "WH2")) == (10, 4)


def test_no_place_is_raised_while_another_must_be_lowered_that_the_plan_did_not_know(shops: Shops) -> None:
    shops.erp.set_stock("SKU-1", "WH1", 14)
    _, summary = make_plan(shops.hub)
    assert summary.changes == 1
    shops.erp.set_stock("SKU-1", "WH2", 1)
    shops.tick()
    look(shops.hub, ReadMode.FULL)
    assert apply(shops.hub, summary.plan_id).outcomes == {"moved": 1}
    sync(shops)
    assert (shops.shop.stock("SKU-1", "WH1"), shops.shop.stock("SKU-1", "WH2")) == (14, 1)


def test_an_owner_that_moves_after_the_plan_makes_the_line_moved(shops: Shops) -> None:
    shops.erp.set_stock("SKU-1", "WH1", 8)
    _, summary = make_plan(shops.hub)
    shops.erp.set_stock("SKU-1", "WH1", 5)
    shops.tick()
    look(shops.hub, ReadMode.FULL)
    assert apply(shops.hub, summary.plan_id).outcomes == {"moved": 1}
    assert shops.shop.stock("SKU-1", "WH1") == 10


def test_a_lost_answer_of_a_write_that_landed_is_not_written_again(shops: Shops) -> None:
    shops.erp.set_stock("SKU-1", "WH1", 8)
    shops.shop.after_write.append(AmbiguousError("timeout"))
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 8
    assert shops.shop.writes == [("levels.set", 1)]


def test_a_lost_write_that_never_landed_is_planned_anew_after_the_settle_time(shops: Shops) -> None:
    shops.erp.set_stock("SKU-1", "WH1", 8)
    shops.shop.before_write.append(AmbiguousError("timeout"))
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 8
    assert len(shops.shop.writes) == 2


def test_a_late_effect_with_sales_after_it_is_written_once(shops: Shops) -> None:
    shops.erp.set_stock("SKU-1", "WH1", 8)
    shops.shop.after_write.append(AmbiguousError("timeout"))
    _, summary = make_plan(shops.hub)
    apply(shops.hub, summary.plan_id)
    shops.shop.sell("SKU-1", 2, "WH1")
    shops.tick()
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 6
    assert shops.shop.writes == [("levels.set", 1)]


def test_one_bad_row_in_a_batch_that_rejects_all_is_found_and_the_rest_lands(shops: Shops) -> None:
    for n in range(1, 5):
        shops.erp.set_stock(f"SKU-{n}", "WH1", 3)
    shops.shop.reject_all_without_name = True
    shops.shop.bad_ids.add(shops.shop.find("SKU-3").id)
    report = run_sync(shops.hub, ReadMode.FULL)
    assert report.applied[0].outcomes == {"applied": 3, "rejected": 1}
    assert [shops.shop.stock(f"SKU-{n}", "WH1") for n in range(1, 5)] == [3, 3, 10, 3]
    writes = len(shops.shop.writes)
    sync(shops)
    assert len(shops.shop.writes) == writes, "a refused value is not sent again until it changes"


def test_values_the_platform_normalizes_are_not_written_again(shops: Shops) -> None:
    item = shops.erp.find("SKU-1")
    item.tags, item.description = ["z", "a"], "<p>hi</p><script>x()</script>"
    shops.erp.cents = False
    shops.erp.set_price("SKU-1", "10.999")
    sync(shops)
    assert shops.shop.find("SKU-1").price == "11.00"
    assert shops.shop.find("SKU-1").tags == ["a", "z"]
    writes = len(shops.shop.writes)
    assert make_plan(shops.hub)[1].changes == 0
    sync(shops)
    assert len(shops.shop.writes) == writes


def test_restore_writes_the_owners_value_back_and_gives_up_after_three_times(sqlite_url: str) -> None:
    shops = open_shops(sqlite_url, items=1, policy=Policy.RESTORE)
    shops.adopt()
    for _ in range(4):
        shops.shop.set_price("SKU-1", "99.00")
        sync(shops)
    prices = [effect for effect in shops.shop.effects if "price" in effect]
    assert len(prices) == 3
    assert shops.shop.find("SKU-1").price == "99.00"
    shops.hub.database.close()


def test_adopt_keeps_theirs_until_the_owner_next_changes(sqlite_url: str) -> None:
    shops = open_shops(sqlite_url, items=1, policy=Policy.ADOPT)
    shops.adopt()
    shops.shop.set_price("SKU-1", "11.00")
    sync(shops)
    sync(shops)
    assert shops.shop.find("SKU-1").price == "11.00"
    shops.erp.set_price("SKU-1", "12.00")
    sync(shops)
    assert shops.shop.find("SKU-1").price == "12.00"
    shops.hub.database.close()


def test_a_plan_alone_ends_no_adoption_so_the_owner_may_move_back(sqlite_url: str) -> None:
    shops = open_shops(sqlite_url, items=1, policy=Policy.ADOPT)
    shops.adopt()
    shops.shop.set_price("SKU-1", "8.00")
    sync(shops)
    shops.erp.set_price("SKU-1", "11.00")
    make_plan(shops.hub)
    shops.tick()
    shops.erp.set_price("SKU-1", "10.00")
    sync(shops)
    shops.erp.set_price("SKU-1", "12.00")
    sync(shops)
    assert shops.shop.find("SKU-1").price == "12.00"
    shops.hub.database.close()


def test_a_refused_lowering_is_tried_again_after_a_while(sqlite_url: str) -> None:
    shops = open_shops(sqlite_url, items=1)
    shops.adopt()
    shops.shop.bad_ids.add(shops.shop.find("SKU-1").id)
    shops.erp.set_stock("SKU-1", "WH1", 2)
    sync(shops)
    shops.shop.bad_ids.clear()
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 10
    shops.tick(3600)
    sync(shops)
    assert shops.shop.stock("SKU-1", "WH1") == 2
    shops.hub.database.close()


def test_an_open_conflict_shows_the_newest_of_both_values(sqlite_url: str) -> None:
    shops = open_shops(sqlite_url, items=1)
    shops.adopt()
    shops.shop.set_price("SKU-1", "8.00")
    sync(shops)
    shops.erp.set_price("SKU-1", "11.00")
    shops.shop.set_price("SKU-1", "7.00")
    sync(shops)
    with shops.hub.database.begin() as connection:
        [row] = conflicts.listing(connection)
    assert (row.theirs, row.ours) == (b'"7"', b'"11"')
    shops.hub.database.close()
