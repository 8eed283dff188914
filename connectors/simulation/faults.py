"""Faults on request: what goes wrong, when, and whether the platform did its work before."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from connectors.simulation.messages import SimRequest

FaultKind: TypeAlias = Literal[
    "status", "status_after", "timeout_before", "timeout_after", "late_effect", "html", "truncated", "drop"
]


class NoAnswer(Exception):  # noqa: N818 - it is the absence of an answer, which is what the wire shows
    """The platform never answers this request."""

    def __init__(self, kind: FaultKind) -> None:
        super().__init__(kind)
        self.kind: FaultKind = kind


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, so many times, for the requests it matches.

    ``status``: answered with that status, no effect. ``status_after``: effect, then that status. ``timeout_before``:
    no effect, no answer. ``timeout_after``: effect, no answer. ``late_effect``: no answer, the effect comes ``delay``
    seconds later. ``html``: a web page with that status, no effect. ``truncated``: effect, half an answer. ``drop``:
    the connection ends before an answer, no effect. ``retry_after`` is in seconds.
    """

    kind: FaultKind
    times: int = 1
    when: Callable[[SimRequest], bool] | None = None
    only: Literal["write", "read", "any"] = "any"
    status: int = 503
    retry_after: float | None = None
    delay: float = 10.0

    def matches(self, request: SimRequest, *, write: bool) -> bool:
        """Whether it hits this request."""
        if self.only != "any" and (self.only == "write") is not write:
            return False
        return self.when is None or self.when(request)


class Faults:
    """The faults still to come, in the order they were added."""

    def __init__(self) -> None:
        self._left: list[tuple[Fault, int]] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let a fault happen to the next requests it matches."""
        with self._lock:
            self._left.append((fault, fault.times))

    def take(self, request: SimRequest, *, write: bool) -> Fault | None:
        """The first fault that hits a request; it is used up once."""
        with self._lock:
            for index, (fault, left) in enumerate(self._left):
                if fault.matches(request, write=write):
                    self._left[index : index + 1] = [(fault, left - 1)] if left > 1 else []
                    return fault
        return None

    def pending(self) -> int:
        """How many hits are still to come."""
        with self._lock:
            return sum(left for _, left in self._left)

    def clear(self) -> None:
        """Let nothing more go wrong."""
        with self._lock:
            self._left.clear()
