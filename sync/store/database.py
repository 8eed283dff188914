"""Opening the database: SQLite by default, PostgreSQL for several machines, the same schema on both."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from canonical.errors import FatalError
from sync.migrations.upgrade import upgrade
from sync.store import tables

T = TypeVar("T")
_BATCH = 500
_BUSY_SECONDS = 30
_CONNECT_SECONDS = 10
ERASURE_KEYS = "erasure_keys"
"""The fact that holds the keys of the list of erasures: whoever restores a copy keeps them."""


class Database:
    """An open database of the hub; every transaction is one ``with db.begin() as connection``."""

    def __init__(self, url: str) -> None:
        self.url = _driver_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self.engine: Engine = _engine(self.url)
        self._writing = threading.Lock()
        self._file = None if str(self.path) == ":memory:" else self.path
        self._opened: tuple[int, int] | None = None
        self._here = threading.local()

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database, or None."""
        name = make_url(self.url).database
        return Path(name) if self.is_sqlite and name else None

    @contextmanager
    def _in_place(self) -> Iterator[None]:
        """Use no file that was moved or deleted: what is written to it is lost, and others work with the one there."""
        if self._opened is not None and _identity(self._file) != self._opened:
            raise FatalError(
                f"the database {self._file} was moved, deleted or replaced while it was in use",
                hint="put it back, or stop whatever works with it and start it again",
            )
        yield

    def _note_file(self) -> None:
        # Only when it is open: some file systems know a file by another number once it is written to.
        if self._opened is None and self._file:
            self._opened = _identity(self._file)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back on an error; threads of this process take turns."""
        try:
            with self._noted(), self._turn(), self._in_place(), self.engine.begin() as connection:
                self._note_file()
                yield connection
        except DatabaseError as error:
            # Its other kinds are faults of a statement, not of the database.
            if type(error) not in (DatabaseError, OperationalError):
                raise
            raise FatalError(
                f"the database failed: {error.orig}", hint="check that it is reachable and writable, then run again"
            ) from error

    @property
    def is_idle(self) -> bool:
        """Whether this thread is in the middle of no transaction."""
        return not getattr(self._here, "depth", 0)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        self._here.depth = getattr(self._here, "depth", 0) + 1
        try:
            yield
        finally:
            self._here.depth -= 1

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one thread write at a time on SQLite: whoever waits there looks ever more seldom, ten times a second."""
        taken = self.is_sqlite and self._writing.acquire(timeout=_BUSY_SECONDS)
        try:
            yield
        finally:
            if taken:
                self._writing.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One look at a single moment of the database, which keeps nobody from writing meanwhile; changes nothing."""
        try:
            with self._noted(), self._in_place(), self.engine.connect().execution_options(reads=True) as connection:
                self._note_file()
                yield connection
        except DatabaseError as error:
            if type(error) not in (DatabaseError, OperationalError):
                raise  # a fault of a statement, as in ``begin``
            hint = "check that it is reachable, then run again"
            raise FatalError(f"the database failed: {error.orig}", hint=hint) from error

    def database_id(self) -> str:
        """The random name this database was given when it was made; saved plans carry it."""
        with self.begin() as connection:
            return get_meta(connection, "database_id") or ""

    def compact(self) -> None:
        """Write an SQLite file anew without its empty pages; PostgreSQL uses them again by itself."""
        if not self.is_sqlite:
            return
        raw = self.engine.raw_connection()
        try:
            for statement in ("vacuum", "pragma wal_checkpoint(truncate)"):
                raw.cursor().execute(statement)
        finally:
            raw.close()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()
        self._opened = None


def _identity(file: Path | None) -> tuple[int, int] | None:
    try:
        found = file.stat() if file is not None else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found is not None else None


def _driver_url(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


def _engine(url: str) -> Engine:
    # Parameters are what customers and platforms said: an error must not carry them into a log.
    if not url.startswith("sqlite"):
        # The driver's own 130 s, for each address that does not answer, would outlast the patience of whoever waits.
        given = {} if "connect_timeout" in make_url(url).query else {"connect_timeout": _CONNECT_SECONDS}
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=given)
        event.listen(engine, "connect", _prepare_postgres)
        return engine
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(raw: Any, _record: object) -> None:
    raw.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_SECONDS}000", "foreign_keys=ON"):
        raw.execute(f"PRAGMA {pragma}")


def _prepare_postgres(raw: Any, _record: object) -> None:
    # So that the server notices within a minute or so that a machine is gone without a word, and gives back its locks.
    with raw.cursor() as cursor:
        for setting in ("idle = 30", "interval = 10", "count = 3"):
            cursor.execute(f"SET tcp_keepalives_{setting}")
    raw.commit()


def _begin_immediate(connection: Connection) -> None:
    # A deferred transaction that later writes can fail at once when another one wrote meanwhile.
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _keep_private(path: Path) -> None:
    """Make a new file readable by its owner only, since it will hold buyers' addresses; SQLite's others follow it."""
    with suppress(OSError):  # where it cannot be made, opening it says why
        path.touch(mode=0o600, exist_ok=False)


def open_database(url: str) -> Database:
    """Open a database and bring its schema up to date; FatalError when it cannot be reached or written."""
    database = Database(url)
    path = database.path
    if path is not None and str(path) != ":memory:" and not path.parent.is_dir():
        raise FatalError(f"no folder {path.parent} for the database", hint="create it or change `database`")
    if path is not None and str(path) != ":memory:":
        _keep_private(path)
    upgrade(database.engine)
    with database.begin() as connection:
        _introduce(connection)
    return database


def _introduce(connection: Connection) -> None:
    """Give a database its random name and the key of its list of erasures, where it has none."""
    facts = {
        ERASURE_KEYS: " ".join(erasure_keys(connection)) or uuid.uuid4().hex,
        "database_id": get_meta(connection, "database_id") or uuid.uuid4().hex,
    }
    # Of several processes that open a new database at once, all take what the first one said.
    rows = [{"key": key, "value": value} for key, value in facts.items()]
    upsert(connection, tables.table(tables.Meta), rows, keep=["value"])


def erasure_keys(connection: Connection) -> list[str]:
    """The keys of the hashes in the list of erasures, that of new ones first.

    Older versions took the database's name, which saved plans carry and a restored database changes.
    """
    return (get_meta(connection, ERASURE_KEYS) or get_meta(connection, "database_id") or "").split()


def get_meta(connection: Connection, key: str) -> str | None:
    """A fact about the database, or None."""
    meta = tables.table(tables.Meta)
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def put_meta(connection: Connection, key: str, value: str) -> None:
    """Keep a fact about the database."""
    upsert(connection, tables.table(tables.Meta), [{"key": key, "value": value}])


def upsert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, keep: Iterable[str] = ()
) -> None:
    """Insert rows or update them by their primary key; columns in ``keep`` are left as they are on update."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    kept = {*keys, *keep}
    changes = {name: statement.excluded[name] for name in rows[0] if name not in kept}
    if changes:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changes)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    connection.execute(statement, list(rows))


def insert_returning_id(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    """Insert one row and tell its generated id."""
    result = connection.execute(insert(table).values(**row))
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def among(connection: Connection, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether a column holds one of these texts or numbers; one parameter, however many they are.

    A list of parameters is a new statement to prepare for each of its lengths, and dear to fill.
    """
    listed = list(values)
    if connection.dialect.name == "sqlite":
        rows = func.json_each(msgspec.json.encode(listed).decode()).table_valued("value")
        return column.in_(select(rows.c.value))
    return column == func.any(bindparam(None, listed, type_=postgresql.ARRAY(column.type)))


def chunks(rows: Sequence[T], size: int = _BATCH) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces that fit one statement."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
