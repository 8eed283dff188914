"""Reservations that are over are forgotten in time, and do not come back when their order is looked at again."""

from __future__ import annotations

from collections.abc import Callable

from sync.observe import ReadMode
from sync.orders.reservations import KEPT
from sync.store.orders import Reservation
from sync.store.tables import table
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
DAY = 86_400


def _rows(desk: Desk) -> list[tuple[str, int]]:
    with desk.database() as connection:
        return [(row.state, row.units) for row in connection.execute(table(Reservation).select())]


def test_a_reservation_that_is_over_is_deleted_after_its_time_and_not_made_anew(both_of: OpenDesk) -> None:
    desk = both_of(shops=("shop", "web"))
    number = desk.place(3)
    for _ in range(2):
        desk.sync(ReadMode.FULL)
    assert _rows(desk) == [("closed", 3)]
    desk.sync(ReadMode.FULL, after=(KEPT.days - 1) * DAY)
    assert _rows(desk) == [("closed", 3)]
    desk.sync(ReadMode.FULL, after=2 * DAY)
    assert _rows(desk) == []
    desk.change(number, note="touched")
    desk.sync(ReadMode.FULL)
    assert (_rows(desk), desk.listed("web"), desk.listed("shop")) == ([], 12, 12)


def test_a_reservation_that_no_figure_contains_is_kept_however_old_it_is(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=("shop", "web"))
    desk.trade("erp").confirms = False
    number = desk.place(3)
    desk.sync()
    desk.sync(ReadMode.FULL, after=(KEPT.days + 1) * DAY)
    desk.change(number, note="touched")
    desk.sync()
    assert (_rows(desk), desk.listed("web")) == ([("open", 3)], 12)
