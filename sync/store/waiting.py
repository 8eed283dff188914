"""Waiting for a database server that starts beside us, as after a power cut."""

from __future__ import annotations

import logging
from collections.abc import Callable

import tenacity

from canonical.errors import DatabaseAwayError
from sync.store.database import Database

STARTING_SECONDS = 30.0
"""How long a daemon waits for the server before it ends, and leaves it to its supervisor to start it again."""
_LOOK_SECONDS = 0.5
_log = logging.getLogger(__name__)


def opened(open_it: Callable[[], Database], patience: float) -> Database:
    """Open a database; DatabaseAwayError when its server cannot be reached for so many seconds."""
    attempts = tenacity.Retrying(
        stop=tenacity.stop_after_delay(patience),
        wait=tenacity.wait_fixed(_LOOK_SECONDS),
        retry=tenacity.retry_if_exception_type(DatabaseAwayError),
        before_sleep=_tell,
        reraise=True,
    )
    return attempts(open_it)


def _tell(state: tenacity.RetryCallState) -> None:
    if state.attempt_number == 1 and state.outcome is not None:
        _log.warning("%s; it is waited for", state.outcome.exception())
