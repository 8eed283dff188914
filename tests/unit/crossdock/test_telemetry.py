"""Traces: what is in a span and what never is, how it goes out, and that a collector that is away holds up nobody."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from canonical.errors import FatalError
from connectors.http.records import RequestRecord
from connectors.http.templates import path_template
from crossdock.cli.errors import redacted
from crossdock.logs import JsonLines
from crossdock.settings.telemetry import endpoint_problem
from crossdock.telemetry.otlp import Collector
from crossdock.telemetry.tracing import Tracing
from sync import logcontext
from sync.ahead import one_ahead
from sync.logcontext import about, trace_with
from tests.support.collecting import Collected, collecting

SECRET = "tok_very_secret"
GET = RequestRecord("shop", "orders", False, 200, 0.25, 2, "", 1.0, "GET", "shop.example", "/wc/v3/orders/{id}")


@pytest.fixture
def collected() -> Iterator[Collected]:
    with collecting() as found:
        yield found


@pytest.fixture
def tracing(collected: Collected) -> Iterator[Tracing]:
    collector = Collector(
        collected.url, {"authorization": SECRET}, lambda text: redacted(text, {SECRET}), in_house=True
    )
    found = Tracing(collector)
    trace_with(found.span)
    yield found
    trace_with(None)
    found.close()


def test_requests_lie_in_what_is_read_and_that_in_its_run(tracing: Tracing, collected: Collected) -> None:
    with about(run=7):
        with about(connection="shop", action="read"), about(ref="order 1001 of Ada"):
            tracing.asked(GET)
        tracing.ran("done")
    tracing.told("shop", 200, 0.01)
    tracing.flush()
    spans = {one.name: one for one in collected.spans()}
    assert set(spans) == {"run", "read", "GET /wc/v3/orders/{id}", "webhook"}
    run, read, asked = spans["run"], spans["read"], spans["GET /wc/v3/orders/{id}"]
    assert (run.parent, read.parent, asked.parent) == ("", run.id, read.id)
    assert len({run.trace, read.trace, asked.trace}) == 1
    assert run.attributes == {"crossdock.run": 7, "crossdock.outcome": "done"}
    assert read.attributes == {"crossdock.connection": "shop"}
    assert (asked.kind, round(asked.seconds, 3)) == ("client", 0.25)
    assert asked.attributes == {
        "crossdock.connection": "shop",
        "crossdock.operation": "orders",
        "crossdock.write": False,
        "http.request.method": "GET",
        "server.address": "shop.example",
        "url.template": "/wc/v3/orders/{id}",
        "http.response.status_code": 200,
        "http.request.resend_count": 1,
    }
    assert spans["webhook"].kind == "server"
    (post,) = collected.hook.posts
    assert (post.path, post.headers["authorization"]) == ("/v1/traces", SECRET)
    assert "Ada" not in collected.raw


def test_an_error_is_told_by_its_kind_and_never_in_its_words(tracing: Tracing, collected: Collected) -> None:
    with pytest.raises(FatalError), about(connection=f"shop {SECRET}", action="apply"):
        raise FatalError(f"the order of Ada Lovelace was refused: {SECRET}")
    tracing.flush()
    (span,) = collected.spans("apply")
    assert (span.failed, span.attributes["error.type"]) == (True, "FatalError")
    assert "Ada" not in collected.raw
    # Not even where a name of ours holds it.
    assert SECRET not in collected.raw
    assert span.attributes["crossdock.connection"] == "shop ***"


def test_a_line_of_the_log_names_its_trace_also_from_the_thread_that_reads_ahead(
    tracing: Tracing, collected: Collected
) -> None:
    def pages() -> Iterator[str]:
        tracing.asked(GET)
        record = logging.LogRecord("sync", logging.INFO, __file__, 1, "read", (), None)
        yield JsonLines(set(), redacted).format(record)

    with about(run=8), about(connection="shop", action="read"):
        (line,) = one_ahead(pages(), "shop")
    tracing.flush()
    (run,) = collected.spans("run")
    said = json.loads(line)
    assert (said["trace"], said["run"], said["connection"]) == (run.trace, 8, "shop")
    assert [one.trace for one in collected.spans("GET /wc/v3/orders/{id}")] == [run.trace]
    assert "trace" not in logcontext.current()


def test_a_collector_that_is_away_is_told_of_once_and_holds_up_nothing(
    tracing: Tracing, collected: Collected, caplog: pytest.LogCaptureFixture
) -> None:
    collected.hook.statuses = [503, 503, 200, 503]
    for _ in range(4):
        with about(run=1):
            pass
        tracing.flush()
    told = [one for one in caplog.messages if "traces do not get to" in one]
    assert told == ["traces do not get to telemetry.endpoint, and are dropped: it answered with status 503"] * 2
    assert len(collected.hook.posts) == 4


def test_a_collector_inside_is_not_called_unless_the_configuration_says_so(
    collected: Collected, caplog: pytest.LogCaptureFixture
) -> None:
    tracing = Tracing(Collector(collected.url, {}, str, in_house=False))
    trace_with(tracing.span)
    with about(run=1):
        pass
    trace_with(None)
    tracing.flush()
    tracing.close()
    assert collected.hook.posts == []
    assert "a loopback address; only public ones may be called" in caplog.text


def test_of_a_hundred_runs_only_as_many_as_wanted_are_sent(collected: Collected) -> None:
    tracing = Tracing(Collector(collected.url, {}, str, in_house=True), sampled=0.3)
    trace_with(tracing.span)
    for number in range(300):
        with about(run=number), about(connection="shop", action="read"):
            tracing.asked(GET)
    trace_with(None)
    tracing.flush()
    tracing.close()
    runs, reads = collected.spans("run"), collected.spans("read")
    assert 30 < len(runs) < 170
    assert {one.trace for one in runs} == {one.trace for one in reads}


@pytest.mark.parametrize(
    ("url", "in_house", "problem"),
    [
        ("https://otel.example.com/v1/traces", False, ""),
        ("http://otel.example.com", False, "in clear"),
        ("http://127.0.0.1:4318", True, ""),
        ("ftp://otel.example.com", True, "https://"),
        ("https://me:secret@otel.example.com", False, "credentials"),
        ("https://[", False, "no address"),
        ("", False, "https://"),
    ],
)
def test_an_endpoint_is_one_that_may_be_called(url: str, in_house: bool, problem: str) -> None:
    found = endpoint_problem(url, in_house=in_house)
    assert problem in found
    assert bool(problem) == bool(found)


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/admin/api/2026-10/graphql.json", "/admin/api/2026-10/graphql.json"),
        ("/wp-json/wc/v3/products/12/variations/batch", "/wp-json/wc/v3/products/{id}/variations/batch"),
        ("/2026-01/order/310001:cancel", "/2026-01/order/{id}:cancel"),
        ("/v1/charges/ch_3MqLiJLkdIwHu7ix", "/v1/charges/{id}"),
        ("/v1/charges/ch_abcdefghijklmnop", "/v1/charges/{id}"),
        ("/v1/balance_transactions", "/v1/balance_transactions"),
        ("/v1/webhook_endpoints/we_1", "/v1/webhook_endpoints/{id}"),
        ("/orders/ada@example.com", "/orders/{id}"),
        ("/orders/Ada", "/orders/{id}"),
        ("/t/shpat_0123456789abcdef", "/t/{id}"),
        ("", ""),
    ],
)
def test_a_path_keeps_the_words_of_the_api_and_nothing_of_a_record(path: str, template: str) -> None:
    assert path_template(path) == template


def test_nothing_of_it_is_imported_where_it_is_off() -> None:
    """Each command would pay for it, and most hubs trace nothing."""
    code = (
        "import sys\n"
        "import crossdock.daemon.watch, crossdock.daemon.loop, crossdock.cli.workspace, crossdock.telemetry.switch\n"
        "import crossdock.settings.load, sync.run\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
