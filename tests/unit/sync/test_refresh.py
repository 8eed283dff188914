"""A channel that cannot be read holds back its own raises, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from canonical.errors import RetriableError
from connectors.simulation import SimRequest, SimResponse
from sync.config import FlowConfig
from sync.locks import hold
from sync.observe import ReadMode, observe
from sync.planner import plan
from sync.run import look, run_sync
from tests.support.findings import lines
from tests.support.hubs import Shops, open_shops
from tests.support.trade import catalog, open_trade


@pytest.fixture
def behind(sqlite_url: str) -> Shops:
    """The ERP raised SKU-1 and lowered SKU-2 after both shops were read."""
    shops = open_shops(sqlite_url, items=2, shops=("shop", "web"))
    shops.adopt()
    run_sync(shops.hub, ReadMode.FULL)
    shops.tick(60)
    look(shops.hub, ReadMode.FULL)
    shops.tick()
    shops.erp.set_stock("SKU-1", "WH1", 20)
    shops.erp.set_stock("SKU-2", "WH1", 4)
    with hold(shops.hub.database, "erp", shops.hub.clock):
        observe(shops.hub, "erp", ReadMode.FULL)
    shops.tick()
    return shops


def stock_flow(shops: Shops) -> list[FlowConfig]:
    return [shops.hub.config.flows["inventory"]]


def unreachable(shops: Shops, name: str, monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """Let every look-up of a channel fail; gives the list of what was asked for."""
    asked: list[Sequence[str]] = []

    def fails(resource: str, fields: Sequence[str], ids: Sequence[str]) -> None:
        asked.append(ids)
        raise RetriableError(f"{name}: 503")

    monkeypatch.setattr(shops.hub.connector(name), "lookup", fails)
    return asked


def test_an_unreachable_shop_does_not_hold_back_the_lowerings_of_another(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(3))
    trade.adopt()

    def down(request: SimRequest) -> SimResponse:
        return SimResponse(503, {}, b"down")

    trade.woo.answer = down  # type: ignore[method-assign]
    trade.erp.admin.set_stock("SKU-00001", "WH1", 20)
    trade.erp.admin.set_stock("SKU-00002", "WH1", 1)
    report = run_sync(trade.hub, ReadMode.FULL)
    assert "shop_web" in report.look.failed
    assert trade.shopify.quantity("SKU-00002", "WH1") == 1
    assert trade.shopify.quantity("SKU-00001", "WH1") == 10
    assert report.plans[-1].waiting["stock_unread:shop_web"] > 0


def test_a_channel_that_cannot_be_read_is_told_and_the_plan_is_made(
    behind: Shops, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreachable(behind, "web", monkeypatch)
    failed: dict[str, str] = {}
    summary = plan(behind.hub, stock_flow(behind), failed=failed)
    assert failed == {"web": "web: 503"}
    assert summary.waiting["stock_unread:web"] > 0
    planned = {(shop, sku) for shop, sku, _, _, status in lines(behind.hub, summary.plan_id) if status == "planned"}
    assert planned == {("shop", "SKU-2"), ("web", "SKU-2")}


def test_a_channel_that_failed_in_this_run_is_not_asked_again(behind: Shops, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = unreachable(behind, "web", monkeypatch)
    failed: dict[str, str] = {}
    plan(behind.hub, stock_flow(behind), failed=failed)
    plan(behind.hub, stock_flow(behind), failed=failed)
    assert len(asked) == 1


def test_a_channel_is_read_again_under_its_lock(behind: Shops) -> None:
    failed: dict[str, str] = {}
    with hold(behind.hub.database, "web", behind.hub.clock):
        plan(behind.hub, stock_flow(behind), failed=failed)
    assert "another process" in failed["web"]


def test_raises_go_out_once_the_channel_was_read_again(behind: Shops) -> None:
    summary = plan(behind.hub, stock_flow(behind))
    planned = {(shop, sku) for shop, sku, _, _, status in lines(behind.hub, summary.plan_id) if status == "planned"}
    assert ("web", "SKU-1") in planned
    assert ("shop", "SKU-1") in planned
