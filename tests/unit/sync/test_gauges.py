"""The figures of the database: how old what we know is, what waits, what is open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from sync import flowstate, freshness, observeset
from sync.gauges import gauges
from sync.observe import ReadMode
from sync.run import make_plan
from sync.store import tables
from tests.support.desk import Desk, open_desk


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    found = open_desk(database_url)
    yield found
    found.trading.hub.database.close()


def _figures(desk: Desk) -> dict[str, dict[tuple[str, ...], float]]:
    hub = desk.trading.hub
    with hub.database.read() as connection:
        return {one.name: dict(one.samples) for one in gauges(connection, hub.config, hub.now())}


def _ages(desk: Desk) -> dict[tuple[str, ...], float]:
    return _figures(desk)["flow_equal_age_seconds"]


def test_what_was_just_proven_equal_ages_until_the_next_sync(desk: Desk) -> None:
    desk.sync(ReadMode.FULL)
    assert _ages(desk)
    before = max(_ages(desk).values())
    desk.trading.clock.advance(500)
    assert min(_ages(desk).values()) >= 500
    desk.sync(ReadMode.FULL, after=0)
    assert max(_ages(desk).values()) <= before
    assert max(_figures(desk)["field_lag_seconds"].values()) < 500


def test_what_is_to_be_written_is_not_equal_however_new_the_reads_are(desk: Desk) -> None:
    desk.sync(ReadMode.FULL)
    hub = desk.trading.hub
    since = hub.stamp()
    desk.world("erp").find("SKU-1").levels["WH1"]["available"] = 9
    desk.world("erp").touch(desk.world("erp").find("SKU-1"))
    desk.trading.clock.advance(60)
    make_plan(hub)
    desk.trading.clock.advance(900)
    make_plan(hub)
    with hub.database.read() as connection:
        found = [one for one in freshness.fresh(connection, hub.config) if one.connection == "shop"]
    behind = min(found, key=lambda one: one.equal_at)
    assert since < behind.equal_at
    assert _ages(desk)[behind.flow, "shop"] > 900
    desk.sync(ReadMode.FULL)
    assert max(_ages(desk).values()) < 60


def test_a_frozen_flow_is_not_equal_since_it_was_frozen(desk: Desk) -> None:
    desk.sync(ReadMode.FULL)
    hub = desk.trading.hub
    flow = next(one for one in hub.config.flows.values() if one.targets)
    with hub.database.begin() as connection:
        flowstate.freeze(connection, flow.name, flow.targets[0], "guard_zero", hub.stamp())
        cursor = tables.table(tables.Cursor)
        desk.trading.clock.advance(700)
        connection.execute(update(cursor).values(read_at=hub.stamp()))
    found = _figures(desk)
    assert found["flow_frozen"][flow.name, flow.targets[0]] == 1
    assert found["flow_equal_age_seconds"][flow.name, flow.targets[0]] >= 700


def test_what_was_never_read_has_no_age(desk: Desk) -> None:
    desk.sync()
    cursor = tables.table(tables.Cursor)
    with desk.trading.hub.database.begin() as connection:
        connection.execute(update(cursor).values(read_at=""))
    found = _figures(desk)
    assert (found["flow_equal_age_seconds"], found["field_lag_seconds"]) == ({}, {})


def test_what_waits_is_counted_with_the_age_of_the_oldest(desk: Desk) -> None:
    desk.sync()
    hub = desk.trading.hub
    for ref in ("o1", "o2"):
        with hub.database.begin() as connection:
            observeset.mark(connection, "shop", "orders", [ref], hub.stamp())
        desk.trading.clock.advance(30)
    found = _figures(desk)
    assert found["queue_depth"]["marked_records", "shop"] == 2
    assert found["queue_oldest_age_seconds"]["marked_records", "shop"] == pytest.approx(60, abs=1)
    desk.sync()
    assert ("marked_records", "shop") not in _figures(desk)["queue_depth"]


def test_a_look_keeps_nobody_from_writing(desk: Desk) -> None:
    hub = desk.trading.hub
    with hub.database.read() as looking:
        now = hub.now()
        before = gauges(looking, hub.config, now)
        with hub.database.begin() as connection:
            observeset.mark(connection, "shop", "orders", ["o1"], hub.stamp())
        if hub.database.is_sqlite:
            assert gauges(looking, hub.config, now) == before
    assert _figures(desk)["queue_depth"]["marked_records", "shop"] == 1
