"""Threads of one process write in turns: on SQLite who waits for another process's turn is served late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import event

from sync.store.database import get_meta, open_database, put_meta


def _impatient(raw: Any, _record: object) -> None:
    raw.execute("PRAGMA busy_timeout=0")


def test_threads_that_write_at_once_never_find_the_database_locked(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    database.close()
    event.listen(database.engine, "connect", _impatient)

    def write(number: int) -> None:
        for at in range(20):
            with database.begin() as connection:
                put_meta(connection, f"{number}", f"{at}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with database.begin() as connection:
        assert [get_meta(connection, f"{number}") for number in range(4)] == ["19"] * 4
    database.close()


def test_a_transaction_that_fails_gives_its_turn_back(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    for _ in range(2):
        try:
            with database.begin() as connection:
                put_meta(connection, "key", "value")
                raise LookupError
        except LookupError:
            pass
    with database.begin() as connection:
        assert get_meta(connection, "key") is None
    database.close()
