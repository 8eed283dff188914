"""The connector against a stand-in for Stripe that others wrote: wiring, paging, expansion, refunds, the balance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from canonical.clock import Clock
from canonical.errors import AuthenticationError
from canonical.payment import BalanceEntry, ChargeRecord, MovementStatus, RefundRecord
from canonical.request import RefundRequest
from connectors.base import Effect, Environment, RowStatus
from connectors.conformance.world import MemoryState
from connectors.http import RequestRecord
from connectors.stripe.connector import StripeConnector, connect
from mappings.documents import DocumentMapping, compile_document, load_documents
from mappings.model import MappingContext
from tests.servers.localstripe.server import KEY, LocalStripe

pytest_plugins = ["tests.servers.localstripe.plugin"]
pytestmark = [pytest.mark.xdist_group("localstripe"), pytest.mark.timeout(200)]

MAPPINGS = {one.document: compile_document(one, MappingContext("EUR")) for one in load_documents("stripe", None)}


@pytest.fixture
def requests() -> list[RequestRecord]:
    return []


@pytest.fixture
def connector(localstripe: LocalStripe, clock: Clock, requests: list[RequestRecord]) -> Iterator[StripeConnector]:
    environment = Environment("pay", clock, MemoryState(), on_request=requests.append, allow_private_network=True)
    connected = connect({"api_key": KEY, "api_base": localstripe.url}, environment)
    yield connected
    connected.close()


def pulled(connector: StripeConnector, document: str) -> list[Any]:
    mapping: DocumentMapping = MAPPINGS[document]
    pages = list(connector.pull(mapping.resource, mapping.read_paths))
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    return [mapping.decode(record) for page in pages for record in page.records]


def refund(connector: StripeConnector, intent: str, amount: str, key: str, reference: str = "refund-1") -> Any:
    notice = RefundRequest(reference=reference, payment_id=intent, amount=Decimal(amount), currency="EUR")
    effect = Effect("refund.create", reference, MAPPINGS["refund_request"].encode(notice), intent)
    return connector.push(connector.compose(effect, lambda: key))[0]


def test_every_charge_comes_once_over_several_pages(
    connector: StripeConnector, localstripe: LocalStripe, requests: list[RequestRecord]
) -> None:
    paid = {localstripe.pay(100 + number)["id"] for number in range(203)}
    charges: list[ChargeRecord] = pulled(connector, "charge")
    assert {charge.payment_id for charge in charges} == paid
    assert sum(charge.amount for charge in charges) == Decimal(sum(100 + number for number in range(203))) / 100
    assert [record.operation for record in requests] == ["charges"] * 3


def test_the_order_is_read_from_the_expanded_payment_intent(
    connector: StripeConnector, localstripe: LocalStripe
) -> None:
    intent = localstripe.pay(1999, order="ORD-7")
    (charge,) = pulled(connector, "charge")
    assert (charge.order_hint, charge.payment_id) == ("ORD-7", intent["id"])
    assert (charge.amount, charge.currency, charge.status) == (Decimal("19.99"), "EUR", MovementStatus.SUCCEEDED)


def test_a_refund_is_made_once_for_its_reference_and_found_again(
    connector: StripeConnector, localstripe: LocalStripe
) -> None:
    intent = localstripe.pay(1999)
    first = refund(connector, intent["id"], "5.00", "key-1")
    again = refund(connector, intent["id"], "5.00", "key-2")
    assert (first.status, again.status) == (RowStatus.APPLIED, RowStatus.APPLIED)
    assert json.loads(first.record)["id"] == json.loads(again.record)["id"]
    refunds: list[RefundRecord] = pulled(connector, "refund_record")
    assert [(one.amount, one.payment_id) for one in refunds] == [(Decimal("5.00"), intent["id"])]


def test_a_refund_in_another_currency_than_the_payment_is_refused(
    connector: StripeConnector, localstripe: LocalStripe
) -> None:
    intent = localstripe.pay(1999, "usd")
    outcome = refund(connector, intent["id"], "5.00", "key-1")
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "currency_differs")
    assert pulled(connector, "refund_record") == []


def test_the_balance_tells_what_came_and_went(connector: StripeConnector, localstripe: LocalStripe) -> None:
    intent = localstripe.pay(1999)
    refund(connector, intent["id"], "5.00", "key-1")
    entries: list[BalanceEntry] = pulled(connector, "balance_entry")
    assert {entry.category: (entry.amount, entry.fee, entry.net) for entry in entries} == {
        "charge": (Decimal("19.99"), Decimal("0.00"), Decimal("19.99")),
        "refund": (Decimal("-5.00"), Decimal("0.00"), Decimal("-5.00")),
    }
    assert {entry.source_id for entry in entries} == {
        *(charge.id for charge in pulled(connector, "charge")),
        *(one.id for one in pulled(connector, "refund_record")),
    }


def test_a_payout_by_hand_is_read_and_never_itemized(connector: StripeConnector, localstripe: LocalStripe) -> None:
    localstripe.post("/v1/payouts", {"amount": "700", "currency": "eur", "status": "paid"})
    (payout,) = pulled(connector, "payout")
    assert (payout.amount, payout.status, payout.automatic, payout.itemized) == (Decimal("7.00"), "paid", False, False)


def test_records_are_looked_up_by_their_ids(connector: StripeConnector, localstripe: LocalStripe) -> None:
    for _ in range(3):
        localstripe.pay(500)
    charges: list[ChargeRecord] = pulled(connector, "charge")
    mapping = MAPPINGS["charge"]
    wanted = [charge.id for charge in charges[:2]]
    pages = connector.lookup("charges", mapping.read_paths, wanted)
    found = [mapping.decode(record) for page in pages for record in page.records]
    assert found == charges[:2]


def test_no_key_is_taken_that_is_none(localstripe: LocalStripe, clock: Clock) -> None:
    environment = Environment("pay", clock, MemoryState(), allow_private_network=True)
    stranger = connect({"api_key": "rk_x", "api_base": localstripe.url}, environment)
    with pytest.raises(AuthenticationError):
        list(stranger.pull("charges", ()))
    stranger.close()
