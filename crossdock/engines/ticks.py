"""The schedules of an engine: each tick is claimed by one replica, which marks it as due and is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from canonical.clock import Clock
from sync.schedule import Schedule
from sync.store.database import Database


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

    def start(self) -> None:
        """Catch up once what was missed, then wait; without schedules nothing is started."""
        if not self._schedules:
            return
        from crossdock.daemon.timer import Timer

        timer = Timer(self._database, self._clock, self._schedules, lambda name: self._calls[name]())
        timer.start()
        self._stop = timer.stop

    def stop(self) -> None:
        """End; a tick under way is finished first."""
        self._stop()
