"""The engine's commands as an operator calls them, over real HTTP; every exit code by a real cause."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
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
from sync.locks import EXECUTOR, hold
from sync.store.database import open_database
from tests.support.commands import ROOT, crossdock

ITEMS = [
    CatalogItem(f"MUG-{n:02}", f"Mug {n}", Decimal(10 + n), {"WH1": 20, "WH2": 10}, product="mugs" if n > 12 else "")
    for n in range(14)
]
JSON = ("--format", "json")


@dataclass
class Desk:
    """A folder with a configuration, and the platforms it leads to."""

    folder: Path
    world: World

    def call(self, *arguments: str, code: int) -> dict[str, Any]:
        """Run a command as its own process; its JSON, which tells the same exit code."""
        done = crossdock(*arguments, *JSON, cwd=self.folder)
        assert done.returncode == code, done.stdout + done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        assert (document["exit_code"], document["command"]) == (code, " ".join(arguments[: _words(arguments)]))
        return document

    def fails(self, *arguments: str) -> str:
        """Run a command that ends with an error; what it says on stderr."""
        done = crossdock(*arguments, cwd=self.folder)
        assert (done.returncode, done.stdout) == (1, "")
        assert "Traceback" not in done.stderr
        return done.stderr

    def inside(self, *arguments: str) -> int:
        """Run a command in this process: for what a test starts from."""
        with redirect_stdout(io.StringIO()):
            return run(arguments, App(config=self.world.config))

    def reconfigure(self, old: str, new: str) -> None:
        """Change the configuration file."""
        text = self.world.config.read_text(encoding="utf-8")
        assert old in text
        self.world.config.write_text(text.replace(old, new), encoding="utf-8")


def _words(arguments: Sequence[str]) -> int:
    return 2 if arguments[0] == "conflicts" else 1


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Platforms that were never adopted."""
    with open_world(ITEMS, tmp_path, SystemClock()) as world:
        yield Desk(tmp_path, world)


@pytest.fixture
def live(desk: Desk) -> Desk:
    """Platforms that are adopted and equal."""
    assert [desk.inside("adopt", "--yes"), desk.inside("apply")] == [0, 0]
    assert not _differing(desk)
    return desk


def _differing(desk: Desk) -> list[str]:
    return [sku for sku in desk.world.skus if desk.world.differing(sku)]


def test_from_first_contact_to_in_sync(desk: Desk) -> None:
    fresh = desk.call("plan", code=2)
    assert (fresh["counts"]["changes"], fresh["changes"]) == (0, [])
    assert {row["reason"] for row in fresh["withheld"]} == {"not_adopted"}
    assert fresh["next"] == ["crossdock adopt"]
    report = desk.call("adopt", code=2)
    assert {row["state"] for row in report["flows"]} == {"adopting"}
    assert {row["linked"] for row in report["flows"]} == {14}
    different = report["counts"]["different"]
    assert different == fresh["counts"]["withheld"] > 0
    assert desk.call("adopt", "--yes", code=0)["counts"]["approved"] == 4
    assert desk.world.writes() == 0

    plan = desk.call("plan", code=2)
    assert len(plan["changes"]) == plan["counts"]["changes"] == different
    row = next(row for row in plan["changes"] if row["connection"] == "shop_web" and row["slot"] == "price[EUR]")
    assert set(row) >= {"number", "flow", "entity", "sku", "external_id", "mark", "before", "after", "owner", "reason"}
    assert (row["mark"], row["owner"]) == ("~", "erp")
    assert Decimal(row["after"]) == desk.world.erp.price(row["sku"])
    assert desk.world.writes() == 0

    applied = desk.call("apply", code=0)
    assert applied["counts"]["applied"] == different
    assert applied["counts"]["write_calls"] == plan["counts"]["write_calls"] == desk.world.writes()
    assert not _differing(desk)
    assert desk.call("plan", code=0)["changes"] == []
    audit = desk.call("audit", code=0)
    assert {row["accuracy"] for row in audit["flows"]} == {100.0}
    assert [
        row["command"] for row in desk.call("runs", code=0)["runs"]
    ] == "audit plan apply plan adopt adopt plan".split()


def test_a_plan_reads_like_a_diff_and_is_cut_with_a_count_of_the_rest(desk: Desk) -> None:
    assert desk.inside("adopt", "--yes") == 0
    total = desk.call("plan", code=2)["counts"]["changes"]
    done = crossdock("plan", "--limit", "2", cwd=desk.folder)
    lines = [line.split() for line in done.stdout.splitlines()]
    diff = [line for line in lines if line and line[0] == "~"]
    assert len(diff) == 2
    assert diff[0][1].startswith("MUG-")
    assert diff[0][4] == "->"
    assert f"... and {total - 2} more (--limit 0 shows all)" in done.stdout


def test_a_saved_plan_skips_and_names_what_moved_and_applies_the_rest(live: Desk) -> None:
    for sku in ("MUG-01", "MUG-02", "MUG-03"):
        live.world.erp.admin.set_stock(sku, "WH1", 25)
    saved = live.call("plan", "-o", "now.plan", code=2)
    assert saved["counts"]["changes"] == 6
    live.world.shop_eu.shop.sell("MUG-02", 1, "WH1")
    applied = live.call("apply", "now.plan", code=3)
    assert {row["sku"] for row in applied["not_applied"]} == {"MUG-02"}
    assert {row["outcome"] for row in applied["not_applied"]} == {"moved"}
    assert applied["counts"]["applied"] == 4
    assert live.world.shop_eu.quantity("MUG-02", "WH1") == 19
    assert _differing(live) == ["MUG-02"]

    waiting = live.call("sync", code=5)
    assert {row["reason"] for row in waiting["reasons"]} == {"unaccounted_drop"}
    assert {row["what"]: row["count"] for row in waiting["holds"]}[
        "units that left channels, not yet booked by the owner"
    ]
    assert "crossdock conflicts list" in waiting["next"]
    open_now = live.call("conflicts", "list", code=5)
    [drop] = open_now["conflicts"]
    assert (drop["kind"], drop["sku"], drop["theirs"]) == ("sale", "MUG-02", -1)
    shown = live.call("conflicts", "show", drop["id"], code=5)
    assert shown["conflicts"][0]["units"] == 1
    resolution = f"crossdock conflicts resolve {drop['id']} --yes"
    assert shown["next"][0].startswith("only when the owner has booked")
    assert shown["next"][0].endswith(resolution)
    assert live.call("conflicts", "resolve", drop["id"], code=2)["next"] == shown["next"]
    assert live.call("conflicts", "list", code=5)["counts"]["drops"] == 1
    told = live.call("explain", "MUG-02", code=5)
    [kept] = told["kept_off"]
    assert (kept["units"], kept["cause"], kept["connections"]) == (1, drop["id"], ["shop_eu", "shop_web"])
    assert kept["next"] == f"crossdock conflicts show {drop['id']}"
    assert kept["next"] in told["next"]
    [web] = [row for row in told["fields"] if (row["target"], row["slot"]) == ("shop_web", "stock")]
    assert web["canonical"] == sum(web["figures"].values()) == web["desired"] + 1
    live.world.erp.admin.ship(live.world.erp.admin.book_sale("MUG-02", "WH1", 1))
    live.call("sync", code=0)
    assert not _differing(live)
    assert live.world.oversold() == 0


def test_an_edited_price_is_held_told_and_resolved_to_the_owner(live: Desk) -> None:
    live.world.shop_eu.admin.set_price("MUG-04", Decimal("15.00"))
    before = live.world.writes()
    assert live.call("sync", "--read", "full", code=5)["counts"]["applied"] == 0
    [conflict] = live.call("conflicts", "list", code=5)["conflicts"]
    assert (conflict["sku"], conflict["theirs"], conflict["ours"], conflict["base"]) == (
        "MUG-04",
        "15.00",
        "14.00",
        "14.00",
    )
    [field] = [
        row
        for row in live.call("explain", "MUG-04", code=5)["fields"]
        if (row["target"], row["slot"]) == ("shop_eu", "price[EUR]")
    ]
    assert (field["owner"], field["observed"], field["next_action"]) == ("erp", "15", "held")
    assert field["mapping"].startswith("mappings/shopify/variant.yaml:")
    assert field["advice"]
    assert live.call("status", code=5)["counts"]["conflicts"] == 1

    asked = live.call("conflicts", "resolve", conflict["id"], "--to-owner", code=2)
    assert asked["next"] == [f"crossdock conflicts resolve {conflict['id']} --to-owner --yes"]
    assert live.world.writes() == before
    live.call("conflicts", "resolve", conflict["id"], "--to-owner", "--yes", code=0)
    assert live.world.erp.price("MUG-04") == Decimal("15.00")
    live.call("sync", code=0)
    assert live.world.shop_web.price("MUG-04") == Decimal("15.00")
    assert live.call("conflicts", "list", code=0)["conflicts"] == []


def test_an_empty_source_is_stopped_by_a_guard_until_somebody_who_was_told_approves(live: Desk) -> None:
    live.world.erp.admin.hide(Decimal("0.5"))
    before = live.world.writes()
    stopped = live.call("plan", code=4)
    assert {row["guard"] for row in stopped["guards"]} == {"guard_shrunk"}
    assert any("erp returned far fewer" in row["detail"] for row in stopped["guards"])
    assert live.call("status", code=4)["flows"][0]["frozen"] == "guard_shrunk"
    live.call("audit", code=4)
    live.call("sync", "--read", "full", code=4)
    assert live.world.writes() == before
    assert not _differing(live)
    live.call("sync", "--read", "full", "--force", code=5)
    assert {row["kind"] for row in live.call("conflicts", "list", code=5)["conflicts"]} == {"deleted_there"}
    assert live.call("status", code=5)["flows"][0]["frozen"] == ""


def test_force_on_another_guard_does_not_accept_an_empty_source_unseen(live: Desk) -> None:
    live.world.erp.admin.empty()
    live.call("sync", "--read", "full", "--force", code=4)
    assert live.call("status", code=4)["flows"][0]["frozen"] == "guard_shrunk"
    assert live.call("conflicts", "list", code=0)["conflicts"] == []
    assert not _differing(live)


def test_a_price_that_moves_too_far_is_withheld_until_it_is_approved(live: Desk) -> None:
    live.world.erp.admin.set_price("MUG-05", Decimal(99))
    before = live.world.writes()
    withheld = live.call("apply", code=4)
    assert {(row["guard"], row["flow"]) for row in withheld["guards"]} == {("guard_price", "prices")}
    assert all("1 prices move by more than" in row["detail"] for row in withheld["guards"])
    approval = "if the source is right, approve: crossdock apply --flow prices --force"
    assert withheld["next"] == ["see the withheld lines: crossdock plan", approval]
    assert live.world.writes() == before
    saved = live.call("plan", "-o", "far.plan", code=4)
    assert {row["sku"] for row in saved["withheld"]} == {"MUG-05"}
    assert live.call("apply", "far.plan", code=4)["counts"]["applied"] == 0
    assert live.call("apply", "far.plan", "--force", code=0)["counts"]["applied"] == 2
    again = live.call("apply", "far.plan", "--force", code=0)
    assert (again["counts"]["already"], again["counts"]["write_calls"], again["not_applied"]) == (2, 0, [])
    assert not _differing(live)


def test_an_account_that_fails_is_an_error_and_stops_nobody_else(live: Desk) -> None:
    live.world.erp.admin.set_stock("MUG-06", "WH1", 5)
    secret = live.world.config.parent / ".env"
    text = secret.read_text(encoding="utf-8")
    secret.write_text(text.replace("cs_demo_shop_web", "cs_wrong_secret"), encoding="utf-8")
    plan = live.call("plan", "-o", "part.plan", code=1)
    assert [row["connection"] for row in plan["unread"]] == ["shop_web"]
    assert "wrong_secret" not in json.dumps(plan)
    assert "crossdock doctor" in plan["next"]
    assert not (live.folder / "part.plan").exists()
    applied = live.call("sync", "--read", "full", code=3)
    assert applied["counts"]["applied"] == 1
    assert live.world.shop_eu.quantity("MUG-06", "WH1") == 5
    live.call("sync", "--read", "full", code=1)
    secret.write_text(text, encoding="utf-8")
    live.call("sync", "--read", "full", code=0)
    assert not _differing(live)


def test_a_saved_plan_is_refused_by_another_database_and_after_a_change_of_ownership(live: Desk) -> None:
    live.world.erp.admin.set_stock("MUG-07", "WH1", 5)
    live.call("plan", "-o", "old.plan", code=2)
    before = live.world.writes()
    live.reconfigure("sqlite:///crossdock.sqlite", "sqlite:///other.sqlite")
    assert "another database" in live.fails("apply", "old.plan")
    live.reconfigure("sqlite:///other.sqlite", "sqlite:///crossdock.sqlite")
    live.reconfigure("variant.sellable: erp", "variant.sellable: shop_eu")
    assert "ownership" in live.fails("apply", "old.plan")
    (live.folder / "no.plan").write_text("{}", encoding="utf-8")
    assert "not a saved plan" in live.fails("apply", "no.plan")
    assert "cannot read" in live.fails("apply", "none.plan")
    assert live.world.writes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", "--flow", "pricse"), "did you mean 'prices'?"),
        (("adopt", "--connection", "shop_ue"), "did you mean 'shop_eu'?"),
        (("apply", "x.plan", "--flow", "prices"), "applied whole"),
        (("conflicts", "resolve", "7"), "--ours, --theirs or --to-owner"),
        (("conflicts", "resolve", "7", "--ours", "--theirs"), "--ours and --theirs contradict each other"),
        (("conflicts", "resolve", "7", "--ours"), "there is no conflict 7"),
        (("conflicts", "resolve", "drop:7", "--theirs"), "drop:7"),
        (("conflicts", "show", "seven"), "seven is no id"),
        (("explain", "NOBODY"), "nothing is known of NOBODY"),
    ],
)
def test_what_does_not_exist_is_said_with_the_next_step(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    told = desk.fails(*arguments)
    assert said in told
    assert "next: " in told


def test_a_place_that_the_owner_does_not_have_is_refused_before_shelves_are_emptied(desk: Desk) -> None:
    place = desk.world.config.read_text(encoding="utf-8").split('WH2: {erp: "')[1].split('"')[0]
    desk.reconfigure(f'WH2: {{erp: "{place}"', 'WH2: {erp: "99999"')
    for arguments in (("adopt",), ("adopt", "--yes")):
        said = desk.fails(*arguments)
        assert "erp: WH2: there is no location 99999" in said
        assert place in said
    assert desk.world.writes() == 0
    assert {row["state"] for row in desk.call("status", code=2)["flows"]} == {"new"}


def test_a_refused_plan_is_still_good_once_its_configuration_is_back(live: Desk) -> None:
    live.world.erp.admin.set_price("MUG-03", Decimal("13.50"))
    live.call("plan", "-o", "change.plan", code=2)
    owned = "variant.price[EUR]: erp"
    live.reconfigure(owned, f"{owned}\n  variant.title: erp")
    assert "the configuration (ownership, flows or mappings) changed" in live.fails("apply", "change.plan")
    live.reconfigure(f"{owned}\n  variant.title: erp", owned)
    counts = live.call("apply", "change.plan", code=0)["counts"]
    assert (counts["applied"], counts["moved"]) == (2, 0)


def test_the_same_state_is_told_the_same_way_each_time(live: Desk) -> None:
    live.world.shop_eu.admin.set_price("MUG-03", Decimal("99.00"))
    for _ in range(3):
        told = live.call("plan", code=5)
        assert (told["counts"]["held"], told["holds"][-1]) == (
            1,
            {"what": "held fields", "count": 1, "next": "crossdock conflicts list"},
        )
    [conflict] = live.call("conflicts", "list", code=5)["conflicts"]
    live.call("conflicts", "resolve", conflict["id"], "--theirs", code=0)
    # Somebody decided: nothing is left to do, whoever asks.
    for command in ("plan", "plan", "sync", "audit", "status"):
        live.call(command, code=0)


def test_what_a_shop_counts_is_never_offered_to_the_owner(live: Desk) -> None:
    had = live.world.shop_web.quantity("MUG-03") or 0
    live.world.shop_web.admin.set_stock("MUG-03", had + 5)
    live.world.erp.admin.set_stock("MUG-03", "WH1", 60)
    live.inside("plan")
    [conflict] = live.call("conflicts", "list", code=5)["conflicts"]
    assert (conflict["entity"], conflict["connection"]) == ("inventory", "shop_web")
    assert "never adopted" in live.fails("conflicts", "resolve", conflict["id"], "--to-owner")


def test_what_is_gone_is_told_by_explain_and_not_compared_by_audit(live: Desk) -> None:
    web = live.world.shop_web
    web.admin.trash("MUG-03")
    live.inside("sync", "--read", "full")
    told = live.call("explain", "MUG-03", code=5)
    assert {(row["connection"], row["reason"]) for row in told["left_out"]} == {("shop_web", "deleted_there")}
    assert all(step.startswith("crossdock conflicts show ") for step in told["next"])
    live.world.erp.admin.archive("MUG-04")
    live.inside("sync", "--read", "full")
    [eu, *_] = [row for row in live.call("explain", "MUG-04", code=0)["fields"] if row["slot"].startswith("stock")]
    assert eu["desired"] == 0
    assert "0 because erp says it is not sellable" in eu["rule"]


def test_a_command_says_that_it_waits_for_another_process_and_ends_quietly_when_interrupted(desk: Desk) -> None:
    database = open_database(f"sqlite:///{desk.world.config.parent / 'crossdock.sqlite'}")
    with hold(database, EXECUTOR, SystemClock()):
        process = subprocess.Popen(
            [sys.executable, "-m", "crossdock", "sync"],
            cwd=desk.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        assert process.stderr.readline().startswith("waiting: another process")
        assert desk.inside("status") == 2
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    database.close()
    assert (process.returncode, out, err.strip()) == (130, "", "stopped")
