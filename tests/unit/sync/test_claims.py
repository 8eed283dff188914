"""Ticks are claimed once on a database, however many processes fire them; what was missed is caught up once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from canonical.clock import instant_text
from sync import claims
from sync.claims import Due
from sync.store.database import Database, open_database

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


def _due(database: Database) -> list[tuple[str, str]]:
    with database.begin() as connection:
        return [(one.name, one.tick) for one in claims.due(connection)]


def test_three_replicas_fire_each_tick_once(database_url: str, database: Database) -> None:
    replicas = [open_database(database_url) for _ in range(3)]
    ready, won = threading.Barrier(3), []

    def fire(replica: Database) -> None:
        for number in range(12):
            ready.wait()
            with replica.begin() as connection:
                if claims.fire(connection, "nightly", NOON + number * MINUTE, NOON + number * MINUTE):
                    won.append(number)

    threads = [threading.Thread(target=fire, args=(replica,)) for replica in replicas]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for replica in replicas:
        replica.close()
    assert sorted(won) == list(range(12))
    assert _due(database) == [("nightly", instant_text(NOON + 11 * MINUTE))]


def test_what_was_missed_fires_once_at_a_start_and_not_again(database: Database) -> None:
    with database.begin() as connection:
        assert claims.fire(connection, "often", NOON, NOON)
        (one,) = claims.due(connection)
        claims.done(connection, one)
        later = NOON + 90 * MINUTE
        assert claims.catch_up(connection, "often", later, later)
        assert not claims.catch_up(connection, "often", later, later)
        assert claims.due(connection) == [Due("often", instant_text(later), instant_text(later))]
        assert claims.last(connection, "often") == instant_text(later)


def test_a_new_schedule_waits_for_its_next_tick(database: Database) -> None:
    with database.begin() as connection:
        assert not claims.catch_up(connection, "new", NOON, NOON)
        assert claims.due(connection) == []
        assert claims.catch_up(connection, "new", NOON + MINUTE, NOON + MINUTE)


def test_nothing_missed_is_nothing_due(database: Database) -> None:
    with database.begin() as connection:
        claims.fire(connection, "often", NOON, NOON)
        claims.done(connection, claims.due(connection)[0])
        assert not claims.catch_up(connection, "often", NOON, NOON + MINUTE)
        assert claims.due(connection) == []


def test_a_tick_that_fires_while_its_schedule_runs_is_not_lost(database: Database) -> None:
    with database.begin() as connection:
        claims.fire(connection, "often", NOON, NOON)
        (running,) = claims.due(connection)
        claims.fire(connection, "often", NOON + MINUTE, NOON + MINUTE)
        claims.done(connection, running)
        (left,) = claims.due(connection)
        assert left.tick == instant_text(NOON + MINUTE)
        claims.done(connection, left)
        assert not claims.still_due(connection, "often")


def test_the_schedule_that_waits_longest_comes_first(database: Database) -> None:
    with database.begin() as connection:
        claims.fire(connection, "b", NOON, NOON)
        claims.fire(connection, "a", NOON + MINUTE, NOON + MINUTE)
        claims.fire(connection, "b", NOON + 2 * MINUTE, NOON + 2 * MINUTE)
        assert [one.name for one in claims.due(connection)] == ["b", "a"]


def test_claims_do_not_pile_up_and_marks_of_what_is_gone_are_dropped(database: Database) -> None:
    with database.begin() as connection:
        for number in range(120):
            claims.fire(connection, "nightly", NOON + number * MINUTE, NOON + number * MINUTE)
        claims.fire(connection, "gone", NOON, NOON)
        count = connection.exec_driver_sql("select count(*) from schedule_claim where name = 'nightly'").scalar_one()
        assert count == 61
        assert claims.last(connection, "nightly") == instant_text(NOON + 119 * MINUTE)
        claims.forget_others(connection, ["nightly"])
        assert [one.name for one in claims.due(connection)] == ["nightly"]
