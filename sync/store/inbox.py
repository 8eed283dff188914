"""The table of what platforms told by webhook: kept as it came, as evidence and to be replayed."""

from __future__ import annotations

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from sync.store.columns import big_id, blob


class Inbox(SQLModel, table=True):
    """One message, however often it came; ``demand`` is what a privacy law asks for in it, until ``handled_at``.

    Ids of deliveries are the platform's own and need not be unique, so the digest of the body counts as well.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        Index("inbox_once", "connection", "delivery_id", "digest", unique=True),
        Index("inbox_demand", "demand", "handled_at"),
    )
    id: int | None = big_id()
    connection: str
    delivery_id: str
    digest: bytes = blob(nullable=False)
    topic: str
    body: bytes = blob(nullable=False)
    demand: str = ""
    copies: int = Field(default=1)
    received_at: str
    last_at: str
    handled_at: str = ""
