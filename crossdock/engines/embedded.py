"""The engine of one process: a thread and a set of keys, gone with the process and not missed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from canonical.clock import Clock
from canonical.errors import CrossdockError
from crossdock.engines.engine import Handler
from crossdock.engines.ticks import REST_SECONDS, Ticks
from sync.schedule import Schedule
from sync.store.database import Database

_log = logging.getLogger(__name__)


class EmbeddedEngine:
    """Wakes within this process only; submitting takes no time and never fails."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._ticks = Ticks(database, clock)
        self._changed = threading.Condition()
        self._waiting: dict[str, int] = {}
        self._stopping = False
        self._ended = threading.Event()
        self._ended.set()

    def submit(self, key: str, priority: int = 0) -> None:
        """Have a key handled; one that waits already keeps its place and the higher priority."""
        with self._changed:
            self._waiting[key] = max(priority, self._waiting.get(key, priority))
            self._changed.notify()

    def schedule(self, cron: Schedule, name: str, fn: Callable[[], None]) -> None:
        """Have each tick marked as due, and be told."""
        self._ticks.add(cron, name, fn)

    def run(self, handler: Handler) -> None:
        """Handle keys in the calling thread."""
        self._ended.clear()
        try:
            while not self._ticks.start() and not self._stops_within(REST_SECONDS):
                pass
            while (key := self._next()) is not None:
                _handled(handler, key)
        finally:
            self._ticks.stop()
            self._ended.set()

    def stop(self, grace: float) -> bool:
        """Begin nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        return self._ended.wait(grace)

    def _stops_within(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, seconds)

    def _next(self) -> str | None:
        """The most urgent key, waiting for one; None when asked to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._waiting)
            if self._stopping:
                return None
            key = max(self._waiting, key=lambda one: self._waiting[one])
            del self._waiting[key]
            return key


def _handled(handler: Handler, key: str) -> None:
    try:
        handler(key)
    except CrossdockError as error:
        _log.warning("what %s was woken for ended early: %s", key, error)
    except Exception:  # noqa: BLE001 - one key that cannot be handled must not keep the others from being woken
        _log.exception("what %s was woken for failed", key)
