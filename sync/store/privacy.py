"""The table of erasures: whom the hub has forgotten, and until when, by hashes that lead nowhere without the id."""

from __future__ import annotations

from sqlalchemy import Index
from sqlmodel import SQLModel

from sync.store.columns import big_id, blob


class Erasure(SQLModel, table=True):
    """One id that was forgotten; never taken away. ``kind`` is ``customer``, ``email``, or a kind of document.

    What a customer orders after ``erased_at`` is theirs anew, and is kept.
    """

    __tablename__ = "erasure"
    __table_args__ = (Index("erasure_once", "connection", "kind", "digest", unique=True),)
    id: int | None = big_id()
    connection: str
    kind: str
    digest: bytes = blob(nullable=False)
    erased_at: str
