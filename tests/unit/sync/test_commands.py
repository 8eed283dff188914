"""The queue of commands: none is lost, none is carried out twice, whoever dies at which point."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from canonical.clock import instant_text, parse_instant
from canonical.errors import ConfigError
from connectors.simulation import Ticker
from sync import commands, daemon
from sync.locks import held, hold
from sync.run import lease
from sync.store.database import Database, open_database
from tests.support.hubs import open_shops

NOW = "2026-11-27T12:00:00.000000Z"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


def ask(database: Database, *words: str, now: str = NOW) -> int:
    with database.begin() as connection:
        return commands.ask(connection, words, asked_by="ann@desk", version="v1", now=now, given={"a.plan": b"\xff{}"})


def state(database: Database, ident: int) -> str:
    with database.begin() as connection:
        row = commands.get(connection, ident)
    return row.state if row is not None else "forgotten"


def test_the_one_that_waits_longest_is_taken_once(database: Database) -> None:
    first, second = ask(database, "plan"), ask(database, "apply", "a.plan")
    with database.begin() as connection:
        taken = [commands.claim(connection, "me", NOW) for _ in range(3)]
    assert [row and row.id for row in taken] == [first, second, None]
    assert taken[1] is not None
    assert commands.arguments_of(taken[1]) == ["apply", "a.plan"]
    assert commands.files(taken[1].given) == {"a.plan": b"\xff{}"}


def test_what_a_dead_daemon_took_goes_back_unless_it_had_begun(database: Database) -> None:
    taken, begun, ended = ask(database, "plan"), ask(database, "apply"), ask(database, "sync")
    with database.begin() as connection:
        for _ in range(3):
            commands.claim(connection, "dead", NOW)
        assert commands.begin(connection, begun, "dead", 7)
        commands.end(connection, ended, "dead", NOW, state="done", exit_code=0)
        commands.leave_others(connection, "next", NOW)
    assert [state(database, one) for one in (taken, begun, ended)] == ["waiting", "interrupted", "done"]
    with database.begin() as connection:
        again = commands.claim(connection, "next", NOW)
        assert again is not None
        assert again.id == taken
        # Who was only cut off for a while must not begin what another one has taken.
        assert not commands.begin(connection, taken, "dead", 8)
        # But what it did carry out to the end it may say: it is the truth.
        commands.end(connection, begun, "dead", NOW, state="done", exit_code=2)
    assert state(database, begun) == "done"


def test_a_daemon_does_not_settle_its_own_work(database: Database) -> None:
    ident = ask(database, "sync")
    with database.begin() as connection:
        commands.claim(connection, "me", NOW)
        commands.begin(connection, ident, "me", 7)
        commands.leave_others(connection, "me", NOW)
    assert state(database, ident) == "running"


def test_only_what_waits_is_canceled_or_taken_back(database: Database) -> None:
    ident, other = ask(database, "sync"), ask(database, "plan")
    with database.begin() as connection:
        commands.claim(connection, "me", NOW)
        assert not commands.cancel(connection, ident, NOW)
        assert not commands.withdraw(connection, ident)
        assert commands.cancel(connection, other, NOW)
        assert not commands.withdraw(connection, other)
        assert commands.claim(connection, "me", NOW) is None
    assert [state(database, one) for one in (ident, other)] == ["running", "canceled"]


def test_what_ended_is_forgotten_after_a_week_and_nothing_else(database: Database) -> None:
    ended, waiting = ask(database, "sync"), ask(database, "plan")
    with database.begin() as connection:
        commands.claim(connection, "me", NOW)
        commands.end(connection, ended, "me", NOW, state="done", exit_code=0)
    ask(database, "plan", now=instant_text(parse_instant(NOW) + timedelta(days=8)))
    assert [state(database, one) for one in (ended, waiting)] == ["forgotten", "waiting"]


def test_a_lock_is_seen_held_from_outside_and_asking_takes_it_from_nobody(
    database: Database, database_url: str
) -> None:
    outside = open_database(database_url)
    assert not held(outside, "daemon")
    with hold(database, "daemon", Ticker()) as still:
        assert held(outside, "daemon")
        assert held(outside, "daemon")
        assert still()
        assert not held(outside, "executor")
    assert not held(outside, "daemon")
    outside.close()


def test_beside_a_living_daemon_nobody_runs_on_another_configuration(database_url: str) -> None:
    shops = open_shops(database_url, version="v2")
    hub = shops.hub
    row = {
        "token": "t",
        "host": "box",
        "pid": 7,
        "started_at": NOW,
        "beat_at": NOW,
        "config_version": "v1",
        "config_file": "crossdock.yaml",
        "config_since": NOW,
        "config_problem": "",
    }
    with hub.database.begin() as connection:
        daemon.announce(connection, row)
    # A row alone is nobody: it may be left by one that was killed.
    with lease(hub, "plan"):
        pass
    with hold(hub.database, daemon.DAEMON, hub.clock):
        with pytest.raises(ConfigError, match=r"box \(pid 7.*another configuration"), lease(hub, "plan"):
            pass
        with hub.database.begin() as connection:
            daemon.announce(connection, {**row, "config_version": "v2"})
        with lease(hub, "plan"):
            pass
    hub.database.close()
