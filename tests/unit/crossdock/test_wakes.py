"""Wakes in PostgreSQL: a namespace of their own, one waiting wake a key, and nothing that outlives its process."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from canonical.errors import FatalError, RetriableError
from crossdock.clock import SystemClock
from crossdock.daemon.waking import woken
from crossdock.engines.shared import SharedEngine
from crossdock.engines.sweeper import Sweeper, marked_in
from crossdock.engines.wakes import NAMESPACE, Wakes, address
from sync import observeset
from sync.store.database import Database, open_database
from tests.support.hubs import open_shops
from tests.support.waiting import PATIENCE, until


@pytest.fixture
def wakes(postgres_url: str) -> Iterator[Wakes]:
    found = Wakes(postgres_url, stall=0.2)
    found.prepare()
    yield found
    found.close()


def _waiting(wakes: Wakes) -> list[tuple[str, int, str]]:
    with psycopg.connect(wakes.address) as connection:
        rows = connection.execute("select lock, priority, status::text from procrastinate_jobs order by id").fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


def test_the_address_keeps_what_the_url_says_and_adds_the_namespace() -> None:
    found = conninfo_to_dict(address("postgresql+psycopg://u@h:5433/db?options=-c%20lock_timeout%3D5s&sslmode=require"))
    assert (found["host"], found["port"], found["sslmode"]) == ("h", "5433", "require")
    assert found["options"] == f"-c lock_timeout=5s -c search_path={NAMESPACE}"


def test_a_key_waits_once_and_what_it_is_asked_again_costs_nothing(wakes: Wakes) -> None:
    for _ in range(3):
        wakes.submit("shop", 2)
    wakes.submit("erp")
    assert _waiting(wakes) == [("shop", 2, "todo"), ("erp", 0, "todo")]


def test_the_namespace_is_left_as_it_is_and_made_anew_for_another_version(wakes: Wakes, postgres_url: str) -> None:
    wakes.submit("shop")
    another = Wakes(postgres_url)
    starting = [threading.Thread(target=another.prepare) for _ in range(3)]
    for one in starting:
        one.start()
    for one in starting:
        one.join()
    assert _waiting(wakes) == [("shop", 0, "todo")]
    with psycopg.connect(wakes.address, autocommit=True) as connection:
        connection.execute("alter table procrastinate_jobs drop column priority cascade")
        connection.execute(f"comment on schema {NAMESPACE} is 'procrastinate of another version'")
    another.prepare()
    assert _waiting(wakes) == []
    # One that had a connection open all the time goes on.
    wakes.submit("shop")
    assert _waiting(wakes) == [("shop", 0, "todo")]
    another.close()


def test_the_hub_s_own_tables_are_elsewhere(wakes: Wakes, postgres_url: str) -> None:
    database = open_database(postgres_url)
    with psycopg.connect(postgres_url) as connection:
        rows = connection.execute("select distinct schemaname from pg_tables where tablename like 'procrastinate%'")
        assert rows.fetchall() == [(NAMESPACE,)]
    database.close()


def test_a_user_who_may_not_make_it_is_told_what_to_grant(wakes: Wakes, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"drop schema {NAMESPACE} cascade")
        name = "wakes_" + postgres_url.partition("/crossdock_")[2].partition("?")[0]
        connection.execute(f"create role {name} login")
    try:
        poor = Wakes(postgres_url.replace("//postgres@", f"//{name}@"))
        with pytest.raises(FatalError, match="permission denied") as caught:
            poor.prepare()
        assert "grant create on database" in caught.value.hint
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"drop role {name}")


def test_a_wake_of_a_process_that_is_gone_is_dropped_and_never_tried_again(wakes: Wakes) -> None:
    with psycopg.connect(wakes.address, autocommit=True) as connection:
        (worker,) = connection.execute("select * from procrastinate_register_worker_v1()").fetchone() or (0,)
        for key in ("gone", "living"):
            wakes.submit(key)
        connection.execute("select id from procrastinate_fetch_job_v2(array['wake'], %s)", [worker])
        assert wakes.drop_stalled() == 0
        connection.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
    assert wakes.drop_stalled() == 1
    assert _waiting(wakes) == [("living", 0, "todo")]


def test_a_submit_after_a_cut_works_again_and_one_without_a_database_says_so(wakes: Wakes, postgres_url: str) -> None:
    wakes.submit("shop")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'crossdock wakes'"
        )
    with pytest.raises(RetriableError, match="nobody could be woken"):
        wakes.submit("erp")
    wakes.submit("erp")
    assert [row[0] for row in _waiting(wakes)] == ["shop", "erp"]


def test_a_sweep_wakes_for_what_is_marked_and_outlives_a_database_that_is_away(
    wakes: Wakes, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_database(postgres_url)
    with database.begin() as connection:
        observeset.mark(connection, "shop", "orders", ["1", "2"], "2026-11-27T06:00:00.000000Z")
    sweeper = Sweeper(wakes.submit, marked_in(database), wakes.drop_stalled)
    sweeper.sweep()
    assert _waiting(wakes) == [("shop", 0, "todo")]
    gone = Database(postgres_url.replace("/crossdock_", "/nowhere_"))
    Sweeper(wakes.submit, marked_in(gone)).sweep()
    assert "could not be looked up what is marked" in caplog.text
    gone.close()
    database.close()


def test_an_engine_is_woken_again_after_its_sessions_were_cut(wakes: Wakes, postgres_url: str) -> None:
    database = open_database(postgres_url)
    engine = SharedEngine(wakes, database, SystemClock(), stall=2)
    woke: list[str] = []
    running = threading.Thread(target=engine.run, args=(woke.append,))
    running.start()
    engine.submit("before")
    until(lambda: woke == ["before"])
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where pid <> pg_backend_pid() and datname = current_database()"
        )
    until(lambda: _submitted(wakes, "after"))
    until(lambda: "after" in woke)
    assert engine.stop(PATIENCE)
    running.join()
    database.close()


def _submitted(wakes: Wakes, key: str) -> bool:
    try:
        wakes.submit(key)
    except RetriableError:
        return False
    return True


def test_who_only_receives_wakes_workers_elsewhere(postgres_url: str) -> None:
    shops = open_shops(postgres_url)
    with woken(shops.hub, None) as wake:
        for name in ("a", "b", "a"):
            wake(name)
        reading = Wakes(postgres_url)
        until(lambda: sorted(_waiting(reading)) == [("a", 0, "todo"), ("b", 0, "todo")])
    shops.hub.database.close()


def test_who_works_itself_is_woken_in_its_own_process(sqlite_url: str) -> None:
    shops = open_shops(sqlite_url)
    woke: list[str] = []
    with woken(shops.hub, woke.append) as wake:
        wake("shop")
        until(lambda: woke == ["shop"])
    shops.hub.database.close()
