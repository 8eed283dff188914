"""Budgets: how many calls or points a connection may spend, known before the platform has to say no."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from canonical.clock import instant_text, parse_instant
from canonical.errors import FatalError
from connectors.http.answer import Answer

_STALE_SECONDS = 300.0


class Budget(Protocol):
    """What a connection may spend; one for all its threads.

    must: be safe for several threads; answer 0 only when the request may go now, and book its cost then.
    """

    def wait_for(self, cost: float, now: datetime) -> float:
        """Seconds to wait before asking again; 0 means go, the cost is booked."""
        ...

    def observe(self, answer: Answer, now: datetime) -> None:
        """Learn from an answer."""
        ...


class NoBudget:
    """No limit is known: nothing ever waits."""

    def wait_for(self, cost: float, now: datetime) -> float:
        """Never waits."""
        return 0.0

    def observe(self, answer: Answer, now: datetime) -> None:
        """Learns nothing."""


class WindowBudget:
    """So many calls in any window of so many seconds."""

    def __init__(self, calls: int, seconds: float) -> None:
        self._calls = calls
        self._window = timedelta(seconds=seconds)
        self._sent: deque[datetime] = deque()
        self._lock = threading.Lock()

    def wait_for(self, cost: float, now: datetime) -> float:
        """Seconds until the oldest call leaves the window, or 0 when there is room; every call counts as one."""
        with self._lock:
            while self._sent and now - self._sent[0] >= self._window:
                self._sent.popleft()
            if len(self._sent) < self._calls:
                self._sent.append(now)
                return 0.0
            return (self._sent[0] + self._window - now).total_seconds()

    def observe(self, answer: Answer, now: datetime) -> None:
        """Learns nothing; the window is ours to count."""


class _Level(msgspec.Struct):
    maximum: float
    available: float
    rate: float
    at: str


class PointsBudget:
    """A leaky bucket of cost points whose size and restore rate are read from the answers.

    Nothing waits before the first report. Points of requests still under way in other threads are kept back, so
    that a report made before the platform saw them cannot be spent twice.
    """

    def __init__(self, saved: str | None = None) -> None:
        self._lock = threading.Lock()
        self._maximum = self._available = self._rate = 0.0
        self._at: datetime | None = None
        self._under_way: dict[int, tuple[float, datetime]] = {}
        if saved:
            level = msgspec.json.decode(saved, type=_Level)
            self._maximum, self._available, self._rate = level.maximum, level.available, level.rate
            self._at = parse_instant(level.at)

    def wait_for(self, cost: float, now: datetime) -> float:
        """Seconds until the bucket holds the cost; FatalError when it never can."""
        with self._lock:
            if self._at is not None:
                if cost > self._maximum:
                    raise FatalError(
                        f"a request of {cost:g} points can never run: the bucket holds {self._maximum:g}",
                        hint="ask for fewer fields or smaller pages",
                    )
                self._restore(now)
                if self._available < cost:
                    return (cost - self._available) / self._rate if self._rate > 0 else 1.0
                self._available -= cost
            self._under_way[threading.get_ident()] = (cost, now)
            return 0.0

    def observe(self, answer: Answer, now: datetime) -> None:
        """This thread's request has come back; its true cost follows by ``report``."""
        with self._lock:
            self._under_way.pop(threading.get_ident(), None)

    def report(self, maximum: float, available: float, rate: float, now: datetime) -> None:
        """Take over what an answer says of the bucket: its size, its level and what it regains a second."""
        with self._lock:
            self._under_way.pop(threading.get_ident(), None)
            oldest = now - timedelta(seconds=_STALE_SECONDS)
            self._under_way = {key: entry for key, entry in self._under_way.items() if entry[1] > oldest}
            promised = sum(cost for cost, _ in self._under_way.values())
            self._maximum, self._rate, self._at = maximum, rate, now
            self._available = available - promised

    def saved(self) -> str:
        """The level as text, to be kept for the next process; empty before the first report."""
        with self._lock:
            if self._at is None:
                return ""
            level = _Level(self._maximum, self._available, self._rate, instant_text(self._at))
            return msgspec.json.encode(level).decode()

    @property
    def maximum(self) -> float | None:
        """The size of the bucket, or None before the first report."""
        with self._lock:
            return self._maximum if self._at is not None else None

    def _restore(self, now: datetime) -> None:
        if self._at is not None and now > self._at:
            gained = (now - self._at).total_seconds() * self._rate
            self._available = min(self._maximum, self._available + gained)
            self._at = now
