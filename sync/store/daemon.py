"""The tables of the daemon: who it is, and what it was asked to carry out."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from sync.store.columns import big_id, blob


class Daemon(SQLModel, table=True):
    """The daemon of this database as it last told of itself; whether it lives, only its lock says.

    ``config_problem`` says why the configuration on disk is not the one it works with.
    """

    __tablename__ = "daemon"
    name: str = Field(primary_key=True)
    token: str
    host: str
    pid: int
    started_at: str
    beat_at: str
    config_version: str
    config_file: str
    config_since: str
    config_problem: str = ""


class Command(SQLModel, table=True):
    """One command that the daemon is asked for: waiting, running, then done, failed, canceled or interrupted.

    ``carrier`` is the daemon that took it, ``run_id`` its run once it has begun; ``ending`` is its report or its error.
    ``given`` holds the files it reads, ``written`` those it would write, by the names the asker gave them.
    """

    __tablename__ = "command"
    __table_args__ = (Index("command_state", "state"),)
    id: int | None = big_id()
    arguments: str
    asked_by: str
    asked_at: str
    config_version: str
    state: str = "waiting"
    carrier: str = ""
    run_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    progress: str = ""
    started_at: str = ""
    ended_at: str = ""
    exit_code: int | None = None
    given: bytes | None = blob()
    ending: bytes | None = blob()
    written: bytes | None = blob()
