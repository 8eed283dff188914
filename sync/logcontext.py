"""What a line of the log is about: the run, the connection, the record and the action it was written under."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

KEYS = ("run", "connection", "ref", "action")
_about: ContextVar[Mapping[str, object]] = ContextVar("log_about", default={})  # noqa: B039 - it is never changed


def current() -> Mapping[str, object]:
    """What lines written here and now are about."""
    return _about.get()


@contextmanager
def about(**more: object) -> Iterator[None]:
    """Lines written inside are about this too: any of ``run``, ``connection``, ``ref`` and ``action``."""
    token = _about.set({**_about.get(), **more})
    try:
        yield
    finally:
        _about.reset(token)
