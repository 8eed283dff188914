"""Many rows in few statements: all of them are there, and those that were there before are changed as was said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from sync.store.bulk import Adding
from sync.store.database import Database, open_database
from sync.store.tables import Observe, table

ROWS = table(Observe)
ADDING = Adding(
    ROWS,
    ["connection", "resource", "external_id"],
    lambda there, came: {"attempts": there.attempts + came.attempts, "last_at": came.last_at},
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = open_database(database_url)
    yield found
    found.close()


def _row(number: int, at: str, attempts: int = 1) -> tuple[str, str, str, int, str, str, int, str]:
    return "shop", "orders", f"{number:03}", number, at, at, attempts, "100 %s of ?"


def _add(database: Database, *rows: tuple[object, ...]) -> None:
    with database.begin() as connection:
        ADDING.add(connection, rows)


def _there(database: Database) -> list[tuple[object, ...]]:
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(ROWS).order_by(ROWS.c.external_id))]


@pytest.mark.parametrize("count", [0, 1, 2, 31, 32, 33, 64, 101])
def test_any_number_of_rows_is_added_whole(database: Database, count: int) -> None:
    rows = [_row(number, "early") for number in range(count)]
    _add(database, *rows)
    assert _there(database) == rows


def test_only_what_was_there_is_changed_and_only_as_was_said(database: Database) -> None:
    _add(database, *[_row(number, "early") for number in range(0, 80, 2)])
    _add(database, *[_row(number, "late", attempts=5) for number in range(80)])
    for connection, resource, external_id, seq, since, last_at, attempts, not_before in _there(database):
        before = int(str(external_id)) % 2 == 0
        assert (connection, resource, seq, not_before) == ("shop", "orders", int(str(external_id)), "100 %s of ?")
        assert (since, last_at, attempts) == (("early", "late", 6) if before else ("late", "late", 5))
    assert len(_there(database)) == 80
