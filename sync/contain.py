"""What a connection runs into ends what is done with that connection, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from canonical.errors import BusyError, CrossdockError, FatalError, RetriableError, SkippableError

_log = logging.getLogger(__name__)


@contextmanager
def contained(name: str, failed: dict[str, str]) -> Iterator[None]:
    """Do something with one connection; what goes wrong there is told in ``failed``, and the others go on.

    A fault that no one foresaw is contained as well: a platform may answer what no connector reckoned with, and one
    platform must not stop the rest. What concerns all of them, such as a guard or a wrong configuration, goes on up.
    """
    try:
        yield
    except (RetriableError, FatalError, BusyError, SkippableError) as error:
        failed[name] = str(error)
    except CrossdockError:
        raise
    except Exception as error:  # noqa: BLE001 - no connector may stop the others
        _log.exception("%s: an unexpected fault", name)
        failed[name] = unexpected(name, error)


def unexpected(name: str, error: Exception) -> str:
    """An error that no one foresaw, in words for a person."""
    said = f"{name}: an unexpected fault: {type(error).__name__}: {error}"
    return f"{said[:300]} (the log has where it arose; please report it)"
