"""What a Shopify shop sold, and changed since, is asked for to the smallest unit, whole and in parts."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.order import Order
from canonical.totals import rest_of
from connectors.shopify.simulator.order_money import current_total
from connectors.simulation import CatalogItem
from tests.support.asking import asked, asked_whole
from tests.support.money import currencies, minor, money, splits
from tests.unit.connectors.shopify.living import flags, live, steps
from tests.unit.connectors.shopify.trading import connected, open_shop, order_of

TAXES = ["0", "0.19", "0.055", "0.05+0.09975"]


@st.composite
def sold_orders(draw: st.DrawFn) -> tuple[Order, Decimal]:
    """An order as it is read after all that happened to it, and what the shop itself says it comes to."""
    currency = draw(currencies)
    prices = draw(st.lists(st.integers(1, 99_999), min_size=1, max_size=5))
    items = [CatalogItem(f"S{at}", "Thing", money(price, currency), {"WH1": 99}) for at, price in enumerate(prices)]
    shop = open_shop(items, currency, **draw(flags))
    units = {f"S{at}": draw(st.integers(1, 9)) for at in range(len(prices))}
    worth = sum(price * units[f"S{at}"] for at, price in enumerate(prices))

    def text(most: int) -> str:
        return str(money(draw(st.integers(0, most)), currency))

    gid = shop.checkout.place(
        units,
        tax=draw(st.sampled_from(TAXES)),
        taxes_included=draw(st.booleans()),
        off=text(worth // 3),
        code_off=text(worth // 3),
        shipping=[("Parcel", "std", str(money(9_999, currency)), text(9_999)) for _ in range(draw(st.integers(0, 2)))],
        duties=text(9_999),
        fees=[("Wrapping", text(9_999))] if draw(st.booleans()) else [],
        tip=text(9_999),
        gift_card=text(9_999),
    )
    live(shop, gid, draw(steps))
    shopify = connected(shop)
    try:
        order = order_of(shopify, gid)
    finally:
        shopify.close()
    held = shop.checkout.get(gid)
    return order, current_total(held, discrepancies=shop.switches.refund_lowers_total)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_asked_for_comes_to_what_the_shop_says_by_now(data: st.DataObject) -> None:
    sold, total = data.draw(sold_orders())
    assert rest_of(sold) == 0
    assert sold.total == total
    assert asked_whole(sold).total == total
    parts = [line for document in asked(sold, data.draw(splits(sold))) for line in document.lines]
    for line in sold.lines:
        own = [one for one in parts if one.line_id == line.id]
        assert sum(one.quantity for one in own) == line.quantity
        if own:
            assert sum((one.amount - one.discount for one in own), Decimal(0)) == line.net
            taxed = sum((tax.amount for one in own for tax in one.taxes), Decimal(0))
            assert taxed == sum((tax.amount for tax in line.taxes), Decimal(0))
        assert all(minor(one.amount, sold.currency) >= 0 for one in own)
