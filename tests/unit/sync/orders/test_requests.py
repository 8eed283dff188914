"""What is asked for: references, money of a part, and what still is to be asked for (R15)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from canonical.order import Adjustment, AdjustmentKind, ShippingLine, Tax
from canonical.party import Address
from canonical.status import RequestStatus
from sync.orders.lines import Sellable
from sync.orders.requests import DOCUMENT, SHIP, Existing, build, reference, ships, stale, still_to_ship
from sync.orders.routes import Route
from sync.orders.routing import Portion
from sync.part import Part
from tests.support.sales import line, order

KNOWN = {"l1": Sellable(1, "OURS-1", (Part(1, 1),))}


def _existing(units: int, status: RequestStatus = RequestStatus.ACCEPTED, **more: Any) -> Existing:
    document = build("shop", order(line(1, units)), {"l1": units}, KNOWN, 1, whole=False)
    return Existing(1, "tpl", SHIP, "WH1", 1, status, document, **more)


@pytest.mark.parametrize(
    ("order_id", "found"),
    [
        ("gid://shopify/Order/4120", "shop-4120-2"),
        ("4120", "shop-4120-2"),
        ("Bestellung #7/ä", "shop-a-2"),
        ("A 1.b", "shop-A-1-b-2"),
    ],
)
def test_a_reference_names_channel_order_and_generation_in_plain_letters(order_id: str, found: str) -> None:
    made = reference("shop", order_id, 2)
    assert made.isascii()
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    if "ä" not in order_id:
        assert made == found


def test_a_whole_document_has_every_part_of_the_total() -> None:
    sold = order(
        line(1, 2, discount=Decimal(1), taxes=(Tax(amount=Decimal(3)),)),
        shipping=(ShippingLine(amount=Decimal(5), discount=Decimal(1), title="Post"),),
        adjustments=(Adjustment(kind=AdjustmentKind.TIP, amount=Decimal(2)),),
        total=Decimal(28),
    )
    made = build("shop", sold, {"l1": 2}, KNOWN, 1, whole=True)
    assert [(one.kind, one.amount) for one in made.charges] == [("shipping", Decimal(4)), ("tip", Decimal(2))]
    assert (made.total, made.shipping_method, made.lines[0].sku) == (Decimal(28), "Post", "OURS-1")
    assert made.lines[0].taxes == sold.lines[0].taxes


def test_a_part_of_an_order_has_its_share_of_the_money_and_no_charges() -> None:
    sold = order(line(1, 4, discount=Decimal(2)), shipping=(ShippingLine(amount=Decimal(5)),), total=Decimal(43))
    made = build("shop", sold, {"l1": 1}, KNOWN, 3, whole=False, location="WH1", method="express")
    (one,) = made.lines
    assert (one.quantity, one.amount, one.discount, made.total) == (1, Decimal(10), Decimal("0.5"), Decimal("9.5"))
    assert (made.charges, made.location, made.shipping_method, made.reference) == ((), "WH1", "express", "shop-o1-3")


@pytest.mark.parametrize(("included", "total"), [(True, "15.67"), (False, "17.94")])
def test_a_document_for_the_books_without_refunded_units_sums_to_its_own_total(*, included: bool, total: str) -> None:
    ten = Decimal(10)
    sold = order(
        line(1, 3, amount=ten, taxes=(Tax(amount=Decimal("3.40")),)),
        line(2, 1, amount=Decimal(7)),
        shipping=(ShippingLine(amount=Decimal(9), title="Post"),),
        total=Decimal(99),
        taxes_included=included,
    )
    made = build("shop", sold, {"l1": 2}, KNOWN, 1, whole=True)
    assert [(one.amount, one.taxes[0].amount) for one in made.lines] == [(Decimal("6.67"), Decimal("2.27"))]
    assert made.total == Decimal(total)


def test_a_line_that_is_not_wanted_is_not_asked_for() -> None:
    made = build("shop", order(line(1), line(2)), {"l2": 1}, KNOWN, 1, whole=True)
    assert [(one.line_id, one.sku) for one in made.lines] == [("l2", "SKU-2")]


def test_a_request_is_stale_when_the_demand_changed_not_when_it_is_called_otherwise() -> None:
    one = _existing(2)
    same = msgspec.structs.replace(one.document, reference="other", note="hi", order_number="#2")
    assert not stale(one, same)
    for changes in (
        {"lines": ()},
        {"shipping_address": Address(city="Elsewhere", country="DE")},
        {"total": Decimal(1)},
    ):
        assert stale(one, msgspec.structs.replace(one.document, **changes))


@pytest.mark.parametrize(
    ("asked", "shipped", "rest"),
    [
        ([], {}, {"l1": 5}),
        ([_existing(3)], {}, {"l1": 2}),
        ([_existing(3, RequestStatus.WAITING)], {}, {"l1": 2}),
        ([_existing(3, RequestStatus.BLOCKED)], {}, {"l1": 2}),
        ([_existing(3, RequestStatus.CANCELING)], {}, {"l1": 2}),
        ([_existing(3, RequestStatus.CANCELED)], {}, {"l1": 5}),
        ([_existing(3, RequestStatus.PARTIALLY_SHIPPED, shipped={"l1": 1})], {"l1": 1}, {"l1": 2}),
        ([_existing(5, RequestStatus.SHIPPED, shipped={"l1": 5})], {"l1": 5}, {}),
        ([_existing(5)], {"l1": 5}, {"l1": -5}),
    ],
)
def test_what_left_and_what_is_under_way_is_not_asked_for_again(
    asked: list[Existing], shipped: dict[str, int], rest: dict[str, int]
) -> None:
    assert still_to_ship({"l1": 5}, shipped, asked) == rest


def test_a_line_that_is_not_wanted_at_all_any_more_is_too_much_under_way() -> None:
    asked = [_existing(2), _existing(2, RequestStatus.PARTIALLY_SHIPPED, shipped={"l1": 2})]
    assert still_to_ship({"l2": 1}, {"l1": 2}, asked) == {"l1": -2, "l2": 1}


def test_a_document_for_the_books_ships_nothing() -> None:
    one = msgspec.structs.replace(_existing(5).document)
    document = Existing(1, "erp", DOCUMENT, "", 1, RequestStatus.ACCEPTED, one)
    assert still_to_ship({"l1": 5}, {}, [document]) == {"l1": 5}


def test_a_place_is_told_the_shipping_method_by_its_own_name() -> None:
    rule = Route("r", "tpl", method="standard", methods={"DHL-EXP": "express"})
    portion = Portion(rule, "WH1", {"l1": 1}, "why")
    fast = order(shipping=(ShippingLine(amount=Decimal(0), code="DHL-EXP"),))
    assert ships([portion], fast) == [(portion, "express")]
    assert ships([portion], order()) == [(portion, "standard")]
