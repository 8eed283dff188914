"""The running engine's hands: configuration, database, clock, and one connector per connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import get_ident

import httpx
from sqlalchemy import select

from canonical.clock import Clock, instant_text
from connectors.base import Connector, Environment
from connectors.http.records import RequestRecord
from sync.config import HubConfig
from sync.locks import hold
from sync.store import tables
from sync.store.database import Database, upsert

_PATIENCE = 60.0
_LOOK_SECONDS = 0.5


class DatabaseState:
    """A connection's small durable state, in the hub's database."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection
        self._table = tables.table(tables.ConnectionState)

    def get(self, key: str) -> str | None:
        """The stored text, or None."""
        table = self._table
        with self._database.begin() as connection:
            return connection.execute(
                select(table.c.value).where(table.c.connection == self._connection, table.c.key == key)
            ).scalar()

    def put(self, key: str, value: str) -> None:
        """Keep a text."""
        with self._database.begin() as connection:
            upsert(connection, self._table, [{"connection": self._connection, "key": key, "value": value}])


def _nothing(*_arguments: object) -> None:
    return None


def _nobody() -> Mapping[str, str]:
    return {}


AT_A_LIMIT = "at a limit"
"""The checkpoint in the middle of a call that a platform makes wait."""


@dataclass
class Lane:
    """What one thread is in the middle of, through whichever of its hubs: locks held, and what is read as a whole.

    ``documents`` are connections whose documents are being read, ``aside`` those with something half done, such as a
    call that waits: nothing else is done with them until that is over.
    """

    held: dict[str, Callable[[], bool]] = field(default_factory=dict)
    reading: str = ""
    thread: int = 0
    documents: frozenset[str] = frozenset()
    aside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _CallClock:
    """A connection's clock: while its platform makes a call wait, others may be seen to."""

    hub: Hub
    name: str

    def now(self) -> datetime:
        """The present instant."""
        return self.hub.clock.now()

    def sleep(self, seconds: float) -> None:
        """Wait, with a look around now and then."""
        end, left = self.now() + timedelta(seconds=seconds), seconds
        while left > _LOOK_SECONDS:
            self.hub.look_around(self.name)
            self.hub.clock.sleep(_LOOK_SECONDS)
            left = min(left - _LOOK_SECONDS, (end - self.now()).total_seconds())
        if left > 0:
            self.hub.clock.sleep(left)


@dataclass
class Hub:
    """What every step of the engine is handed.

    ``checkpoint`` is called at each point where a crash must do no harm; ``progress`` with a step's name, how many
    are done and, where known, how many there are. ``read_only`` makes every transport refuse writes. Connections in
    ``paused`` are neither read nor written by a sync. ``on_request`` is told of each exchange with a platform,
    ``on_run`` how a run ended, ``on_outcome`` what became of changes: of which connection, the outcome, and how many,
    ``on_contact`` whether a connection could be worked with, and if not, why, ``on_told`` how a message of a connection
    was answered, and in how many seconds. ``resting`` names those that are left alone for now, and why; ``unready`` are
    those of which just single records are to be read, since a read of the whole is under way. ``lane`` is shared with
    the other hubs of the same thread.
    """

    config: HubConfig
    database: Database
    clock: Clock
    read_only: bool = False
    transports: Mapping[str, httpx.BaseTransport] = field(default_factory=dict)
    checkpoint: Callable[[str], None] = _nothing
    progress: Callable[[str, int, int | None], None] = _nothing
    on_request: Callable[[RequestRecord], None] | None = None
    paused: frozenset[str] = frozenset()
    on_run: Callable[[str], None] = _nothing
    on_outcome: Callable[[str, str, int], None] = _nothing
    on_contact: Callable[[str, str], None] = _nothing
    resting: Callable[[], Mapping[str, str]] = _nobody
    unready: frozenset[str] = frozenset()
    lane: Lane = field(default_factory=Lane)
    on_told: Callable[[str, int, float], None] = _nothing
    _connectors: dict[str, Connector] = field(default_factory=dict)

    def now(self) -> datetime:
        """The present instant."""
        return self.clock.now()

    def stamp(self) -> str:
        """The present instant as the database keeps it."""
        return instant_text(self.clock.now())

    def connector(self, name: str) -> Connector:
        """The connector of a connection, built at first use."""
        if name not in self._connectors:
            environment = Environment(
                connection=name,
                clock=_CallClock(self, name),
                state=DatabaseState(self.database, name),
                read_only=self.read_only,
                http_transport=self.transports.get(name),
                on_request=self.on_request,
            )
            self._connectors[name] = self.config.connections[name].build(environment)
        return self._connectors[name]

    @contextmanager
    def hold(self, name: str) -> Iterator[Callable[[], bool]]:
        """Be the one writer of a connection; BusyError when another process is, for a minute.

        Yields a function that tells whether it is still ours. Who holds it already, further up, goes on holding it.
        """
        held = self.lane.held
        if name in held:
            yield held[name]
            return
        with hold(self.database, name, self.clock, wait=_PATIENCE) as still:
            held[name], self.lane.thread = still, get_ident()
            try:
                yield still
            finally:
                del held[name]

    def look_around(self, name: str) -> None:
        """A checkpoint in the middle of a call of a connection that has to wait; only for the thread that holds it."""
        lane = self.lane
        if name not in lane.held or lane.thread != get_ident() or not self.database.is_idle:
            return
        with self.leave_alone(name):
            self.checkpoint(AT_A_LIMIT)

    @contextmanager
    def leave_alone(self, name: str) -> Iterator[None]:
        """Whoever overtakes meanwhile does nothing with a connection."""
        before, self.lane.aside = self.lane.aside, self.lane.aside | {name}
        try:
            yield
        finally:
            self.lane.aside = before

    @contextmanager
    def read_documents(self, name: str) -> Iterator[None]:
        """A connection's documents are read as long as this lasts."""
        before, self.lane.documents = self.lane.documents, self.lane.documents | {name}
        try:
            yield
        finally:
            self.lane.documents = before

    @contextmanager
    def read_whole(self, name: str) -> Iterator[None]:
        """A connection is read as a whole as long as this lasts; no name for none."""
        before, self.lane.reading = self.lane.reading, name or self.lane.reading
        try:
            yield
        finally:
            self.lane.reading = before

    def sibling(self, *, read_only: bool, progress: Callable[[str, int, int | None], None]) -> Hub:
        """Another hub of the same thread, on the same configuration, database and clock, with connectors of its own.

        It leaves nobody alone that rests: somebody asked for what it does.
        """
        return replace(self, read_only=read_only, progress=progress, resting=_nobody, _connectors={})

    def close(self) -> None:
        """Close every connector that was built."""
        for connector in self._connectors.values():
            connector.close()
        self._connectors.clear()
