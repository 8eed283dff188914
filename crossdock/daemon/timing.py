"""The timer of the schedules that are configured now; there is none while there are no schedules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from canonical.clock import Clock
from sync import claims
from sync.schedule import Schedule
from sync.store.database import Database

if TYPE_CHECKING:
    from crossdock.daemon.timer import Timer


class Timing:
    """Ends one timer and begins another when the schedules are others."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._schedules: Mapping[str, Schedule] = {}
        self._timer: Timer | None = None

    def follow(self, schedules: Mapping[str, Schedule]) -> None:
        """Go by these from now on; a schedule that is new waits for its next tick."""
        if schedules == self._schedules:
            return
        self.stop()
        if schedules:
            from crossdock.daemon.timer import Timer

            timer = Timer(self._database, self._clock, schedules)
            timer.start()
            self._timer = timer
        else:
            with self._database.begin() as connection:
                claims.forget_others(connection, ())
        self._schedules = schedules

    def stop(self) -> None:
        """End; a fire under way is finished first."""
        timer, self._timer, self._schedules = self._timer, None, {}
        if timer is not None:
            timer.stop()
