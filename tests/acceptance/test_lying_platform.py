"""Platforms that do not show what is about to be written over, and clocks that step back."""

from __future__ import annotations

from pathlib import Path

import pytest

from canonical.errors import FatalError
from connectors.simulation import Ticker, json_response
from sync.apply import apply
from sync.observe import ReadMode
from sync.run import lease, make_plan, run_sync
from tests.support.trade import catalog, open_trade


def test_a_shop_that_does_not_show_a_record_before_the_write_is_not_written_to(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(3))
    trade.adopt()
    trade.erp.admin.set_stock("SKU-00001", "WH1", 6)
    trade.clock.advance(60)
    _, plan = make_plan(trade.hub)
    assert plan.planned["shop_web"] == 1
    trade.clock.advance(1)
    honest = trade.woo.answer
    trade.woo.answer = lambda request: (  # type: ignore[method-assign]
        json_response([]) if any(name == "include" for name, _ in request.query) else honest(request)
    )
    trade.woo.shop.sell("SKU-00001", 6)
    assert apply(trade.hub, plan.plan_id).outcomes["moved"] == 1
    assert trade.woo.quantity("SKU-00001") == 9
    trade.woo.answer = honest  # type: ignore[method-assign]
    trade.clock.advance(60)
    run_sync(trade.hub, ReadMode.FULL)
    assert trade.woo.quantity("SKU-00001") == 5
    trade.hub.database.close()


def test_nothing_runs_on_a_clock_that_stepped_back(tmp_path: Path) -> None:
    trade = open_trade(tmp_path, catalog(1))
    trade.clock.advance(7200)
    trade.adopt()
    trade.hub.clock = Ticker()
    with pytest.raises(FatalError, match="clock of this machine is behind"), lease(trade.hub, "sync"):
        pytest.fail("the lease was given")
    trade.hub.database.close()
