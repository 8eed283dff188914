"""The daemon by the clock, as a process: it fires, catches up once what it missed, and hears pauses and stops."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from canonical.clock import instant_text, parse_instant
from sync.store.database import open_database
from sync.store.schedules import ScheduleClaim
from sync.store.tables import Run, table
from tests.support.hearing import Hearing, hearing
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(300)
RUN, CLAIM = table(Run), table(ScheduleClaim)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Hearing]:
    with hearing(tmp_path) as found:
        yield found


def _schedules(world: Hearing, *lines: str) -> None:
    file = world.folder / "crossdock.yaml"
    text = file.read_text().split("schedules:\n")[0]
    file.write_text(text + "schedules:\n" + "".join(f"  {line}\n" for line in lines))


def _rows(world: Hearing, query: Any, url: str = "") -> list[Any]:
    database = open_database(url or f"sqlite:///{world.folder / 'hub.sqlite'}")
    with database.begin() as connection:
        found = list(connection.execute(query))
    database.close()
    return found


def _runs(world: Hearing, started_by: str, url: str = "") -> list[str]:
    query = select(RUN.c.outcome).where(RUN.c.started_by == started_by).order_by(RUN.c.id)
    return [row[0] for row in _rows(world, query, url)]


def _claims(world: Hearing, name: str, url: str = "") -> list[str]:
    return [row[0] for row in _rows(world, select(CLAIM.c.tick).where(CLAIM.c.name == name), url)]


def _move_claims(world: Hearing, hours: int) -> None:
    """As if the hub had last run at another time."""
    database = open_database(f"sqlite:///{world.folder / 'hub.sqlite'}")
    with database.begin() as connection:
        (tick,) = connection.execute(select(CLAIM.c.tick)).scalars()
        moved = instant_text(parse_instant(tick) + timedelta(hours=hours))
        connection.execute(update(CLAIM).values(tick=moved))
    database.close()


def _json(world: Hearing, *arguments: str) -> Any:
    done = world.run("--format", "json", *arguments)
    assert done.returncode in (0, 2, 5), done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_schedule_fires_each_second_and_is_listed(world: Hearing) -> None:
    _schedules(
        world, "often: {every: 1s, connections: [shop]}", 'nightly: {cron: "0 2 * * *", timezone: Europe/Berlin}'
    )
    serving = world.serve()
    world.woo.checkout.place({"SKU-1": 2})
    until(world.asked)
    until(lambda: _runs(world, "schedule often").count("done") >= 3)
    listed = {one["schedule"]: one for one in _json(world, "schedules")["schedules"]}
    assert listed["often"]["last"]
    assert (listed["nightly"]["state"], listed["nightly"]["next"][11:16]) in (
        ("waiting", "00:00"),
        ("waiting", "01:00"),
    )
    shown = _json(world, "runs")
    started_by = {one["started_by"] for one in shown["runs"]}
    assert {"schedule often", "start", "manual", "daily"} >= started_by >= {"schedule often"}
    assert [one["schedule"] for one in shown["schedules"]] == ["often", "nightly"]
    assert serving.end(signal.SIGTERM) == 0
    assert _runs(world, "schedule nightly") == []


def test_what_was_missed_while_the_hub_was_dead_is_caught_up_once(world: Hearing) -> None:
    _schedules(world, "hourly: {every: 1h}")
    serving = world.serve()
    until(lambda: _claims(world, "hourly"))
    assert serving.end(signal.SIGKILL) == -signal.SIGKILL
    _move_claims(world, hours=-3)
    world.woo.checkout.place({"SKU-1": 1})
    for _ in range(2):
        again = world.serve()
        until(lambda: _runs(world, "schedule hourly") == ["done"])
        until(lambda: _json(world, "schedules")["schedules"][0]["state"] == "waiting")
        assert again.end(signal.SIGTERM) == 0
    assert len(world.asked()) == 1
    assert _runs(world, "schedule hourly") == ["done"]


def test_a_run_that_was_killed_is_closed_and_its_work_goes_on(world: Hearing) -> None:
    _schedules(world, "hourly: {every: 1h}")
    serving = world.serve()
    until(lambda: _runs(world, "start") == ["done"])
    _move_claims(world, hours=-3)
    world.woo.checkout.place({"SKU-1": 1})
    assert serving.end(signal.SIGTERM) == 0
    with world.bob.turn():
        # Nobody answers, so the run stands still where it is.
        again = world.serve()
        until(lambda: "running" in _runs(world, "schedule hourly"))
        assert again.end(signal.SIGKILL) == -signal.SIGKILL
    assert _json(world, "schedules")["schedules"][0]["state"] == "due"
    third = world.serve()
    until(lambda: _runs(world, "schedule hourly") == ["interrupted", "done"])
    until(world.asked)
    assert third.end(signal.SIGTERM) == 0
    assert len(world.asked()) == 1


def test_sigterm_ends_a_scheduled_run_in_time_though_a_platform_hangs(world: Hearing) -> None:
    _schedules(world, "often: {every: 1s}")
    serving = world.serve()
    until(lambda: "done" in _runs(world, "schedule often"))
    world.woo.checkout.place({"SKU-1": 1})
    with world.bob.turn():
        until(lambda: _runs(world, "schedule often")[-1] == "running")
        begun = time.monotonic()
        assert serving.end(signal.SIGTERM) == 0
        assert time.monotonic() - begun < 10
    again = world.serve()
    until(world.asked)
    assert again.end(signal.SIGTERM) == 0
    assert len(world.asked()) == 1
    assert set(_runs(world, "schedule often")) <= {"done", "interrupted", "stopped"}


def test_a_pause_is_heard_and_what_waited_goes_on_afterwards(world: Hearing) -> None:
    _schedules(world, "often: {every: 1s}")
    serving = world.serve()
    until(lambda: "done" in _runs(world, "schedule often"))
    assert world.run("pause", "bob").returncode == 0
    until(lambda: "running" not in _runs(world, "schedule often"))
    with world.bob.turn():
        world.bob.log.clear()
    world.woo.checkout.place({"SKU-1": 1})
    until(lambda: world.orders() == 1)
    count = len(_runs(world, "schedule often"))
    until(lambda: len(_runs(world, "schedule often")) > count + 1)
    assert world.asked() == []
    assert world.bob.log.entries == []
    assert _json(world, "status")["paused"][0]["name"] == "bob"
    assert world.run("pause", "--all").returncode == 0
    until(lambda: _json(world, "schedules")["schedules"][0]["state"] == "paused")
    until(lambda: "running" not in _runs(world, "schedule often"))
    count = len(_runs(world, "schedule often"))
    time.sleep(2.5)
    assert len(_runs(world, "schedule often")) == count
    assert world.run("resume", "--all").returncode == 0
    until(world.asked)
    assert serving.end(signal.SIGTERM) == 0


def test_daemons_one_after_the_other_run_each_tick_at_most_once(world: Hearing, database_url: str) -> None:
    file = world.folder / "crossdock.yaml"
    file.write_text(file.read_text().replace("sqlite:///hub.sqlite", database_url))
    assert world.run("adopt", "--yes").returncode in (0, 2)
    _schedules(world, "often: {every: 2s}")
    for runs in (2, 4):
        serving = world.serve()
        until(lambda: _runs(world, "schedule often", database_url).count("done") >= runs)  # noqa: B023
        assert serving.end(signal.SIGTERM) == 0
    claimed = _claims(world, "often", database_url)
    # The first tick that anybody saw only says from when on the schedule is known.
    assert 3 <= len(_runs(world, "schedule often", database_url)) <= len(claimed) - 1
    assert len(set(claimed)) == len(claimed)
