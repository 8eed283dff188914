"""Pages come in order, one is fetched ahead, small ones are joined, and errors arrive where they belong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from canonical.errors import RetriableError
from connectors.base import Page
from sync.ahead import gathered, one_ahead

_START = datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC)


def pages(*sizes: int, cursor: str | None = "next") -> list[Page]:
    last = len(sizes) - 1
    return [
        Page(
            "items",
            [b"%d.%d" % (number, each) for each in range(size)],
            _START + timedelta(seconds=number),
            cursor if number == last else None,
            number == last,
        )
        for number, size in enumerate(sizes)
    ]


def test_every_page_comes_once_and_in_order() -> None:
    made = pages(2, 0, 3)
    assert list(one_ahead(iter(made), "shop")) == made
    assert list(one_ahead(iter([]), "shop")) == []


def test_the_next_page_is_fetched_while_one_is_stored_and_never_two() -> None:
    fetched: list[int] = []
    second = threading.Event()

    def source() -> Iterator[Page]:
        for number, page in enumerate(pages(1, 1, 1, 1)):
            fetched.append(number)
            if number == 1:
                second.set()
            yield page

    with closing(one_ahead(source(), "shop")) as coming:
        next(coming)
        assert second.wait(10)
        assert fetched == [0, 1]


def test_an_error_comes_after_the_pages_before_it() -> None:
    def source() -> Iterator[Page]:
        yield from pages(1, 1)
        raise RetriableError("the platform went away")

    coming = one_ahead(source(), "shop")
    assert len(next(coming).records) == 1
    assert len(next(coming).records) == 1
    with pytest.raises(RetriableError, match="went away"):
        next(coming)


def test_leaving_early_ends_the_thread() -> None:
    with closing(one_ahead(iter(pages(1, 1, 1)), "early")) as coming:
        next(coming)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-early")]


def test_small_pages_are_joined_and_dated_by_the_first_of_them() -> None:
    joined = list(gathered(iter(pages(2, 2, 2, 1)), 4))
    assert [len(page.records) for page in joined] == [4, 3]
    assert [page.as_of for page in joined] == [_START, _START + timedelta(seconds=2)]
    assert [(page.cursor, page.complete) for page in joined] == [(None, False), ("next", True)]
    assert [record for page in joined for record in page.records] == [
        b"0.0",
        b"0.1",
        b"1.0",
        b"1.1",
        b"2.0",
        b"2.1",
        b"3.0",
    ]


def test_a_read_without_records_keeps_its_last_page() -> None:
    [only] = gathered(iter(pages(0, 0)), 4)
    assert (only.records, only.cursor, only.complete) == ([], "next", True)
