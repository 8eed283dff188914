"""Orders as they are read: every part of them, the same by every way, and for no more calls than it takes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.errors import ConfigError, FatalError
from canonical.status import FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus
from canonical.totals import rest_of
from connectors.shopify.connector import ShopifyConnector
from connectors.shopify.simulator import ShopifySimulator
from connectors.shopify.simulator.access import ALL_SCOPES
from connectors.simulation import CatalogItem, Fault, SimRequest
from sync.orders.rules import deducted_units
from tests.unit.connectors.shopify.trading import ORDER, connected, decoded, open_shop, order_of, orders_of, raw_of

PATHS = ORDER.read_paths


@pytest.fixture
def shop() -> ShopifySimulator:
    return open_shop()


@pytest.fixture
def shopify(shop: ShopifySimulator) -> Iterator[ShopifyConnector]:
    found = connected(shop)
    yield found
    found.close()


def a_busy_week(shop: ShopifySimulator) -> list[str]:
    """Orders of every kind."""
    desk = shop.checkout
    placed = [desk.place({"S1": 2, "S2": 1}, tax="0.19", shipping=[("DHL", "std", "4.90", "0")]) for _ in range(9)]
    desk.fulfill(placed[1], {0: 1}, company="DHL", numbers=["T1", "T2"])
    desk.refund(placed[2], {0: 1}, restock="CANCEL", location="WH1")
    desk.cancel(placed[3])
    desk.hold(placed[4])
    desk.move(placed[5], "WH2")
    desk.fulfill(placed[6])
    desk.announce(placed[6], {0: 1}, reason="DEFECTIVE")
    desk.remove(placed[7], 0, 1)
    desk.add(placed[7], "S3", 2)
    placed.append(desk.place({"S1": 1}, paid=False, buyer=None))
    placed.append(desk.place({"S3": 22}, shipping=[("Air", "a", "9", "0"), ("Sea", "s", "1", "0")]))
    return placed


def test_an_order_reads_the_same_by_pages_in_bulk_and_by_its_id(shop: ShopifySimulator) -> None:
    placed = a_busy_week(shop)
    ways: list[dict[str, bytes]] = []
    for reader in (connected(shop), connected(shop, bulk_from=0)):
        raws = [bytes(raw) for page in reader.pull("orders", PATHS) for raw in page.records]
        ways.append({msgspec.json.decode(raw)["id"]: raw for raw in raws})
    raws = [bytes(raw) for page in connected(shop).lookup("orders", PATHS, placed) for raw in page.records]
    ways.append({msgspec.json.decode(raw)["id"]: raw for raw in raws})
    assert set(ways[0]) == set(placed)
    assert ways[0] == ways[1] == ways[2]
    assert all(rest_of(order) == 0 for order in orders_of(connected(shop)).values())


def test_shipments_holds_moves_and_returns_are_read(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    placed = a_busy_week(shop)
    orders = orders_of(shopify)
    sent = orders[placed[1]]
    assert [(one.carrier, one.number) for one in sent.fulfillments[0].tracking] == [("DHL", "T1"), ("DHL", "T2")]
    assert (sent.fulfillment_status, sent.fulfillments[0].location) == (FulfillmentStatus.PARTIALLY_FULFILLED, "WH1")
    assert [(one.quantity, one.location, one.on_hold) for one in sent.assignments] == [
        (1, "WH1", False),
        (1, "WH1", False),
        (1, "WH1", False),
    ]
    held = orders[placed[4]]
    assert (held.fulfillment_status, held.assignments[0].on_hold) == (FulfillmentStatus.ON_HOLD, True)
    assert {one.location for one in orders[placed[5]].assignments} == {"WH2"}
    back = orders[placed[6]]
    assert (back.return_status, back.returns[0].status) == (ReturnStatus.OPEN, ReturnStatus.OPEN)
    assert (back.returns[0].lines[0].line_id, back.returns[0].lines[0].quantity) == (back.lines[0].id, 1)
    edited = orders[placed[7]]
    assert [(line.sku, line.quantity, line.ordered) for line in edited.lines] == [
        ("S1", 1, 2),
        ("S2", 1, 1),
        ("S3", 2, 2),
    ]
    canceled = orders[placed[3]]
    assert (canceled.status, canceled.payment_status) == (OrderStatus.CANCELED, PaymentStatus.REFUNDED)
    assert (canceled.total, canceled.cancel_reason) == (Decimal(0), "customer")
    guest = orders[placed[9]]
    assert (guest.customer.external_id, guest.shipping_address, guest.customer.redacted) == ("", None, False)
    assert {(one.location, one.quantity) for one in orders[placed[10]].assignments} == {("WH1", 18), ("WH2", 4)}


def test_a_thousand_new_orders_cost_one_page_and_a_bulk_operation(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    shop.admin.set_available("S1", "WH1", 5000)
    cursor = [page.cursor for page in shopify.pull("orders", PATHS)][-1]
    assert cursor is not None
    shop.clock.sleep(3600)
    placed = {shop.checkout.place({"S1": 1, "S2": 1} if n < 9 else {"S1": 2}, tax="0.19") for n in range(1000)}
    shop.log.clear()
    pages = list(shopify.changed_since("orders", PATHS, cursor))
    assert {order.id for order in decoded(pages)} == placed
    assert not any(page.complete for page in pages)
    assert pages[-1].cursor is not None
    # The page that tells how many there are, then start, poll and download; nothing for any single order.
    assert len(shop.log.entries) == 4
    assert shop.log.reads("nodes") == 0


def test_a_few_changed_orders_cost_the_fewest_pages_that_their_cost_allows(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    cursor = [page.cursor for page in shopify.pull("orders", PATHS)][-1] or ""
    shop.clock.sleep(3600)
    for _ in range(8):
        shop.checkout.place({"S1": 1})
    shop.log.clear()
    found = decoded(shopify.changed_since("orders", PATHS, cursor))
    size = shop.log.entries[0].rows
    assert len(found) == 8
    assert size >= 6
    assert len(shop.log.entries) == -(-8 // size)


def test_what_only_some_orders_have_is_read_for_these_in_one_call(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    placed = [shop.checkout.place({"S1": 1}) for _ in range(5)]
    shop.checkout.fulfill(placed[1], number="T1")
    shop.checkout.refund(placed[3], {0: 1})
    shop.log.clear()
    orders_of(shopify)
    assert [(entry.operation, entry.rows) for entry in shop.log.entries] == [("orders+ordersCount", 6), ("nodes", 2)]


def test_lists_that_were_cut_are_read_to_their_end_for_their_order_alone() -> None:
    catalog = [CatalogItem(f"S{n}", "Thing", Decimal("0.33") + n, {"WH1": 9}) for n in range(510)]
    shop = open_shop(catalog)
    shopify = connected(shop)
    gid = shop.checkout.place({item.sku: 3 for item in catalog[:500]}, tax="0.19", taxes_included=True)
    other = shop.checkout.place({"S505": 1})
    shop.checkout.fulfill(gid, dict.fromkeys(range(30), 1), number="T1")
    shop.checkout.refund(gid, dict.fromkeys(range(40, 60), 1), restock="CANCEL", location="WH1")
    for find in (lambda: order_of(shopify, gid), lambda: orders_of(shopify)[gid]):
        shop.log.clear()
        order = find()
        assert len(order.lines) == 500
        assert rest_of(order) == 0
        assert sum(len(one.lines) for one in order.fulfillments) == 30
        assert sum(len(one.lines) for one in order.refunds) == 20
        assert sum(one.quantity for one in order.assignments) == 1480
        assert 5 < len(shop.log.entries) < 25
    shop.log.clear()
    order_of(shopify, other)
    assert len(shop.log.entries) == 1


def test_an_order_that_changes_between_its_two_reads_is_read_anew(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    gid = shop.checkout.place({"S1": 3})
    shop.checkout.refund(gid, {0: 1}, restock="CANCEL", location="WH1")
    seen = itertools.count()

    def between(request: SimRequest) -> bool:
        if b"ordersByIds" in request.body and next(seen) == 0:
            shop.clock.sleep(5)
            shop.checkout.refund(gid, {0: 1}, restock="CANCEL", location="WH1")
        return False

    shop.faults.add(Fault("drop", when=between))
    order = orders_of(shopify)[gid]
    assert (len(order.refunds), order.lines[0].quantity) == (2, 1)
    assert rest_of(order) == 0


def test_an_order_saved_in_the_second_of_the_cursor_is_seen_by_the_next_delta(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    gid = shop.checkout.place({"S1": 1}, paid=False)
    cursor = [page.cursor for page in shopify.pull("orders", PATHS)][-1] or ""
    shop.checkout.pay(gid)
    (order,) = decoded(shopify.changed_since("orders", PATHS, cursor))
    assert order.payment_status is PaymentStatus.PAID


def test_a_bulk_operation_that_loses_a_line_is_not_complete(shop: ShopifySimulator) -> None:
    for _ in range(3):
        shop.checkout.place({"S1": 1})
    shop.admin.fail_next_bulk()
    with pytest.raises(Exception, match="FAILED"):
        list(connected(shop, bulk_from=0).pull("orders", PATHS))


def test_without_the_right_to_all_orders_old_ones_are_out_of_scope(shop: ShopifySimulator) -> None:
    old = shop.checkout.place({"S1": 1}, placed_at=shop.platform.now() - timedelta(days=61))
    new = shop.checkout.place({"S1": 1})
    assert set(orders_of(connected(shop))) == {old, new}
    shop.tokens.scopes = frozenset(ALL_SCOPES) - {"read_all_orders"}
    assert set(orders_of(connected(shop))) == {new}
    assert next(finding for finding in connected(shop).check() if finding.check == "order_scopes").warning


def test_an_app_without_the_scope_is_told_which_one(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    shop.checkout.place({"S1": 1})
    shop.tokens.scopes = frozenset({"read_products", "read_inventory", "read_locations"})
    with pytest.raises(FatalError, match="read_orders"):
        list(shopify.pull("orders", PATHS))
    (finding,) = [one for one in shopify.check() if one.check == "order_scopes"]
    assert finding.ok
    assert "read_merchant_managed_fulfillment_orders" in finding.message


def test_what_the_platform_hides_is_told_from_what_is_not_there(shop: ShopifySimulator) -> None:
    gid = shop.checkout.place({"S1": 1})
    shop.switches.customer_data = False
    order = order_of(connected(shop), gid)
    assert (order.customer.redacted, order.customer.name, order.customer.email) == (True, "", "")
    assert order.shipping_address is not None
    assert (order.shipping_address.country, order.shipping_address.deliverable) == ("DE", False)


def test_a_name_in_any_script_and_a_product_that_is_gone_are_kept(
    shop: ShopifySimulator, shopify: ShopifyConnector
) -> None:
    buyer = {"first_name": "𠮷田 🛒", "last_name": "O'Neill", "email": None, "countryCodeV2": "JP", "city": "東京"}
    gid = shop.checkout.place({"S1": 1, "S2": 1}, buyer=buyer, note="ring twice 🔔", tags=("b", "a"))
    shop.admin.delete_variant("S2")
    order = order_of(shopify, gid)
    assert (order.customer.name, order.customer.email, order.note, order.tags) == (
        "𠮷田 🛒 O'Neill",
        "",
        "ring twice 🔔",
        ("a", "b"),
    )
    assert [(line.sku, bool(line.record_id)) for line in order.lines] == [("S1", True), ("S2", False)]


def test_only_what_is_asked_for_is_read(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    gid = shop.checkout.place({"S1": 1})
    shop.checkout.fulfill(gid)
    shop.log.clear()
    (page,) = list(shopify.pull("orders", ("id", "name", "displayFinancialStatus")))
    assert msgspec.json.decode(page.records[0])["name"] == "#1001"
    assert [entry.operation for entry in shop.log.entries] == ["orders+ordersCount"]
    with pytest.raises(ConfigError, match=r"made\.nothing"):
        list(shopify.pull("orders", ("made.nothing",)))


events = st.lists(
    st.tuples(
        st.sampled_from(["fulfill", "cancel_units", "keep_off", "return", "edit", "move", "hold", "add"]),
        st.integers(0, 1),
    ),
    max_size=6,
)


@settings(max_examples=80, deadline=None)
@given(events=events, last=st.sampled_from(["", "restock", "keep"]), shrink=st.booleans(), told=st.booleans())
def test_what_an_order_holds_off_the_shelf_can_be_told_from_it(
    events: Any, last: str, shrink: bool, told: bool
) -> None:
    shop = open_shop(plans_shrink=shrink, edits_make_refunds=told)
    desk = shop.checkout
    gid = desk.place({"S1": 4, "S2": 3})
    order = desk.get(gid)
    for what, number in events:
        line = order.lines[number]
        left = sum(part.remaining for plan in desk.plans(gid) for part in plan.lines if part.line is line)
        sent = line.current - left
        if what == "fulfill" and left and desk.plans(gid)[0].status != "ON_HOLD":
            desk.fulfill(gid, {number: 1})
        elif what in ("cancel_units", "keep_off") and left:
            desk.refund(gid, {number: 1}, restock="CANCEL" if what == "cancel_units" else "NO_RESTOCK", location="WH1")
        elif what == "return" and sent > 0:
            desk.refund(gid, {number: 1}, restock="RETURN", location="WH1")
        elif what == "edit" and left:
            desk.remove(gid, number, 1)
        elif what == "add":
            desk.add(gid, "S3", 1)
    if last and order.canceled_at is None:
        desk.cancel(gid, restock=last == "restock")
    read = order_of(connected(shop), gid)
    for sku in ("S1", "S2", "S3"):
        off = sum(deducted_units(read, line, "creation") for line in read.lines if line.sku == sku)
        assert 25 - shop.quantity(sku, "WH1") - shop.quantity(sku, "WH2") == off
    for line in read.lines:
        places = sum(one.quantity for one in read.assignments if one.line_id == line.id)
        assert places >= deducted_units(read, line, "creation")


def test_raw_records_keep_the_platform_s_own_words(shop: ShopifySimulator, shopify: ShopifyConnector) -> None:
    gid = shop.checkout.place({"S1": 1})
    raw = raw_of(shopify, gid)
    assert raw["currentTotalPriceSet"]["shopMoney"]["amount"] == "9.99"
    assert raw["made"]["state"] == "open"
