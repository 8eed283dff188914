"""A database of any earlier version is brought to the newest schema, and everything that was remembered is kept.

A revision without a dump: run ``python -m tests.support.schemas``.
"""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

from sync import cursors, journal
from sync.migrations.upgrade import head, known, revision
from sync.orders import store
from sync.store import alerts, daemon, inbox, orders, privacy, schedules  # noqa: F401  the imports fill the metadata
from sync.store.database import ERASURE_KEYS, Database, open_database
from tests.support.schemas import dumped, restore_dump, rows_of


def test_every_revision_has_a_dump() -> None:
    assert dumped() == known(), "run python -m tests.support.schemas"


@pytest.mark.parametrize("start", known())
def test_an_upgrade_keeps_every_row(database_url: str, start: str) -> None:
    database = Database(database_url)
    restore_dump(start, database)
    before = rows_of(database.engine)
    with database.begin() as connection:
        assert revision(connection) == start
    database.close()
    upgraded = open_database(database_url)
    after = rows_of(upgraded.engine)
    with upgraded.begin() as connection:
        assert revision(connection) == head()
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
        assert journal.count_open(connection) == {("shop", "in_flight"): 1}
        assert len(cursors.all_states(connection)) == len(before["cursor"]) > 0
        waiting = connection.execute(store.EFFECT.select().where(store.EFFECT.c.state == "waiting")).all()
        assert len(waiting) == sum(one["state"] == "waiting" for one in before.get("effect", ()))
    upgraded.close()
    # The list of erasures of an older version was hashed with the database's name: that stays the key of what is on it.
    facts = {row["key"]: row["value"] for row in before["meta"]}
    added = {row["key"]: row["value"] for row in after["meta"] if row["key"] not in facts}
    assert added == ({} if ERASURE_KEYS in facts else {ERASURE_KEYS: facts["database_id"]})
    after["meta"] = [row for row in after["meta"] if row["key"] in facts]
    for name, rows in before.items():
        kept = [{key: row[key] for key in rows[0] if key in row} for row in after[name]] if rows else after[name]
        assert kept == rows, name
