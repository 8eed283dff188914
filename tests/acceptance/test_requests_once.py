"""Each request exists exactly once in the ERP and in the 3PL, whatever dies, doubles or gets lost on the way."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy import func, select

from canonical.clock import instant_text
from connectors.simulation import Fault, SimRequest, Simulator
from connectors.simulation.faults import FaultKind
from crossdock.settings.hub import hub_config
from crossdock.settings.lint import checked
from crossdock.settings.platforms import InstalledPlatforms
from crossdock.settings.secrets import Resolver
from sync import adopt, observeset
from sync.backup import backup
from sync.config import Baseline, HubConfig
from sync.hub import Hub
from sync.observe import ReadMode
from sync.orders import store
from sync.restore import restore
from sync.run import end_run, lease, look, run_sync
from sync.store.database import Database, open_database
from sync.store.orders import Document
from sync.store.tables import table
from tests.servers.tryton.catalog import GOODS
from tests.servers.tryton.server import is_installed
from tests.support.books import real_books, relayed_books, simulated_books
from tests.support.forks import KILLED, Forks
from tests.support.market import PLACES, Books, LaterClock, Market, market

OpenBooks: TypeAlias = Callable[[LaterClock], AbstractContextManager[Books]]
pytestmark = pytest.mark.timeout(900)
SETTLE = 5.0
PAUSE = 150.0
LATE = 2.0
LOST: tuple[FaultKind, ...] = ("timeout_after", "timeout_before", "truncated", "late_effect")
MAKES_A_SALE = "model.sale.sale.create"
ITEMS = [item for item in GOODS if item.sku.startswith("MUG-")][:6]
EVERY_STEP = {
    "orders advanced",
    "before the effect",
    "effect not committed",
    "after the effect",
    "before the effect's commit",
    "effect closed",
    "effect resolved",
}
EFFECT_STEPS = ("before the effect", "after the effect", "before the effect's commit", "effect closed")
MOST_ROUNDS = 60
DOCUMENT = table(Document)
_known: dict[Path, tuple[HubConfig, Database]] = {}


def open_market(file: Path, secrets: dict[str, str], later: float = 0) -> Hub:
    """A hub on a market's configuration; a forked child inherits what was read, and no connections."""
    if file not in _known:
        settings = checked(file, InstalledPlatforms())
        config = hub_config(settings, Resolver(secrets, file.parent, set()))
        _known[file] = (config, open_database(settings.database))
    config, database = _known[file]
    return Hub(config, database, LaterClock(later))


def go_live(file: Path, secrets: dict[str, str]) -> None:
    """Read, link and approve."""
    hub = open_market(file, secrets)
    with lease(hub, "adopt") as run_id:
        look(hub, ReadMode.FULL)
        for flow in hub.config.flows.values():
            for target in flow.targets:
                adopt.approve(hub, flow, target, Baseline.OWNER)
        run_sync(hub, ReadMode.FULL)
        end_run(hub, run_id, "in_sync", {})
    hub.close()
    hub.database.close()


def tell_again(file: Path, secrets: dict[str, str]) -> None:
    """Mark every document that was ever read, as messages do that come once more."""
    hub = open_market(file, secrets)
    with hub.database.begin() as connection:
        for row in connection.execute(select(DOCUMENT)):
            resource = hub.config.connections[row.connection].documents[row.kind].resource
            observeset.mark(connection, row.connection, resource, [row.external_id], hub.stamp())
    hub.close()
    hub.database.close()


@pytest.fixture(params=["simulator", "server"])
def server(request: pytest.FixtureRequest) -> bool:
    """Whether the ERP is the real one."""
    if request.param == "server" and not is_installed():
        reason = "the ERP's own environment .venv-tryton is not there: run `make test`"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return bool(request.param == "server")


@pytest.fixture
def either(server: bool, tmp_path: Path) -> OpenBooks:
    """The simulated ERP, and the real one."""
    return (lambda _: real_books(tmp_path / "erp")) if server else simulated_books


@pytest.fixture
def lossy(server: bool, tmp_path: Path) -> OpenBooks:
    """The simulated ERP, and the real one, of which answers can get lost."""
    return (lambda clock: relayed_books(tmp_path / "erp", clock)) if server else simulated_books


def work(
    file: Path, secrets: dict[str, str], later: float, kill_at: int = 0, steps: tuple[str, ...] = (), full: bool = False
) -> None:
    """What a child does: sync, and die at the n-th step, or at the n-th of certain steps."""
    hub = open_market(file, secrets, later)
    left = kill_at

    def checkpoint(name: str) -> None:
        nonlocal left
        left -= not steps or name in steps
        if kill_at and not left:
            file.with_name("killed-at").write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)

    hub.checkpoint = checkpoint
    with lease(hub, "sync", wait=120) as run_id:
        report = run_sync(hub, ReadMode.FULL if full else ReadMode.AUTO)
        end_run(hub, run_id, "done", {})
    assert not report.look.failed, report.look.failed
    assert not report.effects.failed, report.effects.failed


class Trade:
    """A market under hubs that keep dying, and what was sold in it."""

    def __init__(self, found: Market, forks: Forks, database: str, seed: int = 0) -> None:
        self.market, self.forks, self.database = found, forks, database
        self.dice = random.Random(seed)
        self.steps: Counter[str] = Counter()
        self.sold: dict[int, int] = {}
        forks.prepare(go_live, found.config, found.secrets)

    def sell(self) -> None:
        """A shopper buys one or two things."""
        lines = {item.sku: 1 for item in self.dice.sample(ITEMS, self.dice.randint(1, 2))}
        self.sold[self.market.woo.checkout.buy(lines)] = len(lines)

    @property
    def erp(self) -> Simulator:
        """What faults of the ERP are given to."""
        assert self.market.erp.line is not None, "nothing stands before this ERP"
        return self.market.erp.line

    def lose(self, platform: Simulator, kind: FaultKind, when: Callable[[SimRequest], bool] | None = None) -> None:
        """The answer to a platform's next write gets lost, and perhaps the request itself."""
        platform.faults.add(Fault(kind, when=when, only="write", delay=LATE))

    def kill(self, at: int, *steps: str) -> bool:
        """Let a hub work and die; False where it was done before."""
        marker = self.market.config.with_name("killed-at")
        marker.unlink(missing_ok=True)
        ended = self.forks.run(self.market.config, self.market.secrets, self.market.clock.later, at, steps)
        if ended == KILLED:
            self.steps[marker.read_text()] += 1
        return ended == KILLED

    def live(self, *, full: bool = False) -> None:
        """Let hubs work to the end; what was lost is found out once it can no longer take effect."""
        for _ in range(8):
            assert self.forks.run(self.market.config, self.market.secrets, self.market.clock.later, 0, (), full) == 0
            if not self.open_effects():
                return
            self.market.clock.later += PAUSE
        pytest.fail(f"effects stay open: {self.open_effects()}")

    def open_effects(self) -> dict[str, int]:
        """Effects that are not done, by their state."""
        database = open_database(self.database)
        try:
            with database.begin() as connection:
                effect = store.EFFECT
                counted = select(effect.c.state, func.count()).where(effect.c.state != "done").group_by(effect.c.state)
                return {str(state): int(count) for state, count in connection.execute(counted)}
        finally:
            database.close()

    def judge(self, *, shipped: bool) -> None:
        """The ERP and the 3PL have each order once, the shop was told once, and no unit is booked twice."""
        wanted = {f"shop_web-{order}-1": units for order, units in self.sold.items()}
        assert {name: units for name, (_, units) in self.market.erp.sales().items()} == wanted, self.steps
        assert self.market.jobs() == Counter(wanted.keys()), self.steps
        if not shipped:
            return
        for order in self.sold:
            assert len(self.market.notices(order)) == 1, (order, self.steps)
        told = self.market.erp.told()
        assert len(told) == len(wanted), self.steps
        assert max(told.values()) == 1, self.steps


@contextmanager
def trade(folder: Path, books: OpenBooks, seed: int = 0) -> Iterator[Trade]:
    """A market with a hub that is live."""
    forks, clock = Forks(work), LaterClock()
    database = f"sqlite:///{folder}/hub.sqlite"
    try:
        with books(clock) as erp, market(folder, ITEMS, database, erp, clock, settle=SETTLE) as found:
            yield Trade(found, forks, database, seed)
    finally:
        forks.close()


def test_eight_hubs_at_once_make_one_request_of_each_order(tmp_path: Path, either: OpenBooks) -> None:
    with trade(tmp_path, either) as found:
        for _ in range(3):
            found.sell()
        children = [found.forks.start(found.market.config, found.market.secrets, 0.0) for _ in range(8)]
        assert [found.forks.wait(child) for child in children] == [0] * 8
        found.judge(shipped=False)


def test_a_hub_killed_at_each_step_of_an_order_asks_ships_and_tells_once(tmp_path: Path, either: OpenBooks) -> None:
    with trade(tmp_path, either, 1) as found:
        at, rounds = 1, 0
        while rounds < MOST_ROUNDS:
            rounds += 1
            found.sell()
            asked = found.kill(at, *EVERY_STEP)
            found.live()
            found.market.ship_all()
            told = found.kill(at, *EVERY_STEP)
            found.live()
            if not (asked or told):
                break
            at += 1
        found.judge(shipped=True)
        assert EVERY_STEP - found.steps.keys() <= {"effect resolved"}, found.steps


def nth(at: int) -> Callable[[SimRequest], bool]:
    """The n-th request of those asked about."""
    left = iter(range(at, 0, -1))
    return lambda _: next(left, 0) == 1


def lost(platform: Simulator, operation: str | None = None) -> Counter[str]:
    """What went wrong at a platform, by kind."""
    return Counter(call.fault for call in platform.log.entries if call.fault and call.is_of(operation))


@pytest.mark.parametrize(("server", "seed"), [("simulator", 1), ("simulator", 2), ("server", 3)], indirect=["server"])
def test_answers_that_get_lost_while_hubs_die_double_nothing(tmp_path: Path, lossy: OpenBooks, seed: int) -> None:
    with trade(tmp_path, lossy, seed) as found:
        erp, tpl, woo = found.erp, found.market.tpl, found.market.woo
        asked = [(platform, kind) for platform in (erp, tpl) for kind in LOST]
        told = [(platform, kind) for platform in (erp, woo) for kind in LOST]
        found.dice.shuffle(asked)
        found.dice.shuffle(told)
        for asking, telling in zip(asked, told, strict=True):
            found.sell()
            makes = asking[0] is erp
            found.lose(*asking, (lambda request: erp.operation_of(request) == MAKES_A_SALE) if makes else None)
            for _ in range(found.dice.randint(0, 3)):
                found.kill(found.dice.randint(1, 4), *EFFECT_STEPS)
            found.live()
            found.market.ship_all()
            found.lose(*telling, nth(found.dice.randint(1, 4)) if telling[0] is erp else None)
            found.kill(found.dice.randint(1, 4), *EFFECT_STEPS)
            found.live()
        found.judge(shipped=True)
        each = Counter(LOST)
        assert (lost(erp, MAKES_A_SALE), lost(erp), lost(tpl), lost(woo)) == (each, each + each, each, each)
        # Only the request that never arrived was made once more.
        assert erp.log.writes(MAKES_A_SALE) == tpl.log.writes() == len(found.sold) + 1


def test_a_database_put_back_to_the_morning_makes_no_second_document(tmp_path: Path, either: OpenBooks) -> None:
    with trade(tmp_path, either) as found:
        database = Database(found.database)
        found.sell()
        found.live()
        backup(database, tmp_path / "morning.backup", instant_text(found.market.clock.now()))
        for _ in range(3):
            found.sell()
        found.live()
        found.market.ship_all()
        found.live()
        found.judge(shipped=True)
        restore(database, tmp_path / "morning.backup", found.market.clock)
        found.live()
        found.judge(shipped=True)


def test_a_whole_day_told_again_to_hubs_at_once_writes_nothing(tmp_path: Path, lossy: OpenBooks) -> None:
    with trade(tmp_path, lossy) as found:
        for _ in range(3):
            found.sell()
        found.live()
        found.market.ship_all()
        found.live()
        found.live(full=True)
        platforms = (found.erp, found.market.tpl, found.market.woo)
        for one in platforms:
            one.log.clear()
        found.forks.prepare(tell_again, found.market.config, found.market.secrets)
        children = [
            found.forks.start(found.market.config, found.market.secrets, found.market.clock.later, 0, (), full)
            for full in (True, False) * 4
        ]
        assert [found.forks.wait(child) for child in children] == [0] * len(children)
        found.judge(shipped=True)
        assert [one.log.writes() for one in platforms] == [0, 0, 0]
        assert all(one.log.reads() for one in platforms)


def test_what_two_places_ship_is_booked_where_it_left(tmp_path: Path, either: OpenBooks) -> None:
    sku, other = ITEMS[0].sku, ITEMS[1].sku
    with trade(tmp_path, either) as found:
        there = found.market.erp.lying("WH1")[sku]
        orders = [found.market.woo.checkout.buy({sku: there + 4}), found.market.woo.checkout.buy({sku: 3, other: 2})]
        found.live()
        # One of two places, and one that the second ships alone for what the first has left.
        assert len(found.market.erp.sales()) == len(orders) + 1
        found.market.ship_all()
        found.live()
        for code in PLACES:
            booked, lying = found.market.erp.lying(code), found.market.lying(code)
            assert {sku: booked[sku] for sku in lying} == lying, code
