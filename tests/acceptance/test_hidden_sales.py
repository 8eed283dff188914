"""What looked like something else was a sale: figures that come back, hand raises, resolutions, saved plans, guards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from canonical.errors import DataError
from canonical.inventory import Pool
from sync import conflicts, drops, planfile
from sync.apply import apply
from sync.hub import Hub
from sync.observe import ReadMode
from sync.resolve import Choice, resolve
from sync.run import lease, look, make_plan, run_sync
from tests.support.hubs import Shops, open_shops
from tests.support.trade import Trade, catalog, open_trade

S = "SKU-00001"


def _trade(folder: Path, count: int, **more: Any) -> Trade:
    found = open_trade(folder, catalog(count, **more))
    found.adopt()
    return found


def _shops(folder: Path, **more: Any) -> Shops:
    found = open_shops(f"sqlite:///{folder / 'hub.sqlite'}", prefix=str(folder), **more)
    found.adopt()
    _sync(found)
    return found


def _sync(found: Trade | Shops) -> Any:
    found.clock.advance(60)
    return run_sync(found.hub, ReadMode.FULL)


def _listed(found: Trade, sku: str = S) -> tuple[int, int | None]:
    return sum(found.shopify.quantity(sku, place) for place in ("WH1", "WH2")), found.woo.quantity(sku)


def _open_units(found: Trade | Shops) -> int:
    with found.hub.database.begin() as connection:
        return sum(row.open_units for row in drops.listing(connection))


def _conflict(found: Shops) -> int:
    with found.hub.database.begin() as connection:
        return int(next(row.id for row in conflicts.listing(connection) if row.slot))


def test_a_sale_that_was_read_but_not_planned_is_not_swallowed_when_a_stock_conflict_is_resolved(
    tmp_path: Path,
) -> None:
    found = _shops(tmp_path, shops=("shop", "web"))
    found.shop.set_stock("SKU-1", "WH1", 12)
    found.erp.set_stock("SKU-1", "WH1", 20)
    _sync(found)
    found.shop.sell("SKU-1", 4, "WH1")
    found.clock.advance(60)
    look(found.hub, ReadMode.FULL)
    resolve(found.hub, _conflict(found), Choice.OURS)
    _sync(found)
    assert found.shop.stock("SKU-1", "WH1") == 8
    assert found.worlds["web"].stock("SKU-1", "WH1") == 16
    assert _open_units(found) == 4


def test_a_value_that_the_conflict_never_showed_is_not_taken_to_the_owner(tmp_path: Path) -> None:
    found = _shops(tmp_path)
    found.shop.set_price("SKU-1", "11.00")
    _sync(found)
    found.shop.set_price("SKU-1", "0.01")
    found.clock.advance(60)
    look(found.hub, ReadMode.FULL)
    for choice in (Choice.TO_OWNER, Choice.THEIRS):
        with pytest.raises(DataError, match=r"shop now says 0\.01, conflict \d+ showed 11"):
            resolve(found.hub, _conflict(found), choice)


def test_a_feed_that_was_broken_for_a_while_has_booked_nothing(tmp_path: Path) -> None:
    found = _trade(tmp_path, 20)
    found.shopify.shop.sell(S, 4, "WH1")
    _sync(found)
    for n in range(1, 21):
        for place in ("WH1", "WH2"):
            found.erp.admin.set_stock(f"SKU-{n:05d}", place, 0)
    assert _sync(found).plans[0].withheld["guard_zero"]
    for n in range(1, 21):
        for place, units in (("WH1", 10), ("WH2", 5)):
            found.erp.admin.set_stock(f"SKU-{n:05d}", place, units)
    _sync(found)
    assert _listed(found) == (11, 11)
    assert _open_units(found) == 4


def test_a_figure_that_falls_and_comes_back_has_booked_nothing_but_another_figure_has(tmp_path: Path) -> None:
    found = _shops(tmp_path, shops=("shop", "web"))
    found.shop.sell("SKU-1", 4, "WH1")
    _sync(found)
    found.erp.set_stock("SKU-1", "WH1", 6)
    _sync(found)
    assert _open_units(found) == 0
    found.erp.set_stock("SKU-1", "WH1", 10)
    _sync(found)
    assert (found.shop.stock("SKU-1", "WH1"), found.worlds["web"].stock("SKU-1", "WH1")) == (6, 6)
    found.erp.set_stock("SKU-1", "WH1", 6)
    _sync(found)
    found.erp.set_stock("SKU-1", "WH1", 26)
    _sync(found)
    assert (found.shop.stock("SKU-1", "WH1"), found.worlds["web"].stock("SKU-1", "WH1")) == (26, 26)


@pytest.mark.parametrize("raised_to", [13, 50])
def test_goods_that_were_sent_before_someone_raised_the_stock_are_no_cancellation(
    tmp_path: Path, raised_to: int
) -> None:
    found = _trade(tmp_path, 1)
    found.shopify.shop.sell(S, 3, "WH1")
    _sync(found)
    found.shopify.shop.fulfill(S, 3, "WH1")
    found.shopify.admin.set_available(S, "WH1", raised_to)
    _sync(found)
    assert _listed(found) == (12, 12)


def test_stock_that_someone_raises_again_and_again_is_lowered_every_time(tmp_path: Path) -> None:
    found = _trade(tmp_path, 1)
    found.erp.admin.set_stock(S, "WH1", 3)
    _sync(found)
    for _ in range(5):
        found.shopify.admin.set_available(S, "WH1", 50)
        found.woo.admin.set_stock(S, 50)
        _sync(found)
        assert _listed(found) == (8, 8)


def test_a_saved_plan_does_not_raise_over_a_sale_on_another_channel_since(tmp_path: Path) -> None:
    found = _trade(tmp_path, 1)
    found.erp.admin.set_stock(S, "WH1", 15)
    found.clock.advance(60)
    _, summary = make_plan(found.hub)
    planfile.save(found.hub, summary.plan_id, tmp_path / "saved.plan")
    found.clock.advance(3600)
    found.woo.shop.sell(S, 10)
    saved = planfile.load(tmp_path / "saved.plan")
    plan_id = planfile.store(found.hub, saved)
    planfile.freshen(found.hub, saved)
    assert not apply(found.hub, plan_id).applied
    assert sum(_listed(found)[:1]) <= 15


def test_open_sales_do_not_let_a_mass_flip_of_the_owner_past_the_guard(tmp_path: Path) -> None:
    found = _trade(tmp_path, 20, stock=(5, 3))
    for n in range(1, 21):
        found.shopify.shop.sell(f"SKU-{n:05d}", 4, "WH1")
    assert not _sync(found).plans[0].withheld
    for n in range(1, 21):
        found.erp.admin.archive(f"SKU-{n:05d}")
    assert _sync(found).plans[0].withheld["guard_zero"] == 60


def _configured(found: Shops, **changes: Any) -> Any:
    """A sync under another configuration."""
    found.hub.close()
    found.hub = Hub(replace(found.hub.config, version="v2", **changes), found.hub.database, found.clock)
    found.clock.advance(60)
    with lease(found.hub, "sync"):
        return run_sync(found.hub, ReadMode.AUTO)


def test_a_field_added_to_a_live_flow_waits_for_an_approval(tmp_path: Path) -> None:
    found = open_shops(f"sqlite:///{tmp_path / 'hub.sqlite'}", prefix=str(tmp_path))
    flows = found.hub.config.flows
    found.hub.config = replace(found.hub.config, flows={**flows, "prices": replace(flows["prices"], fields=("price",))})
    for item in found.shop.items.values():
        item.description = "written in the shop"
    for item in found.erp.items.values():
        item.description = "a draft of the ERP"
    found.adopt()
    _sync(found)
    report = _configured(found, flows=flows)
    assert report.plans[0].withheld == {"not_adopted": 3}
    assert {item.description for item in found.shop.items.values()} == {"written in the shop"}
    found.adopt()
    _sync(found)
    assert {item.description for item in found.shop.items.values()} == {"a draft of the ERP"}


def test_a_place_added_to_a_live_pool_waits_for_an_approval(tmp_path: Path) -> None:
    found = open_shops(f"sqlite:///{tmp_path / 'hub.sqlite'}", prefix=str(tmp_path))
    for item in found.erp.items.values():
        item.levels["WH2"] = {"available": 0, "on_hand": 0, "committed": 0}
    pools = found.hub.config.pools
    found.hub.config = replace(found.hub.config, pools={"main": Pool("main", ("WH1",))})
    found.adopt()
    _sync(found)
    report = _configured(found, pools=pools)
    assert report.plans[0].withheld == {"not_adopted": 3}
    assert {item.levels["WH2"]["available"] for item in found.shop.items.values()} == {5}


def test_a_sku_that_units_of_the_configuration_name_is_not_renamed_behind_it(tmp_path: Path) -> None:
    found = _shops(tmp_path, items=3, units={"SKU-3": 3})
    assert [found.shop.stock("SKU-3", place) for place in ("WH1", "WH2")] == [3, 1]
    renamed = found.erp.find("SKU-3")
    renamed.sku = "SKU-3-NEW"
    found.erp.touch(renamed)
    _sync(found)
    found.erp.set_stock("SKU-3-NEW", "WH1", 11)
    _sync(found)
    assert [found.shop.stock("SKU-3", place) for place in ("WH1", "WH2")] == [3, 1]


def test_an_item_that_its_owner_counts_nowhere_any_more_waits_in_sight(tmp_path: Path) -> None:
    found = _shops(tmp_path)
    item = found.erp.find("SKU-1")
    item.levels.clear()
    found.erp.touch(item)
    _sync(found)
    found.clock.advance(60)
    _, summary = make_plan(found.hub)
    assert summary.waiting["owner_not_read"] == 2
