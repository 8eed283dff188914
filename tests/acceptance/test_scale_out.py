"""Receivers and workers on one PostgreSQL: what any receiver is told is done once, and each tick counts once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from connectors.simulation import Fault
from sync import observeset
from sync.store.database import Database, open_database
from sync.store.schedules import ScheduleClaim
from sync.store.tables import Run, table
from tests.support.hearing import SECRETS, Hearing, hearing
from tests.support.waiting import until
from tests.support.workers import LEADS, Crew, crew

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]
RUN, CLAIM = table(Run), table(ScheduleClaim)


@pytest.fixture
def world(tmp_path: Path, postgres_url: str) -> Iterator[Hearing]:
    with hearing(tmp_path) as found:
        file = tmp_path / "crossdock.yaml"
        file.write_text(file.read_text().replace("sqlite:///hub.sqlite", postgres_url))
        assert found.run("adopt", "--yes").returncode in (0, 2)
        yield found


@pytest.fixture
def workers(world: Hearing, tmp_path: Path) -> Iterator[Crew]:
    with crew(tmp_path) as found:
        yield found


@pytest.fixture
def database(world: Hearing, postgres_url: str) -> Iterator[Database]:
    found = open_database(postgres_url)
    yield found
    found.close()


def _rows(database: Database, query: Any) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(query))


def _start(world: Hearing, workers: Crew, *options: str) -> None:
    workers.start(world.folder / "crossdock.yaml", *options, env=SECRETS)


def _outcomes(database: Database, command: str) -> list[str]:
    return [row[0] for row in _rows(database, select(RUN.c.outcome).where(RUN.c.command == command).order_by(RUN.c.id))]


def _marked(database: Database) -> int:
    with database.read() as connection:
        return observeset.count(connection)


@pytest.mark.parametrize("arrives", [True, False], ids=["and its request arrives", "and its request is lost"])
def test_what_two_receivers_are_told_is_done_once_though_the_leader_is_killed_on_the_way(
    world: Hearing, workers: Crew, database: Database, arrives: bool
) -> None:
    file = world.folder / "crossdock.yaml"
    file.write_text(file.read_text().replace("connector: shipbob", "connector: shipbob\n    write_settle_seconds: 2"))
    receivers = [world.serve("--receive-only") for _ in range(2)]
    for _ in range(2):
        _start(world, workers, "--every", "3600")
    until(lambda: "done" in _outcomes(database, "serve"))
    world.woo.checkout.place({"SKU-1": 1})
    messages = world.messages()
    with httpx.Client() as client:
        # Told to both, as when the platform tries again.
        for serving in receivers:
            assert [serving.post(client, *message) for message in messages] == [200] * len(messages)
    until(world.asked)
    first = workers.leader()
    world.woo.checkout.place({"SKU-2": 2})
    messages = world.messages()
    if not arrives:
        world.bob.faults.add(Fault("timeout_before", only="write"))
    with world.bob.turn(), httpx.Client() as client:
        # Nobody answers at the 3PL, so whoever works stands still on the way to it, and is killed there.
        assert [receivers[1].post(client, *message) for message in messages] == [200] * len(messages)
        until(lambda: not _marked(database))
        first.end(signal.SIGKILL)
    until(lambda: len(world.asked()) == 2)
    assert workers.leader() is not first
    until(lambda: "running" not in _outcomes(database, "serve") + _outcomes(database, "serve (marked)"))
    assert len(world.asked()) == len(set(world.asked())) == 2
    assert [one.end(signal.SIGTERM) for one in receivers] == [0, 0]


def test_each_tick_counts_once_for_three_workers_also_when_the_leader_changes(
    world: Hearing, workers: Crew, database: Database
) -> None:
    file = world.folder / "crossdock.yaml"
    file.write_text(file.read_text() + "schedules:\n  often: {every: 1s}\n")
    for _ in range(3):
        _start(world, workers)
    for done in (2, 4):
        until(lambda: _runs(database).count("done") >= done)  # noqa: B023
        workers.leader().end(signal.SIGKILL)
        until(lambda: any(one.process.poll() is None and one.said(LEADS) for one in workers.workers))
    until(lambda: _runs(database).count("done") >= 6)
    assert workers.leader().end(signal.SIGTERM) == 0
    claimed = [row[0] for row in _rows(database, select(CLAIM.c.tick).where(CLAIM.c.name == "often"))]
    assert len(set(claimed)) == len(claimed)
    # The first tick that anybody saw only says from when on it is known; what a killed one began, another one ends.
    killed = 2
    assert len(_runs(database)) <= len(claimed) - 1 + killed


def _runs(database: Database) -> list[str]:
    query = select(RUN.c.outcome).where(RUN.c.started_by == "schedule often").order_by(RUN.c.id)
    return [row[0] for row in _rows(database, query)]
