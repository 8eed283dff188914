"""Alembic's entry: run on the connection it was handed."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import sync.store.alerts
import sync.store.daemon
import sync.store.inbox
import sync.store.orders
import sync.store.privacy
import sync.store.schedules
import sync.store.tables  # noqa: F401  the imports fill the metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata, render_as_batch=True
)
context.run_migrations()
