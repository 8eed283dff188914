"""A daemon lives and people go on typing commands: it carries them out, once, and nobody plans with another file."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.simulation import SimRequest, SimResponse
from tests.support.beside import Beside, attend, beside
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def world(tmp_path: Path, sqlite_url: str) -> Iterator[Beside]:
    with beside(tmp_path, sqlite_url) as found:
        yield found


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Iterator[Beside]:
    with beside(tmp_path, database_url) as found:
        yield found


def test_plan_and_apply_beside_a_daemon_end_as_they_do_alone(either: Beside, tmp_path: Path) -> None:
    either.serve()
    either.world.erp.admin.set_price("MUG-01", Decimal(15))
    planned = either.call("plan", code=2)
    assert {(row["sku"], row["after"]) for row in planned["changes"]} == {("MUG-01", "15")}
    text = either.run("plan", "-o", "change.plan")
    assert text.returncode == 2
    assert "MUG-01" in text.stdout
    assert (tmp_path / "change.plan").exists()
    assert either.world.shop_web.price("MUG-01") == Decimal(11)
    applied = either.call("apply", "change.plan", code=0)
    assert applied["counts"]["applied"] == 2
    assert either.world.shop_web.price("MUG-01") == either.world.shop_eu.price("MUG-01") == Decimal(15)
    assert either.call("plan", code=0)["changes"] == []
    # Errors come back as errors, whoever met them.
    assert "there is no flow pricse" in either.fails("plan", "--flow", "pricse")
    assert set(either.states()) <= {"done", "failed"}
    assert either.runs("serve") == ["done"]


def test_a_conflict_is_resolved_beside_a_daemon(world: Beside) -> None:
    world.serve()
    world.world.shop_web.admin.set_price("MUG-02", Decimal(99))
    assert world.call("sync", code=5)["exit_code"] == 5
    [conflict] = world.call("conflicts", "list", code=5)["conflicts"]
    resolved = world.call("conflicts", "resolve", conflict["id"], "--ours", code=0)
    assert resolved["resolved"][0]["id"] == conflict["id"]
    assert world.call("apply", code=0)["counts"]["applied"] == 1
    assert world.world.shop_web.price("MUG-02") == Decimal(12)
    assert world.states() == ["done"] * 3


def test_a_pause_leaves_off_no_command_beside_a_daemon(world: Beside) -> None:
    world.serve()
    world.world.erp.admin.set_price("MUG-01", Decimal(15))
    world.call("pause", "shop_eu", code=0)
    world.call("sync", code=2)
    assert world.world.shop_web.price("MUG-01") == Decimal(15)
    assert world.world.shop_eu.price("MUG-01") == Decimal(11)
    # An audit does what it is told: it reads the paused shop too, and finds what was withheld.
    drift = world.call("audit", "--flow", "prices", code=2)["drift"]
    assert [(row["connection"], row["sku"]) for row in drift] == [("shop_eu", "MUG-01")]
    world.call("pause", "--all", code=0)
    assert world.call("plan", "--flow", "prices", code=2)["counts"]["withheld"] == 1
    world.call("resume", "--all", code=0)
    world.call("sync", code=0)
    assert world.world.shop_eu.price("MUG-01") == Decimal(15)
    assert world.states() == ["done"] * 4


def test_a_command_that_calls_no_platform_is_never_queued(world: Beside) -> None:
    world.serve()
    world.call("status", code=0)
    world.call("explain", "MUG-01", code=0)
    world.call("conflicts", "list", code=0)
    world.call("audit", "reservations", code=0)
    assert world.states() == []


def test_ctrl_c_leaves_the_command_in_the_queue_and_says_how_to_find_it(world: Beside) -> None:
    go = threading.Event()
    attend(world.world.erp, lambda: go.wait(PATIENCE), writes=False)
    go.set()
    world.serve()
    world.world.erp.admin.set_price("MUG-01", Decimal(15))
    go.clear()
    working, waiting = world.start("apply"), world.start("plan")
    until(lambda: sorted(world.states()) == ["running", "waiting"])
    ids = {state: number for number, state in enumerate(world.states(), start=1)}
    for one in (working, waiting):
        one.send_signal(signal.SIGINT)
    said = {one.communicate(timeout=PATIENCE)[1] for one in (working, waiting)}
    assert [one.returncode for one in (working, waiting)] == [130, 130]
    assert all(any(f"crossdock commands show {number}" in text for text in said) for number in (1, 2))
    assert world.call("commands", "show", str(ids["running"]), code=2)["commands"][0]["state"] == "running"
    assert "does not wait any more" in world.fails("commands", "cancel", str(ids["running"]))
    world.call("commands", "cancel", str(ids["waiting"]), code=0)
    go.set()
    until(lambda: "running" not in world.states())
    assert sorted(world.states()) == ["canceled", "done"]
    [done] = [row for row in world.call("commands", "list", code=0)["commands"] if row["state"] == "done"]
    shown = world.call("commands", "show", str(done["id"]), code=done["exit_code"])
    assert shown["commands"][0]["run_id"] is not None
    assert "counts" in shown


@pytest.mark.parametrize("after", [False, True], ids=["before the effect", "after the effect"])
def test_a_daemon_that_is_killed_in_a_call_leaves_its_command_interrupted_and_nothing_twice(
    world: Beside, after: bool
) -> None:
    serving = world.serve()
    world.world.erp.admin.set_price("MUG-01", Decimal(15))
    web = world.world.shop_web
    handle = web.handle

    def deadly(request: SimRequest) -> SimResponse:
        if not web.is_write(request):
            return handle(request)
        web.handle = handle  # type: ignore[method-assign]
        if not after:
            serving.process.kill()
            return handle(request)
        answer = handle(request)
        serving.process.kill()
        return answer

    web.handle = deadly  # type: ignore[method-assign]
    said = world.fails("apply")
    assert "command 1 was interrupted" in said
    assert "ask again" in said
    assert world.states() == ["interrupted"]
    assert world.call("commands", "show", "1", code=1)["commands"][0]["state"] == "interrupted"
    # The next daemon does not carry it out again; what is left is done by its own sync.
    world.serve()
    until(lambda: web.price("MUG-01") == world.world.shop_eu.price("MUG-01") == Decimal(15))
    assert world.states() == ["interrupted"]
    assert world.call("plan", code=0)["changes"] == []
    for shop in (web, world.world.shop_eu):
        effects = shop.log.effects()
        assert len(effects) == len(set(effects))


def test_what_waits_when_the_daemon_is_killed_is_carried_out_by_who_asked(world: Beside) -> None:
    serving = world.serve()
    world.world.erp.admin.set_price("MUG-01", Decimal(15))
    world.freeze(serving)
    asking = world.start("apply", "--format", "json")
    until(lambda: world.states() == ["waiting"])
    serving.process.kill()
    out, err = asking.communicate(timeout=PATIENCE)
    assert (asking.returncode, json.loads(out)["counts"]["applied"]) == (0, 2), err
    assert world.states() == []
    assert world.runs("apply")[-1] == "in_sync"


def test_sigterm_in_the_middle_of_a_command_ends_it_where_nothing_is_open(world: Beside) -> None:
    serving = world.serve()
    world.world.erp.admin.set_price("MUG-01", Decimal(15))
    attend(world.world.shop_web, lambda: serving.process.send_signal(signal.SIGTERM))
    said = world.fails("apply")
    assert "was interrupted" in said
    serving.process.communicate(timeout=PATIENCE)
    assert serving.process.returncode == 0
    assert world.call("status", code=2)["counts"]["open_calls"] == 0
    world.call("sync", code=0)
    assert world.world.shop_web.price("MUG-01") == Decimal(15)


def test_two_replicas_with_different_configurations_are_one_executor_and_one_configuration(
    either: Beside, tmp_path: Path
) -> None:
    other = either.config.with_name("other.yaml")
    other.write_bytes(either.config.read_bytes())
    either.reconfigure("shop_web: {pool: main}", "shop_web: {pool: main, buffer: 3}", config=other)
    serving = either.serve()
    mine = either.daemon().config_version
    said = either.fails("serve", config=other)
    assert "a daemon lives on this database already" in said
    assert str(either.config) in said
    for arguments in (("plan",), ("sync",), ("apply",)):
        said = either.fails(*arguments, config=other)
        assert "works with another configuration" in said
        assert mine in said
        assert str(either.config) in said
    assert set(either.versions()[-1:]) == {mine}
    assert either.world.shop_web.quantity("MUG-01") == 30
    # Its successor may have another one; only then the other one counts.
    assert serving.end(signal.SIGTERM) == 0
    either.serve(config=other)
    assert either.world.shop_web.quantity("MUG-01") == 27
    assert "works with another configuration" in either.fails("plan")


def test_a_changed_configuration_is_taken_over_and_a_broken_one_is_not(world: Beside) -> None:
    world.serve()
    before = world.daemon()
    # Good: everything is looked at anew, and the shop gets its buffer.
    world.reconfigure("shop_web: {pool: main}", "shop_web: {pool: main, buffer: 3}")
    # A command typed at once waits until the daemon has taken the file over; its plan is made with the new one.
    assert world.run("plan").returncode in (0, 2)
    until(lambda: world.world.shop_web.quantity("MUG-01") == 27)
    good = world.daemon()
    assert (good.token, good.config_version == before.config_version) == (before.token, False)
    # Broken: told in `status`, and the daemon goes on.
    world.reconfigure("pools:", "pools: [")
    until(lambda: world.daemon().config_problem)
    done = world.run("status")
    assert done.returncode == 1
    assert "configuration on disk is not valid: " in done.stdout
    assert f"running with the one of {good.config_since[11:16]}Z" in done.stdout
    assert "crossdock lint" in done.stdout
    assert world.daemon().config_version == good.config_version
    # Mended: as if nothing had been.
    world.reconfigure("pools: [", "pools:")
    until(lambda: not world.daemon().config_problem)
    world.world.erp.admin.set_price("MUG-01", Decimal(15))
    assert world.call("sync", code=0)["counts"]["applied"] == 2
    assert world.daemon().config_since == good.config_since


def test_sighup_reads_secrets_anew_and_what_cannot_be_taken_over_is_said(world: Beside) -> None:
    serving = world.serve()
    secrets = world.config.with_name(".env")
    right = secrets.read_text(encoding="utf-8")
    secrets.write_text(right.replace("DEMO_SHOP_WEB_SECRET", "ANOTHER"), encoding="utf-8")
    serving.process.send_signal(signal.SIGHUP)
    until(lambda: "DEMO_SHOP_WEB_SECRET is not set" in world.daemon().config_problem)
    secrets.write_text(right.replace("cs_demo_shop_web", "cs_wrong"), encoding="utf-8")
    serving.process.send_signal(signal.SIGHUP)
    until(lambda: not world.daemon().config_problem)
    # What is no text, or a file that cannot be read, as where an editor keeps one open, is as wrong as anything.
    secrets.write_bytes(right.encode() + b"NAME=\xfc\n")
    until(lambda: "not UTF-8" in world.daemon().config_problem)
    secrets.write_text(right.replace("cs_demo_shop_web", "cs_wrong"), encoding="utf-8")
    until(lambda: not world.daemon().config_problem)
    opened = world.config.with_name("mappings") / "woocommerce" / ".#variant.yaml"
    opened.parent.mkdir(parents=True, exist_ok=True)
    opened.symlink_to("nobody@nowhere")
    serving.process.send_signal(signal.SIGHUP)
    until(lambda: "cannot be read" in world.daemon().config_problem)
    opened.unlink()
    serving.process.send_signal(signal.SIGHUP)
    until(lambda: not world.daemon().config_problem)
    assert "shop_web" in world.call("plan", code=1)["unread"][0]["connection"]
    secrets.write_text(right, encoding="utf-8")
    serving.process.send_signal(signal.SIGHUP)
    until(lambda: world.run("plan").returncode == 0)
    world.reconfigure("\ndatabase: ", "\ndatabase: sqlite:///other.sqlite  #")
    until(lambda: "only read at the start" in world.daemon().config_problem)
    assert serving.end(signal.SIGTERM) == 0
