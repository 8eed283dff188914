"""Whole documents: raw first, then mapped; a page is one transaction, and old copies are no news (R9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from canonical.order import Order
from connectors.base import Page
from sync import cursors
from sync.documents import Found, blocked, load, observe_documents, reread_documents, store_documents
from sync.observe import ReadMode, ReadReport
from tests.support.desk import Desk, KilledError, open_desk


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    found = open_desk(database_url)
    yield found
    found.trading.hub.database.close()


def _store(desk: Desk, *records: dict[str, Any], age: float = 0) -> list[Found]:
    """Store a page that was read so many seconds ago; what was taken of it."""
    hub = desk.trading.hub
    mapping = hub.config.connections["shop"].documents["order"]
    raws = [msgspec.json.encode(one) for one in records]
    page = Page("orders", raws, hub.now() - timedelta(seconds=age), None, False)
    taken: list[Found] = []
    with desk.database() as connection:
        store_documents(hub, connection, "shop", mapping, page, lambda _hub, _connection, found: taken.append(found))
    return taken


def _record(number: str = "o1", **more: Any) -> dict[str, Any]:
    made = {
        "id": number,
        "number": f"#{number}",
        "placed_at": "2026-11-27T08:00:00Z",
        "updated_at": "2026-11-27T08:00:00Z",
        "currency": "EUR",
        "total": "10.00",
        "lines": [{"id": "l1", "quantity": 1, "amount": "10.00"}],
        "status": "open",
        "payment_status": "paid",
    }
    return {**made, **more}


def _note(desk: Desk, number: str = "o1") -> str:
    with desk.database() as connection:
        found = load(connection, "shop", "order", number, Order)
    assert found is not None
    return str(found.note)


def test_what_did_not_change_is_not_taken_again(desk: Desk) -> None:
    assert [one.external_id for one in _store(desk, _record())] == ["o1"]
    assert _store(desk, _record()) == []
    assert [one.external_id for one in _store(desk, _record(note="new"), _record("o2"))] == ["o1", "o2"]


def test_a_copy_read_earlier_than_the_stored_one_is_no_news(desk: Desk) -> None:
    _store(desk, _record(note="new"))
    assert _store(desk, _record(note="old"), age=60) == []
    assert _note(desk) == "new"


def test_of_two_copies_in_one_page_the_later_counts_and_is_taken_once(desk: Desk) -> None:
    assert len(_store(desk, _record(note="first"), _record(note="second"))) == 1
    assert _note(desk) == "second"


def test_a_document_that_cannot_be_mapped_keeps_its_last_good_form_and_stops_no_other(desk: Desk) -> None:
    _store(desk, _record(note="good"))
    bad, fine = _store(desk, _record(total="a lot"), _record("o2"))
    assert (bad.document, bad.reason, fine.reason) == (None, "invalid_value", "")
    assert _note(desk) == "good"
    with desk.database() as connection:
        assert [(row.external_id, row.reason) for row in blocked(connection)] == [("o1", "invalid_value")]


def test_a_document_that_could_not_be_mapped_is_tried_again_at_every_look(desk: Desk) -> None:
    assert len(_store(desk, _record(total="a lot"))) == 1
    assert len(_store(desk, _record(total="a lot"))) == 1
    _store(desk, _record())
    with desk.database() as connection:
        assert blocked(connection) == []


def test_documents_without_an_id_are_kept_apart_by_what_they_say(desk: Desk) -> None:
    first, second = _record(note="a"), _record(note="b")
    del first["id"], second["id"]
    found = _store(desk, first, second)
    assert len({one.external_id for one in found}) == 2
    assert all(one.external_id.startswith("?") and one.document is None for one in found)


def test_the_cursor_moves_only_with_the_whole_read_so_that_a_kill_loses_nothing(desk: Desk) -> None:
    hub = desk.trading.hub
    with desk.database() as connection:
        before = cursors.load(connection, "shop", "orders").cursor
    for _ in range(150):
        desk.place(0)
    taken: list[str] = []

    def take(_hub: Any, _connection: Any, found: Found) -> None:
        taken.append(found.external_id)

    def die(name: str) -> None:
        raise KilledError(name)

    hub.checkpoint = die
    with pytest.raises(KilledError):
        observe_documents(hub, "shop", ReadMode.DELTA, {"order": take}, ReadReport("shop"))
    hub.checkpoint = lambda _name: None
    with desk.database() as connection:
        assert cursors.load(connection, "shop", "orders").cursor == before
    assert len(taken) == 100
    observe_documents(hub, "shop", ReadMode.DELTA, {"order": take}, ReadReport("shop"))
    assert (len(taken), len(set(taken))) == (150, 150)


def test_a_read_that_ends_before_the_last_page_is_incomplete_and_proves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, report = desk.trading.hub, ReadReport("shop")
    connector = hub.connector("shop")
    pull = connector.pull
    desk.place(0)

    def cut(resource: str, fields: Any) -> Iterator[Page]:
        for page in pull(resource, fields):
            yield Page(page.resource, page.records, page.as_of, None, False)

    monkeypatch.setattr(connector, "pull", cut)
    with desk.database() as connection:
        before = cursors.load(connection, "shop", "orders")
    hub.clock.advance(60)
    observe_documents(hub, "shop", ReadMode.FULL, {"order": lambda *_: None}, report)
    assert report.incomplete == ["orders"]
    with desk.database() as connection:
        assert cursors.load(connection, "shop", "orders") == before


def test_exactly_the_named_documents_are_read_again(desk: Desk) -> None:
    for _ in range(3):
        desk.place(0)
    taken: list[str] = []
    reread_documents(
        desk.trading.hub, "shop", "order", ["o2", "o2", "gone"], lambda _h, _c, found: taken.append(found.external_id)
    )
    assert taken == ["o2"]
