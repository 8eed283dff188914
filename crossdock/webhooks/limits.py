"""How much is taken in: messages a second for each door, and bytes of each message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

BURST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """``per_second`` is what one door takes on average, ``waiting`` how many messages may wait to be stored."""

    body_bytes: int = 2 * 1024 * 1024
    per_second: float = 1000.0
    body_seconds: float = 10.0
    waiting: int = 5000


class Bucket:
    """A token bucket: full at the start, refilled evenly."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._rate = per_second
        self._most = max(1.0, per_second * BURST_SECONDS)
        self._clock = clock
        self._tokens = self._most
        self._at = clock()

    def take(self) -> bool:
        """Take a token, if there is one."""
        now = self._clock()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
