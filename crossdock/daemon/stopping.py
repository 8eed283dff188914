"""Asking a working thread to stop where nothing is open, and ending though it does not come to that."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from crossdock.clock import SystemClock

_log = logging.getLogger(__name__)
_SLICE_SECONDS = 0.25


@contextmanager
def ends_at_once() -> Iterator[None]:
    """Let SIGTERM end a process that does not hear it yet, or no more: the first one of a container would not end."""
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class StoppedError(KeyboardInterrupt):
    """The process was asked to stop."""


class PausedError(StoppedError):
    """What a sync works on was paused meanwhile."""


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


@contextmanager
def until_stopped() -> Iterator[None]:
    """Do something that ends when the process is asked to stop."""
    try:
        yield
    except StoppedError:
        _log.info("stopped")


def leave() -> NoReturn:
    """End well though a platform does not answer, for which Python would wait; the journal knows what was asked."""
    sys.stdout.flush()
    logging.shutdown()
    os._exit(0)
