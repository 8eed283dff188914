"""The thread that works: what is marked at once, what is due by the clock, and a rest when a platform is down."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from canonical.errors import BusyError, CrossdockError
from crossdock.daemon.agenda import MARKED, RETRY, Job, agenda_of
from crossdock.daemon.bell import Bell
from crossdock.daemon.pulse import Pulse
from crossdock.daemon.rests import Rests
from crossdock.daemon.stopping import PausedError, StoppableClock, StoppedError, until_stopped
from sync import configversion, observeset, recover, retention
from sync.config import FlowConfig
from sync.hub import AT_A_LIMIT, Hub
from sync.interlude import OVERTAKES, overtake
from sync.orders import duties
from sync.orders.reading import asked_still
from sync.pauses import Pauses, obey
from sync.pauses import load as load_pauses
from sync.privacy import demands
from sync.run import SyncReport, end_run, lease, outcome_counts, reading_order, run_sync
from sync.schedule import Schedule

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 1.0
CALM = frozenset(
    {
        "page stored",
        "plan chunk stored",
        "orders advanced",
        "before the journal",
        "after the commit",
        "effect closed",
        "pruned",
        "waiting",
    }
)
"""Where a sync may be left off with nothing to resolve afterwards: before something is sent, or after it is noted."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between syncs, between looks for what is marked, of gathering once woken, of rest after a failure."""

    every: float = 300.0
    look: float = 0.5
    gather: float = 0.1
    rest: float = 15.0


class Loop:
    """Syncs until asked to stop: what was marked at once, and what the agenda says by the clock, in turn.

    ``between`` is called before each step, for what must be looked after beside syncing; it tells whether everything
    is to be looked at anew. ``bell`` is rung by whoever knows that there is something to do.
    """

    def __init__(
        self,
        hub: Hub,
        pace: Pace,
        stopping: Callable[[], bool],
        schedules: Mapping[str, Schedule] | None = None,
        pulse: Pulse | None = None,
        between: Callable[[], bool] = lambda: False,
        bell: Bell | None = None,
    ) -> None:
        self._hub = hub
        self._bell = bell or Bell()
        self._pulse = pulse or Pulse()
        self._pace = pace
        self._stopping = stopping
        self._agenda = agenda_of(schedules or {}, pace.every)
        self._between = between
        self._rests_until = 0.0
        self._rests = Rests(pace.rest)
        self._marked_last = False
        self._flows: list[FlowConfig] = []
        self._by_hand = self._compared = False
        self._looked_at = 0.0
        self._overtaking = False
        self._overtakes_at = self._retries_at = 0.0
        self._on_end: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._work, name="sync", daemon=True)
        hub.clock = StoppableClock(stopping)
        hub.checkpoint = self._checkpoint
        hub.resting, hub.on_contact = self._rests.now, self._rests.met

    def start(self, on_end: Callable[[], None]) -> None:
        """Begin to work; ``on_end`` is called when it ends, for whatever reason."""
        self._on_end = on_end
        self._thread.start()

    def follow(self, schedules: Mapping[str, Schedule]) -> None:
        """Go by these schedules from now on; for the thread that works, between two syncs."""
        self._agenda = agenda_of(schedules, self._pace.every, self._agenda)

    @property
    def ended(self) -> bool:
        """Whether it was started and works no more."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def join(self, seconds: float) -> bool:
        """Wait for the work at hand to end; whether it did."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            while not self._stopping():
                with self._bell.turn(), until_stopped(), self._surviving():
                    self._step()
        finally:
            self._bell.close()
            # Also when a fault of ours ends it: the process must not go on hearing and never do anything.
            self._on_end()

    def _step(self) -> None:
        if self._look_between():
            self._agenda.anew()
        try:
            with self._hub.database.read() as connection:
                job = self._next(connection)
        except CrossdockError as error:
            self._rest(error)
            job = None
        if job is None:
            self._bell.rest(self._pace.look, self._pace.gather)
        else:
            self._sync(job)
            self._prune()

    def _look_between(self) -> bool:
        self._by_hand = True
        try:
            return self._between()
        finally:
            self._by_hand = False

    def _next(self, connection: Connection) -> Job | None:
        """What is marked comes first, but never twice while something else is due."""
        pauses = load_pauses(connection)
        if pauses.everything:
            return None
        self._compare_with_last(connection)
        rested = time.monotonic() >= self._rests_until
        marked = rested and self._marked(connection, pauses)
        if marked and not self._marked_last:
            self._marked_last = True
            return MARKED
        self._marked_last = False
        due = self._agenda.next(connection, pauses, self._hub.now(), rested=rested)
        return due or (MARKED if marked else self._again(connection, pauses) if rested else None)

    def _compare_with_last(self, connection: Connection) -> None:
        """What was known under another configuration is no basis to work on: everything is read first."""
        if not self._compared:
            self._compared = True
            if configversion.active(connection) != self._hub.config.version:
                self._agenda.anew()

    def _again(self, connection: Connection, pauses: Pauses) -> Job | None:
        """What is to be tried again by now, and was not tried just now."""
        if time.monotonic() < self._retries_at:
            return None
        due = duties.due(connection, self._hub.stamp()) | recover.due(connection, self._hub.now())
        names = due & self._hub.config.connections.keys()
        if not names - pauses.connections - self._rests.now().keys() - self._hub.lane.aside:
            return None
        self._retries_at = time.monotonic() + self._pace.rest
        return RETRY

    def _marked(self, connection: Connection, pauses: Pauses) -> bool:
        """Whether something is marked that a sync would read, or demanded that it would carry out."""
        return demands.waiting(self._hub, connection) or self._told(connection, pauses)

    def _told(self, connection: Connection, pauses: Pauses) -> bool:
        alone = pauses.connections | self._rests.now().keys() | self._hub.lane.aside
        ripe = observeset.ripe(connection, self._hub.stamp()) - alone
        if not ripe:
            return False
        flows = pauses.left(self._hub.config.flows.values())
        read = {*reading_order(self._hub, flows), *asked_still(self._hub.config, connection)}
        return not ripe.isdisjoint(read)

    def _sync(self, job: Job) -> None:
        rested = self._rests.now()
        try:
            run_id, report = self._carry_out(job)
        except BusyError as error:
            _log.debug("%s waits: %s", job.started_by, error)
            self._agenda.failed(time.monotonic())
            self._hub.clock.sleep(self._pace.look)
            return
        except PausedError as error:
            _log.info("%s was left off: %s", job.started_by, error)
            self._agenda.failed(time.monotonic())
            return
        except CrossdockError as error:
            self._rest(error)
            return
        self._pulse.worked()
        for name, problem in report.look.failed.items() - rested.items():
            about = {"run": run_id, "connection": name, "action": "read"}
            _log.warning("%s was not read: %s", name, problem, extra=about)

    def _prune(self) -> None:
        try:
            retention.daily(self._hub)
        except PausedError as error:
            _log.info("what is over was not deleted: %s", error)
        except CrossdockError as error:
            self._rest(error)

    def _carry_out(self, job: Job) -> tuple[int, SyncReport]:
        hub, agenda = self._hub, self._agenda
        wanted = partial(agenda.wanted, job=job)
        with lease(hub, job.command, wait=0, started_by=job.started_by, wanted=wanted) as run_id:
            flows = obey(hub, [one for one in hub.config.flows.values() if not job.flows or one.name in job.flows])
            self._flows = flows
            try:
                report = run_sync(hub, job.mode, flows=flows, only=job.connections or None)
            finally:
                self._flows = []
            end_run(hub, run_id, _outcome(report), outcome_counts(report))
            with hub.database.begin() as connection:
                agenda.done(connection, job)
        return run_id, report

    def _rest(self, error: Exception) -> None:
        _log.warning("a sync ended early: %s: %s", type(error).__name__, error)
        self._pulse.failed(error)
        self._rests_until = time.monotonic() + self._pace.rest
        self._agenda.failed(self._rests_until)

    @contextmanager
    def _surviving(self) -> Iterator[None]:
        """A fault that no one foresaw ends a sync and not the process: hearing goes on, and the next sync may do."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - nothing may end the receiver
            if not isinstance(error, CrossdockError):
                _log.exception("an unexpected fault")
            self._rest(error)
            self._bell.rest(self._pace.look)

    def _checkpoint(self, name: str) -> None:
        if name in CALM:
            self._heed()
        if name in OVERTAKES and not self._overtaking and time.monotonic() >= self._overtakes_at:
            self._overtake(name)

    def _heed(self) -> None:
        """Leave what is at hand when the process is to stop, or when somebody paused it."""
        if self._stopping():
            raise StoppedError("asked to stop")
        # What somebody asked for by hand is carried out between two syncs, and a pause does not hold it up.
        if not self._by_hand and time.monotonic() >= self._looked_at + _PAUSE_SECONDS:
            self._looked_at = time.monotonic()
            self._leave_paused()

    def _overtake(self, name: str) -> None:
        """See to what was marked meanwhile; what is at hand gets at least as much time as that took.

        At hand is a sync, or a command that somebody waits for and that reads or writes for long. In the middle of what
        orders need, or of a call, no more of that is carried out.
        """
        begun = time.monotonic()
        effects = name not in ("effect closed", AT_A_LIMIT)
        with self._hub.database.read() as connection:
            pauses = load_pauses(connection)
            told = self._told(connection, pauses) or (effects and self._again(connection, pauses) is not None)
        self._overtaking = True
        try:
            if told:
                # All of them, though the sync at hand may be of a few: what is told now concerns any.
                flows = list(self._hub.config.flows.values())
                overtake(self._hub, obey(self._hub, flows) if self._by_hand else pauses.left(flows), effects=effects)
        finally:
            self._overtaking = False
            self._overtakes_at = time.monotonic() + max(self._pace.look, time.monotonic() - begun)

    def _leave_paused(self) -> None:
        """Leave a sync off when something it works on was paused: whoever pauses means now."""
        with self._hub.database.read() as connection:
            pauses = load_pauses(connection)
        flows = {flow.name for flow in self._flows}
        if pauses.everything or pauses.flows & flows or pauses.connections - self._hub.paused:
            raise PausedError("what it worked on was paused")


def _outcome(report: SyncReport) -> str:
    if report.look.incomplete:
        return "incomplete"
    failed = any(applied.failed for applied in report.applied) or report.effects.failed
    return "partial" if failed else "done"
