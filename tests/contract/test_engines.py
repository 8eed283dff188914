"""What every engine keeps, on every store it works on: judged by a platform's own record of who called it when."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from sync.store.schedules import ScheduleClaim
from sync.store.tables import table
from tests.support.enginework import TICKING
from tests.support.judge import Judge
from tests.support.replicas import Stage, staged
from tests.support.waiting import PATIENCE, until

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]
_CLAIM = table(ScheduleClaim)
KINDS = [("embedded", "sqlite_url"), ("embedded", "postgres_url"), ("shared", "postgres_url")]


@pytest.fixture(params=KINDS, ids=["embedded-sqlite", "embedded-postgresql", "shared-postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    kind, store = request.param
    with staged(kind, request.getfixturevalue(store), tmp_path) as found:
        yield found


def holding(judge: Judge, act: Callable[[], object] = lambda: None) -> threading.Event:
    """Do something during the first call for the shop, then have it wait until the event is set; no tick is one."""
    go = threading.Event()
    first = [True]

    def during(key: str, _ref: str) -> None:
        if first and key == "shop":
            first.clear()
            act()
            go.wait(PATIENCE)

    judge.during = during
    return go


def test_two_replicas_never_handle_one_key_at_once(stage: Stage) -> None:
    replicas = [stage.start(), stage.start()]
    keys = ("a", "b", "c")
    for at in range(6):
        for key in keys:
            stage.mark(key, f"{at}", f"{at}-more")
            for one in replicas:
                one.submit(key)
    stage.worked_off()
    for key in keys:
        assert {f"{at}" for at in range(6)} <= set(stage.judge.refs(key))
        assert stage.judge.two_at_once(key) == []
    stage.end()


def test_two_thousand_wakes_are_few_handlings_and_none_is_lost(stage: Stage) -> None:
    begun = threading.Event()
    go = holding(stage.judge, begun.set)
    replica = stage.start()
    stage.mark("shop", "first")
    replica.submit("shop")
    assert begun.wait(PATIENCE)
    stage.mark("shop", "later")
    replica.submit("shop", 2000)
    go.set()
    stage.worked_off()
    assert stage.judge.refs("shop")[-1] == "later"
    # A replica counts its handlings, those too that find nothing.
    assert int(stage.judge.sessions("shop")[-1].split(".")[1]) <= 3
    stage.end()


def test_what_is_marked_again_while_it_is_handled_is_handled_again(stage: Stage) -> None:
    begun = threading.Event()
    go = holding(stage.judge, begun.set)
    replica = stage.start()
    stage.mark("shop", "ref")
    replica.submit("shop")
    assert begun.wait(PATIENCE)
    stage.mark("shop", "ref")
    replica.submit("shop")
    go.set()
    stage.worked_off()
    assert stage.judge.refs("shop") == ["ref", "ref"]
    assert stage.judge.two_at_once("shop") == []
    stage.end()


def test_what_a_killed_replica_left_is_done_by_another_one(stage: Stage) -> None:
    begun = threading.Event()
    go = holding(stage.judge, begun.set)
    first = stage.start()
    stage.mark("shop", "one", "two")
    first.submit("shop")
    assert begun.wait(PATIENCE)
    first.signal(signal.SIGKILL)
    assert first.process.wait(PATIENCE) == -signal.SIGKILL
    go.set()
    stage.start()
    stage.worked_off()
    assert set(stage.judge.refs("shop")) == {"one", "two"}
    stage.end()


def test_a_replica_that_stands_still_and_goes_on_never_works_beside_its_successor(stage: Stage) -> None:
    first = stage.start()
    go = holding(stage.judge, lambda: first.signal(signal.SIGSTOP))
    go.set()
    stage.mark("shop", "one", "two", "three")
    first.submit("shop")
    until(lambda: stage.judge.refs("shop"))
    second = stage.start()
    # It takes the first one for dead, is woken for the same key, and finds that somebody is at it.
    until(lambda: second.said("a wake of shop was let go") >= 2)
    if stage.kind == "shared":
        assert second.said("were dropped")
    assert stage.judge.refs("shop") == ["one"]
    first.signal(signal.SIGCONT)
    stage.worked_off()
    assert stage.judge.two_at_once("shop") == []
    # And it works on as one of two: what comes later is handled once.
    stage.mark("shop", "four")
    first.submit("shop")
    stage.worked_off()
    assert sorted(stage.judge.refs("shop")) == ["four", "one", "three", "two"]
    stage.end()


def test_a_key_that_cannot_be_handled_keeps_nobody_from_work_and_is_not_forgotten(stage: Stage) -> None:
    stage.judge.broken.add("poison")
    replica = stage.start()
    stage.mark("bad", "poison")
    replica.submit("bad")
    until(lambda: stage.judge.refs("bad"))
    stage.mark("good", "ref")
    replica.submit("good")
    until(lambda: stage.marked() == {"bad": 1})
    assert stage.judge.refs("good") == ["ref"]
    # Nobody tries it again but the sweeper, at its own pace.
    stage.judge.broken.clear()
    stage.worked_off()
    assert stage.judge.two_at_once("bad") == []
    stage.end()


def test_what_nobody_was_woken_for_is_found(stage: Stage) -> None:
    stage.mark("shop", "before")
    stage.start()
    stage.worked_off()
    stage.mark("shop", "after")
    stage.worked_off()
    assert stage.judge.refs("shop") == ["before", "after"]
    stage.end()


def test_three_replicas_are_told_of_each_tick_once(stage: Stage) -> None:
    for _ in range(3):
        stage.start()
    until(lambda: len(stage.judge.refs(TICKING)) >= 5)
    stage.end()
    with stage.database.read() as connection:
        claimed = connection.execute(
            select(func.count()).select_from(_CLAIM).where(_CLAIM.c.name == TICKING)
        ).scalar_one()
    # The first tick that anybody saw only says from when on the schedule is known.
    assert len(stage.judge.refs(TICKING)) == claimed - 1
