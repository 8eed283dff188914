"""Time in fast motion: it runs as always, and whoever would wait moves it on instead."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta

_DAYS_AGO = 5
_OPENS = time(7, tzinfo=UTC)


def some_days_ago() -> datetime:
    """When the story begins: early enough that it ends in the past, so that its records look as old as they are."""
    return datetime.combine(datetime.now(UTC).date() - timedelta(days=_DAYS_AGO), _OPENS)


class FastClock:
    """One clock for the hub and all platforms; ``sleep`` takes no time."""

    def __init__(self, begin: datetime | None = None) -> None:
        self._behind = datetime.now(UTC) - (begin or some_days_ago())
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present instant of the story, in UTC."""
        with self._lock:
            return datetime.now(UTC) - self._behind

    def sleep(self, seconds: float) -> None:
        """Let so much time be over."""
        with self._lock:
            self._behind -= timedelta(seconds=max(0.0, seconds))

    def catch_up(self) -> None:
        """Let it be now, as everywhere else."""
        with self._lock:
            self._behind = timedelta(0)

    def until(self, days: int, hour: int, minute: int = 0) -> None:
        """Let it be that time of day, so many days after the present day; time never goes back."""
        now = self.now()
        then = datetime.combine(now.date() + timedelta(days=days), time(hour, minute, tzinfo=UTC))
        self.sleep((then - now).total_seconds())
