"""The probes say in words what is not in order, and never what the database said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
import pytest
from sqlalchemy import text
from starlette.requests import Request

from canonical.errors import BusyError, FatalError, RetriableError
from crossdock.daemon.probes import Probes, unreachable
from crossdock.daemon.pulse import Pulse
from sync.store.database import Database, open_database

ASKED = Request({"type": "http"})


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    found = open_database(sqlite_url)
    yield found
    found.close()


def test_a_process_that_lives_may_not_be_ready() -> None:
    probes = Probes(lambda: "", lambda: "stopping")
    assert asyncio.run(probes.healthz(ASKED)).status_code == 200
    answer = probes.readyz(ASKED)
    assert (answer.status_code, answer.media_type) == (503, "application/problem+json")
    assert msgspec.json.decode(answer.body)["detail"] == "stopping"


def test_a_process_whose_part_has_ended_is_neither() -> None:
    probes = Probes(lambda: "the part that syncs has ended", lambda: "")
    assert asyncio.run(probes.healthz(ASKED)).status_code == 503
    assert probes.readyz(ASKED).status_code == 503


def test_a_database_that_fails_is_told_without_its_words(database: Database) -> None:
    assert unreachable(database) == ""
    with database.begin() as connection:
        connection.execute(text("alter table meta rename to elsewhere"))
    assert unreachable(database) == "the database cannot be reached"


def test_a_file_that_is_no_database_any_more_is_told_the_same_way(database: Database) -> None:
    assert database.path is not None
    database.close()
    database.path.write_bytes(b"x" * 4096)
    assert unreachable(database) == "the database cannot be reached"
    with pytest.raises(FatalError, match="the database failed"), database.read():
        pass


def test_failures_count_in_a_row_and_waiting_for_another_is_none() -> None:
    pulse = Pulse()
    pulse.failed(BusyError("somebody syncs"))
    assert (pulse.failures, pulse.looked) == (0, False)
    pulse.failed(RetriableError("down"))
    pulse.failed(RetriableError("still down"))
    assert (pulse.failures, pulse.last_error) == (2, "still down")
    pulse.worked()
    assert (pulse.failures, pulse.looked) == (0, True)
