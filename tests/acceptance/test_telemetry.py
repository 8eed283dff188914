"""The real hub traced into a collector: whole traces over real HTTP, and nothing private in them."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.collecting import Collected, Span, collecting
from tests.support.hearing import SECRETS, Hearing, hearing
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Hearing]:
    with hearing(tmp_path) as found:
        yield found


@pytest.fixture
def collected(world: Hearing) -> Iterator[Collected]:
    with collecting() as found:
        with (world.folder / "crossdock.yaml").open("a", encoding="utf-8") as text:
            text.write(f'telemetry: {{endpoint: "{found.url}", allow_private_network: true, headers: {{x-key: "')
            text.write('${env:HOOK}"}}\n')
        yield found


def test_a_message_its_sync_and_what_was_asked_for_are_traced(world: Hearing, collected: Collected) -> None:
    serving = world.serve("--every", "3600", "--log-format", "json", "--log-level", "info")
    world.woo.checkout.place({"SKU-1": 2})
    ((body, headers),) = world.messages()
    with httpx.Client(timeout=30, trust_env=False) as client:
        assert serving.post(client, body, headers) == 200
    until(world.asked)
    until(lambda: not world.marked() and "running" not in (*world.runs("serve"), *world.runs("serve (marked)")))
    serving.process.send_signal(signal.SIGTERM)
    _, told = serving.process.communicate(timeout=PATIENCE)
    # What was left goes out at the end of the process.
    spans = {one.id: one for one in collected.spans()}
    inner = {"read", "plan", "apply", "effect", "settle"}
    assert not [one for one in spans.values() if one.name in inner and one.parent not in spans]
    names = {one.name for one in spans.values()}
    assert {"run", "read", "plan", "effect", "webhook", "POST /2026-01/order"} <= names
    (made,) = collected.spans("POST /2026-01/order")
    assert made.attributes["http.response.status_code"] == 201
    # What is told while a run reads overtakes it, inside that reading.
    above = _above(made, spans)
    assert (above[0], above[-1]) == ("effect", "run")
    lines = [json.loads(line) for line in told.splitlines()]
    (sent,) = [line for line in lines if line.get("action") == "effect" and line["level"] == "info"]
    assert sent["trace"] == made.trace
    _holds_nothing_private(world, collected, json.loads(body))


def test_other_commands_are_traced_to_their_end(world: Hearing, collected: Collected) -> None:
    assert world.run("sync").returncode == 0
    (run,) = collected.spans("run")
    assert run.attributes["crossdock.outcome"] == "in_sync"
    # Answers that were read one page ahead, in another thread, belong to it too.
    asked = [one for one in collected.spans() if one.kind == "client"]
    reads = [one for one in asked if one.attributes["crossdock.connection"] == "bob"]
    assert reads
    assert {one.trace for one in reads} == {run.trace}


def test_a_collector_that_is_away_changes_nothing(world: Hearing, collected: Collected) -> None:
    collected.hook.statuses = [500] * 1000
    done = world.run("sync")
    assert done.returncode == 0
    assert "traces do not get to telemetry.endpoint" in done.stderr


def _above(one: Span, spans: Mapping[str, Span]) -> list[str]:
    """The names of the spans that one is in, innermost first."""
    names = []
    while one.parent:
        one = spans[one.parent]
        names.append(one.name)
    return names


def _holds_nothing_private(world: Hearing, collected: Collected, order: dict[str, Any]) -> None:
    raw = collected.raw
    assert raw
    assert [name for name, secret in SECRETS.items() if secret in raw] == []
    people = {str(value) for value in {**order["billing"], **order["shipping"]}.values() if len(str(value)) > 3}
    assert people
    assert [one for one in people if one in raw] == []
    assert [one for one in (*world.asked(), "SKU-1") if one in raw] == []
    for span in collected.spans():
        if span.kind == "client":
            assert not any(part.isdigit() for part in span.attributes["url.template"].split("/")), span
