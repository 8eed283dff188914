"""Waiting for what another process or thread does, but not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 200.0


def until(condition: Callable[[], object], patience: float = PATIENCE, *, pause: float = 0.05) -> None:
    """Wait until something holds; the test fails when it does not come to that."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(pause)
