"""The one daemon of a database: a lock for life says that it lives, a row who it is and how it is configured (R20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select, text, update

from canonical.errors import ConfigError, Problem
from sync.locks import held
from sync.store.daemon import Daemon
from sync.store.database import Database, upsert
from sync.store.tables import table

DAEMON = "daemon"
"""The name of the lock."""
_DAEMON = table(Daemon)


def announce(connection: Connection, values: Mapping[str, Any]) -> None:
    """Tell who the daemon is and how it is configured; the caller holds its lock."""
    upsert(connection, _DAEMON, [{**values, "name": DAEMON}])


def beat(connection: Connection, token: str, now: str) -> None:
    """Note that the daemon gets on."""
    connection.execute(update(_DAEMON).where(_DAEMON.c.token == token).values(beat_at=now))


def living(database: Database) -> Row[Any] | None:
    """The daemon that lives on a database, or None."""
    if not held(database, DAEMON):
        return None
    with database.begin() as connection:
        return last(connection)


def last(connection: Connection) -> Row[Any] | None:
    """The daemon that was there last, living or not."""
    return connection.execute(select(_DAEMON)).first()


_SESSION = "crossdock worker"
_WORKERS = text(
    "select distinct application_name from pg_stat_activity"
    " where datname = current_database() and application_name like :prefix || ' %'"
)


class Worker(NamedTuple):
    """A worker that runs on a database, leading or standing by."""

    host: str
    pid: int


def session_name(worker: Worker) -> str:
    """What a worker calls the one session by which it is known; PostgreSQL keeps 63 characters."""
    return f"{_SESSION} {worker.pid} {worker.host}"[:63]


def workers(connection: Connection) -> list[Worker]:
    """Who runs as a worker now: sessions that PostgreSQL ends when their process does; none on SQLite."""
    if connection.dialect.name == "sqlite":
        return []
    names = connection.execute(_WORKERS, {"prefix": _SESSION}).scalars()
    parts = (name.removeprefix(_SESSION).split(maxsplit=1) for name in names)
    return sorted(Worker(host, int(pid)) for pid, host in parts)


def describe(row: Row[Any]) -> str:
    """A daemon in a few words."""
    return f"the daemon on {row.host} (pid {row.pid}, since {row.started_at[:19]}Z)"


def refuse_other(database: Database, version: str) -> None:
    """ConfigError when a daemon lives that works with another configuration than this one."""
    row = living(database)
    if row is not None and row.config_version != version:
        raise other_configuration(row, version)


def other_configuration(row: Row[Any], version: str, file: str = "", *, same_file: bool = False) -> ConfigError:
    """What to say when a daemon works with another configuration, and what to do about it."""
    theirs = f"{row.config_file} (version {row.config_version}, of {row.config_since[:19]}Z)"
    message = f"{describe(row)} works with another configuration: {theirs}; this one has the version {version}"
    hint = "name its file with --config, or stop the daemon first"
    if same_file:
        hint = "it takes the changed file over when its run has ended; try again then"
    if row.config_problem:
        hint = f"the daemon does not take its file over as it is now: {row.config_problem}"
    return ConfigError([Problem(message, file=file, hint=hint)])
