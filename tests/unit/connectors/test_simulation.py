"""The base of all simulators: faults do what they say, and every call and effect is counted."""

from __future__ import annotations

import threading
from datetime import timedelta

import httpx
import msgspec
import pytest

from connectors.simulation import (
    CallLog,
    Fault,
    NoAnswer,
    SimRequest,
    SimResponse,
    SimTransport,
    Ticker,
    html_response,
    json_response,
)
from connectors.simulation.faults import FaultKind
from tests.support.counter import Counters

GET = SimRequest("GET", "/a")
PUT = SimRequest("PUT", "/a", body=b"5")


@pytest.fixture
def counters(clock: Ticker) -> Counters:
    return Counters(clock)


def test_a_request_is_answered_counted_and_dated_by_the_simulators_clock(counters: Counters) -> None:
    answer = counters.handle(PUT)
    assert answer.status == 200
    assert answer.headers["date"] == "Mon, 02 Nov 2026 08:00:00 GMT"
    assert counters.values == {"a": 5}
    assert (counters.log.writes(), counters.log.reads(), counters.log.effects()) == (1, 0, ["a=5"])


@pytest.mark.parametrize(
    ("kind", "status", "effect"),
    [("status", 503, False), ("status_after", 503, True), ("html", 503, False), ("truncated", 200, True)],
)
def test_a_fault_with_an_answer(kind: FaultKind, status: int, effect: bool, counters: Counters) -> None:
    counters.faults.add(Fault(kind))
    answer = counters.handle(PUT)
    assert answer.status == status
    assert (counters.values == {"a": 5}) is effect
    assert len(counters.log.effects()) == effect
    assert counters.log.writes() == 1
    assert [(one.status, one.fault) for one in counters.log.entries] == [(status, kind)]


@pytest.mark.parametrize(("kind", "effect"), [("timeout_before", False), ("drop", False), ("timeout_after", True)])
def test_a_fault_without_an_answer(kind: FaultKind, effect: bool, counters: Counters) -> None:
    counters.faults.add(Fault(kind))
    with pytest.raises(NoAnswer) as caught:
        counters.handle(PUT)
    assert caught.value.kind == kind
    assert (counters.values == {"a": 5}) is effect
    assert [(one.kind, one.status, one.fault) for one in counters.log.entries] == [("write", 0, kind)]


def test_a_cut_answer_is_no_longer_json(counters: Counters) -> None:
    counters.faults.add(Fault("truncated"))
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(counters.handle(GET).body)


def test_a_late_effect_comes_when_its_time_has_come_and_counts_for_its_own_call(
    counters: Counters, clock: Ticker
) -> None:
    counters.faults.add(Fault("late_effect", delay=10))
    with pytest.raises(NoAnswer):
        counters.handle(PUT)
    clock.advance(9.9)
    counters.run_due()
    assert counters.values == {}
    clock.advance(0.2)
    counters.run_due()
    counters.run_due()
    assert counters.values == {"a": 5}
    assert len(counters.log.entries) == 1
    assert counters.log.entries[0].effect == ["a=5"]


def test_what_is_due_happens_before_the_next_actor(counters: Counters, clock: Ticker) -> None:
    counters.values["a"] = 9
    counters.faults.add(Fault("late_effect", delay=10))
    with pytest.raises(NoAnswer):
        counters.handle(PUT)
    clock.advance(11)
    counters.sell("a")
    assert counters.values == {"a": 4}


def test_late_effects_come_in_the_order_they_are_due(counters: Counters, clock: Ticker) -> None:
    for value, delay in ((b"1", 20.0), (b"2", 10.0)):
        counters.faults.add(Fault("late_effect", delay=delay))
        with pytest.raises(NoAnswer):
            counters.handle(SimRequest("PUT", "/a", body=value))
    clock.advance(30)
    counters.run_due()
    assert counters.log.effects() == ["a=1", "a=2"]
    assert counters.values == {"a": 1}


def test_a_fault_hits_only_what_it_matches_and_only_so_often(counters: Counters) -> None:
    counters.faults.add(Fault("status", times=2, only="write", when=lambda request: request.path == "/b"))
    statuses = [
        counters.handle(request).status
        for request in (GET, PUT, SimRequest("GET", "/b"), *[SimRequest("PUT", "/b", body=b"1")] * 3)
    ]
    assert statuses == [200, 200, 200, 503, 503, 200]
    assert counters.faults.pending() == 0


def test_faults_come_in_the_order_they_were_added_and_can_be_called_off(counters: Counters) -> None:
    counters.faults.add(Fault("status", status=429, retry_after=2.5))
    counters.faults.add(Fault("status", times=5, status=500))
    first, second = counters.handle(GET), counters.handle(GET)
    assert (first.status, first.headers["retry-after"], second.status) == (429, "2.5", 500)
    assert counters.faults.pending() == 4
    counters.faults.clear()
    assert counters.handle(GET).status == 200


def test_one_request_is_one_entry_even_when_it_does_several_things(clock: Ticker) -> None:
    log = CallLog(clock)
    log.open("POST /graphql", write=False)
    log.read("products", rows=2)
    log.write("price", rows=3, effect=["p"])
    log.write("stock", rows=4, effect=["s", "t"])
    log.close(200)
    (call,) = log.entries
    assert (call.operation, call.kind, call.rows, call.effect) == ("products+price+stock", "write", 9, ["p", "s", "t"])
    assert (log.writes(), log.writes("stock"), log.writes("sto"), log.reads()) == (1, 1, 0, 0)
    assert log.effects() == ["p", "s", "t"]


def test_a_request_nobody_named_is_counted_under_its_path(counters: Counters) -> None:
    counters.faults.add(Fault("drop"))
    with pytest.raises(NoAnswer):
        counters.handle(PUT)
    assert counters.log.writes("PUT /a") == 1


def test_an_action_of_the_merchant_is_never_counted_as_a_call(counters: Counters) -> None:
    counters.handle(PUT)
    counters.sell("a")
    assert len(counters.log.entries) == 1
    with pytest.raises(RuntimeError):
        counters.log.write("sell")


def test_two_requests_never_run_at_once(clock: Ticker) -> None:
    class Slow(Counters):
        inside = 0
        most = 0

        def answer(self, request: SimRequest) -> SimResponse:
            self.inside += 1
            self.most = max(self.most, self.inside)
            threading.Event().wait(0.001)
            self.inside -= 1
            return json_response({})

    slow = Slow(clock)
    threads = [threading.Thread(target=slow.handle, args=(GET,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert slow.most == 1
    assert len(slow.log.entries) == 8


def test_httpx_reaches_the_core_with_everything_a_request_has(counters: Counters) -> None:
    with httpx.Client(transport=SimTransport(counters)) as client:
        client.put("http://sim.test:81/x%20y/a?q=1&q=%26&empty=", content=b"7", headers={"X-Token": "t"})
    (request,) = counters.requests
    assert (request.method, request.path, request.scheme, request.host) == ("PUT", "/x y/a", "http", "sim.test:81")
    assert request.query == (("q", "1"), ("q", "&"), ("empty", ""))
    assert (request.param("q"), request.param("none", "-")) == ("&", "-")
    assert request.headers["x-token"] == "t"
    assert counters.values == {"a": 7}


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("timeout_before", httpx.ReadTimeout),
        ("timeout_after", httpx.ReadTimeout),
        ("late_effect", httpx.ReadTimeout),
        ("drop", httpx.RemoteProtocolError),
    ],
)
def test_httpx_sees_silence_as_a_socket_would_show_it(
    kind: FaultKind, seen: type[Exception], counters: Counters
) -> None:
    counters.faults.add(Fault(kind))
    with httpx.Client(transport=SimTransport(counters)) as client, pytest.raises(seen):
        client.get("http://sim.test/a")


def test_each_host_is_its_own_platform_and_others_cannot_be_reached(clock: Ticker) -> None:
    one, two = Counters(clock), Counters(clock)
    with httpx.Client(transport=SimTransport({"one.test": one, "two.test:81": two})) as client:
        client.get("http://one.test/a")
        client.get("http://two.test:81/a")
        with pytest.raises(httpx.ConnectError):
            client.get("http://three.test/a")
    assert (len(one.requests), len(two.requests)) == (1, 1)


def test_the_ticker_moves_only_when_told(clock: Ticker) -> None:
    begun = clock.now()
    assert clock.now() == begun
    clock.sleep(1.5)
    clock.advance(-5)
    assert clock.now() - begun == timedelta(seconds=1.5)
    assert clock.slept == [1.5]


def test_answers_carry_their_kind() -> None:
    assert json_response([1], 201, {"etag": "x"}) == SimResponse(
        201, {"content-type": "application/json; charset=utf-8", "etag": "x"}, b"[1]"
    )
    assert html_response("<p>", 503).headers["content-type"].startswith("text/html")
