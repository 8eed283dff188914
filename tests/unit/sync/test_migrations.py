"""The migrations make exactly the tables that the code works with, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

import sync.store.alerts
import sync.store.daemon
import sync.store.inbox
import sync.store.orders
import sync.store.privacy
import sync.store.schedules
import sync.store.tables  # noqa: F401  the imports fill the metadata
from sync.store.database import open_database


def test_the_tables_are_those_of_the_code(database_url: str) -> None:
    database = open_database(database_url)
    with database.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    database.close()
