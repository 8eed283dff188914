"""A database server that is not there yet is waited for, and nothing else is."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError

from canonical.errors import DatabaseAwayError, FatalError
from sync.migrations.upgrade import upgrade
from sync.store import waiting
from sync.store.database import Database, open_database
from sync.store.waiting import opened

NOBODY = "postgresql://nobody@/hub?host=/nowhere"


def test_a_server_that_comes_in_time_is_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, sqlite_url: str
) -> None:
    monkeypatch.setattr(waiting, "_LOOK_SECONDS", 0.01)
    urls = [sqlite_url, NOBODY, NOBODY]

    def open_it() -> Database:
        return open_database(urls.pop())

    opened(open_it, 60).close()
    assert urls == []
    assert caplog.text.count("it is waited for") == 1


def test_a_command_does_not_wait(caplog: pytest.LogCaptureFixture) -> None:
    tried = []

    def open_it() -> Database:
        tried.append(1)
        return open_database(NOBODY)

    with pytest.raises(DatabaseAwayError, match="cannot open the database"):
        opened(open_it, 0)
    assert (len(tried), caplog.text) == (1, "")


def test_a_server_that_is_there_and_refuses_is_not_waited_for(postgres_url: str) -> None:
    tried = []

    def open_it() -> Database:
        tried.append(1)
        return open_database(re.sub(r"/[^/?]+(\?|$)", r"/no_such_database\1", postgres_url, count=1))

    with pytest.raises(FatalError, match="no_such_database"):
        opened(open_it, 60)
    assert len(tried) == 1


@pytest.mark.parametrize(
    ("told", "waits"),
    [
        ("connection to server failed: Connection refused", True),
        ("connection to server failed: FATAL:  the database system is starting up", True),
        ("connection to server failed: FATAL:  das Datenbanksystem startet", True),
        ("connection to server failed: FATAL:  server login has been failing, cached error: connect failed", True),
        ('connection to server failed: FATAL:  password authentication failed for user "hub"', False),
        ('connection to server failed: FATAL:  role "hub" does not exist', False),
    ],
)
def test_only_a_refusal_for_good_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, told: str, waits: bool) -> None:
    def refused(_engine: Engine) -> None:
        raise OperationalError("", None, Exception(told))

    engine = create_engine("postgresql+psycopg://nobody@/hub")
    monkeypatch.setattr(Engine, "begin", refused)
    with pytest.raises(FatalError) as caught:
        upgrade(engine)
    assert isinstance(caught.value, DatabaseAwayError) is waits


def test_what_waiting_does_not_mend_is_told_at_once() -> None:
    tried = []

    def open_it() -> Database:
        tried.append(1)
        return open_database("sqlite:////nowhere/at/all/hub.sqlite")

    with pytest.raises(FatalError, match="no folder"):
        opened(open_it, 60)
    assert len(tried) == 1
