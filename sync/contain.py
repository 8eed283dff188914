"""What a connection runs into ends what is done with that connection, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from canonical.errors import (
    BusyError,
    CrossdockError,
    FatalError,
    ProtocolError,
    RetriableError,
    SkippableError,
    ThrottledError,
)

_log = logging.getLogger(__name__)


@contextmanager
def contained(name: str, failed: dict[str, str]) -> Iterator[None]:
    """Do something with one connection; what goes wrong there is told in ``failed``, and the others go on.

    A fault that no one foresaw is contained as well: a platform may answer what no connector reckoned with, and one
    platform must not stop the rest. What concerns all of them, such as a guard or a wrong configuration, goes on up.
    """
    try:
        with of_one_record(name):
            yield
    except (RetriableError, FatalError, BusyError, SkippableError) as error:
        failed[name] = str(error)


@contextmanager
def of_one_record(name: str) -> Iterator[None]:
    """Do something with one record; a fault there that no one foresaw is a SkippableError, and the others go on."""
    try:
        yield
    except CrossdockError:
        raise
    except Exception as error:
        _log.exception("%s: an unexpected fault", name)
        raise SkippableError("unexpected_fault", unexpected(name, error)) from error


def trouble_with_records(name: str, work: Callable[[], object]) -> CrossdockError | None:
    """Do something with some records of one connection, and give what goes wrong with them, a fault of ours included.

    What concerns the whole connection goes on up: that it refuses us, or asks to slow down.
    """
    try:
        with of_one_record(name):
            work()
    except ThrottledError:
        raise
    except (RetriableError, SkippableError, ProtocolError) as error:
        return error
    return None


def unexpected(name: str, error: Exception) -> str:
    """An error that no one foresaw, in words for a person."""
    said = f"{name}: an unexpected fault: {type(error).__name__}: {error}"
    return f"{said[:300]} (the log has where it arose; please report it)"
