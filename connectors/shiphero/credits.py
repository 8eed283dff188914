"""The bucket of credits: nothing of it is assumed, everything is learned from what the platform says."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

import msgspec

from connectors.http import Answer
from connectors.shiphero.shapes import Envelope, Problem, Quota


@dataclass(slots=True)
class Level:
    """Credits at an instant; ``most`` is the size of the bucket, or the most that was ever spoken of."""

    available: float
    rate: float
    most: float
    at: datetime

    def restore(self, now: datetime) -> None:
        """Add what was regained until now."""
        if now > self.at:
            self.available = min(self.most, self.available + (now - self.at).total_seconds() * self.rate)
            self.at = now


class CreditBudget:
    """Credits of one connection; before the platform has told its quota or throttled us, nothing waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._level: Level | None = None
        self._size: float | None = None
        self._booked: dict[int, float] = {}

    @property
    def size(self) -> float | None:
        """The most credits that one request may ever cost; None when the platform has not said so."""
        with self._lock:
            return self._size

    def wait_for(self, cost: float, now: datetime) -> float:
        """Seconds until the bucket holds the cost, or all it ever will; 0 books it."""
        with self._lock:
            level = self._level
            if level is not None:
                level.restore(now)
                missing = min(cost, level.most) - level.available
                if missing > 0 and level.rate > 0:
                    return missing / level.rate
                level.available -= cost
            self._booked[threading.get_ident()] = cost
            return 0.0

    def observe(self, answer: Answer, now: datetime) -> None:
        """Learn from the quota in an answer, from a refusal for lack of credits, else from what the request cost."""
        with self._lock:
            booked = self._booked.pop(threading.get_ident(), 0.0)
            envelope = _envelope(answer)
            if envelope is None:
                return
            refusal = next((one for one in envelope.problems() if one.throttles), None)
            if (quota := envelope.quota()) is not None and self._take(quota, now):
                return
            if refusal is not None:
                self._refused(refusal, now)
            elif self._level is not None and (cost := envelope.complexity()):
                self._level.available = min(self._level.most, self._level.available + booked - cost)

    def take(self, quota: Quota, now: datetime) -> bool:
        """Take over a quota that the platform was asked for; False when it lacks what counts."""
        with self._lock:
            return self._take(quota, now)

    def _take(self, quota: Quota, now: datetime) -> bool:
        if quota.credits_remaining is None or not quota.increment_rate:
            return False
        self._size = quota.max_available or self._size
        most = self._size or max(quota.credits_remaining, self._level.most if self._level else 0.0)
        self._level = Level(quota.credits_remaining, quota.increment_rate, most, now)
        return True

    def _refused(self, problem: Problem, now: datetime) -> None:
        """What is missing and how long that takes tell how fast credits come back."""
        if problem.required is None or problem.remaining is None:
            return
        missing = problem.required - problem.remaining
        known = self._level
        rate = missing / problem.pause if problem.pause and missing > 0 else (known.rate if known else 0.0)
        most = self._size or max(problem.required, known.most if known else 0.0)
        self._level = Level(problem.remaining, rate, most, now)


class Costs:
    """What a record of a resource costs by the platform's count, for sizing and booking the next request."""

    def __init__(self) -> None:
        self._each: dict[str, float] = {}

    def expect(self, operation: str, records: int) -> float:
        """Credits that so many records will cost; one each until the platform has said otherwise."""
        return max(1.0, self._each.get(operation, 1.0) * records)

    def learn(self, operation: str, records: int, answer: Answer) -> None:
        """Compare with what the platform counted."""
        envelope = _envelope(answer)
        if envelope is not None and records and (cost := envelope.complexity()):
            self._each[operation] = cost / records


def _envelope(answer: Answer) -> Envelope | None:
    try:
        return msgspec.json.decode(answer.content, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
