from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from canonical.errors import AuthenticationError, ConfigError, FatalError, ProtocolError, SkippableError, ThrottledError
from connectors.base import Environment
from connectors.conformance.world import MemoryState
from connectors.http import Answer, Outgoing
from connectors.simulation import Fault, SimRequest, SimResponse, Ticker, json_response
from connectors.tryton.client import WarningError, is_read, verdict
from connectors.tryton.connector import connect
from tests.servers.tryton.world import World

_NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)


def _outgoing(method: Any) -> Outgoing:
    return Outgoing("POST", "/tryton/rpc/", json.dumps({"id": 1, "method": method, "params": []}).encode())


def _answer(status: int, body: Any) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, httpx.Headers(), content, _NOW, 0.1, "model.x.write", "erp")


@pytest.mark.parametrize(
    "method",
    [
        "common.db.login",
        "common.server.version",
        "system.listMethods",
        "model.product.product.search",
        "model.product.product.search_read",
        "model.product.product.search_count",
        "model.stock.location.read",
        "model.res.user.get_preferences",
        "model.product.template.fields_get",
    ],
)
def test_reading_methods_pass_a_dry_run(method: str) -> None:
    assert is_read(_outgoing(method))


@pytest.mark.parametrize(
    "method",
    [
        "model.product.template.write",
        "model.stock.inventory.create",
        "model.stock.inventory.confirm",
        "model.stock.inventory.delete",
        "model.res.user.set_preferences",
        "model.ir.note.create",
        "wizard.stock.inventory.count.execute",
        "common.db.reset_password",
        "search",
        "",
        None,
        ["model.x.read"],
    ],
)
def test_everything_else_is_a_write(method: Any) -> None:
    assert not is_read(_outgoing(method))


def test_a_body_that_is_no_call_is_a_write() -> None:
    assert not is_read(Outgoing("POST", "/tryton/rpc/", b"not json"))
    assert not is_read(Outgoing("POST", "/tryton/rpc/", b"[]"))


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        ({"error": ["UserError", ["No digits.", "", None]]}, SkippableError, "No digits."),
        ({"error": ["UserWarning", ["1f.over", "Over tolerance?", ""]]}, WarningError, "Over tolerance?"),
        ({"error": ["ConcurrencyException", "Records were modified"]}, SkippableError, "modified"),
        ({"error": ["LoginException", ["", "code", "char"]]}, AuthenticationError, "erp"),
        ({"error": ["'nope'", ""]}, FatalError, "'nope'"),
        ({"error": []}, FatalError, "unknown error"),
    ],
)
def test_an_error_that_comes_with_status_200_is_an_error(body: Any, kind: type[Exception], says: str) -> None:
    found = verdict(_answer(200, {"id": 1, **body}))
    assert type(found) is kind
    assert says in str(found)


def test_only_a_changed_record_is_called_stale() -> None:
    changed = verdict(_answer(200, {"error": ["ConcurrencyException", "x"]}))
    refused = verdict(_answer(200, {"error": ["UserError", ["x", "", None]]}))
    assert isinstance(changed, SkippableError)
    assert changed.reason == "stale"
    assert isinstance(refused, SkippableError)
    assert refused.reason == "rejected"


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (401, AuthenticationError, "password"),
        (403, FatalError, "modules"),
        (404, FatalError, "database"),
        (413, FatalError, "page_size"),
        (429, ThrottledError, ""),
    ],
)
def test_a_status_is_told_with_what_to_do(status: int, kind: type[Exception], hint: str) -> None:
    found = verdict(_answer(status, b"<h1>no</h1>"))
    assert isinstance(found, kind)
    assert hint in str(found)


def test_a_good_answer_has_no_verdict() -> None:
    assert verdict(_answer(200, {"id": 1, "result": None})) is None


def test_a_session_that_idles_too_long_is_renewed_once(world: World) -> None:
    connector = world.connect()
    connector.locations()
    world.clock.sleep(301)
    connector.locations()
    connector.locations()
    assert world.wire.count("common.db.login") == 2


def test_a_server_that_forgets_every_session_ends_in_an_error(world: World) -> None:
    connector = world.connect()
    connector.locations()
    world.wire.spoil_sessions(2)
    with pytest.raises(AuthenticationError):
        connector.locations()
    assert world.wire.count("common.db.login") == 2


def test_too_many_logins_are_waited_for(world: World) -> None:
    world.simulator.faults.add(Fault("status", status=429, retry_after=30))
    begun = world.clock.now()
    assert world.connect().locations()
    assert world.clock.now() - begun >= timedelta(seconds=30)


def test_a_web_page_instead_of_an_answer_is_not_taken_for_one(world: World) -> None:
    world.simulator.faults.add(Fault("html", times=20, status=200))
    with pytest.raises(ProtocolError, match="web page"):
        world.connect().locations()


def test_the_password_is_in_no_error(world: World) -> None:
    with pytest.raises(AuthenticationError) as caught:
        world.connect(password="s3cr3t-and-wrong").locations()
    assert "s3cr3t" not in str(caught.value)


def test_the_session_is_in_no_error_even_where_the_server_repeats_its_header(world: World) -> None:
    connector = world.connect()
    connector.locations()
    sent: list[str] = []

    def repeats(request: SimRequest) -> SimResponse:
        sent.append(request.headers["authorization"])
        return json_response({"id": 1, "error": ["UserError", [f"no rights: {sent[-1]}", "", None]]})

    world.simulator.answer = repeats  # type: ignore[method-assign]
    with pytest.raises(AuthenticationError, match="no rights") as caught:
        connector.locations()
    assert sent[0].startswith("Session ")
    assert sent[0].removeprefix("Session ") not in str(caught.value)


def test_a_password_in_clear_is_for_ones_own_network_only() -> None:
    account = {"url": "http://erp.example", "database": "d", "username": "u", "password": "p"}
    outside = Environment("erp", Ticker(), MemoryState())
    with pytest.raises(ConfigError, match="would send the password unencrypted"):
        connect(account, outside)
    connect(account, replace(outside, allow_private_network=True)).close()
    connect({**account, "url": "https://erp.example"}, outside).close()
