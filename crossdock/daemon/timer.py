"""The clock of the schedules: APScheduler wakes, and a fire only claims its tick and marks the schedule as due.

Every process on a database has a timer of its own and keeps its jobs in memory; that each tick counts once is the doing
of the claim. Which times are meant is said by ``sync.schedule``, since APScheduler's own cron reads weekdays otherwise
than crontab and repeats times where the clocks go back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from canonical.clock import Clock
from canonical.errors import CrossdockError
from sync import claims
from sync.schedule import Schedule
from sync.store.database import Database

_log = logging.getLogger(__name__)
_SECOND_LOOK = 60


class _Starts(BaseTrigger):  # type: ignore[misc]
    """The starts of a schedule; those that passed while nobody could look are one."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The next start from now on."""
        return self._schedule.start_after(now)


class Timer:
    """Marks each schedule as due when it is to start, once for all processes; ``fired`` is called by the one."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        schedules: Mapping[str, Schedule],
        fired: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._fired = fired
        self._clock = clock
        self._schedules = schedules
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def start(self) -> None:
        """Fire once what was missed while nobody ran, then begin to wait."""
        with self._database.begin() as connection:
            claims.forget_others(connection, self._schedules)
        self.catch_up()
        for schedule in self._schedules.values():
            self._scheduler.add_job(self.fire, _Starts(schedule), args=(schedule,), name=f"schedule {schedule.name}")
        self._scheduler.add_job(self.catch_up, IntervalTrigger(seconds=_SECOND_LOOK), name="schedules, second look")
        self._scheduler.start()

    def stop(self) -> None:
        """End; a fire under way is finished first."""
        self._scheduler.shutdown(wait=True)

    def fire(self, schedule: Schedule) -> None:
        """Claim the tick that starts now; a database that fails is asked again at the second look."""
        now = self._clock.now()
        tick = schedule.started_by(now)
        if tick is None:
            return
        try:
            with self._database.begin() as connection:
                first = claims.fire(connection, schedule.name, tick, now)
        except CrossdockError as error:
            _log.warning("schedule %s could not be marked as due: %s", schedule.name, error)
            return
        if first:
            _log.info("schedule %s is due", schedule.name)
            self._fired(schedule.name)

    def catch_up(self) -> None:
        """Fire what was missed, each schedule once however many of its ticks passed."""
        for schedule in self._schedules.values():
            now = self._clock.now()
            tick = schedule.started_by(now)
            if tick is None:
                continue
            try:
                with self._database.begin() as connection:
                    missed = claims.catch_up(connection, schedule.name, tick, now)
            except CrossdockError as error:
                _log.warning("schedule %s could not be looked at: %s", schedule.name, error)
                continue
            if missed:
                _log.info("schedule %s was missed and is due", schedule.name)
                self._fired(schedule.name)
