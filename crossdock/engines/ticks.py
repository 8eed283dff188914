"""The schedules of an engine: each tick is claimed by one replica, which marks it as due and is told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from canonical.clock import Clock
from canonical.errors import CrossdockError
from sync.schedule import Schedule
from sync.store.database import Database

_log = logging.getLogger(__name__)
REST_SECONDS = 2.0
"""How long to wait before starting is tried again."""


class Ticks:
    """Collects schedules; ``start`` lets their clock go."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._schedules: dict[str, Schedule] = {}
        self._calls: dict[str, Callable[[], None]] = {}
        self._stop: Callable[[], None] = lambda: None

    def add(self, cron: Schedule, name: str, fn: Callable[[], None]) -> None:
        """Another schedule, before the start."""
        self._schedules[name] = replace(cron, name=name)
        self._calls[name] = fn

    def start(self) -> bool:
        """Catch up once what was missed, then wait; whether that has begun, since the database may be away."""
        if not self._schedules:
            return True
        from crossdock.daemon.timer import Timer

        timer = Timer(self._database, self._clock, self._schedules, lambda name: self._calls[name]())
        try:
            timer.start()
        except CrossdockError as error:
            _log.warning("the schedules wait for the database: %s", error)
            return False
        self._stop = timer.stop
        return True

    def stop(self) -> None:
        """End; a tick under way is finished first."""
        self._stop()
