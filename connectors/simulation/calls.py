"""What a simulator counted: calls and effects, the only evidence that counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from canonical.clock import Clock
from connectors.simulation.faults import FaultKind


@dataclass(slots=True)
class LoggedCall:
    """One request that arrived; ``status`` 0 means it was never answered, ``fault`` is what went wrong on request."""

    operation: str
    kind: Literal["read", "write"]
    at: datetime
    rows: int = 0
    effect: list[str] = field(default_factory=list)
    status: int = 0
    named: bool = False
    fault: FaultKind | None = None

    def is_of(self, operation: str | None) -> bool:
        """Whether this call carried the operation; several in one request are joined by ``+``."""
        return operation is None or operation in self.operation.split("+")

    def add(self, operation: str, kind: Literal["read", "write"], rows: int, effect: Iterable[str]) -> None:
        """Name what the request does; a request that writes anything is a write."""
        if not self.named:
            self.operation, self.kind, self.named = operation, kind, True
        else:
            self.operation += "" if self.is_of(operation) else f"+{operation}"
            self.kind = "write" if kind == "write" else self.kind
        self.rows += rows
        self.effect.extend(effect)


class CallLog:
    """Every request in the order of arrival, one entry each."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._current: LoggedCall | None = None
        self.entries: list[LoggedCall] = []

    def open(self, operation: str, *, write: bool) -> LoggedCall:
        """A request arrived; what is noted until ``close`` belongs to it."""
        call = LoggedCall(operation, "write" if write else "read", self._clock.now())
        self.entries.append(call)
        self._current = call
        return call

    def resume(self, call: LoggedCall) -> None:
        """The late effect of an earlier request follows."""
        self._current = call

    def close(self, status: int | None = None) -> None:
        """The request is done."""
        if self._current is not None and status is not None:
            self._current.status = status
        self._current = None

    def read(self, operation: str, rows: int = 0) -> None:
        """Note that the request at hand reads so many records."""
        self._note(operation, "read", rows, ())

    def write(self, operation: str, rows: int = 0, effect: Iterable[str] = ()) -> None:
        """Note that the request at hand writes so many rows, and what that really changed."""
        self._note(operation, "write", rows, effect)

    def reads(self, operation: str | None = None) -> int:
        """How many requests only read."""
        return sum(call.kind == "read" and call.is_of(operation) for call in self.entries)

    def writes(self, operation: str | None = None) -> int:
        """How many requests were writes, refused and unanswered ones included."""
        return sum(call.kind == "write" and call.is_of(operation) for call in self.entries)

    def effects(self) -> list[str]:
        """Everything that was changed, in order of the requests."""
        return [effect for call in self.entries for effect in call.effect]

    def clear(self) -> None:
        """Forget everything counted so far."""
        self.entries.clear()

    def _note(self, operation: str, kind: Literal["read", "write"], rows: int, effect: Iterable[str]) -> None:
        if self._current is None:
            raise RuntimeError(f"{operation}: only a request that arrived can be logged, not an action of the admin")
        self._current.add(operation, kind, rows, effect)
