"""Wrong files, a wrong database, a lock that is taken: told with the place and the remedy, and nothing is done."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from canonical.errors import BusyError, ConfigError, CrossdockError, FatalError
from crossdock.settings.lint import checked
from crossdock.settings.platforms import InstalledPlatforms
from sync import planfile
from sync.apply import apply
from sync.locks import EXECUTOR
from sync.observe import ReadMode
from sync.run import lease, make_plan, run_sync
from sync.store.database import open_database
from tests.support.commands import crossdock
from tests.support.trade import Trade, catalog, open_trade

SKU, OTHER = "SKU-00001", "SKU-00002"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A right configuration, about to be spoiled."""
    open_trade(tmp_path, catalog(1))
    return tmp_path / "crossdock.yaml"


@pytest.fixture
def trade(tmp_path: Path) -> Trade:
    """A dozen things in step everywhere, and one figure that changed at the ERP."""
    opened = open_trade(tmp_path, catalog(12))
    opened.adopt()
    for sku in (SKU, OTHER):
        opened.erp.admin.set_stock(sku, "WH1", 4)
    opened.clock.advance(60)
    return opened


# --- the configuration


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("connections:\n", "connections: [\n", 4, "YAML"),
        ("connections:\n", "connections:\n\tx: 1\n", 3, "tab"),
        ("flows:\n", "flowz:\n", 0, "flows"),
        ("    connector: tryton\n", "    conector: tryton\n", 0, "connector"),
        ("    connector: tryton\n", "    connector: tritn\n", 0, "tryton"),
        ("    connector: tryton\n", "    connector: [tryton]\n", 0, ""),
        ("  main: {locations: [WH1, WH2]}", "  main: {locations: WH1}", 0, "list"),
        ("  main: {locations: [WH1, WH2]}", "  main: {locations: [WH1, WH3]}", 0, "WH3"),
        ("    kind: inventory\n", "    kind: inventroy\n", 0, "inventory"),
        ("    source: erp\n    targets", "    source: epr\n    targets", 0, "erp"),
        ("    fields: [price]", "    fields: [prise]", 0, "price"),
        ("  variant.sku: erp\n", "  variant.sku: [erp]\n", 0, ""),
        ("username: admin", "usrname: admin", 0, "username"),
        ("database: tryton,", "database: {a: b},", 0, ""),
    ],
)
def test_a_wrong_configuration_names_file_line_and_column(
    config: Path, old: str, new: str, line: int, said: str
) -> None:
    text = config.read_text()
    assert text.count(old) == 1
    place = line or text[: text.index(old)].count("\n") + 1 + next(
        number for number, pair in enumerate(zip(old.split("\n"), new.split("\n"), strict=False)) if pair[0] != pair[1]
    )
    config.write_text(text.replace(old, new))

    with pytest.raises(ConfigError) as caught:
        checked(config, InstalledPlatforms())

    here = [problem for problem in caught.value.problems if problem.line == place and said in str(problem)]
    assert here, caught.value
    problem = here[0]
    assert problem.file == str(config)
    assert problem.column > 0


def test_all_mistakes_are_told_at_once_by_lint_and_by_whatever_needs_the_configuration(config: Path) -> None:
    text = config.read_text()
    config.write_text(text.replace("kind: inventory", "kind: inventroy").replace("username: admin", "usrname: admin"))
    lint, plan = (crossdock("--config", str(config), command, cwd=config.parent) for command in ("lint", "plan"))
    for done in (lint, plan):
        assert done.returncode == 1
        said = done.stdout + done.stderr
        assert "inventroy" in said
        assert "usrname" in said
        assert said.count("crossdock.yaml:") >= 2
        assert "Traceback" not in said


def test_a_file_that_is_not_text_is_told_and_not_a_crash(config: Path) -> None:
    config.write_bytes(b"\xff\xfe\x00\x01connections: {}\n")
    with pytest.raises(ConfigError):
        checked(config, InstalledPlatforms())


# --- the database


def test_a_database_in_a_folder_that_is_not_there_is_told_and_the_folder_not_made(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"no folder .*lost") as caught:
        open_database(f"sqlite:///{tmp_path}/lost/crossdock.sqlite")
    assert caught.value.hint
    assert not (tmp_path / "lost").exists()


def test_a_file_that_is_no_database_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "crossdock.sqlite"
    file.write_bytes(b"These are somebody's notes. " * 200)
    before = file.read_bytes()
    with pytest.raises(FatalError) as caught:
        open_database(f"sqlite:///{file}")
    assert "database" in str(caught.value)
    assert file.read_bytes() == before


def test_a_database_that_may_only_be_read_stops_before_anything_is_sent(trade: Trade) -> None:
    _, summary = make_plan(trade.hub)
    assert summary.changes == 4
    trade.clear_logs()
    engine = trade.hub.database.engine
    engine.dispose()
    from sqlalchemy import event

    def refuse(raw: object, _record: object) -> None:
        raw.execute("PRAGMA query_only=ON")  # type: ignore[attr-defined]

    event.listen(engine, "connect", refuse)
    with pytest.raises(FatalError, match=r"the database failed.*readonly") as caught:
        run_sync(trade.hub, ReadMode.FULL)
    assert "writable" in caught.value.hint
    assert apply_fails(trade, summary.plan_id)
    assert trade.shopify.log.writes() == trade.woo.log.writes() == 0
    event.remove(engine, "connect", refuse)
    engine.dispose()
    run_sync(trade.hub, ReadMode.FULL)
    assert trade.shopify.quantity(SKU, "WH1") == 4


def apply_fails(trade: Trade, plan_id: int) -> bool:
    """Whether an apply ended in an error, for all connections or each."""
    try:
        return set(apply(trade.hub, plan_id).failed) == {"shop_eu", "shop_web"}
    except FatalError:
        return True


def test_a_damaged_database_is_told_and_nothing_is_sent(trade: Trade) -> None:
    file = trade.hub.database.path
    assert file is not None
    trade.hub.database.close()
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
    trade.clear_logs()

    with pytest.raises(FatalError, match="the database failed") as caught:
        run_sync(trade.hub, ReadMode.FULL)

    assert caught.value.hint
    assert trade.shopify.log.writes() == trade.woo.log.writes() == 0


# --- saved plans


def saved_plan(trade: Trade, folder: Path) -> Path:
    _, summary = make_plan(trade.hub)
    path = folder / "plan.json"
    assert planfile.save(trade.hub, summary.plan_id, path) == summary.changes == 4
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is not a saved plan"),
        (b"nonsense", "is not a saved plan"),
        (b"[1, 2, 3]", "is not a saved plan"),
        (b"{}", "is not a saved plan"),
        (b"\xff\xfe\x00", "is not a saved plan"),
        (b'{"format": "crossdock-plan/9"}', "crossdock-plan/9"),
    ],
)
def test_what_is_no_saved_plan_is_refused_in_words(tmp_path: Path, text: bytes, said: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(text)
    with pytest.raises(CrossdockError, match=said) as caught:
        planfile.load(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint


def test_a_plan_of_another_version_of_the_format_is_named_even_when_its_lines_differ(
    trade: Trade, tmp_path: Path
) -> None:
    path = saved_plan(trade, tmp_path)
    plan = msgspec.json.decode(path.read_bytes())
    plan["format"], plan["steps"] = "crossdock-plan/2", plan.pop("changes")
    path.write_bytes(msgspec.json.encode(plan))
    with pytest.raises(CrossdockError, match=r"crossdock-plan/2.*crossdock-plan/1"):
        planfile.load(path)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("database_id", "0" * 32, "another database"),
        ("config_version", "0" * 16, "configuration"),
        ("created_at", "2026-10-01T00:00:00.000000Z", "older than"),
        ("created_at", "the day before yesterday", "not a saved plan.*the day before"),
    ],
)
def test_a_plan_made_elsewhere_or_long_ago_is_not_applied(
    trade: Trade, tmp_path: Path, name: str, value: str, said: str
) -> None:
    path = saved_plan(trade, tmp_path)
    plan = msgspec.json.decode(path.read_bytes())
    plan[name] = value
    path.write_bytes(msgspec.json.encode(plan))
    with pytest.raises(CrossdockError, match=said):
        planfile.store(trade.hub, planfile.load(path))


_EDITS: list[tuple[str, object]] = [
    ("after", 999),
    ("after", "4"),
    ("before", 3),
    ("slot", "stock[WH9]"),
    ("slot", "stock["),
    ("external_id", "gid://shopify/InventoryItem/1"),
    ("item_id", 2),
    ("item_id", 999_999),
    ("flow", "prices"),
    ("flow", "no such flow"),
    ("entity", "no such entity"),
    ("connection", "no such connection"),
    ("connection", "erp"),
    ("fingerprint", "0" * 16),
]


def test_a_line_somebody_edited_is_not_carried_out_and_the_others_are(trade: Trade, tmp_path: Path) -> None:
    path = saved_plan(trade, tmp_path)
    kept = path.read_bytes()
    before = trade.shopify.quantity(SKU, "WH1")
    for name, value in _EDITS:
        plan = msgspec.json.decode(kept)
        line = next(one for one in plan["changes"] if one["connection"] == "shop_eu" and one["sku"] == SKU)
        line[name] = value
        path.write_bytes(msgspec.json.encode(plan))

        said = outcome(trade, path)

        assert said, f"{name} = {value!r} went through in silence"
        assert trade.shopify.quantity(SKU, "WH1") == before, f"{name} = {value!r} was carried out"
        assert trade.erp.log.writes() == 0
    assert (trade.shopify.quantity(OTHER, "WH1"), trade.woo.quantity(SKU)) == (4, 9)


def outcome(trade: Trade, path: Path) -> str:
    """What applying a saved plan says of the line that did not land."""
    try:
        saved = planfile.load(path)
        plan_id = planfile.store(trade.hub, saved)
        planfile.freshen(trade.hub, saved)
        report = apply(trade.hub, plan_id)
    except CrossdockError as error:
        return str(error)
    rest = [name for name in report.outcomes if name != "applied"]
    return ", ".join([*report.failed.values(), *rest])


# --- the lock


def test_a_second_process_waits_and_then_says_who_is_at_work(trade: Trade) -> None:
    folder = Path(f"{trade.hub.database.path}.locks")
    folder.mkdir(exist_ok=True)
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(folder / f"{EXECUTOR}.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"held\n"
        told: list[bool] = []
        before = len(trade.clock.slept)
        with (
            pytest.raises(BusyError, match="another process is working") as caught,
            lease(trade.hub, "sync", wait=5, on_wait=lambda: told.append(True)),
        ):
            pytest.fail("two executors at once")
        assert "crossdock runs" in caught.value.hint
        assert told == [True]
        assert 5 <= sum(trade.clock.slept[before:]) < 6
    finally:
        holder.kill()
        holder.communicate()
    with lease(trade.hub, "sync", wait=5):
        run_sync(trade.hub, ReadMode.FULL)
    assert trade.shopify.quantity(SKU, "WH1") == 4


_HOLDER = """
import fcntl, os, sys
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_connection_somebody_else_writes_to_is_left_alone_and_the_other_goes_on(trade: Trade) -> None:
    folder = Path(f"{trade.hub.database.path}.locks")
    handle = os.open(folder / "shop_eu.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    trade.clear_logs()

    report = run_sync(trade.hub, ReadMode.FULL)

    assert "another process is working" in report.look.failed["shop_eu"]
    assert trade.shopify.log.writes() == 0
    assert trade.woo.quantity(SKU) == 9
    os.close(handle)
    run_sync(trade.hub, ReadMode.FULL)
    assert trade.shopify.quantity(SKU, "WH1") == 4
