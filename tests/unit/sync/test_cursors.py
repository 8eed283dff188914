from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync import cursors
from sync.cursors import CursorState
from sync.store.database import Database, open_database

FRESH = CursorState("shop", "items")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


def test_a_read_moves_the_cursor_and_remembers_the_one_before() -> None:
    once = FRESH.moved(cursor="5", read_at="10:00", swept_at="10:00", swept_count=7, scope="s")
    twice = once.moved(cursor="6", read_at="10:05")
    assert (twice.cursor, twice.read_at, twice.read_before) == ("6", "10:05", "10:00")
    assert (twice.swept_at, twice.swept_count, twice.scope) == ("10:00", 7, "s"), "a delta proves no absence"


def test_a_read_that_began_earlier_takes_nothing_back() -> None:
    state = FRESH.moved(cursor="5", read_at="10:00").moved(cursor="6", read_at="10:05")
    late = state.moved(cursor="", read_at="09:00")
    assert (late.cursor, late.read_at, late.read_before) == ("6", "10:05", "10:00")


def test_the_state_survives_and_one_resource_is_not_another(database: Database) -> None:
    with database.begin() as connection:
        assert cursors.load(connection, "shop", "items") == FRESH
        state = FRESH.moved(cursor="5", read_at="10:00", swept_at="10:00", swept_count=7, scope="s")
        cursors.save(connection, state)
        cursors.save(connection, state.moved(cursor="6", read_at="10:05"))
    with database.begin() as connection:
        assert cursors.load(connection, "shop", "items").cursor == "6"
        assert cursors.load(connection, "shop", "other").cursor == ""
        assert cursors.load(connection, "web", "items").cursor == ""
        assert len(cursors.all_states(connection)) == 1
