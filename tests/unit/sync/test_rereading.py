"""What is marked is read in batches; one record that cannot be read is put off, and the others are read at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select, update

from canonical.errors import AuthenticationError, ProtocolError, RetriableError, ThrottledError
from connectors.base import Finding, Page
from sync import observeset, trouble
from sync.observe import ReadMode, drain
from sync.observeset import Mark
from sync.rereading import KIND, Rereading
from sync.store import tables
from tests.support.desk import Desk, open_desk

_BAD = "r7"
_OBSERVE = tables.table(tables.Observe)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    found = open_desk(database_url)
    yield found
    found.trading.hub.database.close()


def _mark(desk: Desk, *refs: str) -> None:
    with desk.database() as connection:
        observeset.mark_all(connection, [Mark("shop", "orders", ref) for ref in refs], desk.trading.hub.stamp())


def _left(desk: Desk) -> dict[str, int]:
    with desk.database() as connection:
        rows = connection.execute(select(_OBSERVE.c.external_id, _OBSERVE.c.attempts)).all()
    return {row[0]: row[1] for row in rows}


def _drain(desk: Desk, read: Callable[[Sequence[str]], None]) -> int:
    return Rereading(desk.trading.hub, "shop").drain(["orders"], lambda due: read(list(due.refs)))


class Platform:
    """Answers with an error whenever one of the bad records is asked for."""

    def __init__(self, error: Exception, bad: Sequence[str] = (_BAD,), on_error: Callable[[], Any] = lambda: None):
        self.error, self.bad, self.on_error = error, set(bad), on_error
        self.asked: list[list[str]] = []
        self.read: list[str] = []

    def __call__(self, refs: Sequence[str]) -> None:
        self.asked.append(list(refs))
        if self.bad & set(refs):
            self.on_error()
            raise self.error
        self.read += refs


@pytest.mark.parametrize("error", [RetriableError("500"), ProtocolError("HTML"), AttributeError("no such field")])
def test_a_bad_record_delays_no_other(desk: Desk, error: Exception) -> None:
    refs = [f"r{number}" for number in range(40)]
    _mark(desk, *refs)
    platform = Platform(error)
    assert _drain(desk, platform) == 39
    assert sorted(platform.read) == sorted(set(refs) - {_BAD})
    assert _left(desk) == {_BAD: 1}
    assert len(platform.asked) <= 2 * 6 + 1


def test_it_is_tried_again_later_and_later_alone_and_after_the_others(desk: Desk) -> None:
    _mark(desk, _BAD)
    platform = Platform(RetriableError("500"))
    begun = desk.trading.clock.now()
    while len(platform.asked) < 7:
        _drain(desk, platform)
        desk.trading.clock.advance(0.5)
    assert (desk.trading.clock.now() - begun).total_seconds() >= 1 + 2 + 4 + 8 + 16 + 32
    _mark(desk, "fresh", _BAD)
    desk.trading.clock.advance(300)
    _drain(desk, platform)
    assert platform.asked[7:] == [["fresh"], [_BAD]]


def test_who_cannot_be_read_again_and_again_is_told_of_until_it_can(desk: Desk) -> None:
    _mark(desk, _BAD)
    platform = Platform(RetriableError("status 500"))

    def told() -> list[tuple[str, str]]:
        with desk.database() as connection:
            return [(row.subject, row.detail) for row in trouble.of_kinds(connection, [KIND])]

    for _ in range(4):
        _drain(desk, platform)
        desk.trading.clock.advance(300)
    assert not told()
    _drain(desk, platform)
    assert told() == [(f"shop orders {_BAD}", "status 500")]
    platform.bad.clear()
    desk.trading.clock.advance(300)
    assert _drain(desk, platform) == 1
    assert not told()
    assert not _left(desk)


@pytest.mark.parametrize("raises", [False, True])
def test_a_platform_that_is_down_is_asked_a_few_times_and_every_mark_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, raises: bool
) -> None:
    refs = [f"r{number}" for number in range(600)]
    _mark(desk, *refs)
    platform = Platform(RetriableError("down"), refs)
    connector = desk.trading.hub.connector("shop")

    def check() -> list[Finding]:
        if platform.bad and raises:
            raise platform.error
        return [Finding("credentials", ok=not platform.bad, message="down")]

    monkeypatch.setattr(connector, "check", check)
    with pytest.raises(RetriableError):
        _drain(desk, platform)
    assert len(platform.asked) == 4
    assert _left(desk).keys() == set(refs)
    platform.bad.clear()
    desk.trading.clock.advance(2)
    assert _drain(desk, platform) == 600
    assert not _left(desk)


def test_many_bad_records_of_a_platform_that_answers_delay_no_other(desk: Desk) -> None:
    refs = [f"r{number:03}" for number in range(500)]
    _mark(desk, *refs)
    platform = Platform(RetriableError("500"), refs[::50])
    assert _drain(desk, platform) == 490
    assert _left(desk) == dict.fromkeys(refs[::50], 1)


def test_each_is_tried_once_though_trying_all_takes_longer_than_they_are_put_off_for(desk: Desk) -> None:
    refs = [f"r{number:03}" for number in range(100)]
    _mark(desk, *refs)
    with desk.database() as connection:
        connection.execute(update(_OBSERVE).values(attempts=3))
    _mark(desk, "good")
    platform = Platform(RetriableError("500"), refs, lambda: desk.trading.clock.advance(1))
    assert _drain(desk, platform) == 1
    assert len(platform.asked) == 101
    assert _left(desk) == dict.fromkeys(refs, 4)


def test_where_no_record_can_be_read_most_are_left_for_the_next_time(desk: Desk) -> None:
    refs = [f"r{number}" for number in range(600)]
    _mark(desk, *refs)
    platform = Platform(RetriableError("500"), refs)
    assert _drain(desk, platform) == 0
    assert len(platform.asked) == 32
    assert _left(desk).keys() == set(refs)


@pytest.mark.parametrize("seconds", [0, 30])
def test_products_that_cannot_be_read_keep_no_order_from_being_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    connector, bad = desk.trading.hub.connector("shop"), {f"bad{number}" for number in range(6)}
    right = connector.lookup

    def lookup(resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        if bad & set(ids):
            desk.trading.clock.advance(seconds)
            raise RetriableError("500")
        return right(resource, fields, ids)

    monkeypatch.setattr(connector, "lookup", lookup)
    with desk.database() as connection:
        observeset.mark_all(connection, [Mark("shop", "items", ref) for ref in bad], desk.trading.hub.stamp())
    for _ in range(9):
        with suppress(RetriableError):
            drain(desk.trading.hub, "shop")
        desk.trading.clock.advance(300)
    _mark(desk, desk.place(1))
    assert not desk.sync(ReadMode.MARKED).look.failed
    assert len(desk.requests()) == 1
    assert desk.sync(ReadMode.FULL).look.reads["shop"].swept


def test_a_record_that_takes_long_is_found_without_holding_the_others_up(desk: Desk) -> None:
    refs = [f"r{number}" for number in range(600)]
    _mark(desk, *refs)
    platform = Platform(RetriableError("timeout"), ["r0"], on_error=lambda: desk.trading.clock.advance(30))
    for _ in range(4):
        _drain(desk, platform)
        desk.trading.clock.advance(2)
    assert len(platform.read) == 599
    slow = [part for part in platform.asked if "r0" in part]
    assert [len(part) for part in slow] == [500, 62, 7, 1]
    assert _left(desk) == {"r0": 4}


@pytest.mark.parametrize("error", [ThrottledError("slow down"), AuthenticationError("who are you")])
def test_what_concerns_the_whole_connection_ends_the_reading(desk: Desk, error: Exception) -> None:
    _mark(desk, _BAD, "r8")
    platform = Platform(error)
    with pytest.raises(type(error)):
        _drain(desk, platform)
    assert len(platform.asked) == 1
    assert _left(desk) == {_BAD: 0, "r8": 0}


def test_a_mark_set_while_its_record_was_read_stays(desk: Desk) -> None:
    _mark(desk, "r1", "r2")
    asked: list[list[str]] = []

    def read(refs: Sequence[str]) -> None:
        asked.append(list(refs))
        if len(asked) == 1:
            _mark(desk, "r2")

    _drain(desk, read)
    assert asked == [["r1", "r2"]]
    _drain(desk, read)
    assert asked == [["r1", "r2"], ["r2"]]
    assert not _left(desk)
