"""Putting a copy back as the database: only while nobody uses it, and what it replaces is kept.

What was done since the copy was made is not in it. So it starts as a database that has to read everything: what stands
on the platforms is found there by its reference and is not made a second time.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, select, update

from canonical.clock import Clock
from canonical.errors import BusyError, FatalError
from sync.backup import MADE_AT, Backup, copy, examine, file_of, private, put_in_place, quoted
from sync.locks import EXECUTOR, hold
from sync.migrations.upgrade import known, upgrade
from sync.orders.store import EFFECT, mark_due
from sync.store import tables
from sync.store.database import ERASURE_KEYS, Database, erasure_keys, put_meta

_CURSOR, _META = tables.table(tables.Cursor), tables.table(tables.Meta)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, where the replaced database is kept (None if there was none), and the revision by now."""

    source: Backup
    kept: Path | None
    revision: str


def check(database: Database, source: Path) -> Backup:
    """Whether a file could become the database; FatalError says why not."""
    path = _place(database)
    if path.exists() and source.exists() and source.samefile(path):
        raise FatalError(f"{source} is the database itself", hint="name a file that `crossdock backup` made")
    found = examine(source)
    if found.revision not in known():
        raise FatalError(
            f"{source} is at revision {found.revision}, which this version does not know",
            hint="it was made by a newer Crossdock; upgrade this program",
        )
    return found


def _place(database: Database) -> Path:
    path = file_of(database, "put the dump back with `pg_restore --clean --if-exists --dbname=DATABASE FILE`")
    if not path.parent.is_dir():
        raise FatalError(f"no folder {path.parent} for the database", hint="create it or change `database`")
    return path


def restore(database: Database, source: Path, clock: Clock) -> Restored:
    """Make a copy the database; BusyError while anybody has the present one open, FatalError for what is no copy."""
    found = check(database, source)
    path = _place(database)
    with hold(database, EXECUTOR, clock):
        _refuse_open(path)
        part = path.with_name(f"{path.name}.restoring")
        with private(part):
            copy(source, part)
            revision = _prepare(part, _erasure_keys(path))
            kept = _keep(path, clock.now())
            put_in_place(part, path)
    return Restored(found, kept, revision)


def _refuse_open(path: Path) -> None:
    """A database in use cannot leave its log: whoever has it open, at work or not, is found by that."""
    if not path.is_file():
        return
    busy = BusyError(f"{path} is in use", hint="stop `crossdock serve` and whatever else has it open, then run again")
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as raw:
        try:
            mode = raw.execute("pragma journal_mode=delete").fetchone()[0]
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in _BUSY:
                raise busy from error
            return  # it is damaged, which is why a copy is put back
    if mode == "wal":
        raise busy


def _erasure_keys(path: Path) -> list[str]:
    """The keys of the list of erasures in the database that is replaced; none where it cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{quoted(path)}?mode=ro", uri=True)) as raw:
            facts = dict(raw.execute("select key, value from meta where key in (?, 'database_id')", (ERASURE_KEYS,)))
    except sqlite3.Error:
        return []
    return str(facts.get(ERASURE_KEYS) or facts.get("database_id", "")).split()


def _prepare(part: Path, replaced: list[str]) -> str:
    """Bring the copy's schema up to date, and let it forget how far it has read; tells its revision."""
    database = Database(f"sqlite:///{part}")
    try:
        upgrade(database.engine)
        with database.begin() as connection:
            _keep_keys(connection, replaced)
            _begin_anew(connection)
    finally:
        database.close()
    with closing(sqlite3.connect(part, isolation_level=None)) as raw:
        raw.execute("pragma journal_mode=delete")
    return examine(part).revision


def _keep_keys(connection: Connection, replaced: list[str]) -> None:
    # The file beside the database holds what was forgotten in either, and has to be recognized.
    keys = dict.fromkeys((*erasure_keys(connection), *replaced))
    put_meta(connection, ERASURE_KEYS, " ".join(keys))


def _begin_anew(connection: Connection) -> None:
    # Plans saved since then count on what this database does not know.
    put_meta(connection, "database_id", uuid.uuid4().hex)
    connection.execute(delete(_META).where(_META.c.key == MADE_AT))
    unread = dict.fromkeys(("cursor", "swept_at", "read_at", "read_until", "read_before"), "")
    connection.execute(update(_CURSOR).values(**unread))
    # Money may have been paid back since, under a key that is not known here: it is wanted anew, but only once its
    # processor was read and has not paid it.
    to_pay = (EFFECT.c.kind == "pay", EFFECT.c.state == "waiting")
    for order in set(connection.execute(select(EFFECT.c.order_id).where(*to_pay)).scalars()):
        mark_due(connection, order)
    connection.execute(delete(EFFECT).where(*to_pay))


def _keep(path: Path, now: datetime) -> Path | None:
    """Keep the present database under a second name, its log included; it has its own until the copy takes that."""
    if not path.is_file():
        return None
    kept = path.with_name(f"{path.name}.replaced-{now:%Y%m%dT%H%M%SZ}")
    kept.unlink(missing_ok=True)
    try:
        os.link(path, kept)
    except OSError:  # a file system without second names
        shutil.copy2(path, kept)
    for end in ("-wal", "-shm"):
        beside = path.with_name(path.name + end)
        if beside.exists():
            # Only a damaged database has one here; applied to the copy it would damage that as well.
            beside.replace(kept.with_name(kept.name + end))
    return kept
