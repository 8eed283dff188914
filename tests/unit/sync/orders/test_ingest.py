"""Taking orders in: what cannot be read is kept, and heals when the record or the mapping changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sync.observe import ReadMode
from sync.orders import acts
from sync.store.orders import Document
from sync.store.tables import table
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
_DOCUMENT = table(Document)


def _stored(desk: Desk) -> list[tuple[str, str, bool]]:
    with desk.database() as connection:
        rows = connection.execute(_DOCUMENT.select().where(_DOCUMENT.c.kind == "order")).all()
    return [(row.external_id, row.reason, row.body is not None) for row in rows]


def _spoil(desk: Desk, number: str) -> dict[str, Any]:
    good = {"lines": desk.trade("shop").orders[number]["lines"]}
    desk.change(number, lines=[{**good["lines"][0], "quantity": "three"}])
    return good


def test_an_order_that_does_not_fit_is_kept_raw_and_named_with_the_place_of_the_fault(desk: Desk) -> None:
    number = desk.place(2)
    _spoil(desk, number)
    desk.sync()
    assert _stored(desk) == [("o1", "invalid_value", False)]
    assert desk.standing() == ("unreadable", "invalid_value")
    assert "lines[0].quantity" in desk.row().detail


def test_an_unreadable_order_becomes_an_order_with_its_own_dates_when_its_record_changes(desk: Desk) -> None:
    placed = desk.trading.clock.now()
    number = desk.place(2)
    good = _spoil(desk, number)
    desk.sync()
    desk.change(number, **good)
    desk.sync()
    assert desk.standing() == ("asked", "")
    assert (desk.row().number, desk.row().placed_at[:19]) == ("#o1", placed.isoformat()[:19])
    assert desk.requests() == {"shop-o1-1": "accepted"}


def test_an_unreadable_order_of_before_the_go_live_is_not_asked_for_when_it_heals(desk: Desk) -> None:
    number = desk.place(2)
    desk.change(number, placed_at="2020-01-01T00:00:00Z")
    good = _spoil(desk, number)
    desk.sync()
    desk.change(number, **good)
    desk.sync()
    assert (desk.standing(), desk.requests()) == (("undeclared", "before_go_live"), {})


def test_an_order_that_breaks_later_keeps_its_units_and_its_last_good_form(desk: Desk) -> None:
    number = desk.place(2)
    desk.sync(orders=False)
    assert desk.reserved() == 2
    good = _spoil(desk, number)
    desk.sync()
    assert (desk.standing()[0], desk.reserved(), _stored(desk)) == ("unreadable", 2, [("o1", "invalid_value", True)])
    desk.change(number, **good)
    desk.sync()
    assert desk.standing() == ("asked", "")


def test_an_order_that_the_channel_shows_no_more_is_named_to_a_person_and_not_canceled(both_of: OpenDesk) -> None:
    desk = both_of()
    number, other = desk.place(2), desk.place(1, sku="SKU-2")
    desk.sync()
    gone = desk.trade("shop").orders.pop(number)
    for _ in range(2):
        desk.sync(ReadMode.FULL)
    assert (desk.standing(), desk.standing(other)) == (("blocked", "deleted_there"), ("asked", ""))
    assert desk.requests() == {"shop-o1-1": "accepted", "shop-o2-1": "accepted"}
    # It was taken out of the trash, as it was.
    desk.trade("shop").orders[number] = gone
    desk.sync(ReadMode.FULL)
    assert desk.standing() == ("asked", "")


def test_an_order_that_a_complete_read_leaves_out_but_that_is_there_by_its_id_is_not_missed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.place(2)
    desk.sync()
    connector = desk.trading.hub.connector("shop")
    pull = connector.pull

    def windowed(resource: str, fields: Any) -> Any:
        for page in pull(resource, fields):
            yield replace(page, records=[]) if resource == "orders" else page

    monkeypatch.setattr(connector, "pull", windowed)
    desk.sync(ReadMode.FULL)
    assert desk.standing() == ("asked", "")


def test_an_order_that_was_deleted_is_called_off_when_a_person_drops_it(both_of: OpenDesk) -> None:
    desk = both_of(shops=("shop", "web"))
    number = desk.place(2)
    desk.sync()
    del desk.trade("shop").orders[number]
    desk.sync(ReadMode.FULL)
    acts.drop(desk.trading.hub, desk.row())
    for _ in range(3):
        desk.sync(ReadMode.FULL)
    assert desk.requests() == {"shop-o1-1": "canceled"}
    assert (desk.standing(), desk.reserved(), desk.listed("web")) == (("canceled", "dropped"), 0, 15)
