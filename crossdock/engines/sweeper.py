"""The sweeper: finds what is marked though nobody was woken, and takes away wakes whose process is gone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from canonical.errors import CrossdockError
from sync import observeset
from sync.store.database import Database

_log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0


class Sweeper:
    """Runs in any replica and any number of them; ``sweep`` is one look.

    ``due`` names the keys with something marked, ``drop`` takes stalled wakes away and tells how many: they are never
    tried again, for what is marked is due as before.
    """

    def __init__(
        self,
        submit: Callable[[str], None],
        due: Callable[[], Iterable[str]],
        drop: Callable[[], int] = lambda: 0,
        *,
        every: float = EVERY_SECONDS,
    ) -> None:
        self._submit = submit
        self._due = due
        self._drop = drop
        self._every = every
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin to look every few seconds."""
        self._thread.start()

    def stop(self, seconds: float = 1.0) -> None:
        """End."""
        self._ending.set()
        self._thread.join(seconds)

    def sweep(self) -> None:
        """Look once; a database that is away is looked at again the next time."""
        try:
            dropped = self._drop()
            if dropped:
                _log.warning("%s wakes of processes that are gone or stand still were dropped", dropped)
            for key in self._due():
                self._submit(key)
        except CrossdockError as error:
            _log.warning("it could not be looked up what is marked: %s", error)

    def _work(self) -> None:
        while not self._ending.is_set():
            self.sweep()
            self._ending.wait(self._every)


def marked_in(database: Database) -> Callable[[], Iterable[str]]:
    """The connections of a database with records that are marked to be read."""

    def due() -> Iterable[str]:
        with database.read() as connection:
            return sorted(observeset.counts(connection))

    return due
