"""A fault of a connector that no one foresaw: its connection is left alone and named, the others go on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from canonical.errors import GuardError
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
