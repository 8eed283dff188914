"""The thread that works: what is marked at once, everything in its interval, and a rest when a platform is down."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from canonical.errors import CrossdockError
from crossdock.clock import SystemClock
from sync import observeset, retention
from sync.hub import Hub
from sync.observe import ReadMode
from sync.run import SyncReport, end_run, lease, outcome_counts, reading_order, run_sync

_log = logging.getLogger(__name__)
_SLICE_SECONDS = 0.25
_LEASE_SECONDS = 5.0
CALM = frozenset(
    {
        "page stored",
        "plan chunk stored",
        "orders advanced",
        "before the journal",
        "after the commit",
        "effect closed",
        "pruned",
    }
)
"""Where a sync may be left off with nothing to resolve afterwards: before something is sent, or after it is noted."""


class StoppedError(KeyboardInterrupt):
    """The process was asked to stop."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between syncs, between looks for what is marked, and of rest after a failure."""

    every: float = 300.0
    look: float = 0.5
    rest: float = 15.0


class StoppableClock(SystemClock):
    """Real time, whose waiting ends when the process is asked to stop."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping

    def sleep(self, seconds: float) -> None:
        """Wait; StoppedError when the process is asked to stop meanwhile."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._stopping():
                raise StoppedError("asked to stop")
            time.sleep(min(left, _SLICE_SECONDS))


class Loop:
    """Syncs until asked to stop; one run for each look at everything, and one for each time something was marked."""

    def __init__(self, hub: Hub, pace: Pace, stopping: Callable[[], bool]) -> None:
        self._hub = hub
        self._pace = pace
        self._stopping = stopping
        self._due = 0.0
        self._rests_until = 0.0
        self._on_end: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._work, name="sync", daemon=True)
        hub.clock = StoppableClock(stopping)
        hub.checkpoint = self._checkpoint

    def start(self, on_end: Callable[[], None]) -> None:
        """Begin to work; ``on_end`` is called when it ends, for whatever reason."""
        self._on_end = on_end
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for the work at hand to end; whether it did."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            while not self._stopping():
                with _until_stopped(), self._surviving():
                    self._step()
        finally:
            # Also when a fault of ours ends it: the process must not go on hearing and never do anything.
            self._on_end()

    def _step(self) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + self._pace.every
            with self._surviving():
                self._sync(ReadMode.AUTO)
            retention.daily(self._hub)
        elif now >= self._rests_until and self._marked():
            self._sync(ReadMode.MARKED)
        else:
            self._hub.clock.sleep(self._pace.look)

    def _marked(self) -> bool:
        """Whether something is marked that a sync would read."""
        with self._hub.database.begin() as connection:
            counts = observeset.counts(connection)
        return bool(counts.keys() & set(reading_order(self._hub)))

    def _sync(self, mode: ReadMode) -> None:
        command = "serve" if mode is ReadMode.AUTO else "serve (marked)"
        with lease(self._hub, command, wait=_LEASE_SECONDS) as run_id:
            report = run_sync(self._hub, mode)
            end_run(self._hub, run_id, _outcome(report), outcome_counts(report))
        for name, problem in report.look.failed.items():
            _log.warning("%s was not read: %s", name, problem)
        if report.look.failed:
            self._rests_until = time.monotonic() + self._pace.rest

    def _rest(self, error: Exception) -> None:
        _log.warning("a sync ended early: %s: %s", type(error).__name__, error)
        self._rests_until = time.monotonic() + self._pace.rest
        self._due = min(self._due, self._rests_until)

    @contextmanager
    def _surviving(self) -> Iterator[None]:
        """A fault that no one foresaw ends a sync and not the process: hearing goes on, and the next sync may do."""
        try:
            yield
        except CrossdockError as error:
            self._rest(error)
        except Exception as error:  # noqa: BLE001 - nothing may end the receiver
            _log.exception("an unexpected fault")
            self._rest(error)

    def _checkpoint(self, name: str) -> None:
        if name in CALM and self._stopping():
            raise StoppedError("asked to stop")


@contextmanager
def _until_stopped() -> Iterator[None]:
    try:
        yield
    except StoppedError:
        _log.info("stopped")


def _outcome(report: SyncReport) -> str:
    if report.look.incomplete:
        return "incomplete"
    failed = any(applied.failed for applied in report.applied) or report.effects.failed
    return "partial" if failed else "done"
