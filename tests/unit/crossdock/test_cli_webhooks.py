"""The commands about what platforms told: the list, and marking it once more."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.webhooks import Accepted, Contents, PrivacyDemand
from crossdock.cli.app import App
from crossdock.cli.begun import lines
from crossdock.cli.main import run
from sync import inbox, observeset
from sync.alerts import log
from sync.alerts.conditions import Condition
from sync.inbox import Delivery
from sync.store.database import Database, open_database

CONFIG = """\
database: sqlite:///hub.sqlite
connections:
  shop:
    connector: woocommerce
    settings: {url: "https://shop.example", consumer_key: "${env:K}", consumer_secret: "${env:S}"}
    webhook_secrets: ["${env:HOOK}"]
  money: {connector: stripe, settings: {api_key: "${env:M}"}}
webhooks: {public_url: "https://hub.example.com"}
"""
EARLY, LATE = "2026-11-27T08:00:00.000000Z", "2026-11-27T09:00:00.000000Z"
NOW = datetime(2026, 11, 27, 10, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A hub that was told of two orders, of a demand, and of something nobody knows."""
    (tmp_path / "crossdock.yaml").write_text(CONFIG)
    found = open_database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    erase = Contents(demands=(PrivacyDemand("erase"),))
    told = [
        Delivery("shop", Accepted("order.updated", "d"), b'{"id": 7}'),
        Delivery("shop", Accepted("coupon.created", "d"), b"{}"),
        Delivery("shop", Accepted("x/redact", "d", erase), b"1"),
    ]
    with found.begin() as connection:
        inbox.keep(connection, told, EARLY)
        inbox.keep(connection, [Delivery("shop", Accepted("order.updated", "d"), b'{"id": 8}')] * 2, LATE)
    yield found
    found.close()


def _call(database: Database, *arguments: str, code: int = 0) -> dict[str, Any]:
    out = io.StringIO()
    assert database.path is not None
    with redirect_stdout(out):
        ended = run([*arguments, "--format", "json"], App(config=database.path.parent / "crossdock.yaml"))
    assert ended == code, out.getvalue()
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def _marked(database: Database) -> dict[str, int]:
    with database.begin() as connection:
        return observeset.counts(connection)


def test_the_list_tells_addresses_and_what_came(database: Database) -> None:
    told = _call(database, "webhooks", "list")
    shop, money = told["connections"]
    assert shop == {
        "connection": "shop",
        "state": "open",
        "url": "https://hub.example.com/webhooks/shop",
        "messages": 4,
        "deliveries": 5,
        "last_at": LATE,
        "trouble": "",
        "marked": 0,
        "demands": 1,
    }
    assert (money["state"], money["messages"]) == ("no secret", 0)
    assert told["counts"] == {"messages": 4, "deliveries": 5, "demands": 1}
    assert len(told["next"]) == 2


def test_the_list_of_one_connection_tells_topics_and_the_newest_messages(database: Database) -> None:
    told = _call(database, "webhooks", "list", "--connection", "shop", "--limit", "2")
    assert {"topic": "order.updated", "names": ["orders"]} in told["topics"]
    newest, _ = told["latest"]
    assert (newest["topic"], newest["copies"], newest["bytes"]) == ("order.updated", 2, 9)


def test_a_demand_that_nobody_read_yet_is_among_those_that_wait(database: Database) -> None:
    told = _call(database, "privacy", "list", code=2)
    (one,) = told["waiting"]
    assert (one["kind"], one["subject"], one["opened_at"]) == ("not_read_yet", "shop message 2", EARLY)
    assert "x/redact" in one["detail"]
    assert told["next"]


@pytest.mark.parametrize("words", [("webhooks", "replay"), ("replay",)])
def test_a_replay_marks_what_messages_name(database: Database, words: tuple[str, ...]) -> None:
    told = _call(database, *words, code=2)
    assert told["counts"] == {"messages": 4, "naming": 2, "marked": 2}
    assert _marked(database) == {"shop": 2}


@pytest.mark.parametrize(
    ("options", "messages", "code"),
    [
        (["--since", "2026-11-27T08:30:00Z"], 1, 2),
        (["--since", "2026-11-28"], 0, 0),
        (["--connection", "money"], 0, 0),
        (["--connection", "shop"], 4, 2),
    ],
)
def test_a_replay_can_be_narrowed(database: Database, options: list[str], messages: int, code: int) -> None:
    assert _call(database, "replay", *options, code=code)["counts"]["messages"] == messages


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "--id", "999"),
        ("replay", "--since", "yesterday"),
        ("replay", "--connection", "shpo"),
        ("webhooks", "list", "--connection", "erp"),
    ],
)
def test_what_cannot_be_meant_is_an_error_with_advice(database: Database, arguments: tuple[str, ...]) -> None:
    with redirect_stderr(io.StringIO()) as said:
        assert _call(database, *arguments, code=1)["error"]
    assert "next:" in said.getvalue()


def test_a_receiver_names_who_works_off_what_it_stores_and_where_it_is_seen() -> None:
    told = {
        "listening": "http://127.0.0.1:1",
        "connections": [],
        "unheard": [],
        "schedules": [],
        "flows": [],
        "orders": [],
    }
    receiver = "\n".join(lines({**told, "every": None, "pid": 7}))
    assert "crossdock worker" in receiver
    assert "crossdock webhooks list" in receiver
    assert "crossdock runs" not in receiver
    assert "crossdock runs" in "\n".join(lines({**told, "every": 300.0, "pid": 7}))
    assert "crossdock runs" in "\n".join(lines({**told, "every": None, "schedules": ["nightly"], "pid": 7}))


def test_alerts_that_are_told_to_nobody_say_how_to_name_somebody(database: Database) -> None:
    with redirect_stderr(io.StringIO()) as said:
        _call(database, "alerts", "test", code=1)
    assert "told to nobody" in said.getvalue()
    assert "targets:" in said.getvalue()


def test_the_table_of_alerts_says_whom_each_is_about(database: Database) -> None:
    with database.begin() as connection:
        log.reconcile(connection, [Condition("silent_webhooks", "shop", "nothing was heard", "look")], {}, NOW)
    out = io.StringIO()
    assert database.path is not None
    with redirect_stdout(out):
        assert run(["alerts", "list"], App(config=database.path.parent / "crossdock.yaml")) == 0
    assert re.search(r"silent_webhooks +shop +nothing was heard", out.getvalue()), out.getvalue()


def test_a_receiver_nobody_may_call_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "crossdock.yaml").write_text(CONFIG.replace('    webhook_secrets: ["${env:HOOK}"]\n', ""))
    with redirect_stderr(io.StringIO()) as said:
        assert run(["serve", "--receive-only"], App(config=tmp_path / "crossdock.yaml")) == 1
    assert "no connection takes webhooks" in said.getvalue()
