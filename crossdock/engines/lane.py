"""One handler for a key at a time, over all processes on a database."""

from __future__ import annotations

import logging

from canonical.clock import Clock
from canonical.errors import BusyError
from crossdock.engines.engine import Handler
from sync.locks import hold
from sync.store.database import Database

_log = logging.getLogger(__name__)


def in_lane(database: Database, clock: Clock, handler: Handler) -> Handler:
    """A handler that is only called while the key's lane is held.

    An engine that takes a silent process for dead starts a second handler beside one that only stood still. The lane is
    a lock that the database keeps for as long as its holder's session lives, however silent; a wake that finds it taken
    is let go, and what is marked is found by the next sweep.
    """

    def handle(key: str) -> None:
        try:
            with hold(database, f"wake {key}", clock):
                handler(key)
        except BusyError as error:
            _log.debug("a wake of %s was let go: %s", key, error)

    return handle
