"""The tables of what starts by the clock: which ticks were claimed, what is due, and what is paused."""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class ScheduleClaim(SQLModel, table=True):
    """A tick of a schedule that some process took; whoever comes second finds it taken."""

    __tablename__ = "schedule_claim"
    name: str = Field(primary_key=True)
    tick: str = Field(primary_key=True)
    claimed_at: str


class ScheduleDue(SQLModel, table=True):
    """A schedule that is to run, since its latest tick; gone once a run of it has ended by itself."""

    __tablename__ = "schedule_due"
    name: str = Field(primary_key=True)
    tick: str
    since: str


class Pause(SQLModel, table=True):
    """A flow or a connection that is left alone until somebody lets it go on; ``kind`` may also be ``all``."""

    __tablename__ = "pause"
    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    since: str
