"""The vendor's own SDK, as a stranger would use it, finds the simulated account to be one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
import stripe

from connectors.simulation import Ticker, serve
from connectors.stripe.simulator import StripeSimulator
from connectors.stripe.simulator.simulator import SECRET_KEY

# The SDK hands its forms to httpx in a way that httpx calls old.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>' to upload:DeprecationWarning")

CARD = {"amount": 2000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}


@pytest.fixture
def account(clock: Ticker) -> StripeSimulator:
    return StripeSimulator(clock=clock)


@pytest.fixture
def client(account: StripeSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    with serve(account) as served:
        http = stripe.HTTPXClient(allow_sync_methods=True, timeout=10)
        found = stripe.StripeClient(SECRET_KEY, base_addresses={"api": served.base_url}, http_client=http)
        yield cast("Any", found.v1)
        http.close()


def test_a_payment_is_made_once_for_its_key_and_paid_back_in_parts(client: Any, account: StripeSimulator) -> None:
    params = {**CARD, "metadata": {"order_id": "7"}, "automatic_payment_methods": {"enabled": True}}
    params["return_url"] = "https://shop.example/thanks"
    made = [client.payment_intents.create(params=params, options={"idempotency_key": "k"}) for _ in range(2)]
    assert {one.id for one in made} == {made[0].id}
    assert (made[0].status, made[0].amount_received, made[0].metadata["order_id"]) == ("succeeded", 2000, "7")
    for number in range(2):
        client.refunds.create(params={"payment_intent": made[0].id, "amount": 500 + number})
    charge = client.charges.retrieve(made[0].latest_charge, params={"expand": ["balance_transaction", "refunds"]})
    assert (charge.amount_refunded, charge.balance_transaction.net) == (1001, 2000 - 58 - 30)
    assert [one.amount for one in charge.refunds.data] == [501, 500]


def test_a_declined_card_is_a_card_error_that_the_key_remembers_and_another_card_pays(client: Any) -> None:
    declined = {**CARD, "payment_method": "pm_card_visa_chargeDeclined"}
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            client.payment_intents.create(params=declined, options={"idempotency_key": "k"})
        assert (caught.value.code, caught.value.http_status) == ("card_declined", 402)
    (intent,) = client.payment_intents.list().data
    assert intent.status == "requires_payment_method"
    assert [one.status for one in client.charges.list().data] == ["failed"]
    paid = client.payment_intents.confirm(intent.id, params={"payment_method": "pm_card_visa"})
    assert (paid.status, paid.amount_received) == ("succeeded", 2000)


def test_money_is_authorized_and_taken_later_in_part_or_let_go(client: Any) -> None:
    manual = {**CARD, "capture_method": "manual"}
    first, second = client.payment_intents.create(params=manual), client.payment_intents.create(params=manual)
    assert (first.status, first.amount_capturable) == ("requires_capture", 2000)
    taken = client.payment_intents.capture(first.id, params={"amount_to_capture": 1500})
    assert (taken.status, taken.amount_received) == ("succeeded", 1500)
    gone = client.payment_intents.cancel(second.id, params={"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.payment_intents.capture(second.id)
    assert caught.value.code == "payment_intent_unexpected_state"
    assert [one.amount for one in client.balance_transactions.list(params={"type": "charge"}).data] == [1500]


def test_a_payment_is_prepared_changed_and_confirmed(client: Any) -> None:
    intent = client.payment_intents.create(params={"amount": 900, "currency": "jpy"})
    assert intent.status == "requires_payment_method"
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.payment_intents.confirm(intent.id)
    changed = client.payment_intents.update(intent.id, params={"amount": 950, "metadata": {"a": "1", "b": "2"}})
    assert (changed.amount, changed.metadata.to_dict()) == (950, {"a": "1", "b": "2"})
    client.payment_intents.update(intent.id, params={"metadata": {"b": ""}, "description": "Two things"})
    paid = client.payment_intents.confirm(intent.id, params={"payment_method": "pm_card_visa"})
    assert (paid.amount_received, paid.metadata.to_dict(), paid.description) == (950, {"a": "1"}, "Two things")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"currency": "eur"}, "amount"),
        ({"amount": 100}, "currency"),
        ({"amount": 100, "currency": "xxx"}, "currency"),
        ({"amount": 0, "currency": "eur"}, "amount"),
        ({"amount": 1005, "currency": "kwd"}, "amount"),
        ({"amount": 100, "currency": "eur", "payment_method": "pm_unknown"}, "payment_method"),
        ({"amount": 100, "currency": "eur", "color": "red"}, "color"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_with_the_parameter_at_fault(
    client: Any, account: StripeSimulator, params: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.payment_intents.create(params=params)
    assert caught.value.param == param
    assert account.snapshot()["charge"] == {}


def test_a_claim_is_answered_with_evidence_or_given_in_to(client: Any, account: StripeSimulator) -> None:
    intents = [client.payment_intents.create(params=CARD) for _ in range(2)]
    claims = [account.admin.charge_back(one.latest_charge) for one in intents]
    draft = {"evidence": {"customer_name": "Ada"}, "submit": False}
    assert client.disputes.update(claims[0], params=draft).status == "needs_response"
    answered = client.disputes.update(claims[0], params={"evidence": {"shipping_tracking_number": "T1"}})
    assert (answered.status, answered.evidence.customer_name) == ("under_review", "Ada")
    assert client.disputes.close(claims[1]).status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="closed"):
        client.disputes.update(claims[1], params={"evidence": {"customer_name": "Ada"}})


def test_every_page_of_a_list_comes_by_itself_and_every_entry_tells_its_payout(
    client: Any, account: StripeSimulator, clock: Ticker
) -> None:
    for number in range(23):
        client.payment_intents.create(params={**CARD, "amount": 1000 + number})
    clock.advance(3 * 86_400)
    payout = account.admin.pay_out()
    amounts = [one.amount for one in client.charges.list(params={"limit": 10}).auto_paging_iter()]
    assert sorted(amounts) == [1000 + number for number in range(23)]
    entries = list(client.balance_transactions.list(params={"payout": payout, "limit": 5}).auto_paging_iter())
    assert sum(one.net for one in entries if one.type != "payout") == client.payouts.retrieve(payout).amount
    assert client.balance.retrieve().available[0].amount == 0


def test_a_failure_of_the_vendors_own_is_the_same_for_every_retry_under_a_key(
    client: Any, account: StripeSimulator
) -> None:
    account.break_inside("after")
    for _ in range(3):
        with pytest.raises(stripe.APIError) as caught:
            client.payment_intents.create(params=CARD, options={"idempotency_key": "k", "max_network_retries": 0})
        assert caught.value.http_status == 500
    assert len(account.snapshot()["charge"]) == 1
    with pytest.raises(stripe.IdempotencyError):
        client.payment_intents.create(params={**CARD, "amount": 1}, options={"idempotency_key": "k"})


def test_too_many_requests_are_told_as_such(client: Any, account: StripeSimulator) -> None:
    account.throttle(1)
    with pytest.raises(stripe.RateLimitError):
        client.payment_intents.create(params=CARD)
    assert client.payment_intents.create(params=CARD).status == "succeeded"
