"""A run is put back as the journal has it: what moved since is left alone, what is put back stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from canonical.errors import AmbiguousError, DataError
from sync import overrides, revert
from sync.apply import ApplyReport, apply
from sync.config import GuardConfig
from sync.hub import Hub
from sync.observe import ReadMode
from sync.run import end_run, lease, run_sync
from sync.store import tables
from tests.support.desk import Desk, open_desk
from tests.support.hubs import Shops, open_shops


@pytest.fixture
def shops(database_url: str) -> Iterator[Shops]:
    """A live hub; guards that would stop the small steps of these tests are wide open."""
    found = open_shops(database_url, guards=GuardConfig(price_move_percent=1000.0, changed_percent=100.0))
    found.adopt()
    _run(found)
    yield found
    found.hub.database.close()


def _run(shops: Shops, mode: ReadMode = ReadMode.FULL) -> int:
    """One recorded sync; its number."""
    shops.tick(60)
    with lease(shops.hub, "sync") as run_id:
        run_sync(shops.hub, mode)
        end_run(shops.hub, run_id, "done", {})
    shops.tick(60)
    return run_id


def _revert(shops: Shops, run_id: int, **more: bool) -> revert.Revert:
    shops.tick(60)
    with lease(shops.hub, "revert") as own:
        found = revert.carry_out(shops.hub, run_id, **more)
        end_run(shops.hub, own, "done", {})
    return found


def _prices(shops: Shops) -> list[str]:
    return [shops.shop.find(f"SKU-{number}").price for number in (1, 2, 3)]


def _pins(shops: Shops) -> int:
    with shops.hub.database.begin() as connection:
        return overrides.count(connection).get("revert", 0)


def test_a_price_is_put_back_stays_and_is_written_again_once_released(shops: Shops) -> None:
    shops.erp.set_price("SKU-1", "12.00")
    bad = _run(shops)
    assert _prices(shops) == ["12.00", "10.00", "10.00"]
    shown = revert.preview(shops.hub, bad)
    assert [(one.status, one.sku, one.now, one.then) for one in shown.lines] == [("planned", "SKU-1", "12", "10")]
    assert (_prices(shops)[0], _pins(shops)) == ("12.00", 0)
    done = _revert(shops, bad)
    assert [one.status for one in done.lines] == ["applied"]
    assert (_prices(shops)[0], _pins(shops)) == ("10.00", 1)
    for mode in (ReadMode.AUTO, ReadMode.FULL, ReadMode.FULL):
        _run(shops, mode)
        assert _prices(shops)[0] == "10.00"
    assert revert.release(shops.hub, bad) == 1
    _run(shops)
    assert (_prices(shops)[0], _pins(shops)) == ("12.00", 0)


def test_what_is_put_back_ends_when_its_owner_changes_it(shops: Shops) -> None:
    shops.erp.set_price("SKU-1", "12.00")
    _revert(shops, _run(shops))
    shops.erp.set_price("SKU-1", "13.00")
    _run(shops)
    assert (_prices(shops)[0], _pins(shops)) == ("13.00", 0)
    # From then on it is an ordinary field again, also at the value that was once put back.
    shops.erp.set_price("SKU-1", "12.00")
    _run(shops)
    assert _prices(shops)[0] == "12.00"


def test_what_somebody_changed_since_is_skipped_and_named(shops: Shops) -> None:
    shops.erp.set_price("SKU-1", "12.00")
    shops.erp.set_price("SKU-2", "12.00")
    shops.erp.set_price("SKU-3", "12.00")
    bad = _run(shops)
    shops.shop.set_price("SKU-2", "11.11")
    shops.erp.set_price("SKU-3", "14.00")
    _run(shops)
    done = _revert(shops, bad)
    assert {one.sku: (one.status, one.reason) for one in done.lines} == {
        "SKU-1": ("applied", "reverted"),
        "SKU-2": ("skipped", "it was changed since"),
        "SKU-3": ("skipped", "it was changed since"),
    }
    assert _prices(shops) == ["10.00", "11.11", "14.00"]
    assert _pins(shops) == 1


def test_what_somebody_changes_between_plan_and_write_is_left_alone_and_not_pinned(
    shops: Shops, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops.erp.set_price("SKU-1", "12.00")
    bad = _run(shops)

    def late(hub: Hub, plan_id: int) -> ApplyReport:
        shops.shop.set_price("SKU-1", "11.11")
        shops.tick(60)
        return apply(hub, plan_id)

    monkeypatch.setattr(revert, "apply", late)
    done = _revert(shops, bad)
    assert [one.status for one in done.lines] == ["moved"]
    assert (_prices(shops)[0], _pins(shops)) == ("11.11", 0)


def test_stock_is_computed_from_its_owner_and_never_put_back(shops: Shops) -> None:
    shops.erp.set_stock("SKU-1", "WH1", 4)
    bad = _run(shops)
    shops.erp.set_stock("SKU-1", "WH1", 7)
    done = _revert(shops, bad)
    (line,) = done.lines
    assert (line.status, line.then, line.reason) == ("applied", 7, revert.RECOMPUTED)
    assert (shops.shop.stock("SKU-1", "WH1"), _pins(shops)) == (7, 0)
    (line,) = _revert(shops, bad).lines
    assert (line.status, line.reason.startswith(revert.RECOMPUTED)) == ("skipped", True)


def test_somebody_who_changes_a_value_that_was_put_back_is_a_conflict(shops: Shops) -> None:
    shops.erp.set_price("SKU-1", "12.00")
    _revert(shops, _run(shops))
    shops.tick(60)
    shops.shop.set_price("SKU-1", "11.11")
    _run(shops)
    with shops.hub.database.begin() as connection:
        assert overrides.count(connection) == {"hold": 1}
    assert _prices(shops)[0] == "11.11"


def test_a_revert_is_put_back_like_any_run(shops: Shops) -> None:
    shops.erp.set_price("SKU-1", "12.00")
    bad = _run(shops)
    _revert(shops, bad)
    with shops.hub.database.begin() as connection:
        table = tables.table(tables.Run)
        (own,) = connection.execute(table.select().where(table.c.command == "revert")).all()
    _revert(shops, own.id)
    assert _prices(shops)[0] == "12.00"
    _run(shops)
    assert _prices(shops)[0] == "12.00"


def test_a_lost_answer_is_not_known_to_be_undone(shops: Shops) -> None:
    shops.erp.set_price("SKU-1", "12.00")
    bad = _run(shops)
    shops.shop.after_write.append(AmbiguousError("no answer"))
    done = _revert(shops, bad)
    assert [one.status for one in done.lines] == ["unconfirmed"]
    assert _pins(shops) == 1
    _run(shops)
    assert _prices(shops)[0] == "10.00"


def test_a_platform_that_is_not_reached_gets_the_earlier_values_of_nothing(shops: Shops) -> None:
    shops.erp.set_price("SKU-1", "12.00")
    bad = _run(shops)
    with shops.hub.database.begin() as connection:
        connection.execute(update(tables.table(tables.Shadow)).values(item_id=None))
    (line,) = _revert(shops, bad).lines
    assert (line.status, line.reason) == ("skipped", "its record is not linked any more")


def test_there_is_no_such_run(shops: Shops) -> None:
    with pytest.raises(DataError, match="no run 999"):
        revert.preview(shops.hub, 999)


def test_a_guard_withholds_a_step_back_that_is_too_far_until_it_is_forced(database_url: str) -> None:
    shops = open_shops(database_url, items=12)
    shops.adopt()
    _run(shops)
    shops.erp.set_price("SKU-1", "30.00")
    shops.tick(60)
    with lease(shops.hub, "sync") as bad:
        run_sync(shops.hub, ReadMode.FULL, force=True)
        end_run(shops.hub, bad, "done", {})
    assert _prices(shops)[0] == "30.00"
    (line,) = _revert(shops, bad).lines
    assert (line.status, line.reason, _pins(shops)) == ("withheld", "guard_price", 0)
    assert _prices(shops)[0] == "30.00"
    (line,) = _revert(shops, bad, force=True).lines
    assert (line.status, _prices(shops)[0]) == ("applied", "10.00")
    shops.hub.database.close()


def _one_order(url: str) -> tuple[Desk, int]:
    desk = open_desk(url)
    desk.place(2)
    with lease(desk.trading.hub, "sync") as run_id:
        desk.sync()
        end_run(desk.trading.hub, run_id, "done", {})
    return desk, run_id


def test_what_was_done_once_is_refused_with_the_reason(database_url: str) -> None:
    desk, run_id = _one_order(database_url)
    before = desk.requests()
    with lease(desk.trading.hub, "revert") as own:
        found = revert.carry_out(desk.trading.hub, run_id)
        end_run(desk.trading.hub, own, "done", {})
    refused = [one for one in found.lines if one.status == "refused"]
    assert [(one.connection, one.slot, "not undone" in one.reason) for one in refused] == [("erp", "request", True)]
    assert desk.requests() == before != {}
    desk.trading.hub.database.close()
