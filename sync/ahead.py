"""One page of look-ahead: the next page is on its way while this one is stored."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def one_ahead(pages: Iterator[T], name: str) -> Generator[T]:
    """The same pages in order; an error comes where its page would have come. Close it when it is left early.

    The pages are made in one thread of their own, named for logs, which has ended when the last page was taken.
    """
    done = object()
    with ThreadPoolExecutor(1, thread_name_prefix=f"read-{name}") as reader:
        coming = reader.submit(next, pages, done)
        while (page := coming.result()) is not done:
            coming = reader.submit(next, pages, done)
            yield page  # type: ignore[misc]
