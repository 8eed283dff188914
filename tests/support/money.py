"""Orders with every kind of money on them, in currencies of 0, 2 and 3 decimals, for properties of any flow.

Amounts are drawn as whole minor units, and totals are added up in these: nothing here uses the code under test.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

from hypothesis import strategies as st

from canonical.order import Adjustment, AdjustmentKind, Order, OrderLine, ShippingLine, Tax
from tests.support.sales import order

PLACES = {"JPY": 0, "EUR": 2, "KWD": 3}
"""Currencies by their decimals."""
RATES = (None, Decimal("0.19"), Decimal("0.055"))
_BELOW_ZERO = {AdjustmentKind.DISCOUNT, AdjustmentKind.GIFT_CARD}

currencies = st.sampled_from(sorted(PLACES))


def money(units: int, currency: str) -> Decimal:
    """Whole minor units as an amount."""
    return Decimal(units).scaleb(-PLACES[currency])


def minor(amount: Decimal, currency: str) -> int:
    """An amount in minor units; fails where it is not a whole number of them."""
    units = amount.scaleb(PLACES[currency])
    assert units == units.to_integral_value(), f"{amount} {currency} is not in whole minor units"
    return int(units)


@st.composite
def taxes(draw: st.DrawFn, currency: str, most: int) -> tuple[Tax, ...]:
    """Up to three taxes, some of the same title and rate, as two districts may have."""
    drawn = draw(st.lists(st.integers(0, max(0, most)), max_size=3))
    named = st.tuples(st.sampled_from(["", "VAT"]), st.sampled_from(RATES))
    found = []
    for units in drawn:
        title, rate = draw(named)
        found.append(Tax(amount=money(units, currency), title=title, rate=rate))
    return tuple(found)


@st.composite
def lines(draw: st.DrawFn, currency: str, number: int) -> OrderLine:
    """A line whose amount need not be divisible by its units, less a discount of any part of it."""
    amount = draw(st.integers(0, 99_999))
    discount = draw(st.one_of(st.just(0), st.integers(0, amount)))
    return OrderLine(
        id=f"l{number}",
        quantity=draw(st.integers(1, 13)),
        amount=money(amount, currency),
        discount=money(discount, currency),
        taxes=draw(taxes(currency, amount)),
        sku=f"SKU-{number}",
    )


@st.composite
def orders(draw: st.DrawFn, /, **more: Any) -> Order:
    """An order of up to six lines with shipping and every kind of adjustment, taxes included or on top."""
    currency = draw(currencies)
    sold = [draw(lines(currency, number)) for number in range(1, draw(st.integers(1, 6)) + 1)]
    shipping = tuple(draw(st.lists(_shipping(currency), max_size=2)))
    kinds = draw(st.lists(st.sampled_from(AdjustmentKind), max_size=5))
    adjustments = tuple(draw(_adjustment(kind, currency)) for kind in kinds)
    included = draw(st.booleans())
    total = total_units(currency, sold, shipping, adjustments, included=included)
    return order(
        *sold,
        currency=currency,
        shipping=shipping,
        adjustments=adjustments,
        taxes_included=included,
        total=money(total, currency),
        **more,
    )


def total_units(
    currency: str,
    sold: Sequence[OrderLine],
    shipping: Sequence[ShippingLine],
    adjustments: Sequence[Adjustment],
    *,
    included: bool,
) -> int:
    """What an order comes to, counted in minor units."""
    count = 0
    for line in sold:
        count += minor(line.amount, currency) - minor(line.discount, currency)
    for one in shipping:
        count += minor(one.amount, currency) - minor(one.discount, currency)
    for part in adjustments:
        count += minor(part.amount, currency)
    taxed = [one.taxes for one in sold] + [one.taxes for one in shipping] + [one.taxes for one in adjustments]
    for tax in () if included else chain.from_iterable(taxed):
        count += minor(tax.amount, currency)
    return count


@st.composite
def _shipping(draw: st.DrawFn, currency: str) -> ShippingLine:
    amount = draw(st.integers(0, 9_999))
    return ShippingLine(
        amount=money(amount, currency),
        discount=money(draw(st.integers(0, amount)), currency),
        title="Post",
        taxes=draw(taxes(currency, amount)),
    )


@st.composite
def _adjustment(draw: st.DrawFn, kind: AdjustmentKind, currency: str) -> Adjustment:
    amount = draw(st.integers(-4, 4) if kind is AdjustmentKind.ROUNDING else st.integers(0, 9_999))
    taxed = draw(taxes(currency, amount)) if kind is AdjustmentKind.FEE else ()
    return Adjustment(kind=kind, amount=money(-amount if kind in _BELOW_ZERO else amount, currency), taxes=taxed)


@st.composite
def splits(draw: st.DrawFn, sold: Order) -> list[tuple[dict[str, int], bool]]:
    """Requests for units by line, and whether each is stopped again; those that stand come to the whole order."""
    left = {line.id: line.quantity for line in sold.lines}
    found: list[tuple[dict[str, int], bool]] = []
    while any(left.values()):
        last = len(found) >= 7
        units = {name: (rest if last else draw(st.integers(0, rest))) for name, rest in left.items() if rest}
        wanted = {name: count for name, count in units.items() if count}
        if not wanted:
            wanted = {name: rest for name, rest in left.items() if rest}
        stopped = not last and draw(st.booleans())
        found.append((wanted, stopped))
        if not stopped:
            left = {name: rest - wanted.get(name, 0) for name, rest in left.items()}
    return found
