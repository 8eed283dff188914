"""Standing by: of all workers on a database one leads, and another takes over when the leader is gone.

Who leads is the daemon of the database: it syncs, carries out commands and looks after everything else. The others only
ask for its lock, which PostgreSQL takes back when its holder dies.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from canonical.errors import BusyError, CrossdockError
from crossdock.daemon.between import Between
from crossdock.daemon.pulse import Pulse
from sync.daemon import describe, living

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.5
_REST_SECONDS = 2.0
YIELD_SECONDS = 15.0
"""How long a worker whose configuration is another one than the last leader's lets those with the same one go first."""


@dataclass
class Standing:
    """Called by the thread that works, before each step: it comes back only while this process leads.

    ``begin`` and ``end`` start and end what only the leader does.
    """

    between: Between
    pulse: Pulse
    begin: Callable[[], None]
    end: Callable[[], None]
    _begun: bool = False
    _told: str = ""
    _led_with: str = ""
    _free_since: float = 0.0

    def __call__(self) -> bool:
        """Whether everything is to be looked at anew: as leader from now on, or with another configuration."""
        took_over = not self.between.presence.leads or not self._begun
        if took_over:
            self._begun = False
            self.end()
            self._stand_by()
            # What fails here is begun anew at the next step: nobody may lead without hearing and telling.
            self.begin()
            self._begun = True
        return self.between() or took_over

    def _stand_by(self) -> None:
        """Wait until this process leads; StoppedError when it is asked to stop before."""
        clock = self.between.active.hub.clock
        while not self.between.presence.leads:
            pause = _LOOK_SECONDS
            try:
                self.between.reloader.look()
                self._try()
            except BusyError as error:
                _log.debug("another worker was first: %s", error)
            except CrossdockError as error:
                _log.warning("standing by, and cannot look who leads: %s", error)
                pause = _REST_SECONDS
            if not self.between.presence.leads:
                clock.sleep(pause)
        self.pulse.stands_by = False
        self._told = self._led_with = ""
        _log.info("this worker leads from now on")

    def _try(self) -> None:
        active, presence = self.between.active, self.between.presence
        row = living(active.hub.database)
        if row is not None:
            self._free_since = time.monotonic()
            self._led_with = row.config_version
            self._tell(f"{describe(row)} leads", active.settings.version)
        elif self._led_with in ("", active.settings.version) or self._waited():
            presence.take(0)

    def _waited(self) -> bool:
        return time.monotonic() >= self._free_since + YIELD_SECONDS

    def _tell(self, who: str, version: str) -> None:
        self.pulse.stands_by = True
        told = f"{who}; this worker stands by"
        if self._led_with != version:
            told += f", configured otherwise: version {version}, the leader's is {self._led_with}"
        if told != self._told:
            self._told = told
            (_log.info if self._led_with == version else _log.warning)("%s", told)
