"""What the daemon runs next by the clock: everything in one interval, or what the schedules have marked as due."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from sync import claims
from sync.claims import Due
from sync.observe import ReadMode
from sync.pauses import Pauses
from sync.schedule import Schedule

SERVE, SERVE_MARKED = "serve", "serve (marked)"


@dataclass(frozen=True, slots=True)
class Job:
    """One sync: what started it, how it reads, and of what; no flows or connections mean all of them."""

    command: str
    started_by: str
    mode: ReadMode
    flows: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    due: Due | None = None


_START = " start"
"""No name of a schedule."""
MARKED = Job(SERVE_MARKED, "webhook", ReadMode.MARKED)
RETRY = Job(SERVE_MARKED, "retry", ReadMode.MARKED)
"""What was tried and put off, or lost its answer, is due again."""


class Agenda(Protocol):
    """Tells what is to run, and is told what became of it."""

    def next(self, connection: Connection, pauses: Pauses, now: datetime, *, rested: bool) -> Job | None:
        """The job that is due, or None; ``rested`` says whether the rest after a failure is over."""
        ...

    def wanted(self, connection: Connection, job: Job) -> bool:
        """Whether a job is still to be done once it is its turn."""
        ...

    def done(self, connection: Connection, job: Job) -> None:
        """A job ended by itself."""
        ...

    def failed(self, until: float) -> None:
        """A job did not; it is to be tried again once the rest is over."""
        ...

    def anew(self) -> None:
        """The configuration is another one: begin as at the start."""
        ...


class Interval:
    """Everything at the start, then in one interval."""

    def __init__(self, every: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._monotonic = monotonic
        self._due = 0.0
        self._started = False

    def next(self, connection: Connection, pauses: Pauses, now: datetime, *, rested: bool) -> Job | None:
        """The whole, when its interval is over."""
        if self._monotonic() < self._due:
            return None
        self._due = self._monotonic() + self._every
        started_by = "interval" if self._started else "start"
        self._started = True
        return Job(SERVE, started_by, ReadMode.AUTO)

    def wanted(self, connection: Connection, job: Job) -> bool:
        """Always: every process has an interval of its own."""
        return True

    def done(self, connection: Connection, job: Job) -> None:
        """Nothing to note."""

    def failed(self, until: float) -> None:
        """Try again after the rest."""
        self._due = min(self._due, until)

    def anew(self) -> None:
        """The whole is due at once."""
        self._due = 0.0


class Scheduled:
    """What was left at the start, then whatever is marked as due, is not quiet and is not paused."""

    def __init__(self, schedules: Mapping[str, Schedule]) -> None:
        self.schedules = schedules
        self._started = self._anew = False
        self._offered = ""
        self._failures: Counter[str] = Counter()

    def next(self, connection: Connection, pauses: Pauses, now: datetime, *, rested: bool) -> Job | None:
        """The schedule that waits longest; at the start what an earlier process left over.

        One that fails again and again stands behind the others, or none of them would ever have its turn.
        """
        if not rested:
            return None
        found = [] if self._started else [(_START, Job(SERVE, "start", self._first_mode))]
        for due in claims.due(connection):
            schedule = self.schedules.get(due.name)
            if schedule is None or schedule.is_quiet(now) or is_paused(schedule, pauses):
                continue
            mode = ReadMode(schedule.read)
            job = Job(SERVE, f"schedule {due.name}", mode, schedule.flows, schedule.connections, due)
            found.append((due.name, job))
        if not found:
            return None
        self._offered, job = min(found, key=lambda one: self._failures[one[0]])
        return job

    @property
    def _first_mode(self) -> ReadMode:
        return ReadMode.AUTO if self._anew else ReadMode.MARKED

    def wanted(self, connection: Connection, job: Job) -> bool:
        """Whether no other process has run it meanwhile."""
        return job.due is None or claims.still_due(connection, job.due.name)

    def done(self, connection: Connection, job: Job) -> None:
        """The mark goes, unless a later tick has moved it."""
        if job.started_by == "start":
            self._started, self._anew = True, False
            self._failures.pop(_START, None)
        if job.due is not None:
            claims.done(connection, job.due)
            self._failures.pop(job.due.name, None)
        self._offered = ""

    def failed(self, until: float) -> None:
        """The mark stays, and is looked at again after the rest."""
        if self._offered:
            self._failures[self._offered] += 1
        self._offered = ""

    def anew(self) -> None:
        """Everything is read and decided anew, before what is due."""
        self._started, self._anew = False, True


def agenda_of(schedules: Mapping[str, Schedule], every: float, before: Agenda | None = None) -> Agenda:
    """What is run by the clock: by schedules where there are some; one that goes by the same kind goes on."""
    if not schedules:
        return before if isinstance(before, Interval) else Interval(every)
    if isinstance(before, Scheduled):
        before.schedules = schedules
        return before
    return Scheduled(schedules)


def is_paused(schedule: Schedule, pauses: Pauses) -> bool:
    """Whether everything that a schedule runs or reads is paused."""
    flows, connections = frozenset(schedule.flows), frozenset(schedule.connections)
    return (
        pauses.everything
        or bool(flows and flows <= pauses.flows)
        or bool(connections and connections <= pauses.connections)
    )
