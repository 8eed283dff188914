"""Two processes on one database: one works, the other waits its turn, and nobody writes on a lock that is gone."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from connectors.simulation import SimRequest, SimResponse
from connectors.simulation.simulator import Simulator
from sync.apply import apply
from sync.hub import Hub
from sync.observe import ReadMode
from sync.planner import plan
from sync.run import end_run, lease, look, run_sync
from sync.store import tables
from sync.store.database import open_database
from tests.support.forks import KILLED, Forks
from tests.support.served import Platforms, adopt_all, open_served, served
from tests.support.trade import catalog

pytestmark = pytest.mark.timeout(600)
SKU = "SKU-00001"
PATIENCE = 30.0


def work(
    file: Path, database: str, flow: str = "", wait: float = PATIENCE, stop_at: str = "", plan_id: int = 0
) -> None:
    """What a child does: sync a flow or all, and stand still at a step; or apply a plan without any lease."""
    hub = open_served(file, database)
    hub.checkpoint = _stopping(file, stop_at)
    if plan_id:
        apply(hub, plan_id)
        return
    with lease(hub, f"sync {flow}", wait=wait) as run_id:
        flows = [hub.config.flows[flow]] if flow else None
        run_sync(hub, ReadMode.FULL, flows=flows, force=True)
        end_run(hub, run_id, "done", {})


def _stopping(file: Path, name: str) -> Callable[[str], None]:
    def checkpoint(reached: str) -> None:
        if reached == name and not file.with_name("stopped").exists():
            file.with_name("stopped").touch()
            os.kill(os.getpid(), signal.SIGSTOP)

    return checkpoint


@dataclass
class Writers:
    """How many writes a platform was busy with at once; each takes a while."""

    now: int = 0
    most: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, simulator: Simulator) -> None:
        """Make a simulator slow, and count."""
        handle = simulator.handle

        def slowly(request: SimRequest) -> SimResponse:
            if not simulator.is_write(request):
                return handle(request)
            with self.guard:
                self.now += 1
                self.most = max(self.most, self.now)
            time.sleep(0.1)
            try:
                return handle(request)
            finally:
                with self.guard:
                    self.now -= 1

        simulator.handle = slowly  # type: ignore[method-assign]


@dataclass
class World:
    """Platforms, a database, and processes to send to work."""

    platforms: Platforms
    forks: Forks
    database: str

    def start(self, **more: object) -> int:
        names = ("flow", "wait", "stop_at", "plan_id")
        defaults: dict[str, object] = {"flow": "", "wait": PATIENCE, "stop_at": "", "plan_id": 0}
        return self.forks.start(self.platforms.config, self.database, *({**defaults, **more}[name] for name in names))

    def until_stopped(self) -> None:
        """Wait until the child that was told to has stopped itself."""
        deadline = time.monotonic() + PATIENCE
        marker = self.platforms.config.with_name("stopped")
        while not marker.exists():
            assert time.monotonic() < deadline, "nobody stopped"
            time.sleep(0.01)
        time.sleep(0.05)

    def runs(self) -> list[tuple[str, str, str]]:
        run = tables.table(tables.Run).c
        database = open_database(self.database)
        try:
            with database.begin() as connection:
                rows = connection.execute(select(run.started_at, run.ended_at, run.outcome).order_by(run.started_at))
                return [(row[0], row[1], row[2]) for row in rows]
        finally:
            database.close()

    def hub(self) -> Hub:
        return open_served(self.platforms.config, self.database)


@contextmanager
def _world(folder: Path, database: str) -> Iterator[World]:
    forks = Forks(work)
    try:
        with served(folder, catalog(3), database, settle=0.2) as platforms:
            forks.prepare(adopt_all, platforms.config, database)
            platforms.clear_logs()
            yield World(platforms, forks, database)
    finally:
        forks.close()


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    with _world(tmp_path, database_url) as found:
        yield found


@pytest.fixture
def shared(tmp_path: Path, postgres_url: str) -> Iterator[World]:
    with _world(tmp_path, postgres_url) as found:
        yield found


@pytest.fixture
def lone(tmp_path: Path, sqlite_url: str) -> Iterator[World]:
    with _world(tmp_path, sqlite_url) as found:
        yield found


def test_two_commands_at_once_both_happen_one_after_the_other(world: World) -> None:
    writers = Writers()
    writers.watch(world.platforms.shopify)
    for n in (1, 2, 3):
        world.platforms.erp.admin.set_stock(f"SKU-0000{n}", "WH1", n)
        world.platforms.erp.admin.set_price(f"SKU-0000{n}", Decimal(11))
    children = [world.start(flow=flow) for flow in ("inventory", "prices", "inventory", "prices")]
    assert [world.forks.wait(child) for child in children] == [0, 0, 0, 0]

    assert [world.platforms.listed(f"SKU-0000{n}") for n in (1, 2, 3)] == [(6, 6), (7, 7), (8, 8)]
    assert {world.platforms.prices(f"SKU-0000{n}") for n in (1, 2, 3)} == {(Decimal(11), Decimal(11))}
    effects = [*world.platforms.shopify.log.effects(), *world.platforms.woo.log.effects()]
    assert len(effects) == len(set(effects)) == 3 + 3 + 3 + 3
    assert writers.most == 1
    runs = world.runs()
    assert [outcome for _, _, outcome in runs].count("done") == 4
    assert all(ended <= started for (_, ended, _), (started, _, _) in itertools.pairwise(runs))


def test_one_plan_applied_by_two_at_once_takes_effect_once(world: World) -> None:
    writers = Writers()
    writers.watch(world.platforms.shopify)
    writers.watch(world.platforms.woo)
    for n in (1, 2, 3):
        world.platforms.erp.admin.set_stock(f"SKU-0000{n}", "WH1", n)
        world.platforms.erp.admin.set_price(f"SKU-0000{n}", Decimal(12))
    hub = world.hub()
    look(hub, ReadMode.FULL)
    summary = plan(hub, hub.config.flows.values(), force=True)
    hub.close()
    hub.database.close()
    assert summary.changes == 12

    children = [world.start(plan_id=summary.plan_id) for _ in range(2)]
    assert [world.forks.wait(child) for child in children] == [0, 0]
    effects = [*world.platforms.shopify.log.effects(), *world.platforms.woo.log.effects()]
    assert len(effects) == len(set(effects)) == 3 + 3 + 3
    assert writers.most <= 2, "never two writers on one connection"
    assert [world.platforms.listed(f"SKU-0000{n}") for n in (1, 2, 3)] == [(6, 6), (7, 7), (8, 8)]


@pytest.mark.parametrize("point", ["plan chunk stored", "before the call", "before the commit"])
def test_a_killed_holder_frees_its_turn_at_once(world: World, point: str) -> None:
    world.platforms.erp.admin.set_stock(SKU, "WH1", 3)
    first = world.start(stop_at=point)
    world.until_stopped()
    second = world.start()
    os.kill(first, signal.SIGKILL)
    assert world.forks.wait(first) == KILLED
    begun = time.monotonic()
    assert world.forks.wait(second) == 0
    assert time.monotonic() - begun < PATIENCE / 2
    assert world.platforms.listed(SKU) == (8, 8)
    effects = [*world.platforms.shopify.log.effects(), *world.platforms.woo.log.effects()]
    assert len(effects) == 2, effects


def test_a_holder_that_stands_still_keeps_its_turn_on_sqlite(lone: World) -> None:
    lone.platforms.erp.admin.set_stock(SKU, "WH1", 3)
    first = lone.start(stop_at="before the call")
    lone.until_stopped()
    assert lone.forks.wait(lone.start(wait=0.5)) == 1
    assert lone.platforms.shopify.log.writes() == 0
    os.kill(first, signal.SIGCONT)
    assert lone.forks.wait(first) == 0
    assert lone.platforms.listed(SKU) == (8, 8)


@pytest.mark.parametrize("point", ["before the journal", "journal not committed"])
def test_a_holder_whose_session_was_cut_while_it_stood_still_writes_no_more(shared: World, point: str) -> None:
    shared.platforms.erp.admin.set_stock(SKU, "WH1", 9)
    first = shared.start(stop_at=point)
    shared.until_stopped()
    assert _cut_lock_sessions(shared.database) >= 2
    shared.platforms.erp.admin.set_stock(SKU, "WH1", 3)
    assert shared.forks.wait(shared.start()) == 0
    assert shared.platforms.listed(SKU) == (8, 8)

    writes = shared.platforms.shopify.log.writes(), shared.platforms.woo.log.writes()
    os.kill(first, signal.SIGCONT)
    shared.forks.wait(first)
    assert (shared.platforms.shopify.log.writes(), shared.platforms.woo.log.writes()) == writes
    assert shared.forks.wait(shared.start()) == 0
    assert shared.platforms.listed(SKU) == (8, 8)
    assert (shared.platforms.shopify.log.writes(), shared.platforms.woo.log.writes()) == writes


def _cut_lock_sessions(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        cut = connection.execute(
            "select pg_terminate_backend(pid) from (select distinct pid from pg_locks where locktype = 'advisory') held"
        ).fetchall()
    return len(cut)
