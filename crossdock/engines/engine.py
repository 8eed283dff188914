"""What an engine is: four calls. It wakes at least once or not at all; what there is to do, the database says.

The marks in the database are the queue. A wake carries a key and nothing else, so that one that is lost, doubled or
late costs time at most: whoever sweeps finds what is still marked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sync.schedule import Schedule

Handler = Callable[[str], None]
"""Works off what is marked for a key; what it raises ends this wake, and nobody tries it again."""


class Engine(Protocol):
    """Wakes a handler, one key at a time; further wakes of a key that waits already are one."""

    def submit(self, key: str, priority: int = 0) -> None:
        """Have a key handled soon, the highest priority first; only after what was marked is committed."""
        ...

    def schedule(self, cron: Schedule, name: str, fn: Callable[[], None]) -> None:
        """While it runs, have each tick claimed and marked as due by one of all replicas, and ``fn`` called there."""
        ...

    def run(self, handler: Handler) -> None:
        """Handle what is submitted, in the calling thread or one of its own, until ``stop`` is called; once only."""
        ...

    def stop(self, grace: float) -> bool:
        """Begin nothing more; whether what was begun had ended within so many seconds."""
        ...
