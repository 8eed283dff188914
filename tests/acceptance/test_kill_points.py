"""kill -9 at every step of an apply: after a restart nothing is lost and no effect is doubled; the simulators judge."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import func, select

from sync import conflicts, drops, journal
from sync.observe import ReadMode
from sync.run import end_run, lease, run_sync
from sync.store import tables
from sync.store.database import open_database
from tests.support.forks import KILLED, Forks
from tests.support.served import Platforms, adopt_all, open_served, served
from tests.support.trade import catalog

pytestmark = pytest.mark.timeout(1500)
ITEMS = 6
SETTLE = 0.1
EVERY_STEP = {
    "page stored",
    "plan chunk stored",
    "journal not committed",
    "before the journal",
    "before the call",
    "after the call",
    "before the commit",
    "after the commit",
    "resolution not committed",
    "call resolved",
}
MOST_STEPS = 34


def work(file: Path, database: str, kill_at: int = 0) -> None:
    """What a child does: sync, and die at a step."""
    hub = open_served(file, database)
    left = kill_at

    def checkpoint(name: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            file.with_name("killed-at").write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)

    hub.checkpoint = checkpoint
    with lease(hub, "sync", wait=5) as run_id:
        report = run_sync(hub, ReadMode.FULL, force=True)
        end_run(hub, run_id, "done", {})
    assert not report.look.incomplete, report.look
    assert not any(applied.failed for applied in report.applied), report.applied


class World:
    """Platforms under a hub that keeps dying, and what they are expected to hold."""

    def __init__(self, platforms: Platforms, forks: Forks, database: str, seed: int) -> None:
        self.platforms, self.forks, self.database = platforms, forks, database
        self.dice = random.Random(seed)
        self.steps: Counter[str] = Counter()
        self.price = {n: Decimal("10.00") for n in range(1, ITEMS + 1)}
        self.stock = {n: {"WH1": 10, "WH2": 5} for n in range(1, ITEMS + 1)}
        self.before_booking: dict[int, set[int]] = {n: set() for n in self.stock}
        forks.prepare(adopt_all, platforms.config, database)

    @property
    def kills(self) -> int:
        return sum(self.steps.values())

    def round(self) -> None:
        """Change the ERP, let hubs die over it, let one live, and look what the platforms saw."""
        self.platforms.clear_logs()
        changed, priced = self.change()
        seller = self.dice.choice(sorted(changed)) if self.dice.random() < 0.3 else 0
        sold = self.die(seller)
        self.live()
        self.judge_state(but=seller if sold else 0)
        self.judge_calls(changed, priced, sold)
        self.judge_records(open_drops=2 * sold)
        if sold:
            self.book(seller, sold)

    def change(self) -> tuple[set[int], set[int]]:
        numbers = list(self.stock)
        changed, priced = set(self.dice.sample(numbers, 3)), set(self.dice.sample(numbers, 2))
        for n in changed:
            # A figure that is back at what it was before a booking reopens the sale (decision 006): not asked here.
            taken = {self.stock[n]["WH1"], *self.before_booking[n]}
            self.stock[n]["WH1"] = self.dice.choice([units for units in range(6, 30) if units not in taken])
            self.platforms.erp.admin.set_stock(sku(n), "WH1", self.stock[n]["WH1"])
        for n in priced:
            self.price[n] += Decimal("0.25")
            self.platforms.erp.admin.set_price(sku(n), self.price[n])
        return changed, priced

    def die(self, seller: int) -> int:
        """Kill up to seven hubs in a row; a shopper may buy after the first one died. Tells the units sold."""
        sold = 0
        for _ in range(self.dice.randint(2, 7)):
            marker = self.platforms.config.with_name("killed-at")
            marker.unlink(missing_ok=True)
            ended = self.forks.run(self.platforms.config, self.database, self.dice.randint(1, MOST_STEPS))
            if ended == 0:
                break
            assert ended == KILLED, ended
            self.steps[marker.read_text()] += 1
            if seller and not sold:
                sold = 1
                self.platforms.shopify.shop.sell(sku(seller), 1, "WH1")
        return sold

    def live(self) -> None:
        """Let a hub do its work to the end."""
        assert self.forks.run(self.platforms.config, self.database) == 0

    def judge_state(self, *, but: int = 0) -> None:
        """Both shops hold exactly what the ERP says, but for one item that sold and is not booked yet."""
        for n, held in self.stock.items():
            wanted = sum(held.values())
            shopify, woo = self.platforms.listed(sku(n))
            if n == but:
                assert woo is not None
                assert max(shopify, woo) <= wanted, (n, self.steps)
            else:
                assert (shopify, woo) == (wanted, wanted), (n, self.steps)
            assert self.platforms.prices(sku(n)) == (self.price[n], self.price[n]), (n, self.steps)

    def judge_calls(self, changed: set[int], priced: set[int], sold: int) -> None:
        """Every change was sent once: no row too many, and no value written twice."""
        shopify, woo = self.platforms.shopify.log, self.platforms.woo.log
        rows: Counter[str] = Counter()
        for entry in (*shopify.entries, *woo.entries):
            if entry.kind == "write":
                assert entry.rows == len(entry.effect), entry
                rows[entry.operation] += entry.rows
        assert rows["productVariantsBulkUpdate"] == len(priced)
        if sold:
            # The level that sold may have been written before and after the sale, to different figures.
            assert rows["inventorySetQuantities"] <= len(changed) + 1
        else:
            assert rows["inventorySetQuantities"] == len(changed)
            assert rows["products/batch"] == len(changed | priced)
        effects = Counter([*shopify.effects(), *woo.effects()])
        assert max(effects.values()) == 1, effects
        assert self.platforms.erp.log.writes() == 0

    def judge_records(self, *, open_drops: int) -> None:
        database = open_database(self.database)
        try:
            with database.begin() as connection:
                assert journal.count_open(connection) == {}
                assert conflicts.listing(connection, "all") == []
                assert sum(row.open_units for row in drops.listing(connection)) <= open_drops
                waiting = connection.execute(select(func.count()).select_from(tables.table(tables.Observe))).scalar()
                assert waiting == 0
        finally:
            database.close()

    def book(self, seller: int, sold: int) -> None:
        """The ERP enters what the shop sold: everything agrees again, and nothing is left open."""
        self.before_booking[seller].add(self.stock[seller]["WH1"])
        self.stock[seller]["WH1"] -= sold
        self.platforms.erp.admin.set_stock(sku(seller), "WH1", self.stock[seller]["WH1"])
        self.live()
        self.judge_state()
        self.judge_records(open_drops=0)


def sku(number: int) -> str:
    return f"SKU-{number:05d}"


@contextmanager
def world(folder: Path, database: str, seed: int) -> Iterator[World]:
    forks = Forks(work)
    try:
        with served(folder, catalog(ITEMS), database, settle=SETTLE) as platforms:
            yield World(platforms, forks, database, seed)
    finally:
        forks.close()


def kill_until(found: World, kills: int) -> None:
    while found.kills < kills:
        found.round()


_TWO_WORKERS = [pytest.param(seed, marks=pytest.mark.xdist_group(f"kills-{seed % 2}")) for seed in (1, 2, 3, 4)]


@pytest.mark.parametrize("seed", _TWO_WORKERS)
def test_fifty_kills_on_sqlite_lose_nothing_and_double_nothing(seed: int) -> None:
    # A killed process loses nothing that the system holds for it: in memory, where there is such a folder.
    memory = Path("/dev/shm")
    with (
        TemporaryDirectory(prefix="crossdock-", dir=memory if memory.is_dir() else None) as folder,
        world(Path(folder), f"sqlite:///{folder}/crossdock.sqlite", seed) as found,
    ):
        kill_until(found, 50)
        assert EVERY_STEP - found.steps.keys() <= {"resolution not committed", "call resolved"}, found.steps


def test_forty_kills_on_postgresql_lose_nothing_and_double_nothing(tmp_path: Path, postgres_url: str) -> None:
    with world(tmp_path, postgres_url, 5) as found:
        kill_until(found, 40)
