from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from canonical.errors import AmbiguousError, SkippableError
from canonical.fulfillment import ShippedLine, Tracking
from canonical.order import Order
from canonical.request import ShipmentNotice
from canonical.status import OrderStatus, PaymentStatus
from canonical.totals import rest_of
from connectors.base import Call, Effect, Environment, RowStatus
from connectors.simulation import CatalogItem, Fault, SimTransport, Ticker
from connectors.simulation.faults import FaultKind
from connectors.woocommerce.connector import WooCommerceConnector, connect
from connectors.woocommerce.orders import META, SHIPPED
from connectors.woocommerce.simulator import WooSimulator
from mappings.documents import DocumentMapping, compile_document, load_documents
from mappings.model import MappingContext

MAPPINGS: dict[str, DocumentMapping] = {
    spec.document: compile_document(spec, MappingContext("EUR", {})) for spec in load_documents("woocommerce")
}
ORDER, NOTICE = MAPPINGS["order"], MAPPINGS["shipment_notice"]


class State:
    """A connection's small state, in a dictionary."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        return self.values.get(key)

    def put(self, key: str, value: str) -> None:
        self.values[key] = value


@pytest.fixture
def shop() -> WooSimulator:
    found = WooSimulator(clock=Ticker())
    found.load([CatalogItem(f"S{n}", f"Thing {n}", Decimal("9.99"), {"WH1": 20}) for n in range(1, 4)])
    return found


@pytest.fixture
def woo(shop: WooSimulator) -> Iterator[WooCommerceConnector]:
    settings = {"url": "https://shop.example", "consumer_key": "ck_simulated", "consumer_secret": "cs_simulated"}
    environment = Environment("woo", shop.clock, State(), http_transport=SimTransport(shop))
    found = connect(settings, environment)
    yield found
    found.close()


def _orders(woo: WooCommerceConnector) -> list[Order]:
    pages = list(woo.pull("orders", ORDER.read_paths))
    assert pages[-1].complete
    return [ORDER.decode(raw) for page in pages for raw in page.records]


def _raw(woo: WooCommerceConnector) -> list[dict[str, Any]]:
    pages = woo.pull("orders", ORDER.read_paths)
    return [msgspec.json.decode(raw) for page in pages for raw in page.records]


@pytest.mark.parametrize("tax", ["0", "0.19", "0.07"])
@pytest.mark.parametrize("off", ["0", "1.01"])
def test_every_part_of_an_order_is_read_and_sums_to_its_total(
    shop: WooSimulator, woo: WooCommerceConnector, tax: str, off: str
) -> None:
    shop.checkout.place(
        {"S1": 3, "S2": 1},
        tax_rate=tax,
        off=off,
        shipping=[("DHL", "flat_rate", Decimal("4.90"))],
        fees=[("Gift wrap", "", Decimal("2.50")), ("Gift card", "", Decimal("-5.00"))],
        transaction_id="ch_1",
    )
    (order,) = _orders(woo)
    assert rest_of(order) == 0
    assert [(line.sku, line.quantity, line.amount) for line in order.lines] == [
        ("S1", 3, Decimal("29.97")),
        ("S2", 1, Decimal("9.99")),
    ]
    assert order.lines[0].discount == Decimal(off)
    assert (order.payments[0].reference, order.payments[0].amount) == ("ch_1", order.total)
    assert order.shipping_address is not None
    assert order.shipping_address.deliverable


def test_a_guest_without_an_address_and_a_name_in_any_script_are_read_as_they_are(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    shop.checkout.place({"S1": 1}, buyer={"first_name": "𠮷田 🛒", "last_name": "O'Neill"})
    (order,) = _orders(woo)
    assert order.customer.name == "𠮷田 🛒 O'Neill"
    assert order.customer.external_id == ""
    assert order.shipping_address is None or not order.shipping_address.deliverable


def test_a_status_of_a_plugin_is_never_dropped_and_waits_with_its_stock_reserved(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    number = shop.checkout.place({"S1": 2})
    shop.checkout.enter(number, "packed")
    (order,) = _orders(woo)
    assert (order.platform_status, order.status, order.payment_status) == (
        "packed",
        OrderStatus.OPEN,
        PaymentStatus.AUTHORIZED,
    )


def test_a_thousand_new_orders_cost_ten_pages_and_no_more(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    cursor = [page.cursor for page in woo.pull("orders", ORDER.read_paths)][-1]
    assert cursor is not None
    shop.clock.sleep(60)
    for _ in range(1000):
        shop.checkout.place({"S1": 1}, status="pending")
    shop.log.clear()
    found = [raw for page in woo.changed_since("orders", ORDER.read_paths, cursor) for raw in page.records]
    assert (len(found), shop.log.reads()) == (1000, 10)


def test_the_lines_of_refunds_are_read_for_orders_that_have_some_and_only_for_these(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    kept, given = shop.checkout.place({"S1": 1}), shop.checkout.place({"S1": 3, "S2": 1})
    shop.checkout.refund(given, "9.99", {0: 1}, restock=False)
    shop.log.clear()
    orders = {order.id: order for order in _orders(woo)}
    assert shop.log.reads() == 2
    assert orders[str(kept)].refunds == ()
    (refund,) = orders[str(given)].refunds
    line = orders[str(given)].lines[0]
    assert (refund.amount, refund.lines[0].line_id, refund.lines[0].quantity) == (Decimal("9.99"), line.id, 1)
    assert [payment.kind.value for payment in orders[str(given)].payments] == ["sale", "refund"]


def test_an_order_saved_in_the_second_of_the_cursor_is_seen_by_the_next_delta(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    number = shop.checkout.place({"S1": 1}, status="pending")
    cursor = [page.cursor for page in woo.pull("orders", ORDER.read_paths)][-1]
    assert cursor is not None
    shop.checkout.pay(number, "ch_2")
    (page,) = list(woo.changed_since("orders", ORDER.read_paths, cursor))
    assert [ORDER.decode(raw).payment_status for raw in page.records] == [PaymentStatus.PAID]
    assert not page.complete


def test_a_lookup_returns_exactly_what_was_asked_for(shop: WooSimulator, woo: WooCommerceConnector) -> None:
    first, _ = shop.checkout.place({"S1": 1}), shop.checkout.place({"S1": 1})
    shop.switches.ignored_params = frozenset({"include"})
    pages = list(woo.lookup("orders", ORDER.read_paths, [str(first), "999", "x"]))
    assert [ORDER.decode(raw).id for page in pages for raw in page.records] == [str(first)]


def _shipment(woo: WooCommerceConnector, order: int, line: str, units: int, reference: str = "bob-1") -> Call:
    notice = ShipmentNotice(
        reference=reference,
        order_id=str(order),
        lines=(ShippedLine(quantity=units, line_id=line),),
        tracking=(Tracking(carrier="DHL", number="T1"),),
    )
    return woo.compose(Effect(SHIPPED, reference, NOTICE.encode(notice), str(order)), lambda: "")


def test_a_shipment_is_noted_once_and_completes_the_order_when_all_has_left(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    number = shop.checkout.place({"S1": 3})
    line = str(shop.checkout.get(number).lines[0].id)
    first = _shipment(woo, number, line, 1)
    assert woo.push(first)[0].status is RowStatus.APPLIED
    assert woo.push(first)[0].status is RowStatus.APPLIED
    held = shop.checkout.get(number)
    assert [entry["key"] for entry in held.meta] == [META]
    assert (len(held.meta[0]["value"]), held.status) == (1, "processing")
    assert woo.push(_shipment(woo, number, line, 2, "bob-2"))[0].status is RowStatus.APPLIED
    assert (len(shop.checkout.get(number).meta[0]["value"]), shop.checkout.get(number).status) == (2, "completed")


def test_a_shipment_whose_answer_was_lost_is_found_and_one_that_never_arrived_is_known_to_be_missing(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    number = shop.checkout.place({"S1": 3})
    call = _shipment(woo, number, str(shop.checkout.get(number).lines[0].id), 3)
    lost: tuple[tuple[FaultKind, RowStatus], ...] = (
        ("timeout_before", RowStatus.UNTOUCHED),
        ("timeout_after", RowStatus.APPLIED),
    )
    for kind, status in lost:
        shop.faults.add(Fault(kind, only="write"))
        with pytest.raises(AmbiguousError):
            woo.push(call)
        assert (woo.resolve(call) or {})[0].status is status
    assert len(shop.checkout.get(number).meta[0]["value"]) == 1


def test_a_shipment_of_no_order_is_refused_before_anything_is_sent(
    shop: WooSimulator, woo: WooCommerceConnector
) -> None:
    with pytest.raises(SkippableError, match="names no order"):
        woo.compose(Effect(SHIPPED, "r", {"order_id": "", "lines": []}), lambda: "")
    gone = _shipment(woo, 999, "1", 1)
    assert woo.push(gone)[0].reason == "deleted_there"
    assert shop.log.writes() == 0


def test_the_shop_takes_units_off_once_and_gives_them_back_when_an_order_is_called_off(shop: WooSimulator) -> None:
    pending = shop.checkout.place({"S1": 3}, status="pending")
    assert shop.quantity("S1") == 20
    shop.checkout.pay(pending)
    shop.checkout.enter(pending, "completed")
    assert shop.quantity("S1") == 17
    shop.checkout.edit(pending, 0, 5)
    assert shop.quantity("S1") == 15
    shop.checkout.refund(pending, "9.99", {0: 1}, restock=True)
    assert shop.quantity("S1") == 16
    shop.checkout.cancel(pending)
    assert shop.quantity("S1") == 20
