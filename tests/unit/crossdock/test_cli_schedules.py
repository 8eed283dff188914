"""The commands about what runs by itself: pause, resume, schedules, and what `status`, `runs` and `plan` say of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crossdock.cli.app import App
from crossdock.cli.main import run
from crossdock.clock import SystemClock
from sync import claims
from sync.store.database import Database, open_database

CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  erp: {connector: memory, currency: EUR}
  shop: {connector: memory, currency: EUR}
  prices: {connector: memory, currency: EUR}
ownership: {variant.sku: erp, "variant.price[EUR]": erp, variant.title: erp}
flows:
  prices: {kind: state, source: erp, entity: variant, fields: [price], targets: {shop: {}}}
  titles: {kind: state, source: erp, entity: variant, fields: [title], targets: {prices: {}}}
schedules:
  often: {every: 5m, flows: [titles]}
  daily: {every: 1d, quiet: ["00:00-23:59"]}
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    (tmp_path / "crossdock.yaml").write_text(CONFIG)
    found = open_database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    yield found
    found.close()


def _call(database: Database, *arguments: str, code: int | None = 0) -> tuple[dict[str, Any], str]:
    out, told = io.StringIO(), io.StringIO()
    assert database.path is not None
    with redirect_stdout(out), redirect_stderr(told):
        ended = run([*arguments, "--format", "json"], App(config=database.path.parent / "crossdock.yaml"))
    assert code is None or ended == code, out.getvalue() + told.getvalue()
    document: dict[str, Any] = json.loads(out.getvalue())
    return document, told.getvalue()


def _paused(database: Database, *arguments: str) -> list[tuple[str, str]]:
    return [(one["what"], one["name"]) for one in _call(database, *arguments)[0]["paused"]]


def test_what_is_named_is_paused_and_goes_on_again(database: Database) -> None:
    assert _paused(database, "pause", "titles", "shop") == [("connection", "shop"), ("flow", "titles")]
    assert _paused(database, "pause") == [("connection", "shop"), ("flow", "titles")]
    assert _call(database, "status", code=None)[0]["paused"][0]["name"] == "shop"
    assert _paused(database, "resume", "titles") == [("connection", "shop")]
    assert _paused(database, "pause", "--all") == [("all", ""), ("connection", "shop")]
    assert _paused(database, "resume", "--all") == []
    assert _call(database, "resume", "shop")[0]["counts"]["resumed"] == 0


def test_a_name_that_is_two_things_must_say_which(database: Database) -> None:
    assert "both a flow and a connection" in _call(database, "pause", "prices", code=1)[1]
    assert _paused(database, "pause", "--flow", "prices") == [("flow", "prices")]
    assert _paused(database, "pause", "--connection", "prices") == [("connection", "prices"), ("flow", "prices")]
    assert _paused(database, "resume", "--flow", "prices") == [("connection", "prices")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pause", "titels"), "did you mean 'titles'?"),
        (("pause", "--flow", "shop"), "there is no flow shop"),
        (("resume", "titels"), "did you mean 'titles'?"),
        (("resume",), "say what is to go on"),
    ],
)
def test_a_wrong_name_changes_nothing(database: Database, arguments: tuple[str, ...], said: str) -> None:
    _paused(database, "pause", "titles")
    assert said in _call(database, *arguments, code=1)[1]
    assert _paused(database, "pause") == [("flow", "titles")]


def test_what_left_the_configuration_while_paused_can_go_on(database: Database) -> None:
    _paused(database, "pause", "titles")
    assert database.path is not None
    file = database.path.parent / "crossdock.yaml"
    lines = [line for line in CONFIG.splitlines(keepends=True) if "titles" not in line]
    file.write_text("".join(lines))
    assert _call(database, "resume", "titles")[0]["counts"] == {"resumed": 1, "paused": 0}


def test_commands_say_what_they_leave_alone_unless_it_is_named(database: Database) -> None:
    _paused(database, "pause", "titles")
    assert "paused, so left alone: titles" in _call(database, "plan", code=None)[1]
    assert "paused" not in _call(database, "plan", "--flow", "titles", code=None)[1]


def test_schedules_tell_where_they_stand(database: Database) -> None:
    now = SystemClock().now()
    with database.begin() as connection:
        claims.fire(connection, "often", now - timedelta(minutes=5), now)
        claims.fire(connection, "daily", now - timedelta(days=1), now)
    often, daily = _call(database, "schedules")[0]["schedules"]
    assert (often["state"], often["flows"], often["when"]) == ("due", ["titles"], "every 5m")
    # For a minute before midnight it is not quiet.
    assert daily["state"] in ("quiet", "due")
    assert daily["next"][11:16] in ("23:59", now.strftime("%H:%M"))
    _paused(database, "pause", "titles")
    often, daily = _call(database, "runs")[0]["schedules"]
    assert (often["state"], often["next"]) == ("paused", "")


def test_every_does_not_go_beside_schedules(database: Database) -> None:
    assert "the schedules say when" in _call(database, "serve", "--every", "5", code=1)[1]
