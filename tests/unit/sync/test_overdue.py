"""What a channel took off or gave back is in its figure by the next whole look at it, whatever the bytes say (R3)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import pytest

from sync.observe import ReadMode
from sync.orders.owns import _OWN
from tests.support.desk import Desk, open_desk


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    found = open_desk(sqlite_url, shops=("shop", "web"))
    yield found
    found.trading.hub.database.close()


def _open_absorptions(desk: Desk) -> list[tuple[int, int]]:
    with desk.database() as connection:
        rows = connection.execute(_OWN.select().where(_OWN.c.units != _OWN.c.absorbed))
        return [(row.units, row.absorbed) for row in rows]


@pytest.mark.parametrize("blind", [(), ("shop",)])
def test_a_rise_that_hides_a_sale_is_lowered_though_the_record_shows_the_same_bytes(
    sqlite_url: str, blind: tuple[str, ...]
) -> None:
    desk = open_desk(sqlite_url, shops=("shop", "web"), blind=blind)
    # In one window 3 are sold and somebody puts 1 on the shelf: the shop shows 13 of 15, and 12 are free.
    desk.place(3)
    level = desk.world("shop").find("SKU-1").levels["WH1"]
    level["available"] += 1
    level["committed"] -= 1
    for mode in (ReadMode.AUTO, ReadMode.AUTO, ReadMode.FULL):
        desk.sync(mode, orders=False)
    assert desk.listed("shop") == 12
    assert _open_absorptions(desk) == []
    desk.trading.hub.database.close()


def test_nothing_is_looked_at_again_where_every_order_is_in_its_figure(desk: Desk) -> None:
    desk.place(3)
    for _ in range(2):
        desk.sync(ReadMode.FULL)
    report = desk.sync(ReadMode.FULL)
    assert _open_absorptions(desk) == []
    assert [plan.changes for plan in report.plans] == [0]


def test_a_cancellation_that_was_seen_before_it_was_read_counts_once(desk: Desk) -> None:
    number = desk.place(3)
    desk.sync()
    order = deepcopy(desk.trade("shop").orders[number])
    desk.trade("shop").cancel(number)
    canceled = desk.trade("shop").orders[number]
    # The shelf shows the 3 units again; the order does not say why yet.
    desk.trade("shop").orders[number] = order
    desk.sync(ReadMode.FULL, orders=False)
    desk.trade("shop").orders[number] = canceled
    desk.change(number)
    for _ in range(3):
        desk.sync(ReadMode.FULL)
    assert (desk.listed("shop"), desk.listed("web")) == (15, 15)
    assert _open_absorptions(desk) == []
