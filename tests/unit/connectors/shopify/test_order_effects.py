"""What orders are told: shipments and refunds, each once, never more than is left, and nothing else with them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from canonical.errors import AmbiguousError, SkippableError
from canonical.fulfillment import ShippedLine, Tracking
from canonical.request import RefundNotice, ShipmentNotice
from connectors.base import Call, Effect, RowOutcome, RowStatus
from connectors.shopify.connector import ShopifyConnector
from connectors.shopify.effectdocs import REFUNDED, SHIPPED
from connectors.shopify.shipments import tracking_of
from connectors.shopify.simulator import ShopifySimulator
from connectors.simulation import CatalogItem, Fault
from connectors.simulation.faults import FaultKind
from tests.unit.connectors.shopify.trading import MAPPINGS, connected, open_shop, order_of

APPLIED, REJECTED, UNTOUCHED = RowStatus.APPLIED, RowStatus.REJECTED, RowStatus.UNTOUCHED
DHL = (Tracking(carrier="DHL", number="T1", url="https://dhl.example/T1"),)


@pytest.fixture
def shop() -> ShopifySimulator:
    return open_shop()


@pytest.fixture
def shopify(shop: ShopifySimulator) -> Iterator[ShopifyConnector]:
    found = connected(shop, refunds="note")
    yield found
    found.close()


def shipment(
    shop: ShopifySimulator,
    shopify: ShopifyConnector,
    order: str,
    units: dict[int, int],
    tracking: tuple[Tracking, ...] = DHL,
    *,
    notify: bool = False,
    **more: Any,
) -> Call:
    lines = shop.checkout.get(order).lines
    notice = ShipmentNotice(
        reference="bob-1",
        order_id=order,
        lines=tuple(ShippedLine(quantity=count, line_id=lines[line].gid) for line, count in units.items()),
        tracking=tracking,
        location="WH9",
        notify_customer=notify,
        **more,
    )
    return shopify.compose(Effect(SHIPPED, "bob-1", MAPPINGS["shipment_notice"].encode(notice), order), lambda: "k")


def refund(shopify: ShopifyConnector, order: str, reference: str = "pay-1", **more: Any) -> Call:
    notice = RefundNotice(reference=reference, order_id=order, amount=Decimal("9.99"), currency="EUR", **more)
    document = MAPPINGS["refund_notice"].encode(notice)
    return shopify.compose(Effect(REFUNDED, reference, document, order), lambda: f"key of {reference} {order}")


def only(outcome: Any) -> RowOutcome:
    assert outcome is not None
    assert set(outcome) == {0}
    found: RowOutcome = outcome[0]
    return found


def sent(shop: ShopifySimulator, order: str) -> list[tuple[str, str | None, list[str], int]]:
    """The shipments of an order: place, carrier, numbers and units."""
    return [
        (one.location.code, one.company, one.numbers, sum(part.quantity for part in one.lines))
        for one in shop.checkout.get(order).fulfillments
    ]


# -- shipments


def test_a_shipment_is_told_with_its_parcels_and_read_back(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    order = shop.checkout.place({"S1": 3, "S2": 1})
    parcels = (*DHL, Tracking(carrier="DHL", number="T2", url="https://dhl.example/T2"))
    shop.log.clear()
    assert only(shopify.push(shipment(shop, shopify, order, {0: 2, 1: 1}, parcels))).status is APPLIED
    assert (shop.log.reads(), shop.log.writes()) == (1, 1)
    assert sent(shop, order) == [("WH1", "DHL", ["T1", "T2"], 3)]
    assert shop.quantity("S1", "WH1", "committed") == 1
    (found,) = order_of(shopify, order).fulfillments
    assert [(one.carrier, one.number, one.url) for one in found.tracking] == [
        ("DHL", "T1", "https://dhl.example/T1"),
        ("DHL", "T2", "https://dhl.example/T2"),
    ]
    assert not [effect for effect in shop.log.effects() if "mailed" in effect]


def test_a_shipment_is_told_once_however_often_it_is_pushed(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    order = shop.checkout.place({"S1": 3})
    call = shipment(shop, shopify, order, {0: 1})
    for _ in range(3):
        assert only(shopify.push(call)).status is APPLIED
    assert only(shopify.resolve(call)).status is APPLIED
    assert sent(shop, order) == [("WH1", "DHL", ["T1"], 1)]


def test_units_of_several_places_are_told_place_by_place_and_a_half_told_one_is_finished(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    order = shop.checkout.place({"S1": 22})
    call = shipment(shop, shopify, order, {0: 22})
    shop.faults.add(Fault("timeout_after", only="write"))
    with pytest.raises(AmbiguousError):
        shopify.push(call)
    assert sent(shop, order) == [("WH1", "DHL", ["T1"], 20)]
    assert only(shopify.resolve(call)).status is APPLIED
    assert sent(shop, order) == [("WH1", "DHL", ["T1"], 20), ("WH2", "DHL", ["T1"], 2)]


def test_the_place_that_has_all_of_them_is_taken_first(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    order = shop.checkout.place({"S1": 22})
    shop.checkout.fulfill(order, {0: 19}, number="OTHER")
    assert only(shopify.push(shipment(shop, shopify, order, {0: 2}))).status is APPLIED
    assert sent(shop, order)[1:] == [("WH2", "DHL", ["T1"], 2)]


def test_what_is_held_or_scheduled_is_not_told(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    held = shop.checkout.place({"S1": 1})
    shop.checkout.hold(held)
    later = shop.checkout.place({"S1": 1}, fulfill_at=shop.platform.now().replace(year=2027))
    for order in (held, later):
        outcome = only(shopify.push(shipment(shop, shopify, order, {0: 1})))
        assert (outcome.status, outcome.reason) == (REJECTED, "on_hold")
        assert sent(shop, order) == []
    shop.checkout.release(held)
    assert only(shopify.push(shipment(shop, shopify, held, {0: 1}))).status is APPLIED


@pytest.mark.parametrize("what", ["fulfilled", "canceled", "refunded", "too many"])
def test_more_than_is_left_is_never_told(shop: ShopifySimulator, shopify: ShopifyConnector, what: str) -> None:
    order = shop.checkout.place({"S1": 2})
    if what == "fulfilled":
        shop.checkout.fulfill(order, {0: 1}, number="OTHER")
    elif what == "canceled":
        shop.checkout.cancel(order)
    elif what == "refunded":
        shop.checkout.refund(order, {0: 1}, restock="CANCEL", location="WH1")
    before = sent(shop, order)
    shop.log.clear()
    outcome = only(shopify.push(shipment(shop, shopify, order, {0: 3 if what == "too many" else 2})))
    assert (outcome.status, outcome.reason) == (REJECTED, "not_fulfillable")
    assert sent(shop, order) == before
    assert shop.log.writes() == 0


def test_an_order_that_is_not_there_is_told_so(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    order = shop.checkout.place({"S1": 2})
    call = shipment(shop, shopify, order, {0: 1})
    shop.platform.book.orders.remove(shop.checkout.get(order).number)
    for outcome in (only(shopify.push(call)), only(shopify.resolve(call))):
        assert (outcome.status, outcome.reason) == (REJECTED, "deleted_there")


def test_tracking_that_comes_later_is_added_to_what_was_told_without_it(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    order = shop.checkout.place({"S1": 2})
    shop.checkout.fulfill(order)
    assert only(shopify.push(shipment(shop, shopify, order, {0: 2}))).status is APPLIED
    assert sent(shop, order) == [("WH1", "DHL", ["T1"], 2)]
    assert shop.log.writes("fulfillmentCreate") == 0
    assert only(shopify.push(shipment(shop, shopify, order, {0: 2}))).status is APPLIED
    assert shop.log.writes("fulfillmentTrackingInfoUpdate") == 1


def test_parcels_that_are_known_later_go_to_the_shipment_told_before_and_no_unit_is_told_again(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    order = shop.checkout.place({"S1": 5})
    assert only(shopify.push(shipment(shop, shopify, order, {0: 2}, ()))).status is APPLIED
    late = shipment(shop, shopify, order, {0: 2}, (Tracking(number="T1"),), amends=True)
    assert only(shopify.resolve(late)).status is UNTOUCHED
    for _ in range(2):
        assert only(shopify.push(late)).status is APPLIED
    assert only(shopify.resolve(late)).status is APPLIED
    assert sent(shop, order) == [("WH1", None, ["T1"], 2)]
    right = shipment(shop, shopify, order, {0: 2}, (Tracking(number="T2"),), amends=True, told=("T1",))
    assert only(shopify.push(right)).status is APPLIED
    assert sent(shop, order) == [("WH1", None, ["T2"], 2)]
    assert shop.log.writes("fulfillmentCreate") == 1


def test_parcels_of_a_shipment_out_of_two_places_go_to_both_of_its_parts(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    order = shop.checkout.place({"S1": 24})
    assert only(shopify.push(shipment(shop, shopify, order, {0: 24}, ()))).status is APPLIED
    assert len(sent(shop, order)) == 2
    late = shipment(shop, shopify, order, {0: 24}, amends=True)
    assert only(shopify.push(late)).status is APPLIED
    assert [numbers for _, _, numbers, _ in sent(shop, order)] == [["T1"], ["T1"]]


def test_parcels_of_no_shipment_that_was_told_are_refused(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    order = shop.checkout.place({"S1": 5})
    shop.checkout.fulfill(order, {0: 1})
    late = shipment(shop, shopify, order, {0: 2}, amends=True)
    outcome = only(shopify.push(late))
    assert (outcome.status, outcome.reason) == (REJECTED, "not_fulfillable")
    assert [numbers for _, _, numbers, _ in sent(shop, order)] == [[]]


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before", "status_after"])
@pytest.mark.parametrize("splits", [True, False])
def test_a_lost_answer_is_looked_up_by_the_number(kind: FaultKind, *, splits: bool) -> None:
    shop = open_shop(partial_splits=splits)
    shopify = connected(shop)
    order = shop.checkout.place({"S1": 3})
    shop.checkout.fulfill(order, {0: 1}, number="OTHER")
    call = shipment(shop, shopify, order, {0: 1})
    shop.faults.add(Fault(kind, only="write"))
    with pytest.raises(AmbiguousError):
        shopify.push(call)
    expected = UNTOUCHED if kind == "timeout_before" else APPLIED
    assert only(shopify.resolve(call)).status is expected
    if expected is UNTOUCHED:
        assert only(shopify.push(call)).status is APPLIED
    assert [numbers for _, _, numbers, _ in sent(shop, order)] == [["OTHER"], ["T1"]]


def test_without_a_number_a_lost_answer_is_known_only_where_no_others_can_be_meant(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    whole, part, none = (shop.checkout.place({"S1": 2}) for _ in range(3))
    for order, units, kind, expected in (
        (whole, 2, "timeout_after", APPLIED),
        (part, 1, "timeout_after", None),
        (none, 1, "timeout_before", UNTOUCHED),
    ):
        call = shipment(shop, shopify, order, {0: units}, ())
        shop.faults.add(Fault(kind, only="write"))  # type: ignore[arg-type]
        with pytest.raises(AmbiguousError):
            shopify.push(call)
        outcome = shopify.resolve(call)
        assert (outcome and outcome[0].status) == expected


def test_the_buyer_is_mailed_only_on_request(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    order = shop.checkout.place({"S1": 2})
    shopify.push(shipment(shop, shopify, order, {0: 1}, notify=True))
    assert [effect for effect in shop.log.effects() if "mailed" in effect] == [f"mailed the buyer of {order}"]


def test_a_shipment_of_six_hundred_lines_takes_the_calls_it_needs() -> None:
    shop = open_shop([CatalogItem(f"S{n}", "Thing", Decimal(1), {"WH1": 2}) for n in range(600)])
    shopify = connected(shop)
    order = shop.checkout.place({f"S{n}": 1 for n in range(600)})
    shop.log.clear()
    outcome = only(shopify.push(shipment(shop, shopify, order, dict.fromkeys(range(600), 1))))
    assert outcome.status is APPLIED
    assert shop.log.writes() == 3
    assert sum(units for *_, units in sent(shop, order)) == 600


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"orderId": "1001", "lines": [{"lineItemId": "gid://shopify/LineItem/1", "quantity": 1}]},
        {"orderId": "gid://shopify/Order/1", "lines": []},
        {"orderId": "gid://shopify/Order/1", "lines": [{"lineItemId": "", "quantity": 1}]},
        {"orderId": "gid://shopify/Order/1", "lines": [{"lineItemId": "gid://shopify/LineItem/1", "quantity": 0}]},
        {"orderId": "gid://shopify/Order/1", "lines": [{"lineItemId": "gid://shopify/LineItem/1", "quantity": True}]},
    ],
)
def test_a_shipment_that_names_nothing_is_refused_before_it_is_sent(
    shopify: ShopifyConnector, document: dict[str, Any]
) -> None:
    with pytest.raises(SkippableError):
        shopify.compose(Effect(SHIPPED, "bob-1", document), lambda: "k")


@pytest.mark.parametrize(
    ("parcels", "expected"),
    [
        ([], {}),
        ([{"company": "DHL", "number": "1"}], {"company": "DHL", "numbers": ["1"]}),
        ([{"company": "DHL"}], {"company": "DHL"}),
        ([{"company": "DHL", "number": "1"}, {"company": "UPS", "number": "2"}], {"numbers": ["1", "2"]}),
        ([{"number": "1", "url": "https://a"}, {"number": "2"}], {"numbers": ["1", "2"]}),
        (
            [{"number": "1", "url": "https://a"}, {"number": "2", "url": "https://b"}],
            {"numbers": ["1", "2"], "urls": ["https://a", "https://b"]},
        ),
    ],
)
def test_parcels_are_told_as_far_as_shopify_takes_them(parcels: Any, expected: dict[str, Any]) -> None:
    assert tracking_of(parcels) == expected


# -- refunds


def test_a_refund_is_noted_without_moving_money_goods_or_mail(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    order = shop.checkout.place({"S1": 3})
    lines = (ShippedLine(quantity=1, line_id=shop.checkout.get(order).lines[0].gid),)
    call = refund(shopify, order, lines=lines, reason="broken")
    assert only(shopify.push(call)).status is APPLIED
    assert only(shopify.push(call)).status is APPLIED
    (made,) = shop.checkout.get(order).refunds
    assert made.note == "broken [crossdock pay-1]"
    assert [(one.gateway, one.amount) for one in made.transactions] == [("manual", Decimal("9.99"))]
    assert [(one.quantity, one.restock_type) for one in made.lines] == [(1, "NO_RESTOCK")]
    assert shop.quantity("S1", "WH1") == 17
    assert not [effect for effect in shop.log.effects() if "mailed" in effect]
    read = order_of(shopify, order)
    assert (read.lines[0].quantity, read.refunds[0].lines[0].restocked) == (2, False)


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before"])
def test_a_lost_refund_is_looked_up_by_its_note(
    shop: ShopifySimulator, shopify: ShopifyConnector, kind: FaultKind
) -> None:
    order = shop.checkout.place({"S1": 3})
    shopify.push(refund(shopify, order, "pay-12"))
    call = refund(shopify, order, "pay-1")
    shop.faults.add(Fault(kind, only="write"))
    with pytest.raises(AmbiguousError):
        shopify.push(call)
    assert only(shopify.resolve(call)).status is (APPLIED if kind == "timeout_after" else UNTOUCHED)


def test_refunds_are_noted_only_where_the_connection_says_so(shop: ShopifySimulator) -> None:
    order = shop.checkout.place({"S1": 3})
    with pytest.raises(SkippableError, match="refunds: note"):
        refund(connected(shop), order)


def test_a_refund_that_the_platform_does_not_take_says_why(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    order = shop.checkout.place({"S1": 1})
    shop.switches.refunds_by_hand = False
    outcome = only(shopify.push(refund(shopify, order)))
    assert (outcome.status, outcome.reason) == (REJECTED, "not_refundable")
    foreign = shop.checkout.place({"S1": 1}, presentment="USD", rate="1.10")
    outcome = only(shopify.push(refund(shopify, foreign)))
    assert "presentment" in outcome.message
    assert shop.checkout.get(foreign).refunds == []
