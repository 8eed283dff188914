"""How many calls may be sent: a sliding minute, shared with everyone who uses the same token, spent evenly."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime, timedelta

from connectors.http import Answer, retry_after

_WINDOW = timedelta(minutes=1)
_REMAINING = "x-remaining-calls"
_THROTTLED = 429
_AT_ONCE = 15
"""One in so many of a minute's calls may go at once, so many fewer a minute can go on for long (see below)."""


class SharedWindow:
    """So many calls in any minute, of which others may have used some.

    ShipBob counts all calls of a token together and tells how many are left. What it counts beyond our own calls was
    sent by others just now, at the latest; it is kept back for a minute. A refused call stops everyone for as long as
    the answer says.

    Spent as fast as they come, a minute's calls would be followed by up to a minute of waiting, in which whoever works
    with ShipBob can do nothing else. So a part goes at once, and the rest evenly over the minute: what may go at once
    after a rest cannot be spent before it.
    """

    def __init__(self, calls: int) -> None:
        self._calls = calls
        self._at_once = max(1, calls // _AT_ONCE)
        self._gap = _WINDOW / max(1, calls - self._at_once)
        self._next = datetime.min.replace(tzinfo=UTC)
        self._sent: deque[datetime] = deque()
        self._closed_until: datetime | None = None
        self._lock = threading.Lock()

    def wait_for(self, cost: float, now: datetime) -> float:
        """Seconds until there is room for one more call, or 0 when it may go."""
        with self._lock:
            self._forget(now)
            if self._closed_until is not None and now < self._closed_until:
                return (self._closed_until - now).total_seconds()
            if len(self._sent) >= self._calls:
                return (self._sent[0] + _WINDOW - now).total_seconds()
            if len(self._sent) >= self._at_once and now < self._next:
                return min(self._next - now, self._gap).total_seconds()
            self._sent.append(now)
            self._next = now + self._gap
            return 0.0

    def observe(self, answer: Answer, now: datetime) -> None:
        """Learn what is left by ShipBob's own count, and how long to wait when nothing is."""
        with self._lock:
            if answer.status == _THROTTLED:
                self._close(retry_after(answer), now)
                return
            left = answer.headers.get(_REMAINING, "")
            if not left.isascii() or not left.isdigit():
                return
            self._forget(now)
            others = self._calls - int(left) - len(self._sent)
            self._sent.extend(now for _ in range(others))

    def _close(self, seconds: float | None, now: datetime) -> None:
        if seconds is not None:
            until = now + timedelta(seconds=min(seconds, _WINDOW.total_seconds()))
            self._closed_until = until if self._closed_until is None else max(until, self._closed_until)

    def _forget(self, now: datetime) -> None:
        while self._sent and now - self._sent[0] >= _WINDOW:
            self._sent.popleft()
