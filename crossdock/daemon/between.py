"""What the daemon does between two runs: tell that it lives, take over a new configuration, serve commands, listen."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from canonical.errors import BusyError, CrossdockError
from crossdock.cli.app import App
from crossdock.cli.workspace import resolver
from crossdock.daemon.active import Active
from crossdock.daemon.commands import Commands
from crossdock.daemon.hearing import Hearing
from crossdock.daemon.presence import Presence
from crossdock.daemon.reload import Candidate, Reloader
from crossdock.daemon.stopping import StoppedError

_log = logging.getLogger(__name__)
_REST_SECONDS = 2.0


@dataclass
class Between:
    """Called by the thread that works; ``stop`` ends the process."""

    active: Active
    presence: Presence
    reloader: Reloader
    commands: Commands
    hearing: Hearing
    stop: Callable[[], None]
    _anew: bool = False

    def __call__(self) -> bool:
        """Whether everything is to be looked at anew, since the configuration is another one."""
        try:
            self._present()
            self._anew = self.reloader.look() or self._anew
            self.commands.carry_out()
            self.hearing.check()
        except CrossdockError as error:
            # The database: nothing else is asked here without its errors being stored.
            _log.warning("%s", error)
            self.active.hub.clock.sleep(_REST_SECONDS)
            return False
        anew, self._anew = self._anew, False
        return anew

    def _present(self) -> None:
        try:
            self.presence.beat()
        except BusyError as error:
            _log.error("this daemon was cut off from the database, and another one took over: %s", error)
            self.stop()
            raise StoppedError("another daemon took over") from error


def between_runs(
    app: App,
    active: Active,
    presence: Presence,
    follow: Callable[[Candidate], None],
    stop: Callable[[], None],
    *,
    paced: bool,
) -> Between:
    """Put it together; SIGHUP has the configuration read at once."""
    reloader = Reloader(app, active, presence, follow, paced)
    signal.signal(signal.SIGHUP, lambda *_: reloader.ask())
    hearing = Hearing(active, partial(resolver, app))
    return Between(active, presence, reloader, Commands(active, presence.token), hearing, stop)
