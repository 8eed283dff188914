"""What ``status`` tells of the daemon: who it is, what it works with, and what is wrong with the files on disk."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from canonical.errors import ConfigError, CrossdockError
from crossdock.cli.app import App
from crossdock.cli.outcome import Outcome
from crossdock.cli.report import Column, Report, Section
from crossdock.cli.workspace import last_resort

if TYPE_CHECKING:
    from sqlalchemy import Row

    from sync.store.database import Database

_COLUMNS = [
    Column("host", "daemon on"),
    Column("pid", "pid"),
    Column("started_at", "since"),
    Column("beat_at", "last between two runs"),
    Column("config_version", "configuration"),
    Column("config_since", "since"),
    Column("commands", "commands that wait", figures=True),
]
_KEYS = ("host", "pid", "started_at", "beat_at", "config_version", "config_file", "config_since", "config_problem")


def daemon_section(row: Row[Any] | None, waiting: int) -> Section:
    """The daemon as a row; none where none lives, but for commands that wait for one."""
    if row is not None:
        return Section("daemon", _COLUMNS, [{**{key: getattr(row, key) for key in _KEYS}, "commands": waiting}])
    lost = f"{waiting} commands wait for a daemon: crossdock commands list" if waiting else ""
    return Section("daemon", _COLUMNS, [], empty=lost)


_WORKERS = [Column("host", "worker on"), Column("pid", "pid"), Column("state", "state")]


def worker_section(database: Database, leader: Row[Any] | None) -> Section:
    """The workers that run now, and what each does; nothing where there are none."""
    from sync.daemon import workers

    with database.read() as connection:
        found = workers(connection)

    def state(host: str, pid: int) -> str:
        leads = leader is not None and leader.pid == pid and leader.host.startswith(host)
        return "leads" if leads else "stands by"

    rows: list[dict[str, object]] = [{**one._asdict(), "state": state(one.host, one.pid)} for one in found]
    return Section("workers", _WORKERS, rows)


def problem_of(row: Row[Any] | None) -> str:
    """Why the daemon does not work with what is on disk, in one line; empty where it does."""
    if row is None or not row.config_problem:
        return ""
    since = row.config_since[11:16]
    return f"configuration on disk is not valid: {row.config_problem}; running with the one of {since}Z"


def look(database: Database) -> tuple[Row[Any] | None, int]:
    """The living daemon, and how many commands have not ended."""
    from sync.commands import count_waiting
    from sync.daemon import living

    row = living(database)
    with database.begin() as connection:
        return row, count_waiting(connection)


def without_configuration(app: App, error: ConfigError) -> Report | None:
    """What can be told when the configuration on disk is broken: the daemon that goes on with the last good one."""
    from sync.commands import count_waiting
    from sync.daemon import living

    try:
        with closing(last_resort(app)) as database:
            row = living(database)
            if row is None:
                return None
            with database.begin() as connection:
                waiting = count_waiting(connection)
    except (CrossdockError, OSError):
        # Nothing is known of a database either; the configuration's own errors say all there is.
        return None
    summary = problem_of(row) or f"configuration on disk is not valid: {error.problems[0]}"
    return Report("status", Outcome.ERROR, [daemon_section(row, waiting)], summary=summary, next=["crossdock lint"])
