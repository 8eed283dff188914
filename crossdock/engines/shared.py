"""The engine that all processes on a PostgreSQL share: Procrastinate hands each wake to one of them.

Asynchronous inside, since the package is; nothing of that shows outside. A wake is a job without payload, with the key
as its lock and its queueing lock: at most one of a key runs and one waits. Jobs are never retried and are deleted when
they end, for a job that waits for a retry would keep its key from everybody.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException

from canonical.clock import Clock
from canonical.errors import CrossdockError, SkippableError
from crossdock.engines.engine import Handler
from crossdock.engines.ticks import REST_SECONDS, Ticks
from crossdock.engines.wakes import QUEUE, STALL_SECONDS, TASK, Wakes
from sync.contain import of_one_record
from sync.schedule import Schedule
from sync.store.database import Database

_log = logging.getLogger(__name__)
_POLL_SECONDS = 5.0
_BEATS = 3


class SharedEngine:
    """Wakes one of the processes that run; a process that is silent for ``stall`` seconds counts as gone."""

    def __init__(self, wakes: Wakes, database: Database, clock: Clock, *, stall: float = STALL_SECONDS) -> None:
        self._wakes = wakes
        self._ticks = Ticks(database, clock)
        self._stall = stall
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._ended.set()
        self._cancel: Callable[[], None] = lambda: None

    def submit(self, key: str, priority: int = 0) -> None:
        """Have a key handled by one of all processes; RetriableError when that could not be stored."""
        self._wakes.submit(key, priority)

    def schedule(self, cron: Schedule, name: str, fn: Callable[[], None]) -> None:
        """Have each tick claimed and marked as due by one process, which is told."""
        self._ticks.add(cron, name, fn)

    def run(self, handler: Handler) -> None:
        """Handle keys in a thread of the event loop that is run here."""
        self._ended.clear()
        try:
            while not self._ticks.start() and not self._stopping.wait(REST_SECONDS):
                pass
            asyncio.run(self._work(handler))
        finally:
            self._ticks.stop()
            self._ended.set()

    def stop(self, grace: float) -> bool:
        """Begin nothing more; what was begun goes on while it is waited for. May be called again, to wait longer."""
        if not self._stopping.is_set():
            self._stopping.set()
            with suppress(RuntimeError):  # its loop has just ended by itself
                self._cancel()
        return self._ended.wait(grace)

    async def _work(self, handler: Handler) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        loop.set_exception_handler(_told)

        def cancel() -> None:
            loop.call_soon_threadsafe(task.cancel)

        self._cancel = cancel
        try:
            while not self._stopping.is_set():
                # Its end by a fault that no one foresaw would be the end of the clock of the schedules.
                with suppress(SkippableError), of_one_record("wakes"):
                    await self._serve(handler)
                await asyncio.sleep(REST_SECONDS)
        except asyncio.CancelledError:
            return
        finally:
            self._cancel = lambda: None

    async def _serve(self, handler: Handler) -> None:
        """Handle until the database or a pause of this process ends it; who was taken for dead registers anew."""
        app = App(connector=PsycopgConnector(conninfo=self._wakes.address, min_size=1, max_size=4))
        app.task(name=TASK, queue=QUEUE, pass_context=True)(_waking(handler))
        try:
            async with app.open_async():
                await app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=1,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    fetch_job_polling_interval=_POLL_SECONDS,
                    update_heartbeat_interval=self._stall / _BEATS,
                    stalled_worker_timeout=self._stall,
                )
        except (psycopg.Error, ConnectorException) as error:
            _log.warning("wakes are not heard for a moment: %s", error.__cause__ or error)


def _waking(handler: Handler) -> Callable[[JobContext], None]:
    def wake(context: JobContext) -> None:
        key = context.job.lock or ""
        try:
            handler(key)
        except CrossdockError as error:
            _log.warning("what %s was woken for ended early: %s", key, error)

    return wake


def _told(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What went wrong with a wake after it was handled, as when it was dropped meanwhile."""
    _log.warning("a wake was not put away: %s", context.get("exception") or context.get("message"))
