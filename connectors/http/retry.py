"""When a request is sent again, and after what pause: a value, no sleeping here."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from canonical.errors import AmbiguousError, RetriableError, ThrottledError

_hurried: ContextVar[bool] = ContextVar("hurried", default=False)


@contextmanager
def hurried() -> Iterator[None]:
    """What fails is not tried again at once: the caller has others to do first, and comes back to it.

    Where a platform says to slow down, that is waited for all the same.
    """
    token = _hurried.set(True)
    try:
        yield
    finally:
        _hurried.reset(token)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Attempts in all, and pauses in seconds: exponential with full jitter, or what the platform asked for.

    ``max_retry_after`` caps what a platform may ask for; ``chance`` gives a number from 0 to its argument. ``untold``
    is the first pause, doubled each time, where a platform says to slow down and not how long; 0 leaves it to chance.
    """

    attempts: int = 5
    base: float = 0.5
    max_pause: float = 20.0
    max_retry_after: float = 120.0
    untold: float = 0.0
    chance: Callable[[float], float] = lambda limit: random.uniform(0.0, limit)

    def again(self, error: BaseException) -> bool:
        """Whether a request that failed so may be sent again: surely without effect, or a read."""
        if isinstance(error, ThrottledError):
            return True
        return isinstance(error, RetriableError) and not isinstance(error, AmbiguousError) and not _hurried.get()

    def pause(self, attempt: int, error: BaseException | None) -> float:
        """Seconds to wait after the attempt with this number (from 1) failed."""
        jitter = self.chance(min(self.max_pause, self.base * 2.0 ** (attempt - 1)))
        asked = error.retry_after if isinstance(error, RetriableError) else None
        if asked is None and self.untold and isinstance(error, ThrottledError):
            asked = self.untold * 2.0 ** (attempt - 1)
        if asked is None:
            return jitter
        spread = min(jitter, self.base) if isinstance(error, ThrottledError) else jitter
        return min(asked, self.max_retry_after) + spread
