from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import planfile
from sync.apply import ApplyReport, apply
from sync.hub import Hub
from sync.run import make_plan
from tests.support.hubs import Shops, open_shops


@pytest.fixture
def shops(sqlite_url: str) -> Iterator[Shops]:
    found = open_shops(sqlite_url, items=4)
    found.adopt()
    yield found
    found.hub.database.close()


def saved_plan(shops: Shops, path: Path) -> Path:
    """A saved plan that lowers the stock of three items."""
    for number in (1, 2, 3):
        shops.erp.set_stock(f"SKU-{number}", "WH1", 8)
    _, summary = make_plan(shops.hub)
    assert planfile.save(shops.hub, summary.plan_id, path) == 3
    shops.tick()
    return path


def apply_file(hub: Hub, path: Path) -> ApplyReport:
    saved = planfile.load(path)
    plan_id = planfile.store(hub, saved)
    planfile.freshen(hub, saved)
    return apply(hub, plan_id)


def test_a_plan_applied_again_finds_its_values_already_there_and_sends_nothing(shops: Shops, tmp_path: Path) -> None:
    path = saved_plan(shops, tmp_path / "x.plan")
    assert apply_file(shops.hub, path).outcomes == {"applied": 3}
    shops.tick()
    again = apply_file(shops.hub, path)
    assert (again.outcomes, again.partial, again.calls.total()) == ({"already": 3}, False, 0)


def test_what_the_owner_changed_since_a_plan_was_applied_is_moved_and_not_already_there(
    shops: Shops, tmp_path: Path
) -> None:
    path = saved_plan(shops, tmp_path / "x.plan")
    apply_file(shops.hub, path)
    shops.tick()
    shops.erp.set_stock("SKU-2", "WH1", 6)
    again = apply_file(shops.hub, path)
    assert (again.outcomes, again.partial) == ({"already": 2, "moved": 1}, True)
