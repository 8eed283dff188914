"""Simulators over real HTTP on loopback, and the transport on real sockets."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading

import httpx
import pytest

from canonical.errors import AmbiguousError, ProtocolError, RetriableError
from connectors.http import Outgoing, RetryPolicy
from connectors.simulation import Fault, Served, SimRequest, SimResponse, Ticker, app, serve
from connectors.simulation.faults import FaultKind
from tests.support.counter import Counters
from tests.support.web import Records, transport

GET = Outgoing("GET", "a", operation="get")
PUT = Outgoing("PUT", "a", content=b"5", operation="set")


def test_a_served_simulator_sees_the_whole_request(clock: Ticker) -> None:
    counters = Counters(clock)
    with serve(counters) as served:
        sender = transport(None, clock, base_url=served.base_url + "/x y")
        answer = sender.send(Outgoing("PUT", "a?q=%26&q=2", content=b"5" + b" " * 300_000, headers={"X-Token": "t"}))
        sender.close()
    (request,) = counters.requests
    assert (request.path, request.query, request.scheme) == ("/x y/a", (("q", "&"), ("q", "2")), "http")
    assert (request.host, request.headers["x-token"]) == (f"127.0.0.1:{served.port}", "t")
    assert len(request.body) == 300_001
    assert answer.headers.get_list("date") == ["Mon, 02 Nov 2026 08:00:00 GMT"]
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("kind", "effects"),
    [
        ("timeout_before", 0),
        ("timeout_after", 1),
        ("late_effect", 0),
        ("drop", 0),
        ("truncated", 1),
        ("status_after", 1),
    ],
)
def test_a_write_that_goes_wrong_on_the_wire_is_ambiguous(
    kind: FaultKind, effects: int, clock: Ticker, caplog: pytest.LogCaptureFixture
) -> None:
    counters = Counters(clock)
    counters.faults.add(Fault(kind))
    with serve(counters) as served:
        sender = transport(None, clock, base_url=served.base_url)
        with pytest.raises(AmbiguousError, match=r"^shop: .*\bset\b"):
            sender.send(PUT)
        assert len(counters.log.effects()) == effects
        assert counters.log.writes() == 1
        assert sender.send(GET).status == 200
        sender.close()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("kind", ["timeout_before", "drop", "truncated", "html", "status"])
def test_a_read_that_goes_wrong_on_the_wire_is_asked_again(kind: FaultKind, clock: Ticker) -> None:
    counters = Counters(clock)
    counters.faults.add(Fault(kind, times=2))
    with serve(counters) as served:
        sender = transport(None, clock, base_url=served.base_url)
        assert sender.send(GET).json()["a"] is None
        sender.close()
    assert counters.log.reads() == 3


def test_a_server_that_is_gone_cannot_be_reached_and_says_where_it_was(clock: Ticker) -> None:
    with serve(Counters(clock)) as served:
        port = served.port
    sender = transport(None, clock, base_url=f"http://127.0.0.1:{port}", retry=RetryPolicy(attempts=2))
    for outgoing in (GET, PUT):
        with pytest.raises(RetriableError, match=rf"cannot reach 127\.0\.0\.1:{port}") as caught:
            sender.send(outgoing)
        assert not isinstance(caught.value, AmbiguousError)
    sender.close()


def test_a_server_that_is_silent_for_too_long_leaves_a_write_ambiguous(clock: Ticker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sender = transport(None, clock, base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(AmbiguousError):
            sender.send(Outgoing("PUT", "a", content=b"5", timeout=0.05))
        sender.close()


def test_an_answer_shorter_than_it_promised_leaves_a_write_ambiguous(clock: Ticker) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n"
    with _one_answer(head + b'{"a":') as url:
        sender = transport(None, clock, base_url=url)
        with pytest.raises(AmbiguousError):
            sender.send(PUT)
        sender.close()


def test_something_that_does_not_speak_http_is_told_from_a_platform(clock: Ticker) -> None:
    with _one_answer(b"220 mail.test ESMTP\r\n") as url:
        sender = transport(None, clock, base_url=url, retry=RetryPolicy(attempts=1))
        with pytest.raises((RetriableError, ProtocolError), match=r"^shop: .*\bget\b"):
            sender.send(GET)
        sender.close()


def test_many_threads_share_at_most_eight_kept_alive_connections(clock: Ticker) -> None:
    counters = Counters(clock)
    opened = _Opened()
    with serve(counters) as served:
        sender = transport(None, clock, base_url=served.base_url)
        with opened.counting():
            threads = [threading.Thread(target=lambda: [sender.send(GET) for _ in range(6)]) for _ in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        sender.close()
    assert counters.log.reads() == 96
    assert 1 <= opened.count <= 8


def test_ports_are_free_again_and_two_can_be_served_at_once(clock: Ticker) -> None:
    one, two = Counters(clock), Counters(clock)
    with serve(one) as first, serve(two) as second:
        assert first.port != second.port
        _put(first, 1)
        _put(second, 2)
        port = first.port
    with serve(one, port) as again:
        assert again.port == port
        _put(again, 3)
    assert (one.log.effects(), two.log.effects()) == (["a=1", "a=3"], ["a=2"])


def test_a_mistake_in_a_simulator_is_a_500_and_is_seen_in_the_log(
    clock: Ticker, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Counters):
        def answer(self, request: SimRequest) -> SimResponse:
            raise KeyError("a mistake")

    with serve(Broken(clock)) as served:
        assert httpx.get(served.base_url + "/a", trust_env=False).status_code == 500
    assert "a mistake" in caplog.text


def test_a_request_that_ends_in_the_middle_of_its_body_takes_no_effect(clock: Ticker) -> None:
    counters = Counters(clock)
    said: list[dict[str, object]] = [
        {"type": "http.request", "body": b"5", "more_body": True},
        {"type": "http.disconnect"},
    ]
    messages = iter(said)
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(message: object) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "PUT", "path": "/a", "query_string": b"", "headers": [], "scheme": "http"}
    asyncio.run(app(counters)(scope, receive, send))  # type: ignore[arg-type]
    assert (counters.log.entries, sent) == ([], [])


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    clock: Ticker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with serve(Counters(clock)) as served:
        sender = transport(None, clock, base_url=served.base_url, retry=RetryPolicy(attempts=1))
        assert sender.send(GET).status == 200
        sender.close()


def test_requests_over_the_wire_are_recorded_like_all_others(clock: Ticker) -> None:
    counters, records = Counters(clock), Records()
    counters.faults.add(Fault("drop"))
    with serve(counters) as served:
        sender = transport(None, clock, base_url=served.base_url, on_request=records.append)
        sender.send(GET)
        sender.close()
    assert records.statuses() == [0, 200]


def _put(served: Served, value: int) -> None:
    httpx.put(served.base_url + "/a", json=value, trust_env=False)


class _Opened:
    """Counts the connections that are opened while it looks."""

    def __init__(self) -> None:
        self.count = 0

    def counting(self):  # type: ignore[no-untyped-def]
        patch = pytest.MonkeyPatch()
        original = socket.create_connection

        def create(*args, **settings):  # type: ignore[no-untyped-def]
            self.count += 1
            return original(*args, **settings)

        patch.setattr(socket, "create_connection", create)
        return _Undo(patch)


class _Undo:
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        self._patch.undo()


class _one_answer:  # noqa: N801 - reads as a function
    """A server that gives one raw answer to whoever connects, and hangs up."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(self._raw)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *error: object) -> None:
        self._thread.join(5)
        self._listener.close()
