"""What a daemon looks after beside syncing: whether platforms still tell, and that who was forgotten stays so."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from canonical.errors import CrossdockError
from crossdock.daemon.active import Active
from crossdock.settings.model import Settings
from crossdock.settings.secrets import Resolver
from crossdock.webhooks.subscribing import asked, registering
from sync import differing, silence
from sync.contain import of_one_record
from sync.privacy import erase
from sync.run import end_run, lease

_log = logging.getLogger(__name__)
_DAY, _HOUR = 86_400.0, 3_600.0
_LEASE_SECONDS = 5.0


class Hearing:
    """Looks at subscriptions and erasures at the start and once a day, and for silence every hour."""

    def __init__(
        self, active: Active, resolver: Callable[[Settings], Resolver], *, beat: Callable[[], float] = time.monotonic
    ) -> None:
        self._active = active
        self._resolver = resolver
        self._beat = beat
        self._next_day = self._next_hour = beat()

    def check(self) -> None:
        """Do what is due; an error of one connection is told and leaves the others alone."""
        now = self._beat()
        if now >= self._next_hour:
            self._next_hour = now + _HOUR
            self._guarded("looking for silence", self.listen)
        if now >= self._next_day:
            self._next_day = now + _DAY
            self._guarded("forgetting once more", self._forget)
            settings = self._active.settings
            names = registering(settings) if settings.webhooks.public_url else []
            self._guarded("closing what nobody looks at", partial(self._close_others, names))
            for name in names:
                self._guarded(f"looking at the webhooks of {name}", partial(self.compare, name))

    def listen(self) -> None:
        """Raise what is silent, close what is heard."""
        hours = self._active.settings.webhooks.silent_after_hours
        connections = self._active.settings.connections
        names = [name for name, one in connections.items() if one.webhook_secrets] if hours else []
        for name, why in silence.check(self._active.hub, names, timedelta(hours=hours)).items():
            _log.warning("%s is silent: %s", name, why)

    def compare(self, name: str) -> None:
        """Raise or close whether a platform tells all that is read of it; changes nothing there."""
        hub, settings = self._active.hub, self._active.settings
        steps = asked(settings, self._resolver(settings), hub, name).steps(hub)
        if said := differing.differs(hub, name, steps):
            _log.warning("the webhooks of %s are not those that are needed: %s", name, said)

    def _close_others(self, names: Sequence[str]) -> None:
        hub = self._active.hub
        with hub.database.begin() as connection:
            silence.close_others(connection, differing.KIND, names, hub.stamp())

    def _forget(self) -> None:
        hub = self._active.hub
        with lease(hub, "serve (privacy)", wait=_LEASE_SECONDS, started_by="daily") as run_id:
            erase.again(hub)
            end_run(hub, run_id, "done", {})

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        try:
            with of_one_record(what):
                work()
        except CrossdockError as error:
            _log.warning("%s failed: %s", what, error)
