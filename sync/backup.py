"""Copies of an SQLite database: made while others work on it, checked, and complete or not there at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from canonical.errors import FatalError
from sync.store.database import Database

MADE_AT = "backup_made_at"
"""The fact in a copy that tells when it was made."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A file that holds a hub's database: its schema revision, its random name, and when it was made."""

    path: Path
    revision: str
    database_id: str
    made_at: str
    size: int


def backup(database: Database, target: Path, now: str) -> Backup:
    """Copy the database to a file that only its owner may read; one that is there already is replaced at once.

    The copy is one moment of the database, whoever writes meanwhile, and nobody waits for it.
    """
    source = file_of(database, "make the copy with `pg_dump --format=custom --file=FILE DATABASE`")
    if not source.is_file():
        raise FatalError(f"there is no database {source} yet", hint="check the `database` setting")
    if target.exists():
        _refuse_foreign(source, target)
    part = target.with_name(f"{target.name}.part")
    with _files(target), private(part):
        copy(source, part)
        with closing(sqlite3.connect(part, isolation_level=None)) as raw:
            raw.execute("insert or replace into meta (key, value) values (?, ?)", (MADE_AT, now))
        found = examine(part)
        put_in_place(part, target)
    return Backup(target, found.revision, found.database_id, found.made_at, found.size)


def file_of(database: Database, hint: str) -> Path:
    """The file of an SQLite database; FatalError for any other, whose own tools copy it."""
    path = database.path
    if path is None or str(path) == ":memory:":
        raise FatalError("this command is for SQLite; PostgreSQL has its own", hint=hint)
    return path.resolve()


def _refuse_foreign(source: Path, target: Path) -> None:
    """A name given by mistake must not cost a file that is no copy."""
    if target.samefile(source):
        raise FatalError(f"{target} is the database itself", hint="name another file")
    try:
        examine(target)
    except FatalError as error:
        raise FatalError(f"{target} is there and is no copy of a database", hint="name another file") from error


def copy(source: Path, target: Path) -> None:
    """Copy a whole database, what stands in its log included; FatalError when it cannot be read."""
    try:
        with (
            closing(sqlite3.connect(f"file:{quoted(source)}?mode=rw", uri=True, timeout=30)) as raw,
            closing(sqlite3.connect(target, isolation_level=None)) as other,
        ):
            raw.backup(other)
            # One file is the whole copy: no log beside it that could be left behind.
            other.execute("pragma journal_mode=delete")
    except sqlite3.Error as error:
        raise FatalError(
            f"cannot copy {source}: {error}", hint="see that it can be read and that the disk has room"
        ) from error


def examine(path: Path) -> Backup:
    """What a file holds; FatalError when it is damaged, or no database of the hub."""
    if not path.is_file():
        raise FatalError(f"there is no file {path}", hint="name a file that `crossdock backup` made")
    try:
        # Read as it lies there, so that looking leaves nothing behind.
        with closing(sqlite3.connect(f"file:{quoted(path)}?mode=ro", uri=True, timeout=30)) as raw:
            sound = [row[0] for row in raw.execute("pragma integrity_check(3)")]
            if sound != ["ok"]:
                raise FatalError(f"{path} is damaged: {'; '.join(sound)}", hint="use another copy")
            revision = raw.execute("select version_num from alembic_version").fetchone()
            facts = dict(raw.execute("select key, value from meta where key in ('database_id', ?)", (MADE_AT,)))
    except sqlite3.Error as error:
        raise FatalError(
            f"{path} is no database of Crossdock: {error}", hint="name a file that `crossdock backup` made"
        ) from error
    if not revision or "database_id" not in facts:
        raise FatalError(f"{path} is no database of Crossdock", hint="name a file that `crossdock backup` made")
    return Backup(path, revision[0], facts["database_id"], facts.get(MADE_AT, ""), path.stat().st_size)


@contextmanager
def private(part: Path) -> Iterator[None]:
    """A new file that only its owner may read; taken away at the end unless it has become something else."""
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        yield
    finally:
        for leftover in (part, part.with_name(f"{part.name}-wal"), part.with_name(f"{part.name}-shm")):
            leftover.unlink(missing_ok=True)


def put_in_place(part: Path, target: Path) -> None:
    """Let a finished file take its name, for good."""
    with part.open("rb") as done:
        os.fsync(done.fileno())
    part.replace(target)
    with suppress(OSError):  # some file systems cannot sync a folder
        folder = os.open(target.resolve().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _files(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FatalError(
            f"cannot write {target}: {error.strerror}", hint="name a file in a folder that is there and writable"
        ) from error


def quoted(path: Path) -> str:
    """A path as it stands in a URI of SQLite."""
    return str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
