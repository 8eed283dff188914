"""Connections that are left alone for a while since something failed there, each for itself: the others go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_LONGEST_SECONDS = 300.0


@dataclass(slots=True)
class _Rest:
    problem: str
    seconds: float
    until: float


class Rests:
    """A first failure rests a connection for ``first`` seconds, each further one twice as long, up to five minutes."""

    def __init__(self, first: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._first = first
        self._monotonic = monotonic
        self._rests: dict[str, _Rest] = {}

    def met(self, name: str, problem: str) -> None:
        """A connection could be worked with, or not, and why."""
        if not problem:
            self._rests.pop(name, None)
            return
        known, now = self._rests.get(name), self._monotonic()
        if known is not None and now < known.until:
            return  # several steps of one run met the same trouble
        seconds = min(known.seconds * 2, max(_LONGEST_SECONDS, self._first)) if known is not None else self._first
        self._rests[name] = _Rest(problem, seconds, now + seconds)

    def now(self) -> Mapping[str, str]:
        """The connections that rest now, and why."""
        now = self._monotonic()
        return {name: rest.problem for name, rest in self._rests.items() if now < rest.until}
