"""Reads: every object once, changes by events and dates, never what an event says of an object."""

from __future__ import annotations

from typing import Any

import pytest

from canonical.errors import FatalError, ProtocolError, RetriableError
from connectors.simulation import Fault, SimRequest
from connectors.stripe.resources import RESOURCES
from connectors.stripe.simulator import StripeSimulator
from tests.unit.connectors.stripe.stage import DAY, Stage, ids_of, records_of


def operations(stage: Stage) -> list[str]:
    return [call.operation for call in stage.account.log.entries]


def test_a_long_list_is_read_in_the_fewest_pages(stage: Stage) -> None:
    paid = [stage.account.admin.pay(100 + number) for number in range(250)]
    pages = list(stage.connector.pull("charges", ()))
    assert sorted(ids_of(pages)) == sorted(paid)
    assert [page.complete for page in pages] == [False, False, True]
    assert operations(stage) == ["charges"] * 3


def test_a_full_read_may_begin_on_a_day(stage: Stage) -> None:
    stage.account.admin.pay(100)
    stage.clock.advance(10 * DAY)
    late = stage.account.admin.pay(200)
    day = str(stage.clock.now().date())
    assert [record["id"] for record in stage.pull("charges", created_since=day)] == [late]


def test_the_cursor_comes_from_stripes_clock_less_the_overlap(stage: Stage) -> None:
    assert stage.cursor("charges") == str(int(stage.clock.now().timestamp()) - 300)


def test_payment_intents_are_expanded_only_where_their_fields_are_asked_for(stage: Stage) -> None:
    stage.account.admin.pay(100, metadata={"order_id": "7"})
    (plain,) = stage.pull("charges", "id", "payment_intent")
    assert plain["payment_intent"] == "pi_0000000000000001"
    (deep,) = stage.pull("charges", "payment_intent.metadata.order_id")
    assert deep["payment_intent"]["metadata"] == {"order_id": "7"}


def test_new_objects_come_by_the_list_and_changed_ones_by_their_events(stage: Stage) -> None:
    admin = stage.account.admin
    old, untouched = admin.pay(1000), admin.pay(2000)
    stage.clock.advance(DAY)
    cursor = stage.cursor("charges")
    stage.clock.advance(DAY)
    admin.refund(old, 300)
    new = [admin.pay(50) for _ in range(120)]
    stage.account.log.clear()
    found = {record["id"]: record for record in stage.changed("charges", cursor)}
    assert set(found) == {old, *new}
    assert untouched not in found
    assert found[old]["amount_refunded"] == 300
    assert operations(stage) == ["events", "events", "charges", "charges", "charges"]


def test_what_an_event_says_of_an_object_is_never_believed(stage: Stage) -> None:
    charge = stage.account.admin.pay(1000)
    stage.clock.advance(DAY)
    cursor = stage.cursor("charges")
    stage.clock.advance(DAY)
    stage.account.admin.note("charge", charge, "seen")
    stage.account.events_of(charge)[-1]["data"]["object"]["amount"] = 1
    assert [record["amount"] for record in stage.changed("charges", cursor)] == [1000]


@pytest.mark.parametrize("what", ["dispute", "dispute_won", "refund_failed"])
def test_a_charge_changes_by_what_happens_to_its_disputes_and_refunds(stage: Stage, what: str) -> None:
    admin = stage.account.admin
    charge = admin.pay(1000)
    refund = admin.refund(charge, 100) if what == "refund_failed" else ""
    dispute = admin.charge_back(charge) if what == "dispute_won" else ""
    stage.clock.advance(DAY)
    cursor = stage.cursor("charges")
    stage.clock.advance(DAY)
    if refund:
        admin.fail_refund(refund)
    elif dispute:
        admin.close_claim(dispute, won=True)
    else:
        admin.charge_back(charge)
    assert [record["id"] for record in stage.changed("charges", cursor)] == [charge]


def test_a_refund_that_failed_later_is_read_anew(stage: Stage) -> None:
    admin = stage.account.admin
    refund = admin.refund(admin.pay(1000), 400)
    stage.clock.advance(DAY)
    cursor = stage.cursor("refunds")
    stage.clock.advance(DAY)
    admin.fail_refund(refund)
    (record,) = stage.changed("refunds", cursor)
    assert (record["status"], record["failure_balance_transaction"]) == ("failed", "txn_0000000000000003")


def test_after_a_pause_longer_than_events_are_kept_everything_is_read(stage: Stage) -> None:
    admin = stage.account.admin
    old = admin.pay(1000)
    cursor = stage.cursor("charges")
    stage.clock.advance(DAY)
    admin.refund(old, 300)
    stage.clock.advance(31 * DAY)
    pages = list(stage.connector.changed_since("charges", (), cursor))
    (record,) = records_of(pages)
    assert (record["id"], record["amount_refunded"]) == (old, 300)
    assert not any(page.complete for page in pages)
    assert pages[-1].cursor == str(int(stage.clock.now().timestamp()) - 300)


def test_within_the_time_events_are_kept_not_everything_is_read(stage: Stage) -> None:
    admin = stage.account.admin
    admin.pay(1000)
    stage.clock.advance(DAY)
    cursor = stage.cursor("charges")
    stage.clock.advance(29 * DAY)
    assert stage.changed("charges", cursor) == []


def test_a_delta_read_in_the_same_overlap_tells_the_same_again(stage: Stage) -> None:
    charge = stage.account.admin.pay(1000)
    cursor = stage.cursor("charges")
    for _ in range(2):
        assert [record["id"] for record in stage.changed("charges", cursor)] == [charge]


def test_a_lookup_leaves_out_what_is_not_there(stage: Stage) -> None:
    charge = stage.account.admin.pay(1000)
    pages = stage.connector.lookup("charges", (), ["ch_none", charge, charge, ""])
    assert ids_of(pages) == [charge]


class Stuck(StripeSimulator):
    """Says that more follows, whatever is asked."""

    def answer(self, request: SimRequest) -> Any:
        response = super().answer(request)
        body = response.body.replace(b'"has_more":false', b'"has_more":true')
        return type(response)(response.status, response.headers, body)


def test_a_list_that_never_ends_is_an_error(stage: Stage) -> None:
    stage.account = Stuck(clock=stage.clock)
    with pytest.raises(ProtocolError, match="an empty page says that more follow"):
        stage.pull("charges")
    stage.account.admin.pay(100)
    with pytest.raises(ProtocolError, match="an empty page says that more follow"):
        stage.pull("charges")


class Doubling(StripeSimulator):
    """Gives the last object of a page once more."""

    def answer(self, request: SimRequest) -> Any:
        response = super().answer(request)
        body = response.body.replace(b'],"has_more"', b'],"was":1,"has_more"')
        return type(response)(response.status, response.headers, self.double(body))

    @staticmethod
    def double(body: bytes) -> bytes:
        start, rest = body.split(b'"data":[', 1) if b'"data":[' in body else (body, b"")
        objects, tail = rest.rsplit(b'],"was"', 1) if rest else (b"", b"")
        return start + b'"data":[' + objects + b"," + objects + b'],"was"' + tail if objects else body


def test_an_object_that_comes_twice_makes_a_read_incomplete(stage: Stage) -> None:
    stage.account = Doubling(clock=stage.clock)
    stage.account.admin.pay(100)
    pages = list(stage.connector.pull("charges", ()))
    assert len(ids_of(pages)) == 2
    assert (pages[-1].complete, pages[-1].cursor) == (False, None)


def test_a_fault_in_the_middle_is_no_end(stage: Stage) -> None:
    for number in range(250):
        stage.account.admin.pay(100 + number)
    pages = stage.connector.pull("charges", ())
    next(pages)
    stage.account.faults.add(Fault("html", times=99))
    with pytest.raises(RetriableError):
        list(pages)


def test_what_cannot_be_read_is_told(stage: Stage) -> None:
    with pytest.raises(FatalError, match="no resource 'customers'"):
        stage.pull("customers")
    with pytest.raises(FatalError, match="'yesterday' is no cursor"):
        stage.changed("charges", "yesterday")


def test_no_question_names_more_types_than_stripe_takes() -> None:
    assert all(1 <= len(resource.events) <= 20 for resource in RESOURCES.values())
