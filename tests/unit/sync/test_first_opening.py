"""Several processes that open a new database at once: one makes the schema, all of them go on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import inspect

from sync.migrations.upgrade import head, revision
from sync.store.database import Database, open_database


def test_several_that_open_a_new_postgresql_at_once_all_can(postgres_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened: list[Database] = list(pool.map(open_database, [postgres_url] * 4))
    with opened[0].read() as connection:
        assert revision(connection) == head()
        assert inspect(connection).has_table("run")
    assert len({one.database_id() for one in opened}) == 1
    for one in opened:
        one.close()
