"""The simulated shop's orders: what they do to stock, what is refused, and what subscribers are told."""

from __future__ import annotations

import base64
import hashlib
import hmac
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from connectors.shopify.simulator import ShopifySimulator, Switches
from connectors.shopify.simulator.cart import SoldOutError
from connectors.simulation import CatalogItem, SimRequest, Ticker

SEND = """mutation($plan: ID!, $lines: [FulfillmentOrderLineItemInput!]) { fulfillmentCreate(fulfillment: {
  lineItemsByFulfillmentOrder: [{fulfillmentOrderId: $plan, fulfillmentOrderLineItems: $lines}]}) {
  fulfillment { id } userErrors { message } } }"""
REFUND = """mutation($input: RefundInput!) { refundCreate(input: $input) @idempotent(key: "k") {
  refund { id } userErrors { message } } }"""


def open_shop(**switches: Any) -> ShopifySimulator:
    found = ShopifySimulator(
        clock=Ticker(),
        client_secret="secret",
        tokens=("t",),
        locations={"A": "First", "B": "Second"},
        switches=Switches(**switches),
    )
    found.load([CatalogItem(f"X-{n}", f"Thing {n}", Decimal("10.00"), {"A": 5, "B": 3}) for n in (1, 2)])
    return found


@pytest.fixture
def shop() -> ShopifySimulator:
    return open_shop()


def ask(shop: ShopifySimulator, query: str, variables: dict[str, Any] | None = None) -> Any:
    body = msgspec.json.encode({"query": query, "variables": variables or {}})
    headers = {"content-type": "application/json", "x-shopify-access-token": "t"}
    answer = shop.handle(SimRequest("POST", "/admin/api/2026-10/graphql.json", headers=headers, body=body))
    return msgspec.json.decode(answer.body)


def figures(shop: ShopifySimulator, place: str = "A", sku: str = "X-1") -> tuple[int, int, int]:
    """Available, committed and on hand."""
    available, committed, on_hand = (shop.quantity(sku, place, name) for name in ("available", "committed", "on_hand"))
    return available, committed, on_hand


def test_units_are_promised_when_bought_and_leave_when_sent(shop: ShopifySimulator) -> None:
    order = shop.checkout.place({"X-1": 2})
    assert figures(shop) == (3, 2, 5)
    shop.checkout.fulfill(order, {0: 1})
    assert figures(shop) == (3, 1, 4)
    shop.checkout.refund(order, {0: 1}, restock="RETURN", location="A")
    assert figures(shop) == (4, 1, 5)


@pytest.mark.parametrize(("restock", "expected"), [(True, (5, 0, 5)), (False, (3, 0, 3))])
def test_what_is_called_off_is_promised_no_more_and_sold_again_only_if_restocked(
    shop: ShopifySimulator, *, restock: bool, expected: tuple[int, int, int]
) -> None:
    shop.checkout.cancel(shop.checkout.place({"X-1": 2}), restock=restock)
    assert figures(shop) == expected


def test_a_move_takes_the_promise_along(shop: ShopifySimulator) -> None:
    order = shop.checkout.place({"X-1": 2})
    shop.checkout.move(order, "B")
    assert (figures(shop, "A"), figures(shop, "B")) == ((5, 0, 5), (1, 2, 3))
    assert [plan.status for plan in shop.checkout.get(order).plans] == ["CANCELLED", "OPEN"]


def test_an_order_is_split_over_places_and_more_than_there_is_is_not_sold(shop: ShopifySimulator) -> None:
    order = shop.checkout.place({"X-1": 7})
    assert [(plan.location.code, plan.lines[0].total) for plan in shop.checkout.plans(order)] == [("A", 5), ("B", 2)]
    with pytest.raises(SoldOutError):
        shop.checkout.place({"X-1": 2})


@pytest.mark.parametrize(
    ("units", "held", "message"),
    [
        (3, False, "Invalid fulfillment order line item"),
        (0, False, "Invalid"),
        (1, True, "unfulfillable status= on_hold"),
    ],
)
def test_a_fulfillment_that_cannot_be_is_refused_and_changes_nothing(
    shop: ShopifySimulator, units: int, message: str, *, held: bool
) -> None:
    order = shop.checkout.place({"X-1": 2})
    if held:
        shop.checkout.hold(order)
    (plan,) = shop.checkout.plans(order)
    before = shop.snapshot()
    answer = ask(shop, SEND, {"plan": plan.gid, "lines": [{"id": plan.lines[0].gid, "quantity": units}]})
    assert message in answer["data"]["fulfillmentCreate"]["userErrors"][0]["message"]
    assert shop.snapshot() == before


def test_a_second_fulfillment_is_not_recognized_as_the_first(shop: ShopifySimulator) -> None:
    """There is no key: whoever asks twice sends twice."""
    order = shop.checkout.place({"X-1": 2})
    for _ in range(2):
        (plan,) = shop.checkout.plans(order)
        ask(shop, SEND, {"plan": plan.gid, "lines": [{"id": plan.lines[0].gid, "quantity": 1}]})
    assert len(shop.checkout.get(order).fulfillments) == 2


@pytest.mark.parametrize("splits", [True, False])
def test_what_is_left_of_a_fulfillment_order_keeps_its_id_or_not(*, splits: bool) -> None:
    shop = open_shop(partial_splits=splits)
    order = shop.checkout.place({"X-1": 2})
    (before,) = shop.checkout.plans(order)
    shop.checkout.fulfill(order, {0: 1})
    (after,) = shop.checkout.plans(order)
    assert (after.gid == before.gid) is not splits
    assert after.lines[0].remaining == 1


def test_a_refund_needs_its_gateway_s_payment_and_never_more_than_was_paid(shop: ShopifySimulator) -> None:
    order = shop.checkout.place({"X-1": 2})
    paid = shop.checkout.get(order).transactions[0].gid

    def refused(**entry: Any) -> bool:
        money = {"orderId": order, "kind": "REFUND", "amount": "1.00", **entry}
        answer = ask(shop, REFUND, {"input": {"orderId": order, "transactions": [money]}})
        shop.platform.idempotency._attempts.clear()
        return bool(answer["data"]["refundCreate"]["userErrors"])

    assert refused(gateway="shopify_payments")
    assert refused(gateway="manual", amount="20.01")
    assert not refused(gateway="shopify_payments", parentId=paid)
    assert not refused(gateway="manual", amount="19.00")
    assert refused(gateway="manual", amount="0.01")


def test_an_order_of_a_foreign_currency_is_refunded_in_that(shop: ShopifySimulator) -> None:
    order = shop.checkout.place({"X-1": 1}, presentment="USD", rate="1.10")
    money = {"orderId": order, "kind": "REFUND", "gateway": "manual", "amount": "11.00"}
    given = {"orderId": order, "transactions": [money], "currency": "USD"}
    assert ask(shop, REFUND, {"input": given})["data"]["refundCreate"]["userErrors"] == []
    assert shop.checkout.get(order).transactions[-1].amount == Decimal("10.00")


@pytest.mark.parametrize(
    "inside",
    [
        "refunds { id refundLineItems { edges { node { id } } } }",
        "fulfillmentOrders { edges { node { id lineItems { edges { node { id } } } } } }",
        "shippingLines { edges { node { id } } }",
    ],
)
def test_bulk_operations_do_not_go_into_lists_nor_three_deep_nor_into_what_is_no_node(
    shop: ShopifySimulator, inside: str
) -> None:
    shop.checkout.place({"X-1": 1})
    text = f"{{ orders {{ edges {{ node {{ id {inside} }} }} }} }}"
    query = f'mutation {{ bulkOperationRunQuery(query: "{text}") {{ bulkOperation {{ id }} userErrors {{ code }} }} }}'
    assert ask(shop, query)["data"]["bulkOperationRunQuery"]["userErrors"] == [{"code": "INVALID"}]


def test_orders_are_found_by_the_second_they_changed_in(shop: ShopifySimulator) -> None:
    first = shop.checkout.place({"X-1": 1})
    shop.clock.sleep(60)
    second = shop.checkout.place({"X-2": 1})
    since = shop.platform.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    query = '{ orders(first: 5, query: "%s") { nodes { id } } }'
    found = ask(shop, query % f"updated_at:>='{since}'")["data"]["orders"]["nodes"]
    assert [node["id"] for node in found] == [second]
    assert [node["id"] for node in ask(shop, query % "sku:X-1")["data"]["orders"]["nodes"]] == [first]


def test_subscribers_are_told_with_a_signature_over_the_body(shop: ShopifySimulator) -> None:
    for topic in ("ORDERS_CREATE", "FULFILLMENTS_CREATE", "REFUNDS_CREATE", "ORDERS_CANCELLED"):
        given = f'topic: {topic}, webhookSubscription: {{uri: "https://h.example/x"}}'
        subscribe = f"mutation {{ webhookSubscriptionCreate({given}) {{ userErrors {{ message }} }} }}"
        ask(shop, subscribe)
    order = shop.checkout.place({"X-1": 2})
    shop.checkout.fulfill(order, {0: 1})
    shop.checkout.cancel(order)
    sent = shop.deliveries()
    assert [one.headers["x-shopify-topic"] for one in sent] == [
        "orders/create",
        "fulfillments/create",
        "refunds/create",
        "orders/cancelled",
    ]
    for one in sent:
        digest = base64.b64encode(hmac.new(b"secret", one.body, hashlib.sha256).digest()).decode()
        assert one.headers["x-shopify-hmac-sha256"] == digest
    assert msgspec.json.decode(sent[0].body)["admin_graphql_api_id"] == order
    assert shop.deliveries() == []
