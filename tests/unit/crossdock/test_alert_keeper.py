"""The thread that tells: what failed is told later, a slow target holds up nobody, no database is told too."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from crossdock.alerts.keeper import Charge, Keeper
from crossdock.alerts.message import Message
from crossdock.alerts.senders import Mail, Slack, Webhook
from crossdock.alerts.targets import Target
from crossdock.clock import SystemClock
from sync.alerts import log
from sync.alerts.conditions import Limits
from sync.alerts.kinds import KINDS
from sync.orders import store
from tests.support.desk import Desk, open_desk
from tests.support.told import Hook, hook, mail_server

ALL = frozenset(KINDS)


def _hooked(hook: Hook) -> Webhook:
    return Webhook(hook.url, "s", SystemClock(), in_house=True)


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    found = open_desk(sqlite_url)
    found.sync()
    yield found
    found.trading.hub.database.close()


@pytest.fixture
def ops() -> Iterator[Hook]:
    with hook() as found:
        yield found


def _incident(desk: Desk, subject: str) -> None:
    with desk.database() as connection:
        store.open_incident(connection, "oversold", subject, "said", desk.trading.hub.stamp())


def _told(server: Hook) -> list[list[tuple[str, str]]]:
    return [[(one["event"], one["kind"]) for one in json.loads(post.body)["alerts"]] for post in server.posts]


def test_an_alert_and_its_end_reach_a_target_once_each(desk: Desk, ops: Hook) -> None:
    target = Target(_hooked(ops), ALL)
    keeper = Keeper(desk.trading.hub, Charge({"ops": target}, Limits()))
    keeper.step()
    assert ops.posts == []
    _incident(desk, "SKU-1")
    _incident(desk, "SKU-2")
    for _ in range(3):
        keeper.step()
    # The next process knows what was told.
    Keeper(desk.trading.hub, Charge({"ops": target}, Limits())).step()
    with desk.database() as connection:
        for one in ("SKU-1", "SKU-2"):
            store.close_incidents(connection, "oversold", one, desk.trading.hub.stamp())
    keeper.step()
    keeper.step()
    assert _told(ops) == [[("opened", "oversold")] * 2, [("closed", "oversold")] * 2]


def test_a_target_that_fails_is_asked_again_and_the_others_are_told(desk: Desk, ops: Hook) -> None:
    _incident(desk, "SKU-1")
    with hook() as broken:
        broken.statuses = [500] * 4
        both = {
            "broken": Target(Slack(broken.url, in_house=True), ALL),
            "ops": Target(_hooked(ops), ALL),
        }
        keeper = Keeper(desk.trading.hub, Charge(both, Limits()))
        keeper.step()
        assert (len(broken.posts), len(ops.posts)) == (3, 1)
        with desk.database() as connection:
            (failing,) = log.failing(connection)
        assert (failing["target"], failing["error"]) == ("broken", "answered with status 500")
        keeper.step()
        assert len(broken.posts) == 3
        desk.trading.clock.advance(60)
        keeper.step()
        assert (len(broken.posts), len(ops.posts)) == (5, 1)
    with desk.database() as connection:
        assert log.failing(connection) == []


def test_a_target_with_a_fault_that_no_one_foresaw_is_one_that_fails(desk: Desk, ops: Hook) -> None:
    """As a password that no mail server can be told: Python's own client knows only ASCII there."""
    _incident(desk, "SKU-1")
    with mail_server() as server:
        mail = Mail("localhost", server.port, "none", "hub@example.com", ["ops@example.com"], "hub", "pässword")
        both = {"mail": Target(mail, ALL), "ops": Target(_hooked(ops), ALL)}
        Keeper(desk.trading.hub, Charge(both, Limits())).step()
    assert len(ops.posts) == 1
    with desk.database() as connection:
        (failing,) = log.failing(connection)
    assert (failing["target"], failing["error"]) == ("mail", "an unexpected fault; the log has where it arose")


def test_a_fault_of_ours_does_not_end_the_thread_that_tells(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Event()
    found, faults = log.reconcile, [KeyError("a fault")]

    def reconcile(*given: Any) -> None:
        if faults:
            raise faults.pop()
        found(*given)
        looked.set()

    monkeypatch.setattr(log, "reconcile", reconcile)
    keeper = Keeper(desk.trading.hub, Charge({}, Limits()), every=0.01)
    keeper.start()
    assert looked.wait(20)
    keeper.stop(20)


def test_the_end_does_not_wait_for_a_target_that_does_not_answer(desk: Desk) -> None:
    asked, go_on = threading.Event(), threading.Event()

    class Slow:
        def send(self, message: Message) -> None:
            asked.set()
            go_on.wait(30)

    _incident(desk, "SKU-1")
    keeper = Keeper(desk.trading.hub, Charge({"slow": Target(Slow(), ALL)}, Limits()))
    keeper.start()
    assert asked.wait(20)
    # Who syncs is not held up either: no lock is held while a message is on its way.
    _incident(desk, "SKU-2")
    keeper.stop(0.05)
    go_on.set()
    keeper.stop(20)
    with desk.database() as connection:
        assert [row.subject for row in log.listing(connection)] == ["SKU-1"]


def test_a_database_that_is_away_is_told_from_memory_once_and_its_return_too(desk: Desk, ops: Hook) -> None:
    keeper = Keeper(desk.trading.hub, Charge({"ops": Target(_hooked(ops), ALL)}, Limits()))
    with desk.database() as connection:
        connection.execute(text("alter table alert rename to elsewhere"))
    for _ in range(5):
        keeper.step()
    assert _told(ops) == [[("opened", "sync_failing")]]
    with desk.database() as connection:
        connection.execute(text("alter table elsewhere rename to alert"))
    keeper.step()
    keeper.step()
    assert _told(ops) == [[("opened", "sync_failing")], [("closed", "sync_failing")]]


def test_targets_are_others_from_the_next_look_on(desk: Desk, ops: Hook) -> None:
    with hook() as broken:
        broken.statuses = [500] * 100
        old = {"old": Target(_hooked(broken), ALL)}
        keeper = Keeper(desk.trading.hub, Charge(old, Limits()))
        _incident(desk, "SKU-1")
        keeper.step()
        assert broken.posts
        keeper.configure(Charge({"ops": Target(_hooked(ops), ALL)}, Limits()))
        _incident(desk, "SKU-2")
        keeper.step()
    # Who is new is told what begins from now on; what waited for who is gone waits for nobody.
    assert _told(ops) == [[("opened", "oversold")]]
    with desk.database() as connection:
        assert log.failing(connection) == []
