"""What an order costs: shares of lines, sums now and before anything was given back, and what was paid."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from connectors.shopify.simulator.money import round_money
from connectors.shopify.simulator.order_records import ZERO, Duty, Line, Order, Shipping, Tax

_PAID = frozenset({"SALE", "CAPTURE"})


def taxes_on(net: Decimal, rates: str, order: Order) -> list[Tax]:
    """Taxes of an amount at rates such as ``0.05+0.09975``; in the amount where prices include them."""
    shares = [Decimal(part) for part in rates.split("+") if Decimal(part)]
    whole = 1 + sum(shares, ZERO) if order.terms.taxes_included else Decimal(1)
    return [
        Tax(f"Tax {number}", share, rounded(net * share / whole, order)) for number, share in enumerate(shares, start=1)
    ]


def rounded(amount: Decimal, order: Order) -> Decimal:
    """An amount in whole minor units of the shop's currency."""
    return round_money(amount, order.terms.currency)


def share_of(total: Decimal, line: Line, units: int) -> Decimal:
    """What so many further units of a line take of a total; all units together take exactly all of it."""
    if not line.quantity:
        return ZERO
    before = line.quantity - line.current
    upto = rounded(total * (before + units) / line.quantity, line.order)
    return upto - rounded(total * before / line.quantity, line.order)


def tax_sum(taxes: Iterable[Tax]) -> Decimal:
    """Taxes, added."""
    return sum((one.amount for one in taxes), ZERO)


def duties_of(order: Order) -> list[Duty]:
    """The duties of all lines."""
    return [duty for line in order.lines for duty in line.duties]


def holders_of(order: Order) -> list[Line | Shipping | Duty]:
    """Everything in an order that taxes are on."""
    return [*order.lines, *order.shipping, *duties_of(order), *order.extras.fees]


def current_tax(order: Order) -> Decimal:
    """Every tax of the order as it stands."""
    return (
        sum((line.current_tax for line in order.lines), ZERO)
        + sum((one.current_tax for one in order.shipping), ZERO)
        + sum((_left(one) for one in (*duties_of(order), *order.extras.fees)), ZERO)
    )


def current_total(order: Order, *, discrepancies: bool) -> Decimal:
    """The total as it stands after edits, refunds and returns."""
    parts = sum((line.current_net for line in order.lines), ZERO)
    parts += sum((one.current for one in order.shipping), ZERO)
    parts += sum((one.amount - one.refunded for one in (*duties_of(order), *order.extras.fees)), ZERO)
    if not order.terms.taxes_included:
        parts += _taxes_once(order) if order.terms.round_once else current_tax(order)
    if not _is_line(order):
        parts += order.extras.tip
    if discrepancies:
        parts += sum((one.amount for refund in order.refunds for one in refund.discrepancies), ZERO)
    return parts


def total(order: Order) -> Decimal:
    """The total before anything was given back, with what edits added."""
    parts = sum((line.net for line in order.lines), ZERO)
    parts += sum((one.price - one.discount for one in order.shipping), ZERO)
    parts += sum((one.amount for one in (*duties_of(order), *order.extras.fees)), ZERO)
    if not order.terms.taxes_included:
        parts += sum((tax_sum(one.taxes) for one in holders_of(order)), ZERO)
    return parts if _is_line(order) else parts + order.extras.tip


def received(order: Order) -> Decimal:
    """Money that came in."""
    return sum((one.amount for one in order.transactions if one.kind in _PAID and one.status == "SUCCESS"), ZERO)


def given_back(order: Order) -> Decimal:
    """Money that went back."""
    return sum((one.amount for one in order.transactions if one.kind == "REFUND" and one.status == "SUCCESS"), ZERO)


def bag(order: Order, amount: Decimal) -> dict[str, Any]:
    """An amount in both currencies of an order."""
    terms = order.terms
    shown = round_money(amount * terms.rate, terms.presentment)
    return {
        "shopMoney": {"amount": text_of(rounded(amount, order)), "currencyCode": terms.currency},
        "presentmentMoney": {"amount": text_of(shown), "currencyCode": terms.presentment},
    }


def text_of(amount: Decimal) -> str:
    """An amount as the platform writes it: at least one decimal place, no more zeros than that."""
    text = format(amount, "f")
    if "." not in text:
        return f"{text}.0"
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


def _taxes_once(order: Order) -> Decimal:
    """Taxes of lines and shipping from exact amounts, rounded but once."""
    exact = sum((line.current_net * one.rate for line in order.lines for one in line.taxes), ZERO)
    exact += sum((one.current * tax.rate for one in order.shipping for tax in one.taxes), ZERO)
    return rounded(exact, order)


def _left(duty: Duty) -> Decimal:
    taxes = tax_sum(duty.taxes)
    return ZERO if duty.amount and duty.refunded == duty.amount else taxes


def _is_line(order: Order) -> bool:
    """Whether the tip stands among the lines."""
    return any(line.title == "Tip" and line.variant is None for line in order.lines)
