"""Budgets: how many calls or points a connection may spend, known before the platform has to say no."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

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
    at: datetime

    def restore(self, now: datetime) -> None:
        """Add what was regained until now."""
        if now > self.at:
            gained = (now - self.at).total_seconds() * self.rate
            self.available = min(self.maximum, self.available + gained)
            self.at = now


def _read_level(saved: str) -> _Level | None:
    """A level that was kept; None when there is none or it cannot be read, since the next answer tells anyway."""
    try:
        return msgspec.json.decode(saved, type=_Level)
    except msgspec.DecodeError:
        return None


@dataclass(slots=True)
class _Flight:
    """One thread's request: its cost, when it went, what others spent meanwhile, whether its answer is back."""

    cost: float
    sent: datetime
    meanwhile: float
    landed: bool = False


class PointsBudget:
    """A leaky bucket of cost points whose size and restore rate are read from the answers.

    Nothing waits before the first report. Answers of several threads come back in any order and none says which other
    requests it has seen, so what may have been spent meanwhile is kept back: the level is never taken for too high.
    """

    def __init__(self, saved: str | None = None) -> None:
        self._lock = threading.Lock()
        self._level = _read_level(saved or "")
        self._flights: dict[int, _Flight] = {}

    def wait_for(self, cost: float, now: datetime) -> float:
        """Seconds until the bucket holds the cost; FatalError when it never can."""
        with self._lock:
            level = self._level
            if level is not None:
                if cost > level.maximum:
                    raise FatalError(
                        f"a request of {cost:g} points can never run: the bucket holds {level.maximum:g}",
                        hint="ask for fewer fields or smaller pages",
                    )
                level.restore(now)
                if level.available < cost:
                    return (cost - level.available) / level.rate if level.rate > 0 else 1.0
                level.available -= cost
            self._take_off(cost, now)
            return 0.0

    def observe(self, answer: Answer, now: datetime) -> None:
        """This thread's request has come back; what it says of the bucket follows by ``report``."""
        with self._lock:
            flight = self._flights.get(threading.get_ident())
            if flight is not None:
                flight.landed = True

    def report(self, maximum: float, available: float, rate: float, now: datetime) -> None:
        """Take over what this thread's answer says of the bucket: its size, its level and what it regains a second."""
        with self._lock:
            flight = self._flights.pop(threading.get_ident(), None)
            self._forget_lost(now)
            meanwhile = flight.meanwhile if flight is not None else self._under_way()
            level = available - meanwhile
            if meanwhile > 0 and self._level is not None:
                self._level.restore(now)
                level = max(level, min(self._level.available, available))
            self._level = _Level(maximum, level, rate, now)

    def saved(self) -> str:
        """The level as text, to be kept for the next process; empty before the first report."""
        with self._lock:
            return msgspec.json.encode(self._level).decode() if self._level is not None else ""

    @property
    def maximum(self) -> float | None:
        """The size of the bucket, or None before the first report."""
        with self._lock:
            return self._level.maximum if self._level is not None else None

    def _take_off(self, cost: float, now: datetime) -> None:
        self._flights.pop(threading.get_ident(), None)
        meanwhile = self._under_way()
        for flight in self._flights.values():
            flight.meanwhile += cost
        self._flights[threading.get_ident()] = _Flight(cost, now, meanwhile)

    def _under_way(self) -> float:
        return sum(flight.cost for flight in self._flights.values() if not flight.landed)

    def _forget_lost(self, now: datetime) -> None:
        oldest = now - timedelta(seconds=_STALE_SECONDS)
        self._flights = {thread: flight for thread, flight in self._flights.items() if flight.sent > oldest}
