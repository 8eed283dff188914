"""One writer per connection, one executor per database (R20): locks that die with their holder.

In one process a lock per name; between processes an operating-system file lock beside an SQLite database, or a session
advisory lock on PostgreSQL. Both are given back by the system when the process is killed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from canonical.clock import Clock
from canonical.errors import BusyError, FatalError
from sync.store.database import Database

EXECUTOR = "executor"
_POLL_SECONDS = 0.2
_HOLDERS = text(
    "select count(*) from pg_locks where locktype = 'advisory' and granted"
    " and database = (select oid from pg_database where datname = current_database())"
    " and ((classid::bigint << 32) | objid::bigint) = :key"
)
_registry: dict[tuple[str, str], threading.Lock] = {}
_guard = threading.Lock()


def _process_lock(database: Database, name: str) -> threading.Lock:
    with _guard:
        return _registry.setdefault((database.url, name), threading.Lock())


@contextmanager
def hold(
    database: Database, name: str, clock: Clock, *, wait: float = 0.0, on_wait: Callable[[], None] | None = None
) -> Iterator[Callable[[], bool]]:
    """Hold a named lock; BusyError when another holds it longer than ``wait`` seconds.

    Yields a function that tells whether the lock is still ours: a PostgreSQL session may have been cut.
    """
    ours = _process_lock(database, name)
    _acquire(lambda: ours.acquire(blocking=False), name, clock, wait, on_wait)
    try:
        if database.is_sqlite:
            with _file_lock(database, name, clock, wait, on_wait) as still:
                yield still
        else:
            with _advisory_lock(database, name, clock, wait, on_wait) as still:
                yield still
    finally:
        ours.release()


def held(database: Database, name: str) -> bool:
    """Whether some process holds a named lock now; asking takes it from nobody."""
    if not database.is_sqlite:
        with _reaching(), _session(database) as session:
            return bool(session.execute(_HOLDERS, {"key": advisory_key(name)}).scalar())
    path = database.path
    if path is None or str(path) == ":memory:":
        return _process_lock(database, name).locked()
    try:
        handle = os.open(_lock_file(path, name), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # A shared lock, so that two who ask do not take each other for a holder.
        return not _flock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def _lock_file(path: Path, name: str) -> Path:
    return Path(f"{path.resolve()}.locks") / f"{name}.lock"  # one lock, by whatever name the file is reached


def advisory_key(name: str) -> int:
    """The number by which PostgreSQL knows a named lock."""
    return int.from_bytes(hashlib.blake2b(f"crossdock:{name}".encode(), digest_size=8).digest(), "big", signed=True)


def _acquire(
    attempt: Callable[[], bool], name: str, clock: Clock, wait: float, on_wait: Callable[[], None] | None
) -> None:
    waited = 0.0
    told = False
    while not attempt():
        if waited >= wait:
            raise BusyError(
                f"another process is working ({name})",
                hint="wait until it has finished; `crossdock runs` shows what it does",
            )
        if on_wait is not None and not told:
            on_wait()
            told = True
        clock.sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS


@contextmanager
def _file_lock(
    database: Database, name: str, clock: Clock, wait: float, on_wait: Callable[[], None] | None
) -> Iterator[Callable[[], bool]]:
    path = database.path
    if path is None or str(path) == ":memory:":
        yield lambda: True
        return
    file = _lock_file(path, name)
    file.parent.mkdir(exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(lambda: _flock(handle), name, clock, wait, on_wait)
        yield lambda: True
    finally:
        os.close(handle)


def _flock(handle: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _advisory_lock(
    database: Database, name: str, clock: Clock, wait: float, on_wait: Callable[[], None] | None
) -> Iterator[Callable[[], bool]]:
    key = advisory_key(name)
    session = _session(database)
    try:
        with _reaching():
            _acquire(lambda: _try_advisory(session, key), name, clock, wait, on_wait)
        yield lambda: _still_held(session, key)
    finally:
        _end(session, key)


def _session(database: Database) -> Connection:
    with _reaching():
        return database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def _reaching() -> Iterator[None]:
    """What the database's driver says, in our words."""
    try:
        yield
    except DBAPIError as error:
        raise FatalError(
            f"the database failed: {error.orig}", hint="check that it is reachable, then run again"
        ) from error


def _end(session: Connection, key: int) -> None:
    """Give the lock back; a session that was cut has given it back already."""
    with suppress(DBAPIError):
        if not session.invalidated:
            session.execute(text("select pg_advisory_unlock(:key)"), {"key": key})
    with suppress(DBAPIError):
        session.close()


def _try_advisory(session: Connection, key: int) -> bool:
    return bool(session.execute(text("select pg_try_advisory_lock(:key)"), {"key": key}).scalar())


def _still_held(session: Connection, key: int) -> bool:
    # Once cut, the session would quietly be another one that holds nothing.
    if session.closed or session.invalidated:
        return False
    query = text(
        "select count(*) from pg_locks where locktype = 'advisory' and granted and pid = pg_backend_pid()"
        " and ((classid::bigint << 32) | objid::bigint) = :key"
    )
    try:
        return bool(session.execute(query, {"key": key}).scalar())
    except DBAPIError:
        return False
