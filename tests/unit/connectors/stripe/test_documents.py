"""The shipped mappings: what Stripe's records mean in canonical terms."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from canonical.errors import SkippableError
from canonical.payment import (
    ChargeRecord,
    DisputeRecord,
    DisputeStatus,
    MovementStatus,
    PayoutRecord,
    RefundRecord,
)
from canonical.request import RefundRequest
from connectors.manifest import load_fields, load_manifest
from mappings.documents import load_documents
from mappings.documents.lint import Offer, lint_documents
from tests.unit.connectors.stripe.stage import DAY, MAPPINGS, Stage

AT = datetime(2026, 11, 2, 8, tzinfo=UTC)


def test_every_document_of_the_manifest_has_a_mapping_and_reads_known_paths() -> None:
    manifest, catalog = load_manifest("connectors.stripe"), load_fields("connectors.stripe")
    declared = {document: name for name, one in manifest.resources.items() for document in one.documents}
    assert {name: one.resource for name, one in MAPPINGS.items() if one.resource} == declared
    assert {one.operation for one in MAPPINGS.values() if one.operation} == set(manifest.effects)
    for mapping in MAPPINGS.values():
        assert set(mapping.read_paths) - set(catalog.resources.get(mapping.resource, {})) == set()


def test_the_shipped_mappings_fit_what_the_connector_offers() -> None:
    manifest, catalog = load_manifest("connectors.stripe"), load_fields("connectors.stripe")
    documents = {name: one.documents for name, one in manifest.resources.items()}
    effects = {name: one.document for name, one in manifest.effects.items()}
    offer = Offer(catalog.resources, documents, effects)
    assert [str(problem) for problem in lint_documents(load_documents("stripe", None), {"stripe": offer})] == []


@pytest.mark.parametrize(
    ("currency", "units", "amount"),
    [("eur", 1999, "19.99"), ("jpy", 1999, "1999"), ("kwd", 19990, "19.990"), ("isk", 199900, "1999.00")],
)
def test_a_charge_is_read_to_the_last_unit(stage: Stage, currency: str, units: int, amount: str) -> None:
    charge = stage.account.admin.pay(units, currency, {"order_id": "17"}, buyer="Łukasz 😀")
    assert stage.documents("charge") == [
        ChargeRecord(
            id=charge,
            amount=Decimal(amount),
            currency=currency.upper(),
            status=MovementStatus.SUCCEEDED,
            created_at=AT,
            payment_id="pi_0000000000000001",
            order_hint="17",
            captured=Decimal(amount),
            refunded=Decimal(0).quantize(Decimal(amount)),
            balance_id="txn_0000000000000001",
        )
    ]


@pytest.mark.parametrize("copies", [True, False])
def test_the_order_is_found_whether_or_not_a_charge_takes_over_its_metadata(stage: Stage, copies: bool) -> None:
    stage.account.switches.charge_copies_metadata = copies
    stage.account.admin.pay(100, metadata={"order_number": "#1001"})
    assert [charge.order_hint for charge in stage.documents("charge")] == ["#1001"]


def test_a_payment_by_bank_has_no_payment_intent(stage: Stage) -> None:
    payment = stage.account.admin.pay_otherwise(5000, "eur", {"order_id": "4"})
    (charge,) = stage.documents("charge")
    assert (charge.id, charge.payment_id, charge.order_hint) == (payment, "", "4")


def test_money_that_was_not_taken_is_not_counted(stage: Stage) -> None:
    admin = stage.account.admin
    held, refused = admin.pay(1000, capture=False), admin.pay(2000, decline=True)
    found = {charge.id: charge for charge in stage.documents("charge")}
    assert (found[held].status, found[held].captured) == (MovementStatus.SUCCEEDED, Decimal("0.00"))
    assert found[held].balance_id == ""
    assert (found[refused].status, found[refused].captured) == (MovementStatus.FAILED, Decimal("0.00"))


def test_a_refund_knows_its_charge_and_its_entry(stage: Stage) -> None:
    charge = stage.account.admin.pay(1000)
    refund = stage.account.admin.refund(charge, 250)
    assert stage.documents("refund_record") == [
        RefundRecord(
            id=refund,
            amount=Decimal("2.50"),
            currency="EUR",
            status=MovementStatus.SUCCEEDED,
            created_at=AT,
            charge_id=charge,
            payment_id="pi_0000000000000001",
            balance_id="txn_0000000000000002",
        )
    ]
    (charged,) = stage.documents("charge")
    assert (charged.refunded, charged.disputed) == (Decimal("2.50"), False)


@pytest.mark.parametrize("status", ["requires_action", "something_new"])
def test_a_word_for_a_refund_that_is_not_known_counts_as_pending(status: str) -> None:
    record = {"id": "re_1", "amount": 1, "minor_unit": "0.01", "currency": "eur", "created": 1, "status": status}
    assert MAPPINGS["refund_record"].decode(msgspec.json.encode(record)).status is MovementStatus.PENDING


def test_a_dispute_names_all_its_entries(stage: Stage) -> None:
    charge = stage.account.admin.pay(1000)
    dispute = stage.account.admin.charge_back(charge)
    stage.account.admin.answer_claim(dispute)
    stage.account.admin.close_claim(dispute, won=True)
    assert stage.documents("dispute") == [
        DisputeRecord(
            id=dispute,
            amount=Decimal("10.00"),
            currency="EUR",
            status=DisputeStatus.WON,
            created_at=AT,
            charge_id=charge,
            payment_id="pi_0000000000000001",
            reason="fraudulent",
            balance_ids=("txn_0000000000000002", "txn_0000000000000003"),
        )
    ]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("warning_needs_response", DisputeStatus.WARNING),
        ("warning_closed", DisputeStatus.WARNING),
        ("needs_response", DisputeStatus.NEEDS_RESPONSE),
        ("under_review", DisputeStatus.UNDER_REVIEW),
        ("lost", DisputeStatus.LOST),
        ("something_new", DisputeStatus.NEEDS_RESPONSE),
    ],
)
def test_every_word_for_a_dispute_has_its_meaning(word: str, status: DisputeStatus) -> None:
    record = {"id": "dp_1", "amount": 1, "minor_unit": "0.01", "currency": "eur", "created": 1, "status": word}
    assert MAPPINGS["dispute"].decode(msgspec.json.encode(record)).status is status


def test_a_payout_is_read_with_its_arrival(stage: Stage) -> None:
    stage.account.admin.pay(10_000)
    stage.clock.advance(3 * DAY)
    payout = stage.account.admin.pay_out(reconciled=False)
    assert stage.documents("payout") == [
        PayoutRecord(
            id=str(payout),
            amount=Decimal("96.80"),
            currency="EUR",
            status="paid",
            created_at=datetime(2026, 11, 5, 8, tzinfo=UTC),
            arrives_at=datetime(2026, 11, 6, 8, tzinfo=UTC),
            balance_id="txn_0000000000000002",
        )
    ]


def test_a_record_without_an_amount_is_held_back_with_its_name() -> None:
    record = {"id": "ch_1", "minor_unit": "0.01", "currency": "eur", "created": 1, "status": "succeeded"}
    with pytest.raises(SkippableError, match="charges ch_1") as caught:
        MAPPINGS["charge"].decode(msgspec.json.encode(record))
    assert caught.value.ref == "ch_1"


@pytest.mark.parametrize(
    ("reason", "sent"),
    [("duplicate", "duplicate"), ("fraudulent", "fraudulent"), ("too small 😀", "requested_by_customer"), ("", None)],
)
def test_a_refund_request_becomes_what_stripe_takes(reason: str, sent: str | None) -> None:
    notice = RefundRequest(reference="r-1", payment_id="ch_1", amount=Decimal("12.50"), currency="EUR", reason=reason)
    document = MAPPINGS["refund_request"].encode(notice)
    given = {"charge": "ch_1", "amount": "12.50", "currency": "eur"}
    assert document == (given if sent is None else {**given, "reason": sent})
