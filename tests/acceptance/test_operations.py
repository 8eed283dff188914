"""The hub as an operator's tools see it: probes, figures and logs of the real process."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from connectors.simulation.faults import Fault
from tests.support.commands import ROOT
from tests.support.hearing import SECRETS, Hearing, Serving, hearing
from tests.support.told import hook
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.timeout(300)
ALERTS = """\
alerts:
  targets:
    ops: {{kind: webhook, url: "{ops}", allow_private_network: true, secret: "${{env:HOOK}}"}}
    chat: {{kind: slack, url: "{chat}#${{env:HOOK}}", allow_private_network: true}}
  credentials_end: {{bob: "{soon}"}}
"""
Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Hearing]:
    with hearing(tmp_path) as found:
        yield found


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, trust_env=False) as found:
        yield found


def _scrape(client: httpx.Client, serving: Serving) -> Figures:
    answer = client.get(f"{serving.url}/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(answer.text)
        for one in family.samples
    }


def _of(figures: Figures, name: str, **labels: str) -> float:
    return figures.get((f"crossdock_{name}", frozenset(labels.items())), 0.0)


def test_probes_and_figures_tell_how_the_hub_is(world: Hearing, client: httpx.Client) -> None:
    serving = world.serve("--every", "3600")
    until(lambda: client.get(f"{serving.url}/readyz").status_code == 200)
    assert client.get(f"{serving.url}/healthz").text == "ok"
    world.woo.checkout.place({"SKU-1": 2})
    ((body, headers),) = world.messages()
    assert serving.post(client, body, headers) == 200
    assert serving.post(client, body, {**headers, "X-WC-Webhook-Signature": "AAAA"}) == 401
    assert serving.post(client, body, headers, door="nobody") == 404
    until(lambda: world.asked() and not world.marked() and "running" not in world.runs("serve (marked)"))
    found = _scrape(client, serving)
    assert _of(found, "webhook_answers_total", connection="shop", status="200") == 1
    assert _of(found, "webhook_answers_total", connection="shop", status="401") == 1
    assert _of(found, "webhook_ack_seconds_count", connection="shop") == 2
    assert _of(found, "runs_total", outcome="done") >= len(world.runs("serve") + world.runs("serve (marked)"))
    assert _of(found, "changes_total", connection="bob", outcome="done") == 1
    assert _of(found, "api_calls_total", connection="bob", kind="write") == 1
    assert _of(found, "database_up") == 1
    assert 0 < _of(found, "flow_equal_age_seconds", flow="stock", target="shop") < 40
    assert {name for name, _ in found if not name.startswith("crossdock_")} == set()
    assert "nobody" not in client.get(f"{serving.url}/metrics").text
    assert _checks_health(serving) == 0
    assert serving.end(signal.SIGTERM) == 0
    assert _checks_health(serving) != 0


def _checks_health(serving: Serving) -> int:
    """How the health check of the image ends, its own line run against this hub."""
    found = re.search(r'"-c", "(import urllib[^"]+)"', (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert found is not None
    line = found[1].replace("http://127.0.0.1:8085", serving.url)
    return subprocess.run([sys.executable, "-c", line], capture_output=True, check=False, timeout=PATIENCE).returncode


def test_behind_a_proxy_figures_need_the_token(world: Hearing, client: httpx.Client) -> None:
    file = world.folder / "crossdock.yaml"
    file.write_text(
        file.read_text().replace("webhooks: {port: 0}", 'webhooks: {port: 0, public_url: "https://hub.example"}')
    )
    serving = world.serve("--receive-only")
    refused = client.get(f"{serving.url}/metrics")
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    assert client.get(f"{serving.url}/readyz").status_code == 200
    assert serving.end(signal.SIGTERM) == 0
    with file.open("a") as text:
        text.write('metrics: {token: "${env:WOO}"}\n')
    serving = world.serve("--receive-only")
    assert client.get(f"{serving.url}/metrics").status_code == 401
    assert client.get(f"{serving.url}/metrics", headers={"Authorization": "Bearer cs_simulated"}).status_code == 200
    assert serving.end(signal.SIGTERM) == 0


def test_the_log_says_in_which_run_and_about_what_and_no_secret(world: Hearing, client: httpx.Client) -> None:
    serving = world.serve("--every", "3600", "--log-format", "json", "--log-level", "debug")
    world.woo.checkout.place({"SKU-1": 2})
    ((body, headers),) = world.messages()
    assert serving.post(client, body, {**headers, "X-WC-Webhook-Signature": "AAAA"}) == 401
    until(world.asked)
    serving.process.send_signal(signal.SIGTERM)
    _, told = serving.process.communicate(timeout=PATIENCE)
    lines = [json.loads(line) for line in told.splitlines()]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    sent = next(line for line in lines if line.get("action") == "effect" and line["level"] == "info")
    assert (sent["connection"], sent["ref"]) == ("bob", world.asked()[0])
    assert isinstance(sent["run"], int)
    (refused,) = (line for line in lines if line.get("action") == "webhook")
    assert (refused["connection"], refused["level"]) == ("shop", "warning")
    exchanges = [line["exchange"] for line in lines if line.get("action") == "exchange"]
    assert {one["connection"] for one in exchanges} == {"bob", "shop"}
    assert [secret for secret in SECRETS.values() if secret in told] == []


def test_an_alert_of_the_real_hub_is_delivered_and_a_target_that_fails_is_shown(world: Hearing) -> None:
    soon = (datetime.now(UTC) + timedelta(days=3)).date()
    with hook() as ops, hook() as chat:
        chat.statuses = [500] * 1000
        with (world.folder / "crossdock.yaml").open("a") as text:
            text.write(ALERTS.format(ops=ops.url, chat=chat.url, soon=soon))
        tried = world.run("alerts", "test", "--format", "json")
        assert (tried.returncode, json.loads(tried.stdout)["counts"]) == (1, {"told": 1, "failed": 1})
        serving = world.serve("--every", "3600")
        until(lambda: len(ops.posts) == 2 and len(chat.posts) >= 4)
        assert serving.end(signal.SIGTERM) == 0
    (told,) = json.loads(ops.posts[1].body)["alerts"]
    assert (told["kind"], told["event"], told["subject"]) == ("expiring", "opened", "bob credential")
    listed = json.loads(world.run("alerts", "list", "--format", "json").stdout)
    assert [one["kind"] for one in listed["alerts"]] == ["expiring"]
    assert [one["target"] for one in listed["failing"]] == ["chat"]
    status = json.loads(world.run("status", "--format", "json").stdout)
    assert status["untold"][0]["error"] == "answered with status 500"
    assert "crossdock alerts test" in status["next"]


def test_a_hub_that_has_not_looked_yet_is_alive_and_not_ready(world: Hearing, client: httpx.Client) -> None:
    world.bob.faults.add(Fault("status", status=429, retry_after=5))
    serving = world.serve("--every", "3600")
    early = client.get(f"{serving.url}/readyz")
    assert (early.status_code, early.json()["status"]) == (503, 503)
    assert early.json()["detail"] == "the first look at all connections has not ended"
    assert client.get(f"{serving.url}/healthz").status_code == 200
    until(lambda: client.get(f"{serving.url}/readyz").status_code == 200)
    assert _of(_scrape(client, serving), "api_throttled_total", connection="bob") == 1
    assert serving.end(signal.SIGTERM) == 0
