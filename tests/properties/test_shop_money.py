"""What a WooCommerce shop sells and gives back is read to the smallest unit, whatever is in the basket."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.order import Order
from canonical.totals import rest_of
from connectors.simulation import CatalogItem, Ticker
from connectors.woocommerce.simulator import Switches, WooSimulator
from connectors.woocommerce.simulator.errors import WooError
from tests.support.asking import asked, asked_whole
from tests.support.money import PLACES, currencies, minor, money, splits
from tests.unit.connectors.woocommerce.trading import connected, order_of

TAXES = ["0", "0.19", "0.055", "0.05+0.09975", "0.2+0.021"]


@st.composite
def baskets(draw: st.DrawFn) -> tuple[WooSimulator, int]:
    """A shop in some currency, and an order of it with coupons, shipping, fees and gift cards."""
    currency = draw(currencies)
    prices = draw(st.lists(st.integers(1, 99_999), min_size=1, max_size=5))
    items = [CatalogItem(f"S{at}", "Thing", money(price, currency), {"WH1": 99}) for at, price in enumerate(prices)]
    shop = WooSimulator(clock=Ticker(), currency=currency, switches=Switches(price_decimals=PLACES[currency]))
    shop.load(items)
    extra = st.lists(st.integers(0, 9_999).map(lambda units: ("Part", "part", money(units, currency))), max_size=2)
    gift = [("Gift card", "", money(-draw(st.integers(0, prices[0] // 2)), currency))]
    number = shop.checkout.place(
        {f"S{at}": draw(st.integers(1, 9)) for at in range(len(prices))},
        tax_rate=draw(st.sampled_from(TAXES)),
        prices_include_tax=draw(st.booleans()),
        coupon=draw(st.sampled_from(["0", "10", "33.3"])),
        shipping=draw(extra),
        fees=[*draw(extra), *(gift if draw(st.booleans()) else [])],
        round_at_subtotal=draw(st.booleans()),
        transaction_id="pi_1",
    )
    return shop, number


def _read(shop: WooSimulator, number: int) -> Order:
    woo = connected(shop)
    try:
        return order_of(woo, number)
    finally:
        woo.close()


@settings(max_examples=60)
@given(st.data())
def test_what_is_asked_for_comes_to_what_the_shop_charged(data: st.DataObject) -> None:
    shop, number = data.draw(baskets())
    sold = _read(shop, number)
    assert rest_of(sold) == 0
    assert asked_whole(sold).total == shop.checkout.get(number).total == sold.payments[0].amount
    parts = [line for document in asked(sold, data.draw(splits(sold))) for line in document.lines]
    for line in sold.lines:
        own = [one for one in parts if one.line_id == line.id]
        assert sum((one.amount - one.discount for one in own), Decimal(0)) == line.net
        assert sum((tax.amount for one in own for tax in one.taxes), Decimal(0)) == _taxed(line.taxes)
        assert all(minor(one.amount, sold.currency) >= 0 for one in own)


@settings(max_examples=60)
@given(st.data())
def test_what_is_given_back_in_parts_is_read_in_parts_and_never_touches_the_total(data: st.DataObject) -> None:
    shop, number = data.draw(baskets())
    before = _read(shop, number)
    left = minor(before.total, before.currency)
    given_back: list[Decimal] = []
    units = {at: line.quantity for at, line in enumerate(before.lines)}
    while left > 0 and len(given_back) < 4:
        part = data.draw(st.integers(1, left))
        lines = {at: data.draw(st.integers(0, count)) for at, count in units.items() if count}
        shop.checkout.refund(number, str(money(part, before.currency)), lines, restock=data.draw(st.booleans()))
        units = {at: count - lines.get(at, 0) for at, count in units.items()}
        given_back.append(money(part, before.currency))
        left -= part
    after = _read(shop, number)
    assert (after.total, rest_of(after)) == (before.total, Decimal(0))
    assert sorted(one.amount for one in after.refunds) == sorted(given_back)
    assert sorted(one.amount for one in after.payments if one.kind.value == "refund") == sorted(given_back)
    assert {one.currency for one in after.refunds} <= {before.currency}
    back = [one for refund in after.refunds for one in refund.lines]
    for at, line in enumerate(after.lines):
        told = [one for one in back if one.line_id == line.id]
        assert sum(one.quantity for one in told) == line.quantity - units.get(at, 0)
        assert sum((one.amount for one in told), Decimal(0)) <= line.net + money(len(told), before.currency)


def _taxed(taxes: Sequence[Any]) -> Decimal:
    return sum((tax.amount for tax in taxes), Decimal(0))


@pytest.mark.parametrize("over", ["0.01", "1000"])
def test_more_than_was_paid_is_never_given_back(over: str) -> None:
    shop = WooSimulator(clock=Ticker())
    shop.load([CatalogItem("S0", "Thing", Decimal("9.99"), {"WH1": 9})])
    number = shop.checkout.place({"S0": 1}, transaction_id="pi_1")
    with pytest.raises(WooError, match="Invalid refund amount"):
        shop.checkout.refund(number, str(Decimal("9.99") + Decimal(over)), restock=False)
