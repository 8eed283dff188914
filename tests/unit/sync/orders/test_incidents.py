"""Incidents: what happens again is told again, what a person closed and merely still stands is not."""

from __future__ import annotations

import pytest

from canonical.errors import DataError
from sync.observe import ReadMode
from sync.orders import acts, store
from tests.support.desk import Desk


def _close_all(desk: Desk) -> None:
    with desk.database() as connection:
        found = store.incidents(connection)
    for one in found:
        acts.close_incident(desk.trading.hub, one.id)


def _details(desk: Desk) -> list[str]:
    with desk.database() as connection:
        return [str(one.detail) for one in store.incidents(connection)]


def test_a_step_no_one_expects_that_is_taken_again_after_it_was_closed_is_told_again(desk: Desk) -> None:
    number = desk.place(2)
    desk.trade("shop").cancel(number)
    desk.sync()
    for _ in range(2):
        desk.change(number, status="open")
        desk.sync()
        assert desk.incidents() == ["unlikely_step"]
        _close_all(desk)
        desk.change(number, status="canceled")
        desk.sync(ReadMode.FULL)
        assert desk.incidents() == []


def test_what_a_person_closed_and_still_stands_is_not_told_at_every_sync(desk: Desk) -> None:
    number = desk.place(2)
    desk.sync()
    desk.trade("erp").ship("shop-o1-1", {"SKU-1": 1})
    desk.sync()
    desk.trade("shop").cancel(number)
    desk.sync()
    assert _details(desk) == ["1 units left for order #o1, which was canceled"]
    _close_all(desk)
    desk.change(number, note="touched")
    desk.sync(ReadMode.FULL)
    assert desk.incidents() == []
    # More of it leaves: that is news.
    desk.trade("erp").ship("shop-o1-1", {"SKU-1": 1}, number="T2")
    desk.sync()
    assert _details(desk) == ["2 units left for order #o1, which was canceled"]


def test_an_oversell_that_a_person_closed_is_told_again_when_it_was_over_in_between(desk: Desk) -> None:
    desk.trade("erp").confirms = False
    desk.place(20)
    desk.sync()
    assert desk.incidents() == ["oversold"]
    _close_all(desk)
    # The figures move, so that the item is looked at; what is missing stays the same.
    for place, units in (("WH1", 9), ("WH2", 6)):
        desk.world("erp").set_stock("SKU-1", place, units)
    desk.sync(ReadMode.FULL)
    assert desk.incidents() == []
    for units in (30, 9):
        desk.world("erp").set_stock("SKU-1", "WH1", units)
        desk.sync(ReadMode.FULL, force=True)
    assert desk.incidents() == ["oversold"]


def test_what_is_closed_already_is_refused_in_words(desk: Desk) -> None:
    with pytest.raises(DataError, match="incident 7 is not open"):
        acts.close_incident(desk.trading.hub, 7)
