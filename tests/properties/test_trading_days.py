"""Whatever people, platforms and crashes do to a day, the hub never lists over what was sold, and comes to rest."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from tempfile import mkdtemp

import pytest

from sync.observe import ReadMode
from sync.run import run_sync
from tests.support.days import SKU, Day
from tests.support.trading import open_trading

_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
_DAYS, _PARTS, _STEPS = 120, 8, 30


def _day(seed: int, folder: str) -> Day:
    trading = open_trading(f"sqlite:///{folder}/hub.sqlite", shops=("shop", "web"), items=1, prefix=folder)
    for place, units in (("WH1", 20), ("WH2", 10)):
        trading.shops.erp.set_stock(SKU, place, units)
    trading.shops.adopt()
    run_sync(trading.hub, ReadMode.FULL, force=True)
    trading.clock.advance(60)
    day = Day(trading, seed)
    day.watch()
    return day


@pytest.mark.parametrize("part", range(_PARTS))
def test_a_trading_day_never_oversells_by_the_hub_and_ends_with_every_shop_at_what_is_there(part: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(part, _DAYS, _PARTS):
        folder = mkdtemp(prefix="crossdock-", dir=_MEMORY)
        day = _day(seed, folder)
        try:
            day.play(_STEPS)
            listed = {
                name: sum(place["available"] for place in world.find(SKU).levels.values())
                for name, world in day.trading.shops.worlds.items()
            }
            assert day.oversold == 0, (seed, day.lines)
            assert listed == dict.fromkeys(listed, max(0, day.truth())), (seed, day.truth(), day.lines)
            seen.update(day.counts)
        finally:
            day.trading.hub.database.close()
            shutil.rmtree(folder, ignore_errors=True)
    assert {"order", "cancel", "edit", "refund", "ship", "fault", "late"} <= seen.keys()
