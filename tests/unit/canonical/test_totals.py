"""A total is the exact sum of its typed parts, in any currency; the smallest rest is told."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.order import Adjustment, AdjustmentKind, Order, ShippingLine, Tax
from canonical.request import FulfillmentRequest, RequestCharge, RequestLine
from canonical.totals import parts_of, rest_of, total_of
from tests.support.sales import NOW, line, order

_TAX = (Tax(amount=Decimal("1.90"), title="VAT", rate=Decimal("0.19")),)


def _everything(total: str, *, included: bool = False) -> Order:
    return order(
        line(1, amount=Decimal("20.00"), discount=Decimal("2.50"), taxes=_TAX),
        line(2, amount=Decimal("5.00")),
        shipping=(ShippingLine(amount=Decimal("4.90"), discount=Decimal("0.90"), taxes=_TAX),),
        adjustments=(
            Adjustment(kind=AdjustmentKind.TIP, amount=Decimal("3.00")),
            Adjustment(kind=AdjustmentKind.DUTY, amount=Decimal("1.11")),
            Adjustment(kind=AdjustmentKind.FEE, amount=Decimal("2.00"), taxes=_TAX),
            Adjustment(kind=AdjustmentKind.GIFT_CARD, amount=Decimal("-10.00")),
            Adjustment(kind=AdjustmentKind.ROUNDING, amount=Decimal("-0.01")),
            Adjustment(kind=AdjustmentKind.ROUNDING, amount=Decimal("0.03")),
        ),
        taxes_included=included,
        total=Decimal(total),
    )


def test_every_kind_of_part_counts_with_its_sign_and_parts_of_a_kind_are_added_up() -> None:
    parts = parts_of(_everything("28.33"))
    assert (parts.goods, parts.discount, parts.shipping, parts.tax) == (
        Decimal("25.00"),
        Decimal("2.50"),
        Decimal("4.00"),
        Decimal("5.70"),
    )
    assert parts.adjustments[AdjustmentKind.ROUNDING] == Decimal("0.02")
    assert rest_of(_everything("28.33")) == 0


def test_taxes_that_the_prices_include_are_not_added() -> None:
    assert parts_of(_everything("22.63", included=True)).tax == 0
    assert rest_of(_everything("22.63", included=True)) == 0


@pytest.mark.parametrize(
    ("currency", "amount", "unit"), [("JPY", "1980", "1"), ("EUR", "19.80", "0.01"), ("KWD", "19.800", "0.001")]
)
def test_one_smallest_unit_too_much_is_a_rest(currency: str, amount: str, unit: str) -> None:
    one = order(line(1, amount=Decimal(amount)), currency=currency)
    assert rest_of(one) == 0
    more = order(line(1, amount=Decimal(amount)), currency=currency, total=Decimal(amount) + Decimal(unit))
    assert rest_of(more) == Decimal(unit)


def test_what_the_buyer_was_shown_in_another_currency_is_added_to_nothing() -> None:
    assert rest_of(order(presentment_total=Decimal(999), presentment_currency="USD")) == 0


@given(st.lists(st.decimals(min_value=0, max_value=10_000, places=3), min_size=1, max_size=60))
def test_the_sum_of_many_lines_is_exact(amounts: list[Decimal]) -> None:
    lines = [line(number, amount=amount) for number, amount in enumerate(amounts, start=1)]
    exact = Decimal(sum(int(amount.scaleb(3)) for amount in amounts)).scaleb(-3)
    assert rest_of(order(*lines, total=exact)) == 0


def test_a_request_comes_to_its_lines_and_charges_with_taxes_where_they_come_on_top() -> None:
    part = RequestLine(line_id="l1", sku="A", quantity=2, amount=Decimal(20), discount=Decimal("2.50"), taxes=_TAX)
    tip = RequestCharge(kind="tip", amount=Decimal(3))
    post = RequestCharge(kind="shipping", amount=Decimal("4.00"), taxes=_TAX)
    asked = FulfillmentRequest(
        reference="shop-1-1",
        channel="shop",
        order_id="1",
        order_number="#1",
        placed_at=NOW,
        currency="EUR",
        lines=(part,),
        charges=(tip, post),
    )
    assert total_of(asked) == Decimal("28.30")
    assert total_of(msgspec.structs.replace(asked, taxes_included=True)) == Decimal("24.50")
