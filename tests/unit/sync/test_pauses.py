"""What is paused is left alone: a connection is not called, a flow is not planned, and nothing is lost by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync import pauses
from sync.pauses import ALL, CONNECTION, FLOW, Paused
from sync.run import make_plan, run_sync
from tests.support.desk import Desk, open_desk


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    found = open_desk(sqlite_url)
    yield found
    found.trading.hub.database.close()


def _pause(desk: Desk, *what: Paused) -> None:
    with desk.database() as connection:
        pauses.pause(connection, what, desk.trading.hub.stamp())


def _sync(desk: Desk, *, named: bool = False) -> list[str]:
    """Sync as an operator's command does; gives the flows it worked on."""
    hub = desk.trading.hub
    flows = pauses.obey(hub, list(hub.config.flows.values()), named=named)
    desk.sync(flows=flows)
    return [flow.name for flow in flows]


def test_a_paused_connection_is_neither_read_nor_written_and_catches_up_afterwards(desk: Desk) -> None:
    _pause(desk, Paused(CONNECTION, "shop"))
    asked = desk.watch("shop")
    desk.world("erp").set_stock("SKU-1", "WH1", 3)
    before = desk.listed()
    _sync(desk)
    assert (asked, desk.listed()) == ([], before)
    with desk.database() as connection:
        assert pauses.resume(connection, [Paused(CONNECTION, "shop")]) == 1
    _sync(desk)
    assert desk.listed() < before
    assert asked


def test_lines_for_a_paused_connection_are_withheld_by_that_reason(desk: Desk) -> None:
    hub = desk.trading.hub
    _pause(desk, Paused(CONNECTION, "shop"))
    desk.world("erp").set_stock("SKU-1", "WH1", 3)
    desk.trading.clock.advance(60)
    flows = pauses.obey(hub, list(hub.config.flows.values()))
    looked, summary = make_plan(hub, flows=flows)
    assert summary.withheld["paused"] > 0
    assert not summary.planned["shop"]
    assert "shop" not in looked.reads
    assert not looked.incomplete


def test_an_order_is_not_asked_for_at_a_paused_connection_until_it_goes_on(desk: Desk) -> None:
    _pause(desk, Paused(CONNECTION, "erp"))
    desk.place(1)
    _sync(desk)
    assert desk.requests("erp") == {}
    with desk.database() as connection:
        pauses.resume(connection, [Paused(CONNECTION, "erp")])
    _sync(desk)
    assert len(desk.requests("erp")) == 1


def test_a_paused_flow_is_left_out_unless_it_is_named(desk: Desk) -> None:
    (flow, *_) = desk.trading.hub.config.flows
    _pause(desk, Paused(FLOW, flow))
    desk.world("erp").set_stock("SKU-1", "WH1", 3)
    before = desk.listed()
    assert flow not in _sync(desk)
    assert desk.listed() == before
    assert flow in _sync(desk, named=True)
    assert desk.listed() < before


def test_with_everything_paused_nobody_is_asked_anything(desk: Desk) -> None:
    hub = desk.trading.hub
    _pause(desk, Paused(ALL, ""))
    number = desk.place(1)
    assert pauses.obey(hub, list(hub.config.flows.values())) == []
    assert hub.paused == frozenset(hub.config.connections)
    report = run_sync(hub, flows=[])
    assert report.look.reads == {}
    with desk.database() as connection:
        pauses.resume(connection, [Paused(ALL, "")])
    _sync(desk)
    assert desk.standing(number)


def test_a_pause_keeps_the_date_it_was_first_set(desk: Desk) -> None:
    with desk.database() as connection:
        pauses.pause(connection, [Paused(FLOW, "prices")], "2026-07-01T00:00:00.000000Z")
        pauses.pause(connection, [Paused(FLOW, "prices")], "2026-07-02T00:00:00.000000Z")
        assert pauses.listing(connection) == [Paused(FLOW, "prices", "2026-07-01T00:00:00.000000Z")]
        assert pauses.resume(connection, [Paused(FLOW, "prices"), Paused(FLOW, "other")]) == 1
