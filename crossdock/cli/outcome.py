"""How a command ended, as its exit code says it."""

from __future__ import annotations

from enum import IntEnum

from canonical.errors import CrossdockError, GuardError


class Outcome(IntEnum):
    """The exit codes; the meaning of each is part of the public interface."""

    IN_SYNC = 0
    ERROR = 1
    PENDING = 2
    PARTIAL = 3
    GUARDED = 4
    HELD = 5

    @property
    def word(self) -> str:
        """The name used in JSON output."""
        return self.name.lower()


INTERRUPTED = 130
EXIT_CODES = """\b
Exit codes:
  0  in sync, nothing to do
  1  error, also for wrong usage or configuration
  2  changes pending
  3  applied partly
  4  a guard stopped it
  5  nothing to apply, but records are held or quarantined
"""


def outcome_of(error: CrossdockError) -> Outcome:
    """The outcome of a command that an error ended."""
    return Outcome.GUARDED if isinstance(error, GuardError) else Outcome.ERROR
