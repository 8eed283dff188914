"""The parts of every order a shop can make sum to its total, whatever happened to it since."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.money import exponent
from canonical.order import AdjustmentKind, Order
from canonical.status import PaymentStatus
from canonical.totals import rest_of
from connectors.shopify.made import made_of
from connectors.simulation import CatalogItem
from tests.unit.connectors.shopify.living import flags, live, steps
from tests.unit.connectors.shopify.trading import ORDER, connected, open_shop, order_of, raw_of

KINDS = AdjustmentKind


def kinds_of(order: Order) -> dict[AdjustmentKind, Decimal]:
    return {one.kind: one.amount for one in order.adjustments}


@settings(max_examples=150, deadline=None)
@given(
    lines=st.lists(st.tuples(st.integers(1, 9999), st.integers(1, 7)), min_size=1, max_size=6),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    tax=st.sampled_from(["0", "0.19", "0.07", "0.055", "0.05+0.09975"]),
    included=st.booleans(),
    off=st.integers(0, 999),
    code_off=st.integers(0, 99),
    shipping=st.lists(st.tuples(st.integers(0, 999), st.integers(0, 5)), max_size=2),
    extras=st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500)),
    gift_card=st.integers(0, 500),
    happened=steps,
    switches=flags,
)
def test_the_parts_sum_to_the_total(
    lines: list[tuple[int, int]],
    currency: str,
    tax: str,
    included: bool,
    off: int,
    code_off: int,
    shipping: list[tuple[int, int]],
    extras: tuple[int, int, int],
    gift_card: int,
    happened: Any,
    switches: dict[str, bool],
) -> None:
    unit = Decimal(1).scaleb(-exponent(currency))
    catalog = [CatalogItem(f"S{at}", f"Thing {at}", unit * price, {"WH1": 99}) for at, (price, _) in enumerate(lines)]
    shop = open_shop(catalog, currency, **switches)
    worth = sum(price * units for price, units in lines)
    gid = shop.checkout.place(
        {f"S{at}": units for at, (_, units) in enumerate(lines)},
        tax=tax,
        taxes_included=included,
        off=str(unit * min(off, worth // 2)),
        code_off=str(unit * min(code_off, worth // 3)),
        shipping=[("Parcel", "std", str(unit * (price + less)), str(unit * less)) for price, less in shipping],
        duties=str(unit * extras[0]),
        fees=[("Wrapping", str(unit * extras[1]))] if extras[1] else [],
        tip=str(unit * extras[2]),
        gift_card=str(unit * gift_card),
    )
    live(shop, gid, happened)
    order = order_of(connected(shop), gid)
    assert rest_of(order) == 0
    rounding = kinds_of(order).get(KINDS.ROUNDING, Decimal(0))
    assert abs(rounding) <= unit * (len(order.lines) + len(order.shipping) + 1)
    for line in order.lines:
        position = next(one for one in shop.checkout.get(gid).lines if one.gid == line.id)
        assert (line.quantity, line.ordered) == (position.current, position.quantity)


def test_every_part_has_its_type() -> None:
    shop = open_shop()
    gid = shop.checkout.place(
        {"S1": 3, "S2": 1},
        tax="0.19",
        off="1.01",
        shipping=[("DHL", "std", "4.90", "0.90"), ("Insurance", "ins", "1.00", "0")],
        duties="3.00",
        fees=[("Retail delivery fee", "0.28")],
        tip="2.00",
        gift_card="10.00",
    )
    order = order_of(connected(shop), gid)
    assert rest_of(order) == 0
    assert [(line.amount, line.discount) for line in order.lines] == [
        (Decimal("29.97"), Decimal("0.76")),
        (Decimal("9.99"), Decimal("0.25")),
    ]
    assert [(one.title, one.amount, one.discount) for one in order.shipping] == [
        ("DHL", Decimal("4.90"), Decimal("0.90")),
        ("Insurance", Decimal("1.00"), Decimal(0)),
    ]
    assert kinds_of(order) == {
        KINDS.TIP: Decimal(2),
        KINDS.DUTY: Decimal(3),
        KINDS.FEE: Decimal("0.28"),
        KINDS.TAX: Decimal("0.62"),  # of the duty and the fee
    }
    assert (order.payments[0].gateway, order.payments[0].amount) == ("gift_card", Decimal(10))
    assert sum(one.amount for one in order.payments) == order.total


@pytest.mark.parametrize("as_line", [True, False])
def test_a_tip_counts_once_whether_or_not_it_is_a_line(*, as_line: bool) -> None:
    shop = open_shop(tips_as_lines=as_line)
    order = order_of(connected(shop), shop.checkout.place({"S1": 1}, tip="2.00"))
    assert [line.sku for line in order.lines] == ["S1"]
    assert kinds_of(order) == {KINDS.TIP: Decimal(2)}
    assert order.total == Decimal("11.99")


def test_cash_that_was_rounded_is_no_part_of_the_total() -> None:
    shop = open_shop(currency="CHF")
    order = order_of(connected(shop), shop.checkout.place({"S1": 1}, gateway="cash", cash_rounding="0.01"))
    assert (order.total, order.payments[0].amount) == (Decimal("9.99"), Decimal(10))
    assert rest_of(order) == 0
    assert not order.adjustments
    assert order.payment_status is PaymentStatus.PAID


def test_a_tax_that_was_rounded_but_once_leaves_a_rounding_line() -> None:
    shop = open_shop([CatalogItem(f"S{n}", "Thing", Decimal("0.13"), {"WH1": 9}) for n in range(4)])
    gid = shop.checkout.place({f"S{n}": 1 for n in range(4)}, tax="0.19", round_once=True)
    order = order_of(connected(shop), gid)
    assert rest_of(order) == 0
    assert kinds_of(order) == {KINDS.ROUNDING: Decimal("0.02")}


def test_the_money_of_the_buyer_is_kept_apart() -> None:
    shop = open_shop()
    order = order_of(connected(shop), shop.checkout.place({"S1": 2}, presentment="USD", rate="1.10"))
    assert (order.currency, order.total) == ("EUR", Decimal("19.98"))
    assert (order.presentment_currency, order.presentment_total) == ("USD", Decimal("21.98"))
    assert order.payments[0].currency == "EUR"


def test_a_part_that_nothing_tells_of_is_left_over() -> None:
    """Five of the total that are in no field are not taken for a rounding: the order is blocked by them."""
    shop = open_shop()
    gid = shop.checkout.place({"S1": 2}, tax="0.19")
    raw = raw_of(connected(shop), gid)
    bag = raw["currentTotalPriceSet"]["shopMoney"]
    bag["amount"] = str(Decimal(bag["amount"]) + 5)
    order = ORDER.decode(msgspec.json.encode({**raw, "made": made_of(raw)}))
    assert isinstance(order, Order)
    assert rest_of(order) == 5


def test_money_given_back_for_no_units_lowers_the_total_as_a_discount() -> None:
    for lowers in (True, False):
        shop = open_shop(refund_lowers_total=lowers)
        gid = shop.checkout.place({"S1": 2})
        shop.checkout.refund(gid, amount="3.00")
        order = order_of(connected(shop), gid)
        assert rest_of(order) == 0
        assert kinds_of(order) == ({KINDS.DISCOUNT: Decimal(-3)} if lowers else {})
        assert order.refunds[0].amount == Decimal(3)
