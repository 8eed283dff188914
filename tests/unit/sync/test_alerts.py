"""What a person must be told: each cause once, its end once, and nobody is told of what is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from sync import conflicts, flowstate, quarantine
from sync.alerts import log
from sync.alerts.conditions import Condition, Ending, Limits, Situation, conditions
from sync.alerts.kinds import ADVICE, KINDS
from sync.observe import ReadMode
from sync.orders import store
from sync.store import tables
from tests.support.desk import Desk, open_desk


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    found = open_desk(database_url)
    found.sync(ReadMode.FULL)
    yield found
    found.trading.hub.database.close()


def _found(desk: Desk, **situation: object) -> list[Condition]:
    hub = desk.trading.hub
    now = hub.now()
    given = {"now": now, "begun": now - timedelta(days=1), **situation}
    with hub.database.read() as connection:
        return conditions(connection, hub.config, Situation(**given), Limits(growth=3))


def _kinds(desk: Desk, **situation: object) -> list[tuple[str, str]]:
    return [(one.kind, one.subject) for one in _found(desk, **situation)]


def test_a_hub_where_all_is_well_has_nothing_to_tell(desk: Desk) -> None:
    assert _found(desk) == []


def test_a_flow_that_is_not_proven_equal_is_told_of_until_it_is(desk: Desk) -> None:
    desk.trading.clock.advance(3700)
    assert {kind for kind, _ in _kinds(desk)} == {"stale_flow"}
    # After a start there was no time to look yet.
    assert _kinds(desk, begun=desk.trading.hub.now() - timedelta(minutes=1)) == []
    desk.sync(ReadMode.FULL)
    assert _kinds(desk) == []


def test_a_frozen_flow_is_a_guard_at_work(desk: Desk) -> None:
    hub = desk.trading.hub
    flow = next(one for one in hub.config.flows.values())
    with hub.database.begin() as connection:
        flowstate.freeze(connection, flow.name, flow.targets[0], "guard_zero", hub.stamp())
        flowstate.freeze(connection, "gone", flow.targets[0], "guard_zero", hub.stamp())
    (one,) = _found(desk)
    assert (one.kind, one.todo) == ("guard", ADVICE["guard"])
    assert "guard_zero" in one.detail


def test_incidents_have_a_kind_of_their_own_where_the_runbook_has(desk: Desk) -> None:
    with desk.database() as connection:
        for kind in ("oversold", "webhooks_silent", "lost_sale"):
            store.open_incident(connection, kind, "SKU-1", "said", "2026-11-02T08:00:00Z")
    assert _kinds(desk) == [
        ("oversold", "SKU-1"),
        ("silent_webhooks", "SKU-1"),
        ("incident", "lost_sale SKU-1"),
    ]
    with desk.database() as connection:
        store.close_incidents(connection, "oversold", "SKU-1", "2026-11-02T09:00:00Z")
    assert ("oversold", "SKU-1") not in _kinds(desk)


def test_what_a_customer_demands_is_told_with_the_command_that_lists_it(desk: Desk) -> None:
    with desk.database() as connection:
        store.open_incident(connection, "privacy_elsewhere", "shop o1", "look after erp 7", "2026-11-02T08:00:00Z")
    (one,) = _found(desk)
    assert (one.kind, one.todo) == ("incident", "crossdock privacy list")


def test_a_conflict_is_told_with_the_command_that_shows_it(desk: Desk) -> None:
    with desk.database() as connection:
        row = conflicts.Finding("shop", "price", 1, "price", "conflict", "x", theirs="a secret price")
        number = conflicts.open_conflict(connection, row, "2026-11-02T08:00:00Z")
    (one,) = _found(desk)
    assert (one.kind, one.todo) == ("conflict", f"crossdock conflicts show {number}")
    assert "price.price" in one.detail
    assert "a secret price" not in str(one)


def test_what_was_told_is_over_when_its_cause_is(desk: Desk) -> None:
    """Each kind that waits for somebody: raised by what raises it in life, and ended by what ends it."""
    hub = desk.trading.hub
    flow = next(iter(hub.config.flows.values()))
    soon = [Ending("shop", "credential", hub.now().date())]
    with hub.database.begin() as connection:
        row = conflicts.Finding("shop", "price", 1, "price", "conflict", "x", theirs="9")
        number = conflicts.open_conflict(connection, row, hub.stamp())
        flowstate.freeze(connection, flow.name, flow.targets[0], "guard_zero", hub.stamp())
    kept = Log(desk)
    told: list[list[tuple[str, str]]] = []
    for situation in ({"endings": soon, "failures": 3, "last_error": "down"}, {}):
        if not situation:
            with hub.database.begin() as connection:
                conflicts.close(connection, number, "ours", hub.stamp())
                flowstate.thaw(connection, flow.name, flow.targets[0])
        found = _found(desk, **situation)
        with hub.database.begin() as connection:
            log.reconcile(connection, found, kept.wants, hub.now())
        told.append(kept.due("ops"))
        kept.deliver("ops")
    causes = {f"conflict {number}", f"{flow.name} to {flow.targets[0]}", "shop credential", "serve"}
    assert {(event, subject) for event, subject in told[0]} == {("opened", one) for one in causes}
    assert {(event, subject) for event, subject in told[1]} == {("closed", one) for one in causes}


def test_what_ends_soon_is_told_and_what_ends_later_is_not(desk: Desk) -> None:
    today = desk.trading.hub.now().date()
    endings = [
        Ending("shop", "API version 2026-01", today + timedelta(days=30)),
        Ending("erp", "credential", today - timedelta(days=1)),
        Ending("web", "credential", date.max),
    ]
    found = _found(desk, endings=endings)
    assert [(one.kind, one.subject) for one in found] == [
        ("expiring", "shop API version 2026-01"),
        ("expiring", "erp credential"),
    ]
    assert found[0].detail.startswith("ends on")
    assert found[1].detail.startswith("has ended on")


def test_many_records_left_out_within_an_hour_are_told_and_old_ones_are_not(desk: Desk) -> None:
    hub = desk.trading.hub
    with hub.database.begin() as connection:
        entries = [quarantine.Entry("shop", "variant", str(at), "", "invalid_value") for at in range(3)]
        quarantine.put(connection, entries, hub.stamp())
    assert _kinds(desk) == [("quarantine_growth", "shop")]
    desk.sync(ReadMode.FULL, after=3700)
    assert ("quarantine_growth", "shop") not in _kinds(desk)


def test_a_call_that_nobody_can_judge_is_told(desk: Desk) -> None:
    desk.place(1)
    item = desk.world("erp").find("SKU-1")
    item.levels["WH1"]["available"] = 9
    desk.world("erp").touch(item)
    desk.sync()
    effect, call = store.EFFECT, tables.table(tables.CallRow)
    with desk.database() as connection:
        connection.execute(update(effect).values(state="unknown"))
        connection.execute(update(call).values(state="unknown"))
    told = [one for one in _found(desk) if one.kind == "unknown_outcome"]
    assert any("crossdock orders resolve" in one.todo for one in told)
    assert {one.subject.split()[0] for one in told} == {"call", "effect"}


def test_syncs_that_fail_in_a_row_are_told_from_the_third_on(desk: Desk) -> None:
    assert _found(desk, failures=2, last_error="down") == []
    (one,) = _found(desk, failures=3, last_error="the disk is full")
    assert (one.kind, "the disk is full" in one.detail) == ("sync_failing", True)


class Log:
    """The log with two targets, one of which wants conflicts only."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.wants = {"chat": frozenset({"conflict"}), "ops": frozenset(KINDS)}

    def holds(self, *causes: tuple[str, str], detail: str = "said") -> None:
        found = [Condition(kind, subject, detail, "do") for kind, subject in causes]  # type: ignore[arg-type]
        hub = self.desk.trading.hub
        with hub.database.begin() as connection:
            log.reconcile(connection, found, self.wants, hub.now())

    def due(self, target: str) -> list[tuple[str, str]]:
        hub = self.desk.trading.hub
        with hub.database.begin() as connection:
            return [(row.event, row.subject) for row in log.due(connection, target, hub.now())]

    def deliver(self, target: str, error: str = "") -> None:
        hub = self.desk.trading.hub
        with hub.database.begin() as connection:
            rows = log.due(connection, target, hub.now())
            if error:
                log.not_told(connection, target, rows, error, hub.now())
            else:
                log.told(connection, target, rows, hub.now())


def test_each_cause_is_told_once_and_its_end_once(desk: Desk) -> None:
    kept = Log(desk)
    for _ in range(3):
        kept.holds(("conflict", "c1"), ("guard", "g1"))
    assert kept.due("ops") == [("opened", "c1"), ("opened", "g1")]
    assert kept.due("chat") == [("opened", "c1")]
    kept.deliver("ops")
    kept.holds(("conflict", "c1"), detail="more of the same")
    assert kept.due("ops") == [("closed", "g1")]
    kept.deliver("ops")
    # The chat was never told that it began.
    kept.holds()
    assert kept.due("chat") == []
    assert kept.due("ops") == [("closed", "c1")]
    kept.deliver("ops")
    kept.holds(("conflict", "c1"))
    assert kept.due("ops") == [("opened", "c1")]


def test_what_could_not_be_told_is_tried_again_later_and_later_and_shown(desk: Desk) -> None:
    kept, clock, hub = Log(desk), desk.trading.clock, desk.trading.hub
    kept.holds(("guard", "g1"))
    for pause in (30, 60, 120):
        kept.deliver("ops", "answered with status 500")
        clock.advance(pause - 5)
        assert kept.due("ops") == []
        clock.advance(10)
        assert kept.due("ops") == [("opened", "g1")]
    with hub.database.read() as connection:
        (one,) = log.failing(connection)
    assert (one["target"], one["waiting"], one["attempts"], one["error"]) == ("ops", 1, 3, "answered with status 500")
    kept.deliver("ops")
    with hub.database.read() as connection:
        assert log.failing(connection) == []


def test_what_is_long_over_is_forgotten(desk: Desk) -> None:
    kept, hub = Log(desk), desk.trading.hub
    kept.holds(("guard", "g1"))
    kept.deliver("ops")
    kept.holds()
    desk.trading.clock.advance(timedelta(days=91).total_seconds())
    kept.holds()
    with hub.database.read() as connection:
        assert log.listing(connection, every=True) == []
    assert kept.due("ops") == []
