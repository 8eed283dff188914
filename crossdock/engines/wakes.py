"""Wakes in PostgreSQL, kept by Procrastinate in a namespace of their own; this is the side that submits and sweeps.

The namespace is made from the package's own description of its tables, and made anew when another version of the
package describes them otherwise: a wake says nothing that the marks do not say, so none is worth an upgrade.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.schema import SchemaManager
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from canonical.errors import FatalError, RetriableError
from sync.locks import advisory_key

NAMESPACE = "crossdock_wakes"
QUEUE = TASK = "wake"
STALL_SECONDS = 30.0
_CONNECT_SECONDS = 5
_SAME = "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s"
# One statement, so that a process that goes on in between is not taken for dead.
_DROP = """
    delete from procrastinate_jobs where status = 'doing' and task_name = %(task)s and (
        worker_id is null or worker_id in (
            select id from procrastinate_workers where last_heartbeat < now() - make_interval(secs => %(seconds)s)))
"""


def address(url: str) -> str:
    """How to reach the namespace of a database, given by its URL."""
    plain = f"postgresql://{url.partition('://')[2]}"
    given = conninfo_to_dict(plain).get("options") or ""
    options = f"{given} -c search_path={NAMESPACE}".strip()
    return make_conninfo(plain, options=options, application_name="crossdock wakes")


class Wakes:
    """The wakes of a database; safe to use from several threads. ``name`` is what its own session is called."""

    def __init__(self, url: str, stall: float = STALL_SECONDS, name: str = "crossdock wakes") -> None:
        self.address = address(url)
        self._own_address = make_conninfo(self.address, application_name=name)
        self._stall = stall
        # Its own words are about jobs; what an operator should know is said here.
        logging.getLogger("procrastinate").setLevel(logging.ERROR)
        self._app = App(connector=PsycopgConnector(conninfo=self.address))
        self._connection: psycopg.Connection | None = None
        self._guard = threading.Lock()

    def prepare(self) -> None:
        """Make the namespace, or make it anew; FatalError when that is not allowed or the database is away."""
        wanted = SchemaManager.get_schema()
        mark = f"procrastinate {hashlib.sha256(wanted.encode()).hexdigest()}"
        name = sql.Identifier(NAMESPACE)
        try:
            with psycopg.connect(self.address, connect_timeout=_CONNECT_SECONDS) as connection:
                # Those who start at the same time wait for each other here.
                connection.execute("select pg_advisory_xact_lock(%s)", [advisory_key(NAMESPACE)])
                found = connection.execute(_SAME, [NAMESPACE]).fetchone()
                if found == (mark,):
                    return
                connection.execute(sql.SQL("drop schema if exists {} cascade").format(name))
                connection.execute(sql.SQL("create schema {}").format(name))
                connection.execute(sql.SQL(wanted))
                connection.execute(sql.SQL("comment on schema {} is {}").format(name, sql.Literal(mark)))
        except psycopg.Error as error:
            raise FatalError(
                f"the schema {NAMESPACE} cannot be made in the database: {error}".strip(),
                hint="let the hub's user make it: grant create on database NAME to USER",
            ) from error

    def submit(self, key: str, priority: int = 0) -> None:
        """Have a key handled by whoever works; RetriableError when that could not be stored."""
        with self._session() as connection:
            try:
                # On a connection of its own: where a key waits already, the transaction it was asked in is lost.
                self._app.configure_task(
                    TASK, queue=QUEUE, lock=key, queueing_lock=key, priority=priority, connection=connection
                ).defer()
            except AlreadyEnqueued:
                return

    def drop_stalled(self) -> int:
        """Take away the wakes that a process took which has been silent too long; tells how many."""
        with self._session() as connection:
            return connection.execute(_DROP, {"task": TASK, "seconds": self._stall}).rowcount

    def close(self) -> None:
        """Give the connection back."""
        with self._guard:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    @contextmanager
    def _session(self) -> Iterator[psycopg.Connection]:
        with self._guard:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = psycopg.connect(
                        self._own_address, autocommit=True, connect_timeout=_CONNECT_SECONDS
                    )
                yield self._connection
            except (psycopg.Error, ConnectorException) as error:
                self._close()
                cause = error.__cause__ or error
                raise RetriableError(f"nobody could be woken through the database: {cause}".strip()) from error
