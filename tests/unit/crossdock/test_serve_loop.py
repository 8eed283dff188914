"""The thread that works: what is marked at once, everything at the start, rests for what is down, an end in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from canonical.errors import AmbiguousError, RetriableError
from connectors.webhooks import Accepted, Contents, PrivacyDemand
from crossdock.daemon.bell import Bell
from crossdock.daemon.loop import CALM, Loop, Pace
from crossdock.daemon.stopping import StoppableClock, StoppedError
from sync import inbox, observeset, pauses, run
from sync.apply import apply
from sync.hub import Hub
from sync.inbox import Delivery
from sync.observe import ReadMode
from sync.observeset import Mark
from sync.orders import store
from sync.orders.advance import advance
from sync.pauses import Paused, obey
from sync.store import tables
from tests.support.desk import Desk, open_desk
from tests.support.waiting import until

PATIENCE = 20.0


class Work:
    """A desk whose hub is worked by a loop until ``stop``."""

    def __init__(
        self, desk: Desk, between: Callable[[], bool] = lambda: False, bell: Bell | None = None, **pace: float
    ) -> None:
        self.desk = desk
        self.stopping = threading.Event()
        self.ended = threading.Event()
        hub, paced = desk.trading.hub, Pace(**{"look": 0.01, "gather": 0.0, **pace})
        self.loop = Loop(hub, paced, self.stopping.is_set, between=between, bell=bell)
        self.loop.start(self.ended.set)

    def until(self, condition: Callable[[], object]) -> None:
        until(condition, PATIENCE, pause=0.01)

    def runs(self, kind: str = "serve") -> list[tuple[str, str]]:
        table = tables.table(tables.Run).c
        with self.desk.database() as connection:
            rows = connection.execute(select(table.command, table.outcome).order_by(table.id))
            return [(row[0], row[1]) for row in rows if row[0].startswith(kind)]

    def started_by(self) -> list[str]:
        table = tables.table(tables.Run).c
        with self.desk.database() as connection:
            serving = select(table.started_by).where(table.command.startswith("serve"))
            return list(connection.execute(serving.order_by(table.id)).scalars())

    def mark(self, number: str) -> None:
        with self.desk.database() as connection:
            observeset.mark_all(connection, [Mark("shop", "orders", number)], self.desk.trading.hub.stamp())

    def stop(self) -> bool:
        self.stopping.set()
        return self.loop.join(PATIENCE)


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    found = open_desk(sqlite_url)
    yield found
    found.trading.hub.database.close()


def test_everything_is_synced_at_the_start_and_what_is_marked_at_once(desk: Desk) -> None:
    work = Work(desk)
    work.until(lambda: work.runs() == [("serve", "done")])
    number = desk.place(2)
    work.mark(number)
    work.until(desk.requests)
    work.until(lambda: work.runs() == [("serve", "done"), ("serve (marked)", "done")])
    assert work.stop()
    assert work.ended.is_set()
    assert len(work.runs()) == 2


def test_who_rings_does_not_wait_for_the_next_look_and_comes_back_when_it_is_done(desk: Desk) -> None:
    bell = Bell()
    work = Work(desk, bell=bell, look=3600.0)
    work.until(lambda: work.runs() == [("serve", "done")])
    number = desk.place(2)
    work.mark(number)
    bell.attend("shop")
    assert work.runs() == [("serve", "done"), ("serve (marked)", "done")]
    assert desk.requests()
    work.stopping.set()
    bell.attend("shop")
    assert work.stop()


def test_everything_is_synced_again_in_its_interval(desk: Desk) -> None:
    work = Work(desk, every=0.05)
    work.until(lambda: len(work.runs()) >= 3)
    assert work.stop()


def test_what_is_over_is_deleted_once_a_day(desk: Desk) -> None:
    work = Work(desk, every=0.05)
    work.until(lambda: len(work.runs()) >= 3)
    assert work.runs("prune") == [("prune", "done")]
    assert work.stop()


def test_what_is_told_overtakes_a_sync_that_takes_long(desk: Desk) -> None:
    connector = desk.trading.hub.connector("erp")
    pull, placed = connector.pull, threading.Event()
    asked: list[bool] = []

    def endless(*given: object) -> Iterator[object]:
        end = time.monotonic() + PATIENCE
        yield from pull(*given)
        while not desk.requests() and time.monotonic() < end:
            placed.set()
            yield from pull(*given)
        asked.append(bool(desk.requests()))

    connector.pull = endless
    work = Work(desk)
    assert placed.wait(PATIENCE)
    work.mark(desk.place(2))
    work.until(lambda: work.runs() == [("serve", "done")])
    assert asked[0]
    assert work.stop()


def test_what_is_told_is_read_while_a_platform_makes_a_call_wait(desk: Desk) -> None:
    hub, waits = desk.trading.hub, threading.Event()
    connector, read = hub.connector("erp"), list[str]()
    lookup = connector.lookup

    def limited(*given: object) -> Iterator[object]:
        end = time.monotonic() + PATIENCE
        while not read and time.monotonic() < end:
            waits.set()
            connector.environment.clock.sleep(1)
            with desk.database() as connection:
                read.extend(connection.execute(select(store.ORDER.c.external_id)).scalars())
        yield from lookup(*given)

    work = Work(desk, every=3600.0)
    work.until(lambda: work.runs() == [("serve", "done")])
    connector.lookup = limited
    with desk.database() as connection:
        observeset.mark_all(connection, [Mark("erp", "items", desk.world("erp").find("SKU-1").id)], hub.stamp())
    assert waits.wait(PATIENCE)
    work.mark(desk.place(2))
    work.until(lambda: len(work.runs()) == 2 and work.runs()[-1][1] == "done")
    assert read == ["o1"]
    assert work.stop()


def test_a_pause_holds_nothing_up_that_was_asked_for_by_hand(desk: Desk) -> None:
    hub, asked = desk.trading.hub, threading.Event()
    ended: list[str] = []

    def between() -> bool:
        if asked.is_set() and not ended:
            own = hub.sibling(read_only=False, progress=hub.progress)
            ended.append("begun")
            run.run_sync(own, ReadMode.FULL, flows=obey(own, list(hub.config.flows.values()), named=True))
            ended.append("ended")
        return False

    work = Work(desk, between=between)
    work.until(lambda: work.runs() == [("serve", "done")])
    with desk.database() as connection:
        pauses.pause(connection, [Paused(pauses.ALL, "")], hub.stamp())
    work.loop._looked_at = 0.0
    asked.set()
    work.until(lambda: len(ended) == 2)
    assert work.stop()


def test_what_is_asked_for_by_hand_is_tried_though_the_connection_rests(desk: Desk) -> None:
    hub, asked = desk.trading.hub, threading.Event()
    ended: list[dict[str, str]] = []

    def between() -> bool:
        if asked.is_set() and not ended:
            own = hub.sibling(read_only=False, progress=hub.progress)
            _, planned = run.make_plan(own, ReadMode.FULL)
            hub.on_contact("shop", "was down")
            ended.append(apply(own, planned.plan_id).failed)
        return False

    work = Work(desk, between=between, rest=60.0)
    work.until(lambda: work.runs() == [("serve", "done")])
    desk.trading.shops.erp.set_stock("SKU-1", "WH1", 3)
    asked.set()
    work.until(lambda: ended)
    assert work.stop()
    assert ended == [{}]
    assert desk.listed() == 8


def test_a_connection_that_rests_holds_no_other_up(desk: Desk) -> None:
    work = Work(desk, rest=60.0)
    work.until(lambda: work.runs() == [("serve", "done")])
    hub = desk.trading.hub
    hub.on_contact("shop", "down")
    desk.trading.shops.erp.set_stock("SKU-1", "WH1", 3)
    order = desk.place(1)
    work.mark(order)
    with desk.database() as connection:
        observeset.mark_all(connection, [Mark("erp", "items", desk.world("erp").find("SKU-1").id)], hub.stamp())
    work.until(lambda: work.runs()[1:] == [("serve (marked)", "incomplete")])
    assert desk.row(order) is None
    assert desk.listed() == 14
    with desk.database() as connection:
        assert observeset.counts(connection) == {"shop": 1}
    hub.on_contact("shop", "")
    work.until(desk.requests)
    work.until(lambda: desk.listed() == 7)
    assert work.stop()


def test_a_platform_that_is_down_gets_a_rest_and_its_marks_stay(desk: Desk) -> None:
    work = Work(desk, rest=0.5)
    work.until(lambda: work.runs() == [("serve", "done")])
    connector = desk.trading.hub.connector("shop")
    lookup = connector.lookup
    asked: list[float] = []

    def down(*given: object) -> object:
        asked.append(time.monotonic())
        raise RetriableError("down")

    connector.lookup = down
    number = desk.place(1)
    work.mark(number)
    work.until(lambda: len(asked) == 2)
    assert asked[1] - asked[0] >= 0.5
    connector.lookup = lookup
    work.until(desk.requests)
    assert work.stop()


@pytest.mark.parametrize("fault", [AttributeError("'NoneType' object has no attribute 'get'"), RetriableError("down")])
def test_a_fault_that_ends_a_sync_does_not_end_the_work(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    faults = [fault]

    def advance_or_fail(hub: Hub) -> int:
        if faults:
            raise faults.pop()
        return advance(hub)

    monkeypatch.setattr(run, "advance", advance_or_fail)
    number = desk.place(2)
    work = Work(desk, rest=0.05)
    work.until(lambda: work.runs() == [("serve", "failed"), ("serve", "done")])
    assert desk.standing(number) == ("asked", "")
    assert not work.ended.is_set()
    assert work.stop()
    assert str(fault) in caplog.text
    assert ("Traceback" in caplog.text) is isinstance(fault, AttributeError)


def test_marks_of_connections_that_nothing_reads_wake_nobody(desk: Desk) -> None:
    work = Work(desk)
    work.until(lambda: work.runs() == [("serve", "done")])
    with desk.database() as connection:
        observeset.mark_all(connection, [Mark("elsewhere", "orders", "1")], desk.trading.hub.stamp())
    assert not work.ended.wait(0.2)
    assert len(work.runs()) == 1
    assert work.stop()


def test_what_was_demanded_of_a_connection_that_is_gone_wakes_nobody(desk: Desk) -> None:
    work = Work(desk)
    work.until(lambda: work.runs() == [("serve", "done")])
    contents = Contents(demands=(PrivacyDemand("erase", customer_id="1"),))
    told = Delivery("gone", Accepted("customers/redact", "1", contents), b"{}")
    with desk.database() as connection:
        inbox.keep(connection, [told], desk.trading.hub.stamp())
    assert not work.ended.wait(0.3)
    assert work.stop()
    assert work.runs() == [("serve", "done")]


def test_a_stop_ends_a_sync_where_nothing_is_open(desk: Desk) -> None:
    reached = threading.Event()
    work = Work(desk)
    work.until(lambda: work.runs("prune") == [("prune", "done")])
    checkpoint = desk.trading.hub.checkpoint

    def stop_on_the_way(name: str) -> None:
        work.stopping.set()
        reached.set()
        checkpoint(name)

    desk.trading.hub.checkpoint = stop_on_the_way
    work.mark(desk.place(1))
    work.until(reached.is_set)
    assert work.loop.join(PATIENCE)
    assert work.runs()[-1] == ("serve (marked)", "stopped")
    desk.trading.hub.checkpoint = lambda name: None
    desk.sync()
    assert len(desk.requests()) == 1


def test_no_step_between_sending_and_noting_is_calm() -> None:
    assert not {"before the call", "after the call", "before the effect", "after the effect"} & CALM


def test_waiting_ends_when_the_process_is_asked_to_stop() -> None:
    stopping = threading.Event()
    threading.Timer(0.1, stopping.set).start()
    begun = time.monotonic()
    with pytest.raises(StoppedError):
        StoppableClock(stopping.is_set).sleep(60)
    assert time.monotonic() - begun < 5
    StoppableClock(lambda: False).sleep(0.01)


def test_what_comes_between_two_runs_may_want_everything_looked_at_anew(desk: Desk) -> None:
    anew = threading.Event()

    def between() -> bool:
        wanted = anew.is_set()
        anew.clear()
        return wanted

    work = Work(desk, between)
    work.until(lambda: work.runs() == [("serve", "done")])
    anew.set()
    work.until(lambda: work.runs() == [("serve", "done")] * 2)
    assert work.stop()
    assert len(work.runs()) == 2


def test_an_order_whose_answer_was_lost_is_asked_for_again_before_the_next_sync(desk: Desk) -> None:
    _settles_at_once(desk)
    work = Work(desk, rest=0.05)
    work.until(lambda: work.runs() == [("serve", "done")])
    desk.world("erp").before_write.append(AmbiguousError("no answer"))
    work.mark(desk.place(2))
    work.until(lambda: list(desk.requests().values()) == ["accepted"])
    assert work.stop()
    assert work.started_by()[:3] == ["start", "webhook", "retry"]


def test_what_is_tried_again_does_not_keep_the_loop_busy(desk: Desk) -> None:
    _settles_at_once(desk)
    work = Work(desk, rest=3600.0)
    work.until(lambda: work.runs() == [("serve", "done")])
    desk.world("erp").before_write += [AmbiguousError("no answer")] * 9
    work.mark(desk.place(2))
    work.until(lambda: len(work.runs()) >= 3)
    threading.Event().wait(0.3)
    assert work.stop()
    assert work.started_by() == ["start", "webhook", "retry"]


def _settles_at_once(desk: Desk) -> None:
    hub = desk.trading.hub
    erp = replace(hub.config.connections["erp"], write_settle_seconds=0.0)
    hub.config = replace(hub.config, connections={**hub.config.connections, "erp": erp})
