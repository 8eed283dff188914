"""A fault of a connector that no one foresaw: its connection is left alone and named, the others go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from canonical.errors import AmbiguousError, GuardError, ProtocolError, SkippableError
from sync.observe import ReadMode
from tests.support.desk import Desk, open_desk


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    found = open_desk(sqlite_url, shops=("shop", "other"))
    yield found
    found.trading.hub.database.close()


def broken(*_given: object, **_more: object) -> Any:
    raise AttributeError("'NoneType' object has no attribute 'get'")


def test_a_fault_while_reading_leaves_the_other_connections_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = desk.place(1), desk.place(1, shop="other")
    with monkeypatch.context() as patch:
        patch.setattr(desk.trading.hub.connector("shop"), "pull", broken)
        patch.setattr(desk.trading.hub.connector("shop"), "changed_since", broken)
        report = desk.sync()
    assert list(report.look.failed) == ["shop"]
    assert "shop: an unexpected fault: AttributeError: 'NoneType'" in report.look.failed["shop"]
    assert report.look.incomplete
    assert "Traceback" in caplog.text
    assert desk.standing(there, "other") == ("asked", "")
    desk.sync()
    assert desk.standing(here) == ("asked", "")


def test_a_fault_while_asking_leaves_the_request_in_doubt_and_is_asked_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = desk.trading.hub.connector("erp")
    push = erp.push

    def done_and_broken(call: Any) -> Any:
        push(call)
        broken()

    number = desk.place(1)
    with monkeypatch.context() as patch:
        patch.setattr(erp, "push", done_and_broken)
        report = desk.sync()
    assert "AttributeError" in report.effects.failed["erp"]
    assert desk.effects()["request", "erp", "in_flight"] == 1
    desk.sync(after=3600)
    assert desk.standing(number) == ("asked", "")
    assert len(desk.requests()) == 1


def test_a_fault_while_writing_leaves_the_other_targets_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.sync()
    desk.world("erp").set_stock("SKU-1", "WH1", 3)
    with monkeypatch.context() as patch:
        patch.setattr(desk.trading.hub.connector("other"), "push", broken)
        report = desk.sync(ReadMode.FULL)
    assert [list(one.failed) for one in report.applied] == [["other"]]
    assert desk.listed("shop") == 8
    for _ in range(3):
        desk.sync(ReadMode.FULL, after=3600)
    assert desk.listed("other") == 8


def test_what_concerns_every_connection_is_not_contained(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_given: object) -> Any:
        raise GuardError("too much changed")

    monkeypatch.setattr(desk.trading.hub.connector("shop"), "pull", stop)
    with pytest.raises(GuardError):
        desk.sync(ReadMode.FULL)


@pytest.mark.parametrize(
    "fault", [AttributeError("no attribute"), SkippableError("odd", "odd"), ProtocolError("a record of another shape")]
)
def test_a_fault_about_one_lost_request_stops_neither_the_reading_nor_the_next_request(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    desk.place(1)
    erp = desk.trading.hub.connector("erp")
    desk.world("erp").after_write.append(AmbiguousError("no answer"))
    desk.sync()

    def odd(_call: Any) -> Any:
        raise fault

    monkeypatch.setattr(erp, "resolve", odd)
    number = desk.place(1, sku="SKU-2")
    report = desk.sync()
    assert (list(report.look.failed), list(report.effects.failed)) == ([], ["erp"])
    desk.trade("erp").ship("shop-o2-1")
    desk.sync(after=3600)
    assert desk.standing(number) == ("done", "")
    # A fault of the connection as such is no reason to give this one up; one of its own is a person's.
    state = "in_flight" if isinstance(fault, ProtocolError) else "unknown"
    assert desk.effects()["request", "erp", state] == 1


def test_a_fault_while_asking_for_one_order_does_not_stop_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = desk.trading.hub.connector("erp")
    push = erp.push

    def odd(call: Any) -> Any:
        return broken() if call.target == "shop-o1-1" else push(call)

    monkeypatch.setattr(erp, "push", odd)
    numbers = [desk.place(1), desk.place(1, sku="SKU-2")]
    report = desk.sync()
    assert "AttributeError" in report.effects.failed["erp"]
    assert list(desk.requests()) == ["shop-o2-1"]
    for _ in range(12):
        desk.sync(after=1200)
    assert [desk.standing(one) for one in numbers] == [("blocked", "not_converging"), ("asked", "")]
