"""kill -9 of the real command line, at random moments and in the middle of a call; the simulators judge."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.simulation import SimRequest, SimResponse
from connectors.simulation.simulator import Simulator
from tests.support.commands import ROOT, crossdock
from tests.support.served import Platforms, adopt_all, served
from tests.support.trade import SECRETS, catalog

pytestmark = pytest.mark.timeout(900)
ITEMS = 6
COMMANDS = [("sync", "--read", "full"), ("apply",)] * 5


@dataclass
class Executioner:
    """Kills a command in the middle of its n-th write, before or after the effect."""

    simulators: tuple[Simulator, ...]
    left: int = 0
    after: bool = False
    victim: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        for simulator in self.simulators:
            self._attend(simulator)

    def _attend(self, simulator: Simulator) -> None:
        handle = simulator.handle

        def attended(request: SimRequest) -> SimResponse:
            mine = simulator.is_write(request) and self._mine()
            if mine and not self.after:
                self._kill()
            response = handle(request)
            if mine and self.after:
                self._kill()
            return response

        simulator.handle = attended  # type: ignore[method-assign]

    def _mine(self) -> bool:
        self.left -= 1
        return self.left == 0

    def _kill(self) -> None:
        assert self.victim is not None
        self.victim.kill()


@pytest.fixture
def platforms(tmp_path: Path, sqlite_url: str) -> Iterator[Platforms]:
    with served(tmp_path, catalog(ITEMS), sqlite_url, settle=0.3) as found:
        adopt_all(found.config, sqlite_url)
        yield found


def test_ten_killed_commands_lose_nothing_and_double_nothing(platforms: Platforms) -> None:
    dice = random.Random(7)
    executioner = Executioner((platforms.shopify, platforms.woo))
    killed = 0
    for round_, command in enumerate(COMMANDS):
        platforms.clear_logs()
        wanted = _change(platforms, round_)
        ended = _kill_one(platforms, executioner, command, dice, in_a_call=round_ % 5 != 4)
        killed += ended != 0
        done = crossdock("sync", "--read", "full", cwd=platforms.config.parent, env=SECRETS)
        assert done.returncode == 0, done.stdout + done.stderr
        for n, (units, price) in wanted.items():
            sku = f"SKU-{n:05d}"
            assert platforms.listed(sku) == (units, units), (round_, sku)
            assert platforms.prices(sku) == (price, price), (round_, sku)
        _judge(platforms, kills=int(ended != 0))
    assert killed >= 8


def _change(platforms: Platforms, round_: int) -> dict[int, tuple[int, Decimal]]:
    """New figures and prices for every item: in every other round higher, in the others lower."""
    wanted: dict[int, tuple[int, Decimal]] = {}
    for n in range(1, ITEMS + 1):
        units = 8 + n + (10 if round_ % 2 else 0) + round_
        price = Decimal("10.10") + round_ * Decimal("0.05")
        platforms.erp.admin.set_stock(f"SKU-{n:05d}", "WH1", units - 5)
        platforms.erp.admin.set_price(f"SKU-{n:05d}", price)
        wanted[n] = (units, price)
    return wanted


def _kill_one(
    platforms: Platforms, executioner: Executioner, command: tuple[str, ...], dice: random.Random, *, in_a_call: bool
) -> int:
    folder = platforms.config.parent
    environment = {**os.environ, **SECRETS, "PYTHONPATH": str(ROOT)}
    executioner.left, executioner.after = (dice.randint(1, 7), dice.random() < 0.5) if in_a_call else (0, False)
    victim = subprocess.Popen(
        [sys.executable, "-m", "crossdock", *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    executioner.victim = victim
    if not in_a_call:
        while not platforms.erp.log.entries and victim.poll() is None:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.4))
        victim.kill()
    return victim.wait(60)


def _judge(platforms: Platforms, *, kills: int) -> None:
    """No value was set twice; of the calls at most one a kill was repeated without any effect."""
    idle = 0
    for log in (platforms.shopify.log, platforms.woo.log):
        effects = Counter(log.effects())
        assert not effects or max(effects.values()) == 1, effects
        idle += sum(entry.kind == "write" and not entry.effect for entry in log.entries)
    assert idle <= kills
    assert platforms.erp.log.writes() == 0
