"""Workers on one PostgreSQL: one leads, the others take over, and nobody ever writes beside another."""

from __future__ import annotations

import json
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest

from connectors.simulation import SimRequest, SimResponse
from connectors.simulation.simulator import Simulator
from tests.support.beside import Beside, attend, beside
from tests.support.waiting import PATIENCE, until
from tests.support.workers import LEADS, STANDS_BY, Crew, Worker, crew

pytestmark = [pytest.mark.timeout(1200), pytest.mark.slow]
IDLE = ("--every", "3600")


@pytest.fixture
def world(tmp_path: Path, postgres_url: str) -> Iterator[Beside]:
    with beside(tmp_path, postgres_url) as found:
        yield found


@pytest.fixture
def workers(world: Beside, tmp_path: Path) -> Iterator[Crew]:
    with crew(tmp_path) as found:
        yield found


def _synced(world: Beside, times: int = 1) -> None:
    until(lambda: world.runs("serve").count("done") >= times)


def _prices(world: Beside, sku: str) -> set[Decimal | None]:
    return {shop.price(sku) for shop in (world.world.shop_web, world.world.shop_eu)}


def _once(world: Beside) -> None:
    for shop in (world.world.shop_web, world.world.shop_eu):
        effects = shop.log.effects()
        assert len(effects) == len(set(effects))


def _cut_sessions(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where pid <> pg_backend_pid() and datname = current_database()"
        )


def test_on_sqlite_it_says_why_not_and_what_instead(tmp_path: Path, sqlite_url: str) -> None:
    with beside(tmp_path, sqlite_url) as world:
        said = world.fails("worker")
    assert "workers need PostgreSQL" in said
    assert "crossdock serve" in said
    assert str(world.config) in said


def test_a_database_that_starts_after_a_worker_is_waited_for(world: Beside, workers: Crew, tmp_path: Path) -> None:
    sockets = parse_qs(urlsplit(world.database).query).get("host", [""])[0]
    if not sockets.startswith("/"):
        pytest.skip("the PostgreSQL that was given is not reached by a socket in the file system")
    text = world.config.read_text(encoding="utf-8")
    log = tmp_path / "worker-0.log"
    # The path of a socket may not be long, as that of the test's own folder is.
    with tempfile.TemporaryDirectory() as folder:
        later = Path(folder) / "later"
        world.config.write_text(text.replace(sockets, str(later)), encoding="utf-8")

        def begin() -> None:
            until(lambda: log.is_file() and "it is waited for" in log.read_text(encoding="utf-8"))
            later.symlink_to(sockets)

        with ThreadPoolExecutor(1) as threads:
            begun = threads.submit(begin)
            worker = workers.start(world.config, *IDLE)
            begun.result()
        assert (worker.said(LEADS), worker.said("it is waited for")) == (1, 1)
        assert worker.end(signal.SIGTERM) == 0


def test_who_waits_for_a_database_ends_when_asked_to(world: Beside) -> None:
    text = world.config.read_text(encoding="utf-8")
    world.config.write_text(text.replace(world.database, "postgresql://nobody@/hub?host=/nowhere"), encoding="utf-8")
    worker = world.start("worker", *IDLE)
    assert worker.stderr is not None
    assert any("it is waited for" in line for line in worker.stderr)
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0


def test_when_the_leader_is_killed_another_one_takes_over_and_no_command_is_lost(world: Beside, workers: Crew) -> None:
    first = workers.start(world.config, *IDLE)
    _synced(world)
    second = workers.start(world.config, *IDLE)
    assert (first.said(LEADS), second.said(STANDS_BY), second.said(LEADS)) == (1, 1, 0)
    world.world.erp.admin.set_price("MUG-01", Decimal(15))
    assert {row["after"] for row in world.call("plan", code=2)["changes"]} == {"15"}
    first.send(signal.SIGSTOP)
    asking = world.start("apply", "--format", "json")
    until(lambda: "waiting" in world.states())
    first.end(signal.SIGKILL)
    until(lambda: second.said(LEADS))
    out, err = asking.communicate(timeout=PATIENCE)
    assert asking.returncode == 0, err
    assert json.loads(out)["exit_code"] == 0
    until(lambda: _prices(world, "MUG-01") == {Decimal(15)})
    _synced(world, 2)
    assert set(world.states()) <= {"done"}
    _once(world)
    # A command finds the new leader, which ends in time when asked to, and so does one that stands by.
    assert world.call("sync", code=0)["exit_code"] == 0
    assert world.daemon().pid == second.process.pid
    third = workers.start(world.config, *IDLE)
    until(lambda: len(world.call("status", code=0)["workers"]) == 2)
    shown = {one["pid"]: one["state"] for one in world.call("status", code=0)["workers"]}
    assert shown == {second.process.pid: "leads", third.process.pid: "stands by"}
    assert [third.end(signal.SIGTERM), second.end(signal.SIGTERM)] == [0, 0]


def test_a_leader_that_stands_still_in_a_write_keeps_its_place_and_nobody_writes_beside_it(
    world: Beside, workers: Crew
) -> None:
    first = workers.start(world.config, *IDLE)
    _synced(world)
    second = workers.start(world.config, *IDLE)
    web = world.world.shop_web
    stopped = _stop_in_first_write(web, first)
    for number in range(4):
        world.world.erp.admin.set_price(f"MUG-{number:02}", Decimal(30 + number))
    asking = world.start("sync", "--format", "json")
    assert stopped.wait(PATIENCE)
    time.sleep(1)  # what was on its way to the platforms has arrived by now
    writes = web.log.writes(), world.world.shop_eu.log.writes()
    # Longer than the others look for a leader that is gone, several times over.
    time.sleep(4)
    assert (web.log.writes(), world.world.shop_eu.log.writes()) == writes
    assert not second.said(LEADS)
    first.send(signal.SIGCONT)
    out, err = asking.communicate(timeout=PATIENCE)
    assert asking.returncode == 0, out + err
    assert [_prices(world, f"MUG-{number:02}") for number in range(4)] == [{Decimal(30 + n)} for n in range(4)]
    _once(world)


def test_a_leader_that_was_cut_off_while_it_stood_still_writes_no_more_and_stands_by(
    world: Beside, workers: Crew
) -> None:
    first = workers.start(world.config, *IDLE)
    _synced(world)
    second = workers.start(world.config, *IDLE)
    web, eu = world.world.shop_web, world.world.shop_eu
    stopped = _stop_in_first_write(web, first)
    for number in range(4):
        world.world.erp.admin.set_price(f"MUG-{number:02}", Decimal(40 + number))
    asking = world.start("sync")
    assert stopped.wait(PATIENCE)
    _cut_sessions(world.database)
    # The successor settles what is open and writes what is left; the record of calls knows no second effect.
    until(lambda: second.said(LEADS))
    until(lambda: all(_prices(world, f"MUG-{number:02}") == {Decimal(40 + number)} for number in range(4)))
    _synced(world, 2)
    writes = web.log.writes(), eu.log.writes()
    first.send(signal.SIGCONT)
    until(lambda: first.said(STANDS_BY))
    asking.communicate(timeout=PATIENCE)
    assert (web.log.writes(), eu.log.writes()) == writes
    _once(world)
    # And it is a good successor again.
    second.end(signal.SIGKILL)
    until(lambda: first.said(LEADS) == 2)


def _stop_in_first_write(simulator: Simulator, worker: Worker) -> threading.Event:
    """Stop a worker when a platform has carried out its next write and before it hears so."""
    handle, stopped = simulator.handle, threading.Event()

    def stopping(request: SimRequest) -> SimResponse:
        if not simulator.is_write(request):
            return handle(request)
        simulator.handle = handle  # type: ignore[method-assign]
        answer = handle(request)
        worker.send(signal.SIGSTOP)
        stopped.set()
        return answer

    simulator.handle = stopping  # type: ignore[method-assign]
    return stopped


def test_a_worker_with_another_configuration_says_so_and_lets_others_go_first(world: Beside, workers: Crew) -> None:
    other = world.config.with_name("other.yaml")
    other.write_bytes(world.config.read_bytes())
    world.reconfigure("shop_web: {pool: main}", "shop_web: {pool: main, buffer: 3}", config=other)
    first = workers.start(world.config, *IDLE)
    _synced(world)
    mine = world.daemon().config_version
    different = workers.start(other, *IDLE)
    assert different.said("configured otherwise") == 1
    same = workers.start(world.config, *IDLE)
    assert not same.said("configured otherwise")
    first.end(signal.SIGKILL)
    until(lambda: same.said(LEADS))
    _synced(world, 2)
    assert set(world.versions()[-2:]) == {mine}
    assert not different.said(LEADS)
    assert world.world.shop_web.quantity("MUG-01") == 30
    # Its file is changed while it stands by, as when a new configuration is brought out: then it is one of them.
    world.reconfigure("shop_web: {pool: main, buffer: 3}", "shop_web: {pool: main}", config=other)
    until(lambda: different.said(f"version {mine}"))
    same.end(signal.SIGTERM)
    until(lambda: different.said(LEADS))
    assert world.daemon().config_version == mine


def test_serve_and_worker_on_one_database_are_one_executor(world: Beside, workers: Crew) -> None:
    serving = world.serve()
    worker = workers.start(world.config, *IDLE)
    assert worker.said(STANDS_BY) == 1
    assert serving.end(signal.SIGTERM) == 0
    until(lambda: worker.said(LEADS))
    said = world.fails("serve")
    assert "a daemon lives on this database already" in said
    assert f"pid {worker.process.pid}" in said


def test_leader_and_standby_answer_probes_and_figures(world: Beside, workers: Crew) -> None:
    crews = [workers.start(world.config, *IDLE, "--listen", "127.0.0.1:0") for _ in range(2)]
    _synced(world)
    for one in crews:
        for path in ("/healthz", "/readyz"):
            until(lambda: httpx.get(f"{one.begun['listening']}{path}").status_code == 200)  # noqa: B023
        assert "crossdock_database_up 1.0" in httpx.get(f"{one.begun['listening']}/metrics").text
    assert [one.end(signal.SIGTERM) for one in crews] == [0, 0]


def test_a_worker_ends_in_time_though_a_platform_hangs(world: Beside, workers: Crew) -> None:
    worker = workers.start(world.config, *IDLE)
    _synced(world)
    go = threading.Event()
    attend(world.world.erp, lambda: go.wait(PATIENCE), writes=False)
    asking = world.start("plan")
    until(lambda: "running" in world.states())
    begun = time.monotonic()
    assert worker.end(signal.SIGTERM) == 0
    assert time.monotonic() - begun < 10
    go.set()
    asking.communicate(timeout=PATIENCE)
