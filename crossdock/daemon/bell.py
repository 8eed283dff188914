"""The bell of the one who works: it ends a rest, and who rang it can wait until a later turn has ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    """Rung by any thread; one thread takes turns, and rests between them until it rings."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rung = self._closed = False
        self._begun = self._ended = self._let_go = 0

    def ring(self) -> None:
        """End a rest, or the next one at its beginning."""
        with self._changed:
            self._rung = True
            self._changed.notify_all()

    def attend(self, _key: str = "") -> None:
        """Ring, and wait until a turn that began later has ended, or until whoever waits is let go."""
        with self._changed:
            after, before = self._begun, self._let_go
            self._rung = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or self._ended > after or self._let_go > before)

    def let_go(self) -> None:
        """Let go everybody who waits: the next turn may not end for long."""
        with self._changed:
            self._let_go += 1
            self._changed.notify_all()

    def rest(self, seconds: float, gather: float = 0.0) -> None:
        """Wait until it rings, and ``gather`` seconds longer for who else rings; at most so many seconds."""
        end = time.monotonic() + seconds
        with self._changed:
            self._changed.wait_for(lambda: self._rung or self._closed, seconds)
            left = min(gather, end - time.monotonic())
            if left > 0:
                self._changed.wait_for(lambda: self._closed, left)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One turn: whoever rang before it is attended to by it."""
        with self._changed:
            self._rung = False
            self._begun += 1
        try:
            yield
        finally:
            with self._changed:
                self._ended = self._begun
                self._changed.notify_all()

    def close(self) -> None:
        """Nobody works any more: let go everybody who waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
