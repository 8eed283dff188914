"""The one who stores: a thread that takes all messages that wait in one transaction, and answers when it is committed.

Every message shares the cost of making a transaction durable with all that came while the one before was written, and
with all that came in the same turn of the loop.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue

from sqlalchemy.exc import SQLAlchemyError

from canonical.clock import Clock, instant_text
from canonical.errors import CrossdockError, RetriableError
from sync import inbox
from sync.contain import of_one_record
from sync.inbox import Delivery
from sync.store.database import Database

_MOST = 500
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    delivery: Delivery
    loop: asyncio.AbstractEventLoop
    stored: asyncio.Future[None]


class Writer:
    """Stores messages in groups; ``start`` it, and ``stop`` it when nobody calls ``keep`` any more.

    ``stored`` is told of each connection for which something was committed; it may neither fail nor take long.
    """

    def __init__(self, database: Database, clock: Clock, stored: Callable[[str], None] = lambda _: None) -> None:
        self._database = database
        self._stored_for = stored
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._wake: SimpleQueue[bool] = SimpleQueue()
        self._called = False
        self._thread = threading.Thread(target=self._work, name="inbox", daemon=True)

    def start(self) -> None:
        """Begin to store."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Store what waits, then end."""
        self._wake.put(False)
        self._thread.join(seconds)

    @property
    def alive(self) -> bool:
        """Whether anything that is given will be stored."""
        return self._thread.is_alive()

    def waiting(self) -> int:
        """How many messages wait to be stored."""
        return len(self._waiting)

    async def keep(self, delivery: Delivery) -> None:
        """Come back when a message is stored for good; RetriableError when it could not be."""
        loop = asyncio.get_running_loop()
        stored = loop.create_future()
        self._waiting.append(_Waiting(delivery, loop, stored))
        if not self._called:
            self._called = True
            loop.call_soon(self._call)
        await stored

    def _call(self) -> None:
        """Wake the thread when the loop has taken in what there is: storing many takes little longer than one."""
        self._called = False
        self._wake.put(True)
        if not self.alive and (late := self._next_group()):
            _answer(late, RetriableError("nobody stores any more"))

    def _work(self) -> None:
        goes_on = True
        while goes_on:
            goes_on = self._wake.get()
            while group := self._next_group():
                self._store(group)

    def _next_group(self) -> list[_Waiting]:
        """All that waits."""
        group: list[_Waiting] = []
        with suppress(IndexError):
            while len(group) < _MOST:
                group.append(self._waiting.popleft())
        return group

    def _store(self, group: Sequence[_Waiting]) -> None:
        error: RetriableError | None = RetriableError("the thread that stores has ended")
        try:
            error = self._stored(group)
        finally:
            # Also when this thread ends by a fault of ours: nobody may wait for ever.
            if error is None or len(group) == 1:
                _answer(group, error)
        if error is None:
            self._tell(group)
        elif len(group) > 1:
            # One message that the database does not take must not cost the others.
            for one in group:
                self._store([one])

    def _stored(self, group: Sequence[_Waiting]) -> RetriableError | None:
        try:
            # A fault that no one foresaw must end neither this thread nor the wait of the others.
            with of_one_record("inbox"):
                self._commit(group)
        except CrossdockError as error:
            _log.error("messages could not be stored: %s", error, extra={"action": "webhook"})
            return RetriableError(f"could not be stored: {error}")
        return None

    def _tell(self, group: Sequence[_Waiting]) -> None:
        try:
            with of_one_record("inbox"):
                for name in {one.delivery.connection for one in group}:
                    self._stored_for(name)
        except CrossdockError as error:
            # Whoever works looks from time to time by himself; this thread goes on storing.
            _log.error("nobody was told of what was stored: %s", error, extra={"action": "webhook"})

    def _commit(self, group: Sequence[_Waiting]) -> None:
        try:
            with self._database.begin() as connection:
                inbox.keep(connection, [one.delivery for one in group], instant_text(self._clock.now()))
        except SQLAlchemyError as error:
            raise RetriableError(str(error)) from error


def _answer(group: Sequence[_Waiting], error: RetriableError | None) -> None:
    """Wake those who wait; all of one loop at once, since each call into it costs a system call."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for one in group:
        by_loop.setdefault(one.loop, []).append(one.stored)
    for loop, futures in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, futures, error)


def _settle(futures: Sequence[asyncio.Future[None]], error: RetriableError | None) -> None:
    for future in futures:
        if future.done():
            # Who asked has gone; the message is stored all the same.
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
