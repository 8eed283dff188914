"""The thread that works by schedules: what is due runs once; pauses, quiet hours and failures keep it due."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, select

from canonical.errors import DataError, FatalError
from crossdock.clock import SystemClock
from crossdock.daemon.loop import Loop, Pace
from sync import claims, observeset, pauses
from sync.locks import EXECUTOR, hold
from sync.observeset import Mark
from sync.pauses import ALL, CONNECTION, FLOW, Paused
from sync.run import lease
from sync.schedule import Quiet, Schedule
from sync.store import tables
from tests.support.desk import Desk, open_desk
from tests.support.waiting import until

PATIENCE = 20.0
RUN = tables.table(tables.Run)
NOW = SystemClock().now()
OFTEN = Schedule("often", every=timedelta(minutes=5))
SHOP_ONLY = Schedule("shop_only", every=timedelta(minutes=5), connections=("shop",), read="full")


class Work:
    """A desk whose hub is worked by a loop with schedules until ``stop``."""

    def __init__(self, desk: Desk, *schedules: Schedule, starts: bool = True, **pace: float) -> None:
        self.desk = desk
        self.stopping = threading.Event()
        self.ended = threading.Event()
        known = {one.name: one for one in schedules}
        self.loop = Loop(desk.trading.hub, Pace(**{"look": 0.01, "rest": 0.1, **pace}), self.stopping.is_set, known)
        self.loop.start(self.ended.set)
        self.until(lambda: not starts or ("start", "done") in self.runs())

    def until(self, condition: Callable[[], object]) -> None:
        until(condition, PATIENCE, pause=0.01)

    def runs(self) -> list[tuple[str, str]]:
        with self.desk.database() as connection:
            rows = connection.execute(select(RUN).where(RUN.c.command.like("serve%")).order_by(RUN.c.id))
            return [(row.started_by, row.outcome) for row in rows]

    def fire(self, name: str, minutes: int = 0) -> None:
        with self.desk.database() as connection:
            claims.fire(connection, name, NOW + timedelta(minutes=minutes), NOW)

    def due(self) -> list[str]:
        with self.desk.database() as connection:
            return [one.name for one in claims.due(connection)]

    def pause(self, *what: Paused) -> None:
        with self.desk.database() as connection:
            pauses.pause(connection, what, self.desk.trading.hub.stamp())

    def resume(self) -> None:
        with self.desk.database() as connection:
            pauses.resume(connection, pauses.listing(connection))

    def stop(self) -> bool:
        self.stopping.set()
        return self.loop.join(PATIENCE)


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    found = open_desk(sqlite_url)
    yield found
    found.trading.hub.database.close()


def _calls(desk: Desk, name: str) -> list[str]:
    """What a connector is asked for from now on: everything, or what changed."""
    connector = desk.trading.hub.connector(name)
    asked: list[str] = []

    def call(word: str, real: Callable[..., Any], *given: Any) -> Any:
        asked.append(word)
        return real(*given)

    for word in ("pull", "changed_since"):
        setattr(connector, word, partial(call, word, getattr(connector, word)))
    return asked


def test_what_is_due_runs_once_and_names_its_schedule(desk: Desk) -> None:
    work = Work(desk, OFTEN)
    desk.place(2)
    work.fire("often")
    work.until(desk.requests)
    work.until(lambda: work.due() == [])
    assert work.stop()
    assert work.runs() == [("start", "done"), ("schedule often", "done")]


def test_after_another_configuration_everything_is_read_before_anything_is_planned(desk: Desk) -> None:
    work = Work(desk, OFTEN)
    hub, calls = desk.trading.hub, {name: _calls(desk, name) for name in ("erp", "shop")}
    anew = iter([True])

    def between() -> bool:
        hub.config = replace(hub.config, version="another")
        return next(anew, False)

    work.loop._between = between
    work.until(lambda: work.runs() == [("start", "done"), ("start", "done")])
    assert not work.ended.wait(0.1)
    assert work.stop()
    assert "pull" in calls["erp"]
    assert "pull" in calls["shop"]
    assert len(work.runs()) == 2


@pytest.mark.parametrize("changed", [True, False])
def test_at_the_start_everything_is_read_where_the_configuration_is_another_one_than_the_last(
    desk: Desk, changed: bool
) -> None:
    hub = desk.trading.hub
    with lease(hub, "sync"):
        pass
    if changed:
        hub.config = replace(hub.config, version="another")
    calls = _calls(desk, "erp")
    work = Work(desk, OFTEN)
    assert work.stop()
    assert ("pull" in calls) is changed


def test_a_schedule_of_one_connection_reads_no_other(desk: Desk) -> None:
    work = Work(desk, SHOP_ONLY)
    asked = desk.watch("erp", "shop")
    work.fire("shop_only")
    work.until(lambda: ("schedule shop_only", "done") in work.runs())
    assert work.stop()
    assert set(asked) == {"shop"}


def test_nothing_starts_in_quiet_hours_but_what_is_marked_is_worked_off(desk: Desk) -> None:
    now, half = SystemClock().now(), timedelta(minutes=30)
    around = Quiet((now - half).time(), (now + half).time())
    work = Work(desk, Schedule("often", every=timedelta(minutes=5), quiet=(around,)))
    work.fire("often")
    number = desk.place(1)
    with desk.database() as connection:
        observeset.mark_all(connection, [Mark("shop", "orders", number)], desk.trading.hub.stamp())
    work.until(desk.requests)
    work.until(lambda: ("webhook", "done") in work.runs())
    assert work.stop()
    assert work.runs() == [("start", "done"), ("webhook", "done")]
    assert work.due() == ["often"]


@pytest.mark.parametrize("what", [Paused(ALL, ""), Paused(CONNECTION, "shop")])
def test_what_is_paused_stays_due_and_starts_once_when_it_goes_on(desk: Desk, what: Paused) -> None:
    work = Work(desk, SHOP_ONLY)
    work.pause(what)
    desk.place(1)
    work.fire("shop_only")
    work.fire("shop_only", minutes=5)
    assert not work.ended.wait(0.2)
    assert (work.runs(), work.due()) == ([("start", "done")], ["shop_only"])
    work.resume()
    work.until(desk.requests)
    work.until(lambda: work.due() == [])
    assert work.stop()
    assert work.runs() == [("start", "done"), ("schedule shop_only", "done")]


def test_marks_of_a_paused_connection_wake_nobody_and_are_worked_off_afterwards(desk: Desk) -> None:
    work = Work(desk, OFTEN)
    work.pause(Paused(CONNECTION, "shop"))
    number = desk.place(1)
    with desk.database() as connection:
        observeset.mark_all(connection, [Mark("shop", "orders", number)], desk.trading.hub.stamp())
    assert not work.ended.wait(0.2)
    assert work.runs() == [("start", "done")]
    work.resume()
    work.until(desk.requests)
    assert work.stop()


def test_marks_of_a_connection_whose_flows_are_paused_wake_nobody_and_are_worked_off_afterwards(desk: Desk) -> None:
    hub = desk.trading.hub
    hub.config = replace(hub.config, orders={}, routes=(), processors={})
    work = Work(desk, OFTEN)
    work.pause(*(Paused(FLOW, name) for name in hub.config.flows))
    with desk.database() as connection:
        observeset.mark_all(connection, [Mark("shop", "items", desk.world("shop").find("SKU-1").id)], hub.stamp())
    assert not work.ended.wait(0.3)
    assert work.runs() == [("start", "done")]
    work.resume()
    work.until(lambda: work.runs() == [("start", "done"), ("webhook", "done")])
    assert work.stop()


def test_what_is_told_overtakes_a_sync_of_other_flows(desk: Desk) -> None:
    work = Work(desk, Schedule("nightly", every=timedelta(days=1), flows=("prices",), read="full"))
    hub = desk.trading.hub
    connector = hub.connector("shop")
    pull, before = connector.pull, desk.listed()
    seen: list[int] = []

    def endless(*given: object) -> Iterator[object]:
        yield from pull(*given)
        item = desk.world("erp").find("SKU-1")
        desk.world("erp").set_stock("SKU-1", "WH1", 3)
        with desk.database() as connection:
            observeset.mark_all(connection, [Mark("erp", "items", item.id)], hub.stamp())
        end = time.monotonic() + PATIENCE
        while desk.listed() == before and time.monotonic() < end:
            yield from pull(*given)
        seen.append(desk.listed())

    connector.pull = endless
    work.fire("nightly")
    work.until(lambda: work.due() == [])
    assert work.stop()
    assert set(seen) == {before - 7}


def test_a_pause_ends_a_sync_under_way_which_goes_on_without_what_is_paused(desk: Desk) -> None:
    work = Work(desk, OFTEN)
    hub = desk.trading.hub
    checkpoint, paused = hub.checkpoint, threading.Event()
    (flow, *_) = hub.config.flows

    def pause_on_the_way(name: str) -> None:
        if name == "page stored" and not paused.is_set():
            paused.set()
            work.pause(Paused(FLOW, flow))
            work.loop._looked_at = 0.0
        checkpoint(name)

    hub.checkpoint = pause_on_the_way
    desk.world("erp").set_stock("SKU-1", "WH1", 3)
    before = desk.listed()
    work.fire("often")
    work.until(lambda: work.due() == [] and paused.is_set())
    assert work.stop()
    assert work.runs() == [("start", "done"), ("schedule often", "stopped"), ("schedule often", "done")]
    assert desk.listed() == before


def test_a_stop_leaves_what_ran_due_and_the_next_process_ends_it(desk: Desk) -> None:
    work = Work(desk, OFTEN)
    hub = desk.trading.hub
    checkpoint = hub.checkpoint

    def stop_on_the_way(name: str) -> None:
        if name != "pruned":
            work.stopping.set()
        checkpoint(name)

    hub.checkpoint = stop_on_the_way
    desk.place(1)
    work.fire("often")
    work.until(work.ended.is_set)
    assert work.loop.join(PATIENCE)
    assert (work.runs()[-1], work.due()) == (("schedule often", "stopped"), ["often"])
    again = Work(desk, OFTEN)
    again.until(lambda: again.due() == [])
    assert again.stop()
    assert len(desk.requests()) == 1


def test_a_sync_that_ends_early_stays_due_and_is_tried_again_after_a_rest(desk: Desk) -> None:
    work = Work(desk, OFTEN, rest=0.3)
    hub = desk.trading.hub
    tried: list[float] = []
    checkpoint = hub.checkpoint

    def fail_once(name: str) -> None:
        if name == "orders advanced" and not tried:
            tried.append(time.monotonic())
            raise FatalError("the disk is full")
        checkpoint(name)

    hub.checkpoint = fail_once
    work.fire("often")
    work.until(lambda: ("schedule often", "done") in work.runs())
    assert time.monotonic() - tried[0] >= 0.3
    work.until(lambda: work.due() == [])
    assert work.stop()


@pytest.mark.parametrize("known", [True, False], ids=["", "nor does what is done first"])
def test_a_schedule_that_fails_again_and_again_keeps_no_other_from_its_turn(desk: Desk, known: bool) -> None:
    if known:  # else everything is read first, which fails as well
        with lease(desk.trading.hub, "sync"):
            pass
    pull, down = desk.trading.hub.connector("shop").pull, [True]

    def failing(*given: Any) -> Any:
        if down:
            # Neither of one record nor of one connection: it ends the sync.
            raise DataError("the data contradicts itself")
        return pull(*given)

    desk.trading.hub.connector("shop").pull = failing
    erp_only = Schedule("erp_only", every=timedelta(minutes=5), connections=("erp",))
    work = Work(desk, SHOP_ONLY, erp_only, starts=known, rest=0.01)
    with desk.database() as connection:
        for at, name in enumerate(("shop_only", "erp_only")):
            claims.fire(connection, name, NOW, NOW + timedelta(seconds=at))
    work.until(lambda: work.due() == ["shop_only"])
    assert ("schedule erp_only", "done") in work.runs()
    down.clear()
    work.until(lambda: work.due() == [])
    assert work.stop()


def test_whoever_comes_second_to_a_due_schedule_leaves_no_run(desk: Desk) -> None:
    """As a replica that saw the mark while another one was working it off."""
    work = Work(desk, OFTEN)
    hub = desk.trading.hub
    with hold(hub.database, EXECUTOR, hub.clock, wait=PATIENCE):
        work.fire("often")
        assert not work.ended.wait(0.1)
        with desk.database() as connection:
            (due,) = claims.due(connection)
            claims.done(connection, due)
    assert not work.ended.wait(0.2)
    assert work.stop()
    assert work.runs() == [("start", "done")]


def test_runs_of_killed_processes_are_closed_by_the_next_run(desk: Desk) -> None:
    hub = desk.trading.hub
    row = {"command": "serve", "started_at": hub.stamp(), "ended_at": "", "outcome": "running", "config_version": ""}
    with desk.database() as connection:
        connection.execute(insert(RUN).values(**row, counts=None, detail="", started_by="schedule often"))
    with lease(hub, "sync"):
        pass
    with desk.database() as connection:
        found = connection.execute(select(RUN.c.outcome, RUN.c.ended_at).order_by(RUN.c.id).limit(1)).one()
    assert tuple(found) == ("interrupted", "")
