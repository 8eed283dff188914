"""Stripe's webhooks: a signature made with openssl, times to either side, and the objects an event names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from connectors.stripe.webhooks import read, verify
from connectors.webhooks import Accepted, Contents, RecordRef, Refused

NOW = datetime.fromtimestamp(1764230400, UTC)
BODY = (
    b'{"id":"evt_1","type":"charge.dispute.created","data":{"object":{"id":"dp_1","object":"dispute","charge":"ch_1"}}}'
)
GOOD = "f9d6086d21fdf166e67a18968dcb1688300179a2a2415720fbcf6f915d3c1518"
SECRET = "whsec_test"


def _judge(header: str, seconds: float = 0) -> object:
    return verify(BODY, {"Stripe-Signature": header}, [SECRET], NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "header",
    [f"t=1764230400,v1={GOOD}", f"t=1764230400,v1={'0' * 64},v1={GOOD},v0=beef", f"v1={GOOD}, t=1764230400"],
)
def test_one_good_signature_among_several_is_enough(header: str) -> None:
    named = Contents((RecordRef("charges", "ch_1"), RecordRef("disputes", "dp_1")))
    assert _judge(header) == Accepted("charge.dispute.created", "evt_1", named)


def test_times_count_to_the_second_on_both_sides() -> None:
    header = f"t=1764230400,v1={GOOD}"
    assert isinstance(_judge(header, 300), Accepted)
    assert isinstance(_judge(header, -300), Accepted)
    assert _judge(header, 301) == Refused("too_old")
    assert _judge(header, -301) == Refused("in_the_future")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (f"v1={GOOD}", "malformed"),
        (f"t=,v1={GOOD}", "malformed"),
        (f"t=²,v1={GOOD}", "malformed"),
        (f"t={'9' * 5000},v1={GOOD}", "malformed"),
        (f"t=1764230400,t=1764230401,v1={GOOD}", "malformed"),
        (f"t=1764230401,v1={GOOD}", "bad_signature"),
        (f"t=1764230400,v0={GOOD}", "bad_signature"),
        ("t=1764230400,v1=", "bad_signature"),
        ("t=1764230400", "bad_signature"),
    ],
)
def test_what_is_no_signature_is_refused(header: str, reason: str) -> None:
    assert getattr(_judge(header), "reason", None) == reason


@pytest.mark.parametrize(
    ("topic", "found", "named"),
    [
        ("charge.refunded", {"id": "ch_1", "object": "charge"}, [("charges", "ch_1")]),
        ("payout.paid", {"id": "po_1", "object": "payout"}, [("payouts", "po_1")]),
        ("refund.updated", {"id": "re_1", "object": "refund", "charge": None}, [("refunds", "re_1")]),
        ("refund.updated", {"id": "re_1", "object": "refund", "charge": {"id": "ch_1"}}, [("refunds", "re_1")]),
        ("customer.created", {"id": "cus_1", "object": "customer"}, []),
    ],
)
def test_an_event_names_its_object_and_the_charge_it_is_about(
    topic: str, found: dict[str, object], named: list[tuple[str, str]]
) -> None:
    body = msgspec.json.encode({"id": "evt_1", "type": topic, "data": {"object": found}})
    assert [(one.resource, one.external_id) for one in read(topic, body).records] == named


def test_a_thin_event_names_nothing() -> None:
    body = b'{"id":"evt_2","object":"v2.core.event","type":"charge.updated","related_object":{"id":"ch_1"}}'
    assert read("charge.updated", body) == Contents()
