"""What runs follows the file: schedules, alerts, figures, doors and limits, without a restart, broken or not."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from sync.store.daemon import Daemon
from sync.store.database import open_database
from sync.store.schedules import ScheduleDue
from sync.store.tables import Run, table
from tests.support.hearing import Hearing, Serving, hearing
from tests.support.receiving import SECRET
from tests.support.told import hook
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(300)
RUN, DAEMON, DUE = table(Run), table(Daemon), table(ScheduleDue)
BLOCKS = """\
schedules:
  often: {{every: 1s, connections: [shop]}}
alerts:
  targets:
    ops: {{kind: webhook, url: "{ops}", allow_private_network: true, secret: "${{env:HOOK}}"}}
  credentials_end: {{bob: "{soon}"}}
metrics: {{token: "${{env:WOO}}"}}
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Hearing]:
    with hearing(tmp_path) as found:
        yield found


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, trust_env=False) as found:
        yield found


def _write(world: Hearing, text: str) -> None:
    """Change the file as an editor does: whole, at once."""
    fresh = world.folder / "written"
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(world.folder / "crossdock.yaml")


def _text(world: Hearing) -> str:
    return (world.folder / "crossdock.yaml").read_text(encoding="utf-8")


def _rows(world: Hearing, query: Any) -> list[Any]:
    database = open_database(f"sqlite:///{world.folder / 'hub.sqlite'}")
    with database.begin() as connection:
        found = list(connection.execute(query).scalars())
    database.close()
    return found


def _outcomes(world: Hearing, started_by: str) -> list[str]:
    return _rows(world, select(RUN.c.outcome).where(RUN.c.started_by == started_by))


def _problem(world: Hearing) -> str:
    (found,) = _rows(world, select(DAEMON.c.config_problem))
    return str(found)


def _status(client: httpx.Client, serving: Serving, token: str = "") -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.get(f"{serving.url}/metrics", headers=headers).status_code


def test_schedules_alerts_and_the_token_are_taken_over_while_it_runs(world: Hearing, client: httpx.Client) -> None:
    before = _text(world)
    serving = world.serve()
    until(lambda: _outcomes(world, "start") == ["done"])
    assert _status(client, serving) == 200
    soon = (datetime.now(UTC) + timedelta(days=3)).date()
    with hook() as ops:
        _write(world, before + BLOCKS.format(ops=ops.url, soon=soon))
        until(lambda: _status(client, serving) == 401)
        assert _status(client, serving, "cs_simulated") == 200
        until(lambda: _outcomes(world, "schedule often").count("done") >= 2)
        until(lambda: ops.posts)
        (told,) = json.loads(ops.posts[0].body)["alerts"]
        assert (told["kind"], told["subject"]) == ("expiring", "bob credential")
        # Nothing of it decides about values: the version is the same, and nobody read everything anew.
        assert len(set(_rows(world, select(RUN.c.config_version)))) == 1
        # Broken: what was good stays in all its parts.
        _write(world, _text(world).replace("every: 1s", "every: soon"))
        until(lambda: _problem(world))
        count = len(_outcomes(world, "schedule often"))
        until(lambda: len(_outcomes(world, "schedule often")) > count + 1)
        assert _status(client, serving) == 401
        # A secret that nobody can read is the same.
        _write(world, before + BLOCKS.format(ops=ops.url, soon=soon).replace("env:WOO}", "env:NOBODY}"))
        until(lambda: "NOBODY" in _problem(world))
        # So is a connection that nobody could work with, which can be known without asking the platform.
        _write(world, re.sub('api_base: "[^"]*"', 'api_base: "http://bob.example"', before))
        until(lambda: "unencrypted" in _problem(world))
        assert _status(client, serving, "cs_simulated") == 200
    # Taken out again: nobody runs by the clock of before, and what was due by it is not.
    _write(world, before)
    until(lambda: _status(client, serving) == 200)
    until(lambda: "running" not in _outcomes(world, "schedule often"))
    count = len(_outcomes(world, "schedule often"))
    time.sleep(2.5)
    assert len(_outcomes(world, "schedule often")) == count
    assert _rows(world, select(DUE.c.name)) == []
    assert serving.end(signal.SIGTERM) == 0


def test_an_interval_from_the_command_line_and_schedules_exclude_each_other_later_too(world: Hearing) -> None:
    serving = world.serve("--every", "3600")
    until(lambda: _outcomes(world, "start") == ["done"])
    _write(world, _text(world) + "schedules: {often: {every: 1s}}\n")
    until(lambda: "leave --every out" in _problem(world))
    assert _outcomes(world, "schedule often") == []
    assert serving.end(signal.SIGTERM) == 0


def test_who_only_receives_follows_the_file_too(world: Hearing, client: httpx.Client) -> None:
    kept = world.folder / "hook"
    kept.write_text("another secret", encoding="utf-8")
    _write(world, _text(world).replace("${env:HOOK}", "${file:hook}"))
    serving = world.serve("--receive-only", "--log-format", "json")
    world.woo.checkout.place({"SKU-1": 2})
    ((body, headers),) = world.messages()
    assert serving.post(client, body, headers) == 401
    # A secret in a file elsewhere: nobody sees that it changed, so SIGHUP says so.
    kept.write_text(SECRET, encoding="utf-8")
    serving.process.send_signal(signal.SIGHUP)
    until(lambda: serving.post(client, body, headers) == 200)
    # Limits and figures, by the file alone.
    _write(world, _text(world).replace("{port: 0}", '{port: 0, max_body_kib: 1}\nmetrics: {token: "${env:WOO}"}'))
    until(lambda: serving.post(client, b"x" * 2048, headers) == 413)
    assert _status(client, serving) == 401
    # Broken, and then a door that is closed.
    good = _text(world)
    _write(world, good.replace("pools:", "pools: [").replace("max_body_kib: 1", "max_body_kib: 5"))
    assert serving.process.stderr is not None
    assert any("is not valid, the last good one stays" in line for line in serving.process.stderr)
    assert serving.post(client, b"x" * 2048, headers) == 413
    _write(world, good.replace('    webhook_secrets: ["${file:hook}"]\n', ""))
    until(lambda: serving.post(client, body, headers) == 404)
    assert serving.end(signal.SIGTERM) == 0
    assert _rows(world, select(DAEMON.c.token)) == []
