"""The database's files after an erasure: rewritten where nobody is in the way, else tried again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Connection, text

from sync.privacy import disk
from sync.store import database as store
from sync.store.database import Database, open_database, put_meta

HERS = b"Gracia Hoppenstedt"


@pytest.fixture
def database(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(store, "_BUSY_SECONDS", 0)
    found = open_database(sqlite_url)
    with found.begin() as connection:
        put_meta(connection, "her", HERS.decode())
    with found.begin() as connection:
        connection.execute(text("delete from meta where key = 'her'"))
        disk.left_over(connection)
    yield found
    found.close()


def _left(database: Database) -> bool:
    assert database.path is not None
    return any(HERS in one.read_bytes() for one in database.path.parent.glob(f"{database.path.name}*") if one.is_file())


@pytest.mark.parametrize("writes", [False, True])
def test_where_somebody_is_in_the_way_it_is_tried_again(
    database: Database, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, writes: bool
) -> None:
    rewrite, elsewhere = disk._rewrite, open_database(sqlite_url)

    def in_company(given: Database) -> object:
        held: AbstractContextManager[Connection] = elsewhere.begin() if writes else elsewhere.read()
        with held as connection:
            connection.execute(text("select key from meta")).all()
            return rewrite(given)

    with monkeypatch.context() as patched:
        patched.setattr(disk, "_rewrite", in_company)
        assert not disk.clean(database)
    assert _left(database)
    assert disk.clean(database)
    assert not _left(database)
    elsewhere.close()
