"""Refunds: exactly one for each reference, whatever becomes of the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from canonical.errors import AmbiguousError, FatalError, SkippableError, ThrottledError
from connectors.base import JSON, Effect, RowStatus, WriteRow
from connectors.http import ReadOnlyError
from connectors.simulation import Fault, SimRequest
from connectors.simulation.faults import FaultKind
from tests.unit.connectors.stripe.stage import DAY, Stage

RETENTION = DAY


def compose(stage: Stage, document: dict[str, JSON], target: str = "ch_1", reference: str = "ref") -> Any:
    call = stage.connector.compose(Effect("refund.create", reference, document, target), lambda: "key")
    return json.loads(call.body)


def posts(stage: Stage) -> list[str]:
    return [call.operation for call in stage.account.log.entries if call.kind == "write"]


def test_a_refund_goes_out_with_the_calls_key_and_our_reference(stage: Stage) -> None:
    seen: list[SimRequest] = []

    def keep(request: SimRequest) -> bool:
        seen.append(request)
        return False

    charge = stage.account.admin.pay(2000)
    stage.account.faults.add(Fault("status", when=keep, only="write"))
    call = stage.call(charge, "5.00", reason="a customer with a temper 😡")
    outcome = stage.push(call)
    (request,) = seen
    assert request.headers["idempotency-key"] == call.key == "key-0"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.body.decode() == (
        f"amount=500&charge={charge}&metadata[crossdock_reference]=refund-1&reason=requested_by_customer"
    )
    assert outcome.status is RowStatus.APPLIED
    assert outcome.record is not None
    (looked_up,) = stage.connector.lookup("refunds", (), [json.loads(bytes(outcome.record))["id"]])
    assert [bytes(record) for record in looked_up.records] == [bytes(outcome.record)]


def test_composing_is_pure_and_repeatable(stage: Stage) -> None:
    effect = Effect("refund.create", "r", {"amount": "5.00", "currency": "EUR"}, "ch_1")
    calls = [stage.connector.compose(effect, lambda: "k") for _ in range(2)]
    assert calls[0] == calls[1]
    assert (calls[0].rows, calls[0].target, calls[0].resource) == ((0,), "r", "refunds")
    assert stage.account.log.entries == []


@pytest.mark.parametrize(
    ("document", "target", "said"),
    [
        ({"amount": "5.00", "currency": "EUR"}, "", "names no payment"),
        ({"amount": "5.00", "currency": "EUR"}, "17", "neither a charge"),
        ({"amount": "5.00"}, "ch_1", "is no currency"),
        ({"amount": "0", "currency": "EUR"}, "ch_1", "not above zero"),
        ({"amount": "-5", "currency": "EUR"}, "ch_1", "not above zero"),
        ({"amount": "5.001", "currency": "EUR"}, "ch_1", "cannot be told"),
        ({"amount": "5.124", "currency": "KWD"}, "ch_1", "cannot be told"),
        ({"amount": True, "currency": "EUR"}, "ch_1", "is no amount"),
        ({"amount": 5.5, "currency": "EUR"}, "ch_1", "is no amount"),
        ({"amount": "five", "currency": "EUR"}, "ch_1", "not a number"),
        ({"amount": "5", "currency": "EUR", "reason": "cold feet"}, "ch_1", "reason 'cold feet' is none"),
        ({"amount": "5", "currency": "EUR", "speed": "fast"}, "ch_1", "no parameter 'speed'"),
        ({"amount": "5", "currency": "EUR", "metadata": {"k" * 41: "v"}}, "ch_1", "longer than 40"),
        ({"amount": "5", "currency": "EUR", "metadata": {"a[b]": "v"}}, "ch_1", "square brackets"),
        ({"amount": "5", "currency": "EUR", "metadata": {"a": "v" * 501}}, "ch_1", "up to 500 characters"),
        ({"amount": "5", "currency": "EUR", "metadata": {"a": 1}}, "ch_1", "no text"),
        ({"amount": "5", "currency": "EUR", "metadata": {str(n): "v" for n in range(50)}}, "ch_1", "more than 50"),
        ({"amount": "5", "currency": "EUR", "metadata": "x"}, "ch_1", "no object"),
    ],
)
def test_a_document_that_stripe_would_not_take_is_refused(
    stage: Stage, document: dict[str, JSON], target: str, said: str
) -> None:
    with pytest.raises(SkippableError, match=said) as caught:
        compose(stage, document, target)
    assert (caught.value.reason, caught.value.ref) == ("invalid_value", "ref")


@pytest.mark.parametrize(("place", "parameter"), [("ch_1", "charge"), ("py_1", "charge"), ("pi_1", "payment_intent")])
def test_a_payment_is_named_by_what_its_id_says_it_is(stage: Stage, place: str, parameter: str) -> None:
    assert compose(stage, {"amount": 700, "currency": "EUR", "charge": place}, "")["params"] == {
        "amount": 700,
        parameter: place,
        "metadata": {"crossdock_reference": "ref"},
    }


@pytest.mark.parametrize(
    ("amount", "currency", "units"), [("500", "JPY", 500), ("5.120", "KWD", 5120), ("5", "ISK", 500)]
)
def test_amounts_are_told_in_stripes_units(stage: Stage, amount: str, currency: str, units: int) -> None:
    charge = stage.account.admin.pay(10_000 if currency != "ISK" else 100_000, currency.lower())
    assert stage.push(stage.call(charge, amount, currency)).status is RowStatus.APPLIED
    assert [refund["amount"] for refund in stage.refunds()] == [units]


def test_an_unknown_operation_is_refused(stage: Stage) -> None:
    with pytest.raises(SkippableError, match=r"cannot do 'order\.create'"):
        stage.connector.compose(Effect("order.create", "r", {}), lambda: "k")


def test_the_same_reference_is_paid_back_once_under_any_key(stage: Stage) -> None:
    charge = stage.account.admin.pay(2000)
    first, again = stage.push(stage.call(charge)), stage.push(stage.call(charge))
    assert (first.status, again.status) == (RowStatus.APPLIED, RowStatus.APPLIED)
    assert first.record == again.record
    assert len(stage.refunds()) == 1
    assert stage.push(stage.call(charge, reference="refund-2")).status is RowStatus.APPLIED
    assert len(stage.refunds()) == 2


def test_a_reference_that_only_looks_alike_is_another_one(stage: Stage) -> None:
    charge = stage.account.admin.pay(2000)
    stage.push(stage.call(charge, reference="refund-10"))
    stage.push(stage.call(charge, reference="refund-1"))
    assert [refund["metadata"]["crossdock_reference"] for refund in stage.refunds()] == ["refund-10", "refund-1"]


@pytest.mark.parametrize("kind", ["timeout_after", "truncated", "status_after"])
def test_a_lost_answer_is_found_and_not_paid_again(stage: Stage, kind: FaultKind) -> None:
    call = stage.call(stage.account.admin.pay(2000))
    stage.account.faults.add(Fault(kind, only="write"))
    with pytest.raises(AmbiguousError):
        stage.push(call)
    assert len(posts(stage)) == 1
    stage.clock.advance(100)
    outcome = stage.resolve(call)
    assert outcome is not None
    assert outcome.status is RowStatus.APPLIED
    assert len(stage.refunds()) == 1


@pytest.mark.parametrize("kind", ["timeout_before", "drop", "html"])
def test_a_refund_that_never_arrived_is_made_by_its_own_key(stage: Stage, kind: FaultKind) -> None:
    call = stage.call(stage.account.admin.pay(2000))
    stage.account.faults.add(Fault(kind, only="write"))
    with pytest.raises(AmbiguousError):
        stage.push(call)
    assert stage.refunds() == []
    for _ in range(2):
        outcome = stage.resolve(call)
        assert outcome is not None
        assert outcome.status is RowStatus.APPLIED
    assert len(stage.refunds()) == 1


def test_a_refund_that_is_still_under_way_cannot_be_told_and_is_not_doubled(stage: Stage) -> None:
    call = stage.call(stage.account.admin.pay(2000))
    stage.account.faults.add(Fault("late_effect", only="write", delay=60))
    with pytest.raises(AmbiguousError):
        stage.push(call)
    stage.clock.advance(10)
    assert stage.resolve(call) is None
    stage.clock.advance(90)
    outcome = stage.resolve(call)
    assert outcome is not None
    assert outcome.status is RowStatus.APPLIED
    assert len(stage.refunds()) == 1


def test_a_failure_saved_under_the_key_is_told_so_that_a_new_key_is_taken(stage: Stage) -> None:
    charge = stage.account.admin.pay(2000)
    call = stage.call(charge)
    stage.account.break_inside("before")
    with pytest.raises(AmbiguousError, match="status 500"):
        stage.push(call)
    stage.clock.advance(100)
    outcome = stage.resolve(call)
    assert outcome is not None
    assert outcome.status is RowStatus.UNTOUCHED
    assert posts(stage) == ["refunds.create", "refunds.replayed"]
    with pytest.raises(AmbiguousError):
        stage.push(call)
    assert stage.push(stage.call(charge)).status is RowStatus.APPLIED
    assert len(stage.refunds()) == 1


def test_a_failure_after_the_effect_is_saved_too_and_the_refund_is_found(stage: Stage) -> None:
    call = stage.call(stage.account.admin.pay(2000))
    stage.account.break_inside("after")
    with pytest.raises(AmbiguousError):
        stage.push(call)
    outcome = stage.resolve(call)
    assert outcome is not None
    assert outcome.status is RowStatus.APPLIED
    assert len(stage.refunds()) == 1


def test_a_refund_that_the_list_shows_late_is_found_by_a_second_look(stage: Stage) -> None:
    call = stage.call(stage.account.admin.pay(2000))
    stage.account.switches.listing_lag_seconds = 5
    stage.account.break_inside("after")
    with pytest.raises(AmbiguousError):
        stage.push(call)

    def wait(request: SimRequest) -> bool:
        stage.clock.advance(6)
        return False

    stage.account.faults.add(Fault("status", when=wait, only="write"))
    outcome = stage.resolve(call)
    assert outcome is not None
    assert outcome.status is RowStatus.APPLIED


def test_a_refund_that_the_list_does_not_show_yet_is_not_paid_again(stage: Stage) -> None:
    call = stage.call(stage.account.admin.pay(2000))
    stage.account.switches.listing_lag_seconds = 60
    stage.account.faults.add(Fault("timeout_after", only="write"))
    with pytest.raises(AmbiguousError):
        stage.push(call)
    outcome = stage.resolve(call)
    assert outcome is not None
    assert outcome.status is RowStatus.APPLIED
    assert len(stage.refunds()) == 1


@pytest.mark.parametrize("done", [True, False])
def test_a_key_older_than_its_retention_is_not_trusted(stage: Stage, done: bool) -> None:
    call = stage.call(stage.account.admin.pay(2000))
    stage.account.faults.add(Fault("timeout_after" if done else "timeout_before", only="write"))
    with pytest.raises(AmbiguousError):
        stage.push(call)
    stage.clock.advance(RETENTION + 3600)
    outcome = stage.resolve(call)
    assert outcome is not None
    assert outcome.status is RowStatus.APPLIED
    assert len(stage.refunds()) == 1
    assert len(posts(stage)) == (1 if done else 2)


def test_a_key_that_was_used_for_something_else_is_refused(stage: Stage) -> None:
    charge = stage.account.admin.pay(2000)
    stage.push(stage.connector.compose(_effect(charge, "one"), lambda: "same"))
    outcome = stage.push(stage.connector.compose(_effect(charge, "two"), lambda: "same"))
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "key_reused")
    assert len(stage.refunds()) == 1


def _effect(charge: str, reference: str) -> Effect:
    return Effect("refund.create", reference, {"amount": "1.00", "currency": "EUR"}, charge)


@pytest.mark.parametrize("code", ["rate_limit", "lock_timeout"])
def test_a_throttled_refund_waits_and_is_made_once(stage: Stage, code: Any) -> None:
    call = stage.call(stage.account.admin.pay(2000))
    stage.account.faults.add(Fault("status", only="write", status=429, times=2))
    stage.account.throttle(3, code)
    assert stage.push(call).status is RowStatus.APPLIED
    assert len(stage.refunds()) == 1


def test_a_refund_that_is_throttled_for_good_was_not_made(stage: Stage) -> None:
    call = stage.call(stage.account.admin.pay(2000))
    stage.account.faults.add(Fault("status", only="write", status=429, times=99))
    with pytest.raises(ThrottledError):
        stage.push(call)
    assert stage.refunds() == []


def test_what_the_rules_of_the_processor_forbid_is_told_with_its_reason(stage: Stage) -> None:
    admin = stage.account.admin
    spent, disputed, small = admin.pay(2000), admin.pay(2000), admin.pay(300)
    open_one = admin.pay(2000, capture=False)
    admin.refund(spent)
    admin.charge_back(disputed)
    reasons = {
        place: stage.push(stage.call(place, reference=f"ref-{place}")).reason
        for place in (spent, disputed, small, open_one, "ch_unknown", "pi_unknown")
    }
    assert reasons == {
        spent: "charge_already_refunded",
        disputed: "charge_disputed",
        small: "refused",
        open_one: "charge_not_refundable",
        "ch_unknown": "unknown_payment",
        "pi_unknown": "unknown_payment",
    }
    assert len(stage.refunds()) == 1


def test_a_refund_in_another_currency_than_the_payment_is_never_sent(stage: Stage) -> None:
    outcome = stage.push(stage.call(stage.account.admin.pay(2000, "jpy"), "5.00", "EUR"))
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "currency_differs")
    assert posts(stage) == []


def test_a_dry_run_pays_nothing_back(stage: Stage) -> None:
    call = stage.call(stage.account.admin.pay(2000))
    with pytest.raises(ReadOnlyError):
        stage.connect(read_only=True).push(call)
    assert posts(stage) == []


def test_a_pending_refund_is_told_as_pending(stage: Stage) -> None:
    stage.account.switches.refund_status = "pending"
    outcome = stage.push(stage.call(stage.account.admin.pay(2000)))
    assert outcome.record is not None
    assert json.loads(bytes(outcome.record))["status"] == "pending"
    assert stage.documents("refund_record")[0].balance_id == ""


def test_no_field_of_stripe_is_written(stage: Stage) -> None:
    assert stage.connector.pack([], lambda: "k") == []
    with pytest.raises(FatalError, match="no field writes"):
        stage.connector.pack([WriteRow(0, "charges", "ch_1", {"amount": 1})], lambda: "k")
    assert stage.connector.locations() == []
