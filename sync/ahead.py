"""One page of look-ahead: the next page is on its way while this one is stored; small pages are stored together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

from connectors.base import Page
from sync.hub import Hub

T = TypeVar("T")
_IDLE_SECONDS = 0.25


def read_ahead(hub: Hub, name: str, pages: Iterator[Page], *, least: int = 0) -> Generator[Page]:
    """The pages of a connection, joined to so many records, one ahead; the run may be overtaken while one is made.

    A platform may take minutes for a page: a bulk operation, a limit on calls. One inside this process has no latency
    to hide behind storing.
    """
    if name in hub.transports:
        yield from pages
    else:
        yield from one_ahead(gathered(pages, least) if least else pages, name, lambda: hub.checkpoint("waiting"))


def gathered(pages: Iterator[Page], least: int) -> Iterator[Page]:
    """The same records in fewer pages: small ones are joined until so many are together.

    A joined page is dated by its first part, since nothing may look newer than it is (R9).
    """
    parts: list[Page] = []
    for page in pages:
        parts.append(page)
        if sum(len(part.records) for part in parts) >= least:
            yield _joined(parts)
            parts = []
    if parts:
        yield _joined(parts)


def _joined(parts: list[Page]) -> Page:
    last = parts[-1]
    cursor = next((part.cursor for part in reversed(parts) if part.cursor), None)
    records = [record for part in parts for record in part.records]
    return Page(last.resource, records, min(part.as_of for part in parts), cursor, last.complete)


def one_ahead(pages: Iterator[T], name: str, idle: Callable[[], None] = lambda: None) -> Generator[T]:
    """The same pages in order; an error comes where its page would have come. Close it when it is left early.

    The pages are made in one thread of their own, named for logs, which has ended when the last page was taken.
    ``idle`` is called now and then while the next one is waited for.
    """
    done = object()
    with ThreadPoolExecutor(1, thread_name_prefix=f"read-{name}") as reader:
        coming = _asked(reader, pages, done)
        while (page := _result(coming, idle)) is not done:
            coming = _asked(reader, pages, done)
            yield page  # type: ignore[misc]


def _asked(reader: ThreadPoolExecutor, pages: Iterator[T], done: object) -> Future[T | object]:
    """The next page, made in the context of who takes it: what is logged and traced there is about the same."""
    context = copy_context()
    return reader.submit(lambda: context.run(lambda: next(pages, done)))


def _result(coming: Future[T | object], idle: Callable[[], None]) -> T | object:
    while not wait([coming], _IDLE_SECONDS).done:
        idle()
    return coming.result()
