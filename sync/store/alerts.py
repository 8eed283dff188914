"""The tables of what a person was told: each cause once while it lasts, and to whom it was delivered."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel

from sync.store.columns import big_id


class Alert(SQLModel, table=True):
    """A condition that held from ``opened_at`` to ``closed_at``; while it holds there is one row of its cause."""

    __tablename__ = "alert"
    __table_args__ = (
        Index(
            "alert_once",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("closed_at = ''"),
            postgresql_where=text("closed_at = ''"),
        ),
        Index("alert_closed", "closed_at"),
    )
    id: int | None = big_id()
    kind: str
    subject: str
    detail: str = ""
    todo: str = ""
    opened_at: str
    closed_at: str = ""


class AlertDelivery(SQLModel, table=True):
    """That an alert was opened, or is over (``event``), as one target was told of it or is still to be told."""

    __tablename__ = "alert_delivery"
    __table_args__ = (Index("alert_delivery_due", "told_at", "not_before"),)
    alert_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    target: str = Field(primary_key=True)
    event: str = Field(primary_key=True)
    told_at: str = ""
    attempts: int = 0
    not_before: str = ""
    error: str = ""
