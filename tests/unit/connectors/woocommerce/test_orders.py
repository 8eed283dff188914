"""Orders as they are read: every part of them, every order once, and for no more calls than it takes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.errors import CrossdockError, SkippableError
from canonical.order import AdjustmentKind
from canonical.status import OrderStatus, PaymentStatus
from canonical.totals import rest_of
from connectors.simulation import CatalogItem, Fault, SimRequest
from connectors.woocommerce.connector import WooCommerceConnector
from connectors.woocommerce.simulator import WooSimulator
from sync.orders.rules import deducted_units
from tests.unit.connectors.woocommerce.trading import (
    ORDER,
    connected,
    decoded,
    open_shop,
    order_of,
    orders_of,
    raw_of,
)

OFF_THE_SHELF = ("processing", "completed", "on-hold", "refunded")


@pytest.fixture
def shop() -> WooSimulator:
    return open_shop()


@pytest.fixture
def woo(shop: WooSimulator) -> Iterator[WooCommerceConnector]:
    found = connected(shop)
    yield found
    found.close()


def test_every_part_of_an_order_is_read(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    number = shop.checkout.place(
        {"S1": 3, "V2": 1},
        tax_rate="0.19",
        off="1.01",
        shipping=[("DHL", "flat_rate", Decimal("4.90"))],
        fees=[("Gift wrap", "", Decimal("2.50")), ("Gift card", "", Decimal("-5.00"))],
        transaction_id="ch_1",
        customer_id=7,
    )
    order = order_of(woo, number)
    assert rest_of(order) == 0
    assert [(line.sku, line.quantity, line.amount, line.record_id) for line in order.lines] == [
        ("S1", 3, Decimal("29.97"), shop.id_of("S1")),
        ("V2", 1, Decimal("24.90"), shop.id_of("V2")),
    ]
    assert [line.title for line in order.lines] == ["Thing 1", "Shirt - 2"]
    assert order.lines[0].discount == Decimal("1.01")
    assert order.lines[0].taxes[0].amount == Decimal("5.50")
    assert [(one.title, one.code, one.amount) for one in order.shipping] == [("DHL", "flat_rate", Decimal("4.90"))]
    assert [(one.kind, one.amount, one.title) for one in order.adjustments] == [
        (AdjustmentKind.FEE, Decimal("2.50"), "Gift wrap"),
        (AdjustmentKind.FEE, Decimal("-5.00"), "Gift card"),
    ]
    assert (order.payments[0].reference, order.payments[0].amount) == ("ch_1", order.total)
    assert (order.customer.external_id, order.customer.email) == ("7", "ada@buyer.example")
    assert order.shipping_address is not None
    assert order.shipping_address.deliverable


prices = st.decimals("0", "999.99", places=2)
amounts = st.lists(st.tuples(st.just("Part"), st.just("part"), st.decimals("-9.99", "99.99", places=2)), max_size=2)


@settings(max_examples=80, deadline=None)
@given(
    lines=st.lists(st.tuples(prices, st.integers(1, 12)), min_size=1, max_size=12),
    tax_rate=st.sampled_from(["0", "0.19", "0.07", "0.055", "0.05+0.09975", "0.2+0.021"]),
    included=st.booleans(),
    coupon=st.sampled_from(["0", "10", "33.3", "100"]),
    shipping=amounts,
    fees=amounts,
    round_at_subtotal=st.booleans(),
    decimals=st.sampled_from([0, 2, 3]),
)
def test_the_parts_of_every_order_the_shop_can_make_sum_to_its_total(
    lines: list[tuple[Decimal, int]],
    tax_rate: str,
    included: bool,
    coupon: str,
    shipping: Any,
    fees: Any,
    round_at_subtotal: bool,
    decimals: int,
) -> None:
    catalog = [CatalogItem(f"S{at}", f"Thing {at}", price, {"WH1": 99}) for at, (price, _) in enumerate(lines)]
    shop = open_shop(catalog, price_decimals=decimals)
    number = shop.checkout.place(
        {f"S{at}": units for at, (_, units) in enumerate(lines)},
        tax_rate=tax_rate,
        prices_include_tax=included,
        coupon=coupon,
        shipping=shipping,
        fees=fees,
        round_at_subtotal=round_at_subtotal,
    )
    order = order_of(connected(shop), number)
    assert rest_of(order) == 0
    assert order.total == shop.checkout.get(number).total
    rounding = sum((one.amount for one in order.adjustments if one.kind is AdjustmentKind.ROUNDING), Decimal(0))
    parts = len(order.lines) + len(order.shipping) + len(order.adjustments)
    assert abs(rounding) <= Decimal(1).scaleb(-decimals) * (parts + 1)


def test_a_part_that_no_line_tells_of_is_not_taken_for_rounding(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    number = shop.checkout.place({"S1": 3}, tax_rate="0.19", taken_off=Decimal("5.00"))
    assert rest_of(order_of(woo, number)) == Decimal("-5.00")


def test_rounding_is_a_line_of_its_own_where_prices_have_their_tax_in_them(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    lines = {"S1": 1, "S2": 1, "V1": 1}
    number = shop.checkout.place(lines, tax_rate="0.19", prices_include_tax=True, round_at_subtotal=True)
    order = order_of(woo, number)
    assert order.total == Decimal("44.88")
    assert sum(line.net + line.taxes[0].amount for line in order.lines) == Decimal("44.88")
    assert order.adjustments == ()
    order = order_of(woo, shop.checkout.place(lines, tax_rate="0.19", prices_include_tax=True))
    assert order.total == Decimal("44.89")
    assert [(one.kind, one.amount) for one in order.adjustments] == [(AdjustmentKind.ROUNDING, Decimal("0.01"))]
    assert not order.taxes_included  # its lines are net, whatever the shopper saw


def test_a_guest_without_an_address_and_a_name_in_any_script_are_read_as_they_are(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    buyer = {"first_name": "𠮷田 🛒", "last_name": "O'Neill", "email": None}
    order = order_of(woo, shop.checkout.place({"S1": 1}, buyer=buyer, note="ring twice 🔔"))
    assert (order.customer.name, order.customer.email, order.note) == ("𠮷田 🛒 O'Neill", "", "ring twice 🔔")
    assert order.customer.external_id == ""
    assert order.shipping_address is None or not order.shipping_address.deliverable


def test_lines_of_no_product_and_of_one_that_is_gone_are_kept(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    number = shop.checkout.place({"S1": 1, "S2": 2})
    shop.checkout.add_custom(number, 1, "3.00")
    gone = shop.id_of("S2")
    shop.admin.delete("S2")
    lines = order_of(woo, number).lines
    assert [(line.sku, line.record_id, line.quantity) for line in lines] == [
        ("S1", shop.id_of("S1"), 1),
        ("", gone, 2),
        ("", "", 1),
    ]


@pytest.mark.parametrize("value", [None, [], {"a": [1, {"b": None}]}, "🧨", 3.5, False, "x" * 100_000])
def test_meta_data_of_plugins_may_be_anything(shop: WooSimulator, woo: WooCommerceConnector, value: Any) -> None:
    number = shop.checkout.place({"S1": 1})
    shop.checkout.set_meta(number, "_plugin", value)
    assert rest_of(order_of(woo, number)) == 0


def test_an_order_of_five_hundred_lines_is_read() -> None:
    catalog = [CatalogItem(f"S{at}", "Thing", Decimal("0.33") + at, {"WH1": 5}) for at in range(500)]
    shop = open_shop(catalog)
    number = shop.checkout.place({item.sku: 3 for item in catalog}, tax_rate="0.19", prices_include_tax=True)
    order = order_of(connected(shop), number)
    assert len(order.lines) == 500
    assert rest_of(order) == 0


@pytest.mark.parametrize(
    ("status", "ours", "payment"),
    [
        ("pending", OrderStatus.OPEN, PaymentStatus.PENDING),
        ("on-hold", OrderStatus.OPEN, PaymentStatus.PENDING),
        ("processing", OrderStatus.OPEN, PaymentStatus.PAID),
        ("completed", OrderStatus.COMPLETED, PaymentStatus.PAID),
        ("failed", OrderStatus.OPEN, PaymentStatus.FAILED),
        ("cancelled", OrderStatus.CANCELED, PaymentStatus.VOIDED),
        ("refunded", OrderStatus.CANCELED, PaymentStatus.REFUNDED),
        ("checkout-draft", OrderStatus.DRAFT, PaymentStatus.AUTHORIZED),
        ("packed", OrderStatus.OPEN, PaymentStatus.AUTHORIZED),
    ],
)
def test_a_status_is_never_dropped_and_that_of_a_plugin_waits_with_its_stock_reserved(
    shop: WooSimulator, woo: WooCommerceConnector, status: str, ours: OrderStatus, payment: PaymentStatus
) -> None:
    number = shop.checkout.place({"S1": 2}, status="pending")
    shop.checkout.enter(number, status)
    order = orders_of(woo)[str(number)]
    assert (order.platform_status, order.status, order.payment_status) == (status, ours, payment)


def test_a_thousand_new_orders_cost_ten_pages_and_no_more(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    cursor = [page.cursor for page in woo.pull("orders", ORDER.read_paths)][-1]
    assert cursor is not None
    shop.clock.sleep(60)
    for _ in range(1000):
        shop.checkout.place({"S1": 1}, status="pending")
    shop.log.clear()
    found = [raw for page in woo.changed_since("orders", ORDER.read_paths, cursor) for raw in page.records]
    assert (len(found), shop.log.reads()) == (1000, 10)


def test_an_order_saved_in_the_second_of_the_cursor_is_seen_by_the_next_delta(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    number = shop.checkout.place({"S1": 1}, status="pending")
    cursor = [page.cursor for page in woo.pull("orders", ORDER.read_paths)][-1]
    assert cursor is not None
    shop.checkout.pay(number, "ch_2")
    (page,) = list(woo.changed_since("orders", ORDER.read_paths, cursor))
    assert [order.payment_status for order in decoded([page])] == [PaymentStatus.PAID]
    assert not page.complete


def test_a_delta_of_a_shop_that_ignores_the_filter_holds_only_what_changed(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    numbers = [shop.checkout.place({"S1": 1}) for _ in range(3)]
    shop.clock.sleep(3600)
    cursor = [page.cursor for page in woo.pull("orders", ORDER.read_paths)][-1] or ""
    shop.clock.sleep(60)
    shop.checkout.cancel(numbers[1])
    shop.switches.ignored_params = frozenset({"modified_after"})
    pages = list(woo.changed_since("orders", ORDER.read_paths, cursor))
    assert [order.id for order in decoded(pages)] == [str(numbers[1])]
    assert pages[-1].cursor is not None
    assert pages[-1].cursor > cursor


def test_a_lookup_returns_exactly_what_was_asked_for(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    first, _ = shop.checkout.place({"S1": 1}), shop.checkout.place({"S1": 1})
    shop.switches.ignored_params = frozenset({"include"})
    pages = list(woo.lookup("orders", ORDER.read_paths, [str(first), "999", "x", "١٢"]))
    assert [order.id for order in decoded(pages)] == [str(first)]


def test_an_order_in_the_trash_is_called_off_for_full_reads_and_lookups(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    kept, trashed = shop.checkout.place({"S1": 1}), shop.checkout.place({"S1": 1})
    shop.checkout.trash(trashed)
    found = orders_of(woo)
    assert set(found) == {str(kept), str(trashed)}
    assert (found[str(trashed)].status, found[str(trashed)].platform_status) == (OrderStatus.CANCELED, "trash")
    assert order_of(woo, trashed).status is OrderStatus.CANCELED


def test_refunds_are_read_in_full_for_orders_that_have_some_and_only_for_these(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    kept, given_back = shop.checkout.place({"S1": 1}), shop.checkout.place({"S1": 3, "S2": 1})
    shop.checkout.refund(given_back, "9.99", {0: 1}, restock=False)
    shop.log.clear()
    orders = orders_of(woo)
    assert [(entry.operation, entry.rows) for entry in shop.log.entries] == [
        ("orders", 2),
        ("order refunds", 1),
        ("orders", 0),  # the trash
    ]
    assert orders[str(kept)].refunds == ()
    (refund,) = orders[str(given_back)].refunds
    line = orders[str(given_back)].lines[0]
    assert (refund.amount, refund.lines[0].line_id, refund.lines[0].quantity) == (Decimal("9.99"), line.id, 1)
    assert not refund.lines[0].restocked
    assert [payment.kind.value for payment in orders[str(given_back)].payments] == ["sale", "refund"]


def test_refunds_are_not_read_for_fields_that_do_not_need_them(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    shop.checkout.refund(shop.checkout.place({"S1": 3}), "1.00", restock=False)
    shop.log.clear()
    list(woo.pull("orders", ("id", "status", "refunds[].total")))
    assert [entry.operation for entry in shop.log.entries] == ["orders", "orders"]


@pytest.mark.parametrize("tally", [True, False])
def test_units_that_refunds_put_back_are_told_from_those_they_did_not(tally: bool) -> None:
    shop = open_shop(restock_tally=tally)
    number = shop.checkout.place({"S1": 6})
    for units, restock in ((1, False), (2, True), (1, True)):
        shop.checkout.refund(number, "1.00", {0: units}, restock=restock)
    lines = [line for refund in order_of(connected(shop), number).refunds for line in refund.lines]
    assert sum(line.quantity for line in lines) == 4
    assert sum(line.quantity for line in lines if line.restocked) == (3 if tally else 0)


STATUSES = ("completed", "on-hold", "processing", "refunded", "packed")
steps = st.lists(
    st.one_of(
        st.tuples(st.just("refund"), st.integers(1, 2), st.booleans()),
        st.tuples(st.just("edit"), st.integers(1, 9), st.just(False)),
        st.tuples(st.sampled_from(STATUSES), st.just(0), st.just(False)),
    ),
    max_size=6,
)


@settings(max_examples=80, deadline=None)
@given(
    first=st.sampled_from(["pending", "on-hold", "processing"]), steps=steps, last=st.sampled_from(["", "cancelled"])
)
def test_what_an_order_holds_off_the_shelf_can_be_told_from_it(first: str, steps: Any, last: str) -> None:
    shop = open_shop()
    number = shop.checkout.place({"S1": 4}, status=first)
    for what, units, restock in steps:
        status = shop.checkout.get(number).status
        if status == "refunded" and what == "edit":
            continue  # the shop does not let anyone
        if what == "edit":
            shop.checkout.edit(number, 0, max(units, _given_back(shop, number)))
        elif what != "refund":
            if what == "refunded" and status == "pending":
                continue  # money that never came is not given back; that nothing was taken off would not show
            shop.checkout.enter(number, what)
        elif _given_back(shop, number) + units <= shop.checkout.get(number).lines[0].quantity:
            shop.checkout.refund(number, "0", {0: units}, restock=restock)
    if last:
        shop.checkout.enter(number, last)
    order = order_of(connected(shop), number)
    off = sum(deducted_units(order, line, OFF_THE_SHELF) for line in order.lines)
    assert 20 - (shop.quantity("S1") or 0) == off


def _given_back(shop: WooSimulator, number: int) -> int:
    return sum(line.quantity for refund in shop.checkout.get(number).refunds for line in refund.lines)


@pytest.mark.parametrize("silent", [True, False])
def test_an_order_that_goes_while_its_refunds_are_read_is_left_out(
    shop: WooSimulator, woo: WooCommerceConnector, *, silent: bool
) -> None:
    shop.switches.refunds_of_nothing = silent
    kept, gone = shop.checkout.place({"S1": 1}), shop.checkout.place({"S1": 2})
    shop.checkout.refund(gone, "1.00", {0: 1}, restock=False)

    def deleted(request: SimRequest) -> bool:
        if _is_refunds(request.path):
            shop.checkout.delete(gone)
        return False

    shop.faults.add(Fault("drop", when=deleted))
    assert set(orders_of(woo)) == {str(kept)}


def test_a_refund_that_goes_while_it_is_read_is_not_half_there(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    number = shop.checkout.place({"S1": 2})
    refund = shop.checkout.refund(number, "1.00", {0: 1}, restock=False)

    def withdrawn(request: SimRequest) -> bool:
        if _is_refunds(request.path):
            shop.checkout.get(number).refunds[:] = [
                one for one in shop.checkout.get(number).refunds if one is not refund
            ]
        return False

    shop.faults.add(Fault("drop", when=withdrawn))
    raw = raw_of(woo, number)
    assert (raw["refunds"], raw["refund_details"]) == ([], [])


def test_a_web_page_instead_of_refunds_ends_the_read_loudly(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    shop.checkout.refund(shop.checkout.place({"S1": 2}), "1.00", {0: 1}, restock=False)
    shop.faults.add(Fault("html", times=99, status=200, when=lambda request: _is_refunds(request.path)))
    with pytest.raises(CrossdockError):
        list(woo.pull("orders", ORDER.read_paths))


def test_a_record_that_is_no_order_is_refused_by_name(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    raw = raw_of(woo, shop.checkout.place({"S1": 2}))
    raw["line_items"][0]["quantity"] = "many"
    with pytest.raises(SkippableError, match=r"lines\[0\]\.quantity"):
        ORDER.decode(msgspec.json.encode(raw))


def _is_refunds(path: str) -> bool:
    return path.endswith("/refunds")
