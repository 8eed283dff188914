"""What a line of the log is about: the run, the connection, the record and the action it was written under."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TypeAlias

KEYS = ("run", "connection", "flow", "ref", "action", "trace")
Spans: TypeAlias = Callable[[Mapping[str, object]], AbstractContextManager[Mapping[str, object]]]
_spans: list[Spans] = []
_about: ContextVar[Mapping[str, object]] = ContextVar("log_about", default={})  # noqa: B039 - it is never changed


def current() -> Mapping[str, object]:
    """What lines written here and now are about."""
    return _about.get()


@contextmanager
def about(**more: object) -> Iterator[None]:
    """Lines written inside are about this too: any of ``run``, ``connection``, ``flow``, ``ref`` and ``action``."""
    if not _spans:
        with _set(more):
            yield
        return
    with _spans[-1](more) as traced, _set({**more, **traced}):
        yield


def trace_with(spans: Spans | None) -> None:
    """Have a span around all that is said to be about something from now on, or none any more; for the process."""
    _spans[:] = [] if spans is None else [spans]


@contextmanager
def _set(more: Mapping[str, object]) -> Iterator[None]:
    token = _about.set({**_about.get(), **more})
    try:
        yield
    finally:
        _about.reset(token)
