"""A clock that only moves when told to."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

_START = datetime(2026, 11, 2, 8, 0, 0, tzinfo=UTC)


class Ticker:
    """A settable clock: ``sleep`` moves it at once, and what was slept is kept."""

    def __init__(self, start: datetime = _START) -> None:
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The instant it stands at."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move on; time never goes back."""
        with self._lock:
            self._now += timedelta(seconds=max(0.0, seconds))
