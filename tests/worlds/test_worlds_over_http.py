"""Two hundred of the worlds over HTTP: two processes on one SQLite file, killed at any step and started again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from crossdock.clock import SystemClock
from sync import observeset
from tests.support.forks import KILLED, Forks
from tests.worlds.engine import PREFIX, Template, prepare
from tests.worlds.play import SIZE, Group, Living
from tests.worlds.report import Totals, table
from tests.worlds.script import Round
from tests.worlds.served import READY, Platforms, RealTime, serving, work
from tests.worlds.shown import shown

WORLDS, SHARDS, FIRST = 200, 2, 20_000
_STEPS, _CALLS = 70, 40
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
_TWO_WORKERS = [pytest.param(n, marks=pytest.mark.xdist_group(f"served-worlds-{n}")) for n in range(SHARDS)]


@pytest.fixture(scope="module")
def forks() -> Iterator[tuple[Template, Forks]]:
    with TemporaryDirectory(prefix="crossdock-", dir=_MEMORY) as folder:
        READY["now"] = template = prepare(Path(folder), SIZE, start=SystemClock().now() - timedelta(hours=1))
        forks = Forks(work)
        try:
            yield template, forks
        finally:
            forks.close()
            template.database.close()


class Processes:
    """The hub of a group: two processes a round, each perhaps killed at a step."""

    def __init__(self, group: Served, template: Template, forks: Forks) -> None:
        self.group, self.template, self.forks = group, template, forks
        self.killed = self.steps = self.calls = 0
        self.trace = False
        self.hooks: list[tuple[str, str]] = []
        template.restore()
        self.platforms = Platforms(group.market, template, PREFIX, self.called)

    def hook(self, channel: str, item: str) -> None:
        self.hooks.append((channel, item))

    def called(self) -> None:
        """A platform was called: people have come as far as the hub has."""
        self.calls += 1
        self.group.happen(self.calls / (2 * _CALLS))

    def round(self, found: Round) -> None:
        self.calls = 0
        self._deliver()
        with serving(self.platforms) as url:
            kills = (int(share * _STEPS) + 1 if share is not None else 0 for share in (found.crash, found.second))
            children = [self.forks.start(url, found.sweep, kill_at) for kill_at in kills]
            self._end(children)
        self.group.happen(1.0)
        self.group.market.take_effect()

    def rest(self) -> None:
        self.group.market.heal()
        for _ in range(5):
            with serving(self.platforms) as url:
                self._end([self.forks.start(url, True, 0)])

    def shown(self) -> dict[str, str]:
        with self.template.database.begin() as connection:
            return shown(connection)

    def _end(self, children: list[int]) -> None:
        for ended in [self.forks.wait(child) for child in children]:
            assert ended in (0, KILLED), ended
            self.killed += ended == KILLED

    def _deliver(self) -> None:
        with self.template.database.begin() as connection:
            for channel, item in self.hooks:
                observeset.mark(connection, channel, "items", [item], SystemClock().now().isoformat())
        self.hooks.clear()


class Served(Group):
    """A group whose platforms are served."""

    forks: Forks

    def begin(self, template: Template, *, blind: bool) -> Living:
        return Processes(self, template, self.forks)


@pytest.mark.parametrize("shard", _TWO_WORKERS)
def test_over_http_two_processes_that_are_killed_list_nothing_that_was_sold(
    forks: tuple[Template, Forks], shard: int
) -> None:
    template, Served.forks = forks
    share = WORLDS // SHARDS
    totals = Totals(template.compares)
    for start in range(FIRST + shard * share, FIRST + (shard + 1) * share, SIZE):
        totals.add(Served(template, range(start, start + SIZE), clock=RealTime()).play())
    print(table({"compares": (totals, "shop"), "does not": (totals, "web")}), f"{totals.killed} kills")
    assert totals.worlds == share
    assert not totals.wrong
    assert totals.by_the_hub("shop") == 0
    assert totals.killed > 0
