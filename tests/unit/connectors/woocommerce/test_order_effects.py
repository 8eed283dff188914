"""What is noted at orders: shipments and refunds, each once, and nothing else with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from canonical.errors import AmbiguousError, FatalError, SkippableError
from canonical.fulfillment import ShippedLine, Tracking
from canonical.request import RefundNotice, ShipmentNotice
from canonical.status import OrderStatus, PaymentStatus
from connectors.base import Call, Effect, RowOutcome, RowStatus
from connectors.simulation import Fault, SimRequest
from connectors.simulation.faults import FaultKind
from connectors.woocommerce.connector import WooCommerceConnector
from connectors.woocommerce.refunds import REFERENCE, REFUNDED
from connectors.woocommerce.shipments import META, SHIPPED
from connectors.woocommerce.simulator import WooSimulator
from tests.unit.connectors.woocommerce.trading import MAPPINGS, connected, open_shop, order_of

APPLIED, REJECTED, UNTOUCHED = RowStatus.APPLIED, RowStatus.REJECTED, RowStatus.UNTOUCHED


@pytest.fixture
def shop() -> WooSimulator:
    return open_shop()


@pytest.fixture
def woo(shop: WooSimulator) -> Iterator[WooCommerceConnector]:
    found = connected(shop)
    yield found
    found.close()


def _line(shop: WooSimulator, order: int, position: int = 0) -> str:
    return str(shop.checkout.get(order).lines[position].id)


def _shipment(
    shop: WooSimulator, woo: WooCommerceConnector, order: int, units: int, reference: str = "bob-1", **more: Any
) -> Call:
    notice = ShipmentNotice(
        reference=reference,
        order_id=str(order),
        lines=(ShippedLine(quantity=units, line_id=_line(shop, order)),),
        tracking=(Tracking(carrier="DHL", number="T1"), Tracking(number="T2")),
        location="WH1",
    )
    document = MAPPINGS["shipment_notice"].encode(msgspec.structs.replace(notice, **more))
    return woo.compose(Effect(SHIPPED, reference, document, str(order)), str)


def _refund(woo: WooCommerceConnector, order: int, reference: str = "pay-1", **more: Any) -> Call:
    notice = RefundNotice(reference=reference, order_id=str(order), amount=Decimal("9.99"), currency="EUR")
    document = MAPPINGS["refund_notice"].encode(msgspec.structs.replace(notice, **more))
    return woo.compose(Effect(REFUNDED, reference, document, str(order)), str)


def _only(outcome: Any) -> RowOutcome:
    assert outcome is not None
    assert set(outcome) == {0}
    found: RowOutcome = outcome[0]
    return found


def _status(shop: WooSimulator, order: int) -> str:
    return shop.checkout.get(order).status


# -- shipments


def test_a_shipment_is_noted_once_and_completes_the_order_when_all_has_left(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    order = shop.checkout.place({"S1": 3})
    first = _shipment(shop, woo, order, 1)
    assert _only(woo.push(first)).status is APPLIED
    assert _only(woo.push(first)).status is APPLIED
    held = shop.checkout.get(order)
    assert [(entry["key"], len(entry["value"])) for entry in held.meta] == [(META, 1)]
    assert held.status == "processing"
    assert _only(woo.push(_shipment(shop, woo, order, 2, "bob-2"))).status is APPLIED
    assert [(entry["key"], len(entry["value"])) for entry in held.meta] == [(META, 2)]
    assert held.status == "completed"


def test_a_shipment_that_was_noted_is_read_back_with_its_parcels(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    order = shop.checkout.place({"S1": 3})
    woo.push(_shipment(shop, woo, order, 2))
    (found,) = order_of(woo, order).fulfillments
    assert (found.id, found.location) == ("bob-1", "WH1")
    assert [(line.line_id, line.quantity) for line in found.lines] == [(_line(shop, order), 2)]
    assert [(one.carrier, one.number) for one in found.tracking] == [("DHL", "T1"), ("", "T2")]


def test_parcels_that_are_known_later_are_noted_in_the_place_of_the_earlier_note(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    order = shop.checkout.place({"S1": 3})
    for reference in ("bob-1", "bob-2"):
        woo.push(_shipment(shop, woo, order, 1, reference, tracking=()))
    late = _shipment(shop, woo, order, 1, amends=True)
    assert _only(woo.resolve(late)).status is UNTOUCHED
    for _ in range(2):
        assert _only(woo.push(late)).status is APPLIED
    assert _only(woo.resolve(late)).status is APPLIED
    found = order_of(woo, order).fulfillments
    assert [(one.id, [parcel.number for parcel in one.tracking]) for one in found] == [
        ("bob-1", ["T1", "T2"]),
        ("bob-2", []),
    ]
    assert _status(shop, order) == "processing"


def test_what_plugins_keep_at_an_order_stays(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    order = shop.checkout.place({"S1": 3})
    shop.checkout.set_meta(order, "_plugin", {"a": [1]})
    woo.push(_shipment(shop, woo, order, 1))
    assert {entry["key"]: entry["value"] for entry in shop.checkout.get(order).meta}["_plugin"] == {"a": [1]}


def test_units_that_were_refunded_are_not_waited_for(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    order = shop.checkout.place({"S1": 3})
    shop.checkout.refund(order, "9.99", {0: 1}, restock=True)
    outcome = _only(woo.push(_shipment(shop, woo, order, 2)))
    assert _status(shop, order) == "completed"
    assert outcome.record is not None
    assert len(msgspec.json.decode(outcome.record)["refund_details"]) == 1


@pytest.mark.parametrize("status", ["pending", "on-hold", "failed", "cancelled", "refunded"])
def test_an_order_that_was_not_paid_or_is_over_is_told_and_left_in_its_state(
    shop: WooSimulator, woo: WooCommerceConnector, status: str
) -> None:
    order = shop.checkout.place({"S1": 1})
    shop.checkout.enter(order, status)
    assert _only(woo.push(_shipment(shop, woo, order, 1))).status is APPLIED
    assert _status(shop, order) == status
    assert len(order_of(woo, order).fulfillments) == 1


def test_an_order_that_was_told_but_not_completed_is_completed(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    for ask in (woo.push, woo.resolve):
        order = shop.checkout.place({"S1": 1})
        call = _shipment(shop, woo, order, 1)
        woo.push(call)
        shop.checkout.enter(order, "processing")
        assert _only(ask(call)).status is APPLIED
        assert _status(shop, order) == "completed"
        shop.log.clear()
        assert _only(ask(call)).status is APPLIED
        assert shop.log.writes() == 0


@pytest.mark.parametrize("document", [{}, {"order_id": "5002"}, {"order_id": "x", "lines": [{}]}, {"lines": [{}]}])
def test_a_shipment_of_no_order_or_no_units_is_refused_before_anything_is_sent(
    shop: WooSimulator, woo: WooCommerceConnector, document: dict[str, Any]
) -> None:
    with pytest.raises(SkippableError, match="names no order, or no units"):
        woo.compose(Effect(SHIPPED, "r", document), str)
    assert shop.log.entries == []


@pytest.mark.parametrize("silent", [True, False])
def test_an_order_that_is_gone_is_told_as_such(shop: WooSimulator, woo: WooCommerceConnector, *, silent: bool) -> None:
    shop.switches.refunds_of_nothing = silent
    order = shop.checkout.place({"S1": 1})
    calls = [_shipment(shop, woo, order, 1), _refund(woo, order)]
    shop.checkout.delete(order)
    assert [_only(woo.push(call)).reason for call in calls] == ["deleted_there", "deleted_there"]
    assert _only(woo.resolve(calls[0])).status is REJECTED
    assert _only(woo.resolve(calls[1])).status is (UNTOUCHED if silent else REJECTED)


def test_an_order_that_goes_before_it_is_saved_is_told_as_gone(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    order = shop.checkout.place({"S1": 1})
    call = _shipment(shop, woo, order, 1)

    def deleted(request: SimRequest) -> bool:
        shop.checkout.delete(order)
        return False

    shop.faults.add(Fault("drop", only="write", when=deleted))
    assert _only(woo.push(call)).reason == "deleted_there"


# -- refunds


def test_a_refund_is_noted_without_paying_out_or_restocking_again(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    order = shop.checkout.place({"S1": 3}, transaction_id="ch_1")
    lines = (ShippedLine(quantity=1, line_id=_line(shop, order)),)
    assert _only(woo.push(_refund(woo, order, lines=lines, reason="broken"))).status is APPLIED
    (held,) = shop.checkout.get(order).refunds
    assert (held.amount, held.paid_back, held.reason) == (Decimal("9.99"), False, "broken [crossdock pay-1]")
    assert shop.quantity("S1") == 17
    (read,) = order_of(woo, order).refunds
    assert [(line.line_id, line.quantity, line.restocked) for line in read.lines] == [(_line(shop, order), 1, False)]


def test_a_plain_refund_by_the_api_pays_out_and_restocks(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    order = shop.checkout.place({"S1": 3}, transaction_id="ch_1")
    call = _refund(woo, order, lines=(ShippedLine(quantity=1, line_id=_line(shop, order)),))
    body = msgspec.json.decode(call.body)
    del body["refund"]["api_refund"], body["refund"]["api_restock"]
    woo.push(replace(call, body=msgspec.json.encode(body)))
    assert shop.checkout.get(order).refunds[0].paid_back
    assert shop.quantity("S1") == 18


@pytest.mark.parametrize("keeps_meta", [True, False])
def test_a_refund_is_found_by_its_meta_data_or_by_its_reason(keeps_meta: bool) -> None:
    shop = open_shop(refund_keeps_meta=keeps_meta)
    woo = connected(shop)
    order = shop.checkout.place({"S1": 3})
    call = _refund(woo, order)
    woo.push(call)
    held = shop.checkout.get(order).refunds[0]
    assert [entry["key"] for entry in held.meta] == ([REFERENCE] if keeps_meta else [])
    if keeps_meta:
        held.reason = "edited by hand"
    assert _only(woo.resolve(call)).status is APPLIED
    assert _only(woo.push(call)).status is APPLIED
    assert len(shop.checkout.get(order).refunds) == 1


def test_a_refund_of_another_reference_is_not_taken_for_ours(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    order = shop.checkout.place({"S1": 3})
    for reference in ("pay-12", "y-pay-1", "pay-1 "):
        woo.push(_refund(woo, order, reference))
    ours = _refund(woo, order, "pay-1", amount=Decimal(0))
    assert _only(woo.resolve(ours)).status is UNTOUCHED
    assert _only(woo.push(ours)).status is APPLIED
    assert len(shop.checkout.get(order).refunds) == 4


def test_the_last_refund_of_an_order_ends_it(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    order = shop.checkout.place({"S1": 1})
    woo.push(_refund(woo, order))
    read = order_of(woo, order)
    assert (read.status, read.payment_status) == (OrderStatus.CANCELED, PaymentStatus.REFUNDED)
    assert shop.quantity("S1") == 19


def test_more_than_was_paid_is_refused_though_the_shop_says_500(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    order = shop.checkout.place({"S1": 1})
    refused = _only(woo.push(_refund(woo, order, amount=Decimal("10.00"))))
    assert (refused.status, refused.reason) == (REJECTED, "not_refundable")
    assert "Invalid refund amount" in refused.message
    assert [entry.status for entry in shop.log.entries] == [200, 500]


def test_a_500_without_such_a_code_may_have_noted_it(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    order = shop.checkout.place({"S1": 1})
    call = _refund(woo, order)
    shop.faults.add(Fault("status_after", only="write", status=500))
    with pytest.raises(AmbiguousError):
        woo.push(call)
    assert _only(woo.resolve(call)).status is APPLIED
    assert len(shop.checkout.get(order).refunds) == 1


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"amount": "1.00"}, "names no order"),
        ({"order_id": "7", "amount": 1.5}, "is no amount"),
        ({"order_id": "7", "amount": "-1"}, "is no amount"),
        ({"order_id": "7", "amount": "NaN"}, "is no amount"),
        ({"order_id": "7"}, "is no amount"),
        ({"order_id": "7", "amount": "1", "line_items": [{"quantity": 1}]}, "units of no line"),
        ({"order_id": "7", "amount": "1", "line_items": {"id": 1}}, "are no list"),
        ({"order_id": "7", "amount": "1", "api_refund": True}, "'api_refund'"),
        ({"order_id": "7", "amount": "1", "api_restock": True}, "'api_restock'"),
    ],
)
def test_a_refund_that_the_shop_cannot_take_is_refused_before_it_is_sent(
    shop: WooSimulator, woo: WooCommerceConnector, document: dict[str, Any], said: str
) -> None:
    with pytest.raises(SkippableError, match=said):
        woo.compose(Effect(REFUNDED, "r", document), str)
    assert shop.log.entries == []


# -- both


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after"])
@pytest.mark.parametrize("what", [SHIPPED, REFUNDED])
def test_a_lost_answer_is_looked_up_and_never_sent_again(
    shop: WooSimulator, woo: WooCommerceConnector, what: str, kind: FaultKind
) -> None:
    order = shop.checkout.place({"S1": 3})
    call = _shipment(shop, woo, order, 3) if what == SHIPPED else _refund(woo, order)
    shop.faults.add(Fault(kind, only="write"))
    with pytest.raises(AmbiguousError):
        woo.push(call)
    shop.log.clear()
    assert _only(woo.resolve(call)).status is (APPLIED if kind == "timeout_after" else UNTOUCHED)
    assert shop.log.writes() == 0


def test_a_dry_run_notes_nothing(shop: WooSimulator) -> None:
    order = shop.checkout.place({"S1": 3})
    woo = connected(shop, read_only=True)
    for call in (_shipment(shop, woo, order, 3), _refund(woo, order)):
        with pytest.raises(FatalError, match="read"):
            woo.push(call)
    assert shop.log.writes() == 0


def test_an_effect_that_is_not_known_is_named(woo: WooCommerceConnector) -> None:
    with pytest.raises(FatalError, match="orders/eat"):
        woo.compose(Effect("orders/eat", "r", {}), str)
