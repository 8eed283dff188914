"""The simulated account behaves as the vendor says: lists, expansion, keys, money and signed messages."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
import stripe

from connectors.simulation import Fault, NoAnswer, SimRequest, SimResponse, Ticker
from connectors.stripe.simulator import Endpoint, StripeSimulator, Switches
from connectors.stripe.simulator.simulator import SECRET_KEY
from tests.unit.connectors.stripe.stage import DAY

AUTH = {"authorization": f"Bearer {SECRET_KEY}"}


@pytest.fixture
def account(clock: Ticker) -> StripeSimulator:
    return StripeSimulator(clock=clock)


def get(account: StripeSimulator, path: str, **headers: str) -> tuple[int, Any]:
    bare, _, query = path.partition("?")
    request = SimRequest("GET", f"/v1/{bare}", tuple(parse_qsl(query)), {**AUTH, **headers})
    response = account.handle(request)
    return response.status, json.loads(response.body)


def post(account: StripeSimulator, path: str, body: str, key: str = "", **headers: str) -> SimResponse:
    given = {**AUTH, **({"idempotency-key": key} if key else {}), **headers}
    return account.handle(SimRequest("POST", f"/v1/{path}", headers=given, body=body.encode()))


def error(answer: tuple[int, Any]) -> tuple[int, str, str | None, str | None]:
    status, body = answer
    return status, body["error"]["type"], body["error"].get("code"), body["error"].get("param")


def test_lists_run_from_the_newest_and_say_whether_more_follow(account: StripeSimulator, clock: Ticker) -> None:
    paid = []
    for number in range(12):
        paid.append(account.admin.pay(100 + number))
        clock.advance(number % 2)
    status, first = get(account, "charges")
    assert (status, first["object"], first["has_more"], first["url"]) == (200, "list", True, "/v1/charges")
    assert [charge["id"] for charge in first["data"]] == paid[::-1][:10]
    _, rest = get(account, f"charges?starting_after={first['data'][-1]['id']}&limit=5")
    assert ([charge["id"] for charge in rest["data"]], rest["has_more"]) == (paid[:2][::-1], False)
    _, back = get(account, f"charges?ending_before={rest['data'][0]['id']}&limit=3")
    assert ([charge["id"] for charge in back["data"]], back["has_more"]) == (paid[2:5][::-1], True)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("charges?limit=101", (400, "invalid_request_error", None, "limit")),
        ("charges?limit=x", (400, "invalid_request_error", "parameter_invalid_integer", "limit")),
        ("charges?colour=red", (400, "invalid_request_error", "parameter_unknown", "colour")),
        ("charges?starting_after=ch_no", (400, "invalid_request_error", "resource_missing", "starting_after")),
        ("charges?created[since]=1", (400, "invalid_request_error", "parameter_unknown", "created[since]")),
        ("charges?expand[]=data.colour", (400, "invalid_request_error", None, "expand")),
        ("charges?expand[]=payment_intent", (400, "invalid_request_error", None, "expand")),
        ("charges?expand[]=data.a.b.c.d", (400, "invalid_request_error", None, "expand")),
        ("charges/ch_no", (404, "invalid_request_error", "resource_missing", "id")),
        ("balance_transactions?payout=po_no", (400, "invalid_request_error", "resource_missing", "payout")),
        ("customers", (404, "invalid_request_error", None, None)),
        ("events?" + "&".join("types[]=a" for _ in range(21)), (400, "invalid_request_error", None, "types")),
    ],
)
def test_what_a_list_does_not_know_is_refused(account: StripeSimulator, path: str, expected: tuple[Any, ...]) -> None:
    account.admin.pay(100)
    assert error(get(account, path)) == expected


def test_dates_bound_a_list(account: StripeSimulator, clock: Ticker) -> None:
    first = account.admin.pay(100)
    clock.advance(60)
    second = account.admin.pay(200)
    at = int(clock.now().timestamp())
    for bound, expected in {
        f"created[gte]={at}": [second],
        f"created[gt]={at}": [],
        f"created[lt]={at}": [first],
        f"created[lte]={at}": [second, first],
        f"created={at}": [second],
    }.items():
        assert [charge["id"] for charge in get(account, f"charges?{bound}")[1]["data"]] == expected


def test_ids_are_expanded_into_their_objects(account: StripeSimulator) -> None:
    charge = account.admin.pay(1000, metadata={"order_id": "7"})
    account.admin.refund(charge, 100)
    _, found = get(
        account, "charges?expand[]=data.payment_intent&expand[]=data.balance_transaction&expand[]=data.refunds"
    )
    (shown,) = found["data"]
    assert shown["payment_intent"]["metadata"] == {"order_id": "7"}
    assert shown["balance_transaction"]["net"] == 1000 - 29 - 30
    assert [refund["amount"] for refund in shown["refunds"]["data"]] == [100]
    _, entry = get(account, "balance_transactions/txn_0000000000000002?expand[]=source.charge")
    assert entry["source"]["charge"]["id"] == charge


def test_a_key_answers_for_its_first_request_and_for_no_other(account: StripeSimulator, clock: Ticker) -> None:
    charge = account.admin.pay(1000)
    first = post(account, "refunds", f"charge={charge}&amount=100", "k")
    again = post(account, "refunds", f"charge={charge}&amount=100", "k")
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"] != again.headers["request-id"]
    other = post(account, "refunds", f"charge={charge}&amount=200", "k")
    assert (other.status, json.loads(other.body)["error"]["type"]) == (400, "idempotency_error")
    assert len(account.snapshot()["refund"]) == 1
    clock.advance(DAY)
    assert "idempotent-replayed" not in post(account, "refunds", f"charge={charge}&amount=100", "k").headers
    assert len(account.snapshot()["refund"]) == 2


def test_a_failure_of_stripes_own_is_kept_under_its_key(account: StripeSimulator) -> None:
    charge = account.admin.pay(1000)
    account.break_inside("before")
    answers = [post(account, "refunds", f"charge={charge}&amount=100", "k") for _ in range(3)]
    assert [answer.status for answer in answers] == [500, 500, 500]
    assert answers[0].body == answers[2].body
    assert account.snapshot()["refund"] == {}


def test_a_refused_request_is_not_kept_under_its_key(account: StripeSimulator) -> None:
    charge = account.admin.pay(1000)
    assert post(account, "refunds", f"charge={charge}&amount=5000", "k").status == 400
    assert post(account, "refunds", f"charge={charge}&amount=500", "k").status == 200


def test_a_key_whose_request_is_under_way_is_refused_for_the_time_being(
    account: StripeSimulator, clock: Ticker
) -> None:
    body = f"charge={account.admin.pay(1000)}&amount=100"
    account.faults.add(Fault("late_effect", delay=30))
    with pytest.raises(NoAnswer):
        post(account, "refunds", body, "k")
    early = post(account, "refunds", body, "k")
    assert (early.status, json.loads(early.body)["error"]["code"]) == (409, "idempotency_key_in_use")
    clock.advance(31)
    assert post(account, "refunds", body, "k").status == 200
    assert len(account.snapshot()["refund"]) == 1


@pytest.mark.parametrize("should_retry", ["", "true", "false"])
def test_throttling_says_no_time_to_wait(clock: Ticker, should_retry: Any) -> None:
    account = StripeSimulator(clock=clock, switches=Switches(should_retry=should_retry))
    account.throttle(1, "lock_timeout")
    response = account.handle(SimRequest("GET", "/v1/charges", headers=AUTH))
    assert (response.status, response.headers.get("stripe-should-retry", "")) == (429, should_retry)
    assert "retry-after" not in response.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer sk_test_other"}, 401),
        ({"authorization": "Basic c2tfdGVzdF9zaW11bGF0ZWQ6"}, 200),
        ({**AUTH, "stripe-version": "1999-01-01"}, 400),
        ({**AUTH, "stripe-account": "acct_other"}, 403),
    ],
)
def test_who_may_ask(account: StripeSimulator, headers: dict[str, str], status: int) -> None:
    assert account.handle(SimRequest("GET", "/v1/charges", headers=headers)).status == status


def test_a_restricted_key_may_do_what_it_was_given(account: StripeSimulator) -> None:
    account.access.restricted["rk"] = {"charges": "read", "refunds": "read"}
    charge = account.admin.pay(1000)
    key = {"authorization": "Bearer rk"}
    assert get(account, "charges", **key)[0] == 200
    assert get(account, "payouts", **key)[0] == 403
    assert post(account, "refunds", f"charge={charge}", **key).status == 403


def test_a_capture_takes_a_part_of_what_was_authorized(account: StripeSimulator) -> None:
    charge = account.admin.pay(1000, capture=False)
    assert post(account, "payment_intents/pi_0000000000000001/capture", "amount_to_capture=2000").status == 400
    assert post(account, "payment_intents/pi_0000000000000001/capture", "amount_to_capture=600").status == 200
    assert post(account, "payment_intents/pi_0000000000000001/capture", "").status == 400
    shown = account.snapshot()["charge"][charge]
    assert (shown["captured"], shown["amount_captured"], shown["status"]) == (True, 600, "succeeded")


def test_a_refund_takes_only_what_it_may(account: StripeSimulator) -> None:
    charge = account.admin.pay(1000)
    for body, said in {
        "": "One of the following params",
        f"charge={charge}&amount=1001": "greater than unrefunded",
        f"charge={charge}&amount=-1": "Invalid amount",
        f"charge={charge}&speed=1": "Received unknown parameter: speed",
        f"charge={charge}&reason=cold": "Invalid reason",
        f"charge={charge}&metadata=x": "Invalid object",
        f"charge={charge}&metadata[a]={'v' * 501}": "too long",
    }.items():
        response = post(account, "refunds", body)
        assert (response.status, said in json.loads(response.body)["error"]["message"]) == (400, True), body


def test_entries_are_pending_until_their_day(account: StripeSimulator, clock: Ticker) -> None:
    account.admin.pay(1000)
    assert get(account, "balance_transactions")[1]["data"][0]["status"] == "pending"
    assert get(account, "balance")[1]["available"][0]["amount"] == 0
    assert account.admin.pay_out() is None
    clock.advance(2 * DAY)
    assert get(account, "balance_transactions")[1]["data"][0]["status"] == "available"
    assert get(account, "balance")[1]["available"][0]["amount"] == 941


@pytest.mark.parametrize(("returned", "net"), [(False, 1000), (True, 2500)])
def test_a_won_claim_gives_the_money_back_and_perhaps_the_fee(clock: Ticker, returned: bool, net: int) -> None:
    account = StripeSimulator(clock=clock, switches=Switches(dispute_fee_returned=returned))
    account.admin.close_claim(account.admin.charge_back(account.admin.pay(1000)), won=True)
    entries = list(account.snapshot()["balance_transaction"].values())
    assert [(one["reporting_category"], one["net"]) for one in entries[1:]] == [
        ("dispute", -2500),
        ("dispute_reversal", net),
    ]


def test_only_the_events_of_thirty_days_are_kept(account: StripeSimulator, clock: Ticker) -> None:
    account.admin.pay(1000)
    _, found = get(account, "events?types[]=charge.succeeded&types[]=charge.failed")
    (event,) = found["data"]
    assert (event["type"], event["data"]["object"]["amount"]) == ("charge.succeeded", 1000)
    assert get(account, f"events/{event['id']}")[0] == 200
    clock.advance(31 * DAY)
    assert get(account, "events")[1]["data"] == []
    assert get(account, f"events/{event['id']}")[0] == 404


def test_messages_are_signed_as_the_vendors_sdk_expects(account: StripeSimulator, clock: Ticker) -> None:
    account.admin.listen(Endpoint("https://hub.example/stripe", "whsec_secret", ("charge.refunded",)))
    charge = account.admin.pay(1000)
    account.admin.refund(charge)
    (message,) = account.admin.messages()
    header = message.headers["stripe-signature"]
    assert stripe.WebhookSignature.verify_header(message.body, header, "whsec_secret", tolerance=None)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(message.body + b" ", header, "whsec_secret", tolerance=None)
    event = json.loads(message.body)
    assert (event["type"], event["data"]["object"]["id"], event["pending_webhooks"]) == ("charge.refunded", charge, 1)
    assert account.admin.messages() == []


def test_effects_are_counted_once_and_replays_are_none(account: StripeSimulator) -> None:
    body = f"charge={account.admin.pay(1000)}&amount=100"
    for _ in range(3):
        post(account, "refunds", body, "k")
    assert account.log.writes() == 3
    assert account.log.effects() == ["refunds.create re_0000000000000001"]
