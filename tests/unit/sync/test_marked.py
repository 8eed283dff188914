"""Marked orders are looked up by themselves, once however often they were marked, and no mark is lost (R18)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from canonical.errors import RetriableError
from sync import observeset
from sync.documents import Found
from sync.hub import Hub
from sync.marked import drain_documents
from sync.observe import ReadMode
from sync.observeset import Mark
from tests.support.desk import Desk, open_desk


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    found = open_desk(database_url)
    yield found
    found.trading.hub.database.close()


def _mark(desk: Desk, *ids: str, resource: str = "orders", shop: str = "shop") -> None:
    with desk.database() as connection:
        observeset.mark_all(connection, [Mark(shop, resource, one) for one in ids], desk.trading.hub.stamp())


def _left(desk: Desk) -> int:
    with desk.database() as connection:
        return observeset.count(connection)


def test_a_marked_order_is_taken_in_and_asked_for_without_any_other_read(desk: Desk) -> None:
    number, other = desk.place(2), desk.place(1)
    for _ in range(8):
        _mark(desk, number)
    desk.world("shop").reads.clear()
    desk.sync(ReadMode.MARKED)
    assert desk.world("shop").reads == ["orders"]
    assert desk.standing(number) == ("asked", "")
    assert desk.requests() == {f"shop-{number}-1": "accepted"}
    assert desk.row(other) is None
    assert _left(desk) == 0


def test_the_next_sync_asks_for_it_no_second_time(desk: Desk) -> None:
    number = desk.place(2)
    _mark(desk, number)
    desk.sync(ReadMode.MARKED)
    desk.sync()
    _mark(desk, number)
    desk.sync(ReadMode.MARKED)
    assert list(desk.requests()) == [f"shop-{number}-1"]


def test_what_the_read_by_cursor_brought_is_not_looked_up_again(desk: Desk) -> None:
    _mark(desk, *[desk.place(1) for _ in range(3)])
    desk.world("shop").reads.clear()
    desk.sync()
    assert desk.world("shop").reads.count("orders") == 1
    assert _left(desk) == 0


def test_a_mark_set_again_during_the_lookup_leads_to_another_next_time(desk: Desk) -> None:
    number = desk.place(1)
    _mark(desk, number)
    taken: list[str] = []

    def take(hub: Hub, connection: Connection, found: Found) -> None:
        taken.append(found.external_id)
        if len(taken) == 1:
            # The order changes once more after it was read, and that is told.
            desk.change(number, note="changed")
            observeset.mark_all(connection, [Mark("shop", "orders", number)], hub.stamp())

    desk.trading.clock.advance(60)
    assert drain_documents(desk.trading.hub, "shop", {"order": take}) == 1
    assert _left(desk) == 1
    assert drain_documents(desk.trading.hub, "shop", {"order": take}) == 1
    assert taken == [number, number]
    assert _left(desk) == 0


def test_marks_that_nobody_reads_are_dropped_and_those_of_other_connections_kept(desk: Desk) -> None:
    _mark(desk, "t1", resource="themes")
    _mark(desk, "o1", shop="elsewhere")
    _mark(desk, "no-such-order")
    desk.sync(ReadMode.MARKED)
    with desk.database() as connection:
        assert observeset.counts(connection) == {"elsewhere": 1}


def test_a_platform_that_cannot_be_reached_leaves_the_mark(desk: Desk) -> None:
    number = desk.place(1)
    _mark(desk, number)
    connector = desk.trading.hub.connector("shop")
    lookup = connector.lookup

    def down(*given: object) -> object:
        raise RetriableError("down")

    connector.lookup = down
    report = desk.sync(ReadMode.MARKED)
    assert report.look.reads["shop"].incomplete == ["1 marked orders"]
    assert report.look.incomplete
    assert _left(desk) == 1
    connector.lookup = lookup
    desk.sync(ReadMode.MARKED)
    assert desk.standing(number) == ("asked", "")
