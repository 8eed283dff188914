"""Every error of Crossdock, sorted by what the caller can do about it.

CrossdockError
|- RetriableError      the same request may succeed later
|  |- ThrottledError     the platform asked us to wait; it did nothing
|  `- AmbiguousError     a write was sent and its outcome is unknown
|- SkippableError      one record is bad, the others go on
|- FatalError          this connection cannot go on
|  |- AuthenticationError
|  `- ProtocolError      the platform answered something that is not its API
|- DataError           belongs in the conflict log
|- ConfigError         the operator's files are wrong; carries file, line and column
|- GuardError          a guard stopped the run
`- BusyError           another process holds the lease or the connection
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class CrossdockError(Exception):
    """Something went wrong in Crossdock."""

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").splitlines()[0])
        self.hint = hint

    def __str__(self) -> str:
        text = super().__str__()
        return f"{text} ({self.hint})" if self.hint else text


class RetriableError(CrossdockError):
    """The platform could not answer now."""

    def __init__(self, message: str = "", *, retry_after: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ThrottledError(RetriableError):
    """The platform asked us to slow down; nothing was done."""


class AmbiguousError(RetriableError):
    """A write was sent but no answer came; it may have taken effect."""


class SkippableError(CrossdockError):
    """One record cannot be handled; the others go on."""

    def __init__(self, reason: str, message: str = "", *, ref: str = "", hint: str = "") -> None:
        super().__init__(message or reason, hint=hint)
        self.reason = reason
        self.ref = ref


class FatalError(CrossdockError):
    """This connection cannot go on until someone acts."""


class AuthenticationError(FatalError):
    """The platform refused our credentials."""


class DatabaseAwayError(FatalError):
    """The database server cannot be reached; it may be starting."""


class ProtocolError(FatalError):
    """The platform answered something that is not its API."""


class DataError(CrossdockError):
    """The data contradicts itself; see the conflict log."""


class GuardError(CrossdockError):
    """A guard stopped the run."""


class BusyError(CrossdockError):
    """Another process is working on this; try again when it has finished."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in the operator's files: what is wrong, where, and what to do."""

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} ({self.hint})" if self.hint else text


class ConfigError(CrossdockError):
    """The configuration is wrong."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        found = (Problem(problems),) if isinstance(problems, str) else tuple(problems)
        self.problems = found
        super().__init__("\n".join(str(problem) for problem in found))
