"""What goes out over the transport, and what a bad answer means."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import stripe

from canonical.errors import AuthenticationError, FatalError, ProtocolError, RetriableError
from connectors.base import Environment, RowStatus
from connectors.conformance.world import MemoryState
from connectors.simulation import Fault, Ticker, serve
from connectors.stripe import sdk
from connectors.stripe.connector import StripeConnector, connect
from connectors.stripe.simulator.simulator import SECRET_KEY
from tests.unit.connectors.stripe.stage import Stage

KEY = "rk_test_a_secret_that_must_stay"


class Wire(httpx.BaseTransport):
    """Answers by a function, and keeps what came."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        return self.answer(request)


def empty_list(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"object": "list", "data": [], "has_more": False, "url": request.url.path})


def wired(clock: Ticker, wire: Wire, **settings: Any) -> StripeConnector:
    return connect({"api_key": KEY, **settings}, Environment("pay", clock, MemoryState(), http_transport=wire))


def test_the_headers_are_ours_and_the_version_is_the_one_of_the_sdk(clock: Ticker) -> None:
    wire = Wire(empty_list)
    list(wired(clock, wire, account="acct_7").pull("charges", ("id",)))
    (request,) = wire.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["stripe-version"] == sdk.API_VERSION == "2026-10-28.endive"
    assert request.headers["stripe-account"] == "acct_7"
    assert request.headers["user-agent"] == "crossdock"
    assert [name for name in request.headers if name.startswith("x-stripe")] == []
    assert str(request.url) == "https://api.stripe.com/v1/charges?limit=100"


def test_the_sdk_keeps_no_telemetry() -> None:
    assert stripe.enable_telemetry is False


def test_a_notice_of_stripe_is_no_warning_of_the_process(clock: Ticker) -> None:
    def noticing(request: httpx.Request) -> httpx.Response:
        answer = empty_list(request)
        answer.headers["stripe-notice"] = "a new version is out"
        return answer

    assert list(wired(clock, Wire(noticing)).pull("charges", ()))[-1].complete


@pytest.mark.parametrize("should_retry", ["", "true", "false"])
def test_throttling_is_waited_out_by_us_whatever_stripe_says_of_retries(stage: Stage, should_retry: Any) -> None:
    stage.account.switches.should_retry = should_retry
    charge = stage.account.admin.pay(1000)
    stage.account.throttle(2)
    assert [record["id"] for record in stage.pull("charges")] == [charge]
    assert [(record.status, record.attempt) for record in stage.sent] == [(429, 1), (429, 2), (200, 3)]
    assert stage.clock.slept


def test_the_sdk_itself_retries_nothing(clock: Ticker) -> None:
    wire = Wire(lambda request: httpx.Response(503, headers={"stripe-should-retry": "true"}, json={}))
    with pytest.raises(RetriableError):
        list(wired(clock, wire).pull("charges", ()))
    assert len(wire.requests) == 5


def test_calls_are_spaced_below_the_limit(stage: Stage) -> None:
    connector = stage.connect(requests_per_second=2)
    for _ in range(5):
        list(connector.pull("charges", ()))
    assert sum(stage.clock.slept) == pytest.approx(2.0)


def test_a_wrong_key_ends_the_connection_and_is_not_shown(stage: Stage) -> None:
    with pytest.raises(AuthenticationError, match="Invalid API Key") as caught:
        stage.pull("charges", api_key=KEY)
    assert KEY not in str(caught.value)
    assert len(stage.sent) == 1


def test_a_restricted_key_is_told_what_it_lacks(stage: Stage) -> None:
    stage.account.access.restricted[KEY] = {"charges": "read"}
    assert stage.pull("charges", api_key=KEY) == []
    with pytest.raises(AuthenticationError, match=r"payouts: .*required permissions.*restricted key"):
        stage.pull("payouts", api_key=KEY)


def test_an_account_that_is_not_ours_is_refused(stage: Stage) -> None:
    with pytest.raises(AuthenticationError, match="does not have access to account"):
        stage.pull("charges", account="acct_other")


@pytest.mark.parametrize("body", ['"fine"', "[]", "{}", '{"object": 1}', "null"])
def test_an_answer_that_is_json_but_not_stripes_is_a_broken_protocol(clock: Ticker, body: str) -> None:
    wire = Wire(lambda request: httpx.Response(200, content=body.encode()))
    with pytest.raises(ProtocolError):
        list(wired(clock, wire).pull("charges", ()))


def test_a_web_page_instead_of_json_is_told_as_such(stage: Stage) -> None:
    stage.account.faults.add(Fault("html", times=99, status=200))
    with pytest.raises(ProtocolError, match="web page instead of JSON"):
        stage.pull("charges")


def test_an_error_tells_the_request_to_ask_the_support_about(clock: Ticker) -> None:
    error = {"error": {"type": "invalid_request_error", "code": "odd", "message": f"no {KEY}", "param": "limit"}}
    wire = Wire(lambda request: httpx.Response(400, json=error, headers={"request-id": "req_9"}))
    with pytest.raises(FatalError, match=r"charges: odd: no \*\*\* \(param limit\), request req_9"):
        list(wired(clock, wire).pull("charges", ()))


def test_a_redirect_to_another_host_gets_no_key(clock: Ticker) -> None:
    wire = Wire(lambda request: httpx.Response(302, headers={"location": "https://evil.example/"}))
    with pytest.raises(ProtocolError, match="redirects"):
        list(wired(clock, wire).pull("charges", ()))
    assert [request.url.host for request in wire.requests] == ["api.stripe.com"]


def test_a_redirect_to_another_scheme_or_port_gets_no_key_either(clock: Ticker) -> None:
    wire = Wire(
        lambda request: (
            httpx.Response(302, headers={"location": "https://api.stripe.com:8443/v1/charges"})
            if request.url.port is None
            else empty_list(request)
        )
    )
    list(wired(clock, wire).pull("charges", ()))
    assert "authorization" not in wire.requests[-1].headers


def test_numbers_arrive_as_they_were_written(clock: Ticker) -> None:
    entry = '{"id":"txn_1","object":"balance_transaction","currency":"eur","exchange_rate":0.10000000000000000001}'
    page = f'{{"object":"list","data":[{entry}],"has_more":false,"url":"/v1/charges"}}'
    wire = Wire(lambda request: httpx.Response(200, content=page.encode()))
    (page_read,) = wired(clock, wire).pull("charges", ())
    assert b"0.10000000000000000001" in bytes(page_read.records[0])
    assert json.loads(bytes(page_read.records[0]))["minor_unit"] == "0.01"


def test_the_account_is_read_and_paid_back_over_a_real_connection(stage: Stage, clock: Ticker) -> None:
    charge = stage.account.admin.pay(2000, buyer="Zoë 😀")
    with serve(stage.account) as served:
        environment = Environment("pay", clock, MemoryState(), allow_private_network=True)
        connector = connect({"api_key": SECRET_KEY, "api_base": served.base_url}, environment)
        (page,) = connector.pull("charges", ())
        assert json.loads(bytes(page.records[0]))["billing_details"]["name"] == "Zoë 😀"
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda call: connector.push(call)[0], [stage.call(charge)] * 8))
        connector.close()
    assert {outcome.status for outcome in outcomes} == {RowStatus.APPLIED}
    assert len(stage.refunds()) == 1
