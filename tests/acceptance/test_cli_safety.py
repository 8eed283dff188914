"""Undoing, copying and forgetting, as an operator calls it, over real HTTP."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.simulation.catalog import CatalogItem
from crossdock.cli.app import App
from crossdock.cli.main import run
from crossdock.clock import SystemClock
from crossdock.demo.world import World, open_world

ITEMS = [CatalogItem(f"MUG-{n:02}", f"Mug {n}", Decimal(10 + n), {"WH1": 20, "WH2": 10}) for n in range(12)]


@dataclass
class Desk:
    """The platforms, and the configuration that leads to them."""

    world: World

    def call(self, *arguments: str, code: int) -> dict[str, Any]:
        """Run a command; its JSON."""
        out = io.StringIO()
        with redirect_stdout(out):
            ended = run([*arguments, "--format", "json"], App(config=self.world.config))
        assert ended == code, out.getvalue()
        document: dict[str, Any] = json.loads(out.getvalue())
        return document

    def prices(self, sku: str) -> tuple[Decimal, Decimal | None]:
        """What both shops ask."""
        return self.world.shop_eu.price(sku), self.world.shop_web.price(sku)

    def newest_run(self) -> str:
        """The number of the run before this look."""
        return str(self.call("runs", "--limit", "1", code=0)["runs"][0]["id"])


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Desk]:
    """Platforms that are adopted and equal."""
    with open_world(ITEMS, tmp_path, SystemClock()) as world:
        desk = Desk(world)
        desk.call("adopt", "--yes", code=0)
        desk.call("apply", code=0)
        yield desk


def test_a_run_is_put_back_stays_so_and_is_released(live: Desk) -> None:
    old, new = Decimal("14.00"), Decimal("15.00")
    live.world.erp.admin.set_price("MUG-04", new)
    live.call("sync", "--read", "full", code=0)
    bad = live.newest_run()
    assert live.prices("MUG-04") == (new, new)
    live.world.shop_web.admin.set_price("MUG-04", Decimal("14.50"))
    before = live.world.writes()
    shown = live.call("revert", bad, code=2)
    assert sorted((row["connection"], row["status"]) for row in shown["lines"]) == [
        ("shop_eu", "planned"),
        ("shop_web", "skipped"),
    ]
    assert (live.world.writes(), shown["next"]) == (before, [f"crossdock revert {bad} --yes"])
    done = live.call("revert", bad, "--yes", code=3)
    assert (done["counts"]["applied"], done["counts"]["skipped"]) == (1, 1)
    assert live.prices("MUG-04") == (old, Decimal("14.50"))
    live.call("sync", "--read", "full", code=5)
    assert live.prices("MUG-04")[0] == old
    live.call("revert", bad, "--release", code=2)
    live.call("sync", "--read", "full", code=5)
    assert live.prices("MUG-04")[0] == new
    live.call("revert", bad, "--release", code=0)
    assert "no run 999" in live.call("revert", "999", code=1)["error"]


def test_a_copy_is_put_back_and_the_next_plan_finds_everything_in_sync(live: Desk, tmp_path: Path) -> None:
    copy = str(tmp_path / "hub.backup")
    assert live.call("backup", copy, code=0)["backups"][0]["file"] == copy
    live.world.erp.admin.set_price("MUG-04", Decimal("15.00"))
    live.call("sync", "--read", "full", code=0)
    writes = live.world.writes()
    assert live.call("restore", copy, code=2)["next"] == [f"crossdock restore {copy} --yes"]
    (row,) = live.call("restore", copy, "--yes", code=0)["restored"]
    assert Path(row["kept"]).is_file()
    live.call("plan", "--read", "auto", code=0)
    live.call("sync", code=0)
    assert live.world.writes() == writes


def test_what_is_over_is_counted_and_deleted_and_its_room_given_back(live: Desk) -> None:
    counted = live.call("prune", "--dry-run", code=0)
    assert counted["counts"] == {"rows": 0}
    assert {row["table"] for row in counted["pruned"]} >= {"inbox", "document", "call", "plan", "run"}
    assert live.call("prune", "--compact", code=0)["counts"] == {"rows": 0}
    live.call("runs", code=0)


def test_another_database_is_copied_by_its_own_tools(live: Desk, tmp_path: Path) -> None:
    text = live.world.config.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("database:"))
    live.world.config.write_text(text.replace(line, "database: postgresql://hub@127.0.0.1:1/hub"), encoding="utf-8")
    assert "pg_dump" in live.call("backup", str(tmp_path / "copy"), code=1)["next"][0]
    assert "pg_restore" in live.call("restore", str(tmp_path / "copy"), code=1)["next"][0]
