"""What follows a configuration that is taken over beside the syncs: doors, limits, figures, alerts and schedules."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from canonical.errors import CrossdockError
from crossdock.alerts.keeper import Keeper, charge_of
from crossdock.cli.app import App
from crossdock.daemon.active import Active
from crossdock.daemon.loop import Loop
from crossdock.daemon.reload import Candidate, Reloader
from crossdock.daemon.timing import Timing
from crossdock.daemon.watch import Watch
from crossdock.settings.model import Settings
from crossdock.webhooks.doors import limits
from crossdock.webhooks.receiver import Receiver

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
_END_SECONDS = 5.0


@dataclass
class Followers:
    """The parts of this process that go by the configuration; None are those of what it does not do."""

    receiver: Receiver | None
    watch: Watch
    loop: Loop | None = None
    timing: Timing | None = None
    keeper: Keeper | None = None

    def follow(self, found: Candidate) -> None:
        """Go by this from now on; may be called again with the same."""
        settings = found.settings
        if self.receiver is not None:
            self.receiver.configure(found.doors, limits(settings.webhooks))
        self.watch.admit(settings, found.metrics_token)
        if self.keeper is not None:
            self.keeper.configure(charge_of(settings, found.targets))
        if self.timing is not None:
            self.timing.follow(settings.schedules)
        if self.loop is not None:
            self.loop.follow(settings.schedules)

    @contextmanager
    def timed(self, settings: Settings) -> Iterator[None]:
        """The schedules' clock goes as long as this lasts, where there is somebody to work them off."""
        if self.timing is None:
            yield
            return
        self.timing.follow(settings.schedules)
        try:
            yield
        finally:
            self.timing.stop()


class Untold:
    """Announces nothing: the row that tells of a configuration is the daemon's, and this process is none."""

    def configured(self, settings: Settings) -> None:
        """Nobody is told."""

    def broken(self, problem: str) -> None:
        """The log has it."""


@contextmanager
def looking(app: App, active: Active, followers: Followers) -> Iterator[None]:
    """A thread that takes changed configurations over, for a process that does not sync; SIGHUP has it read at once."""
    reloader = Reloader(app, active, Untold(), followers.follow)
    ending = threading.Event()

    def look() -> None:
        while not ending.wait(_LOOK_SECONDS):
            try:
                reloader.look()
            except CrossdockError as error:
                _log.warning("the configuration could not be taken over: %s", error)

    thread = threading.Thread(target=look, name="configuration", daemon=True)
    signal.signal(signal.SIGHUP, lambda *_: reloader.ask())
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(_END_SECONDS)
