"""The lines of a sale: prices and taxes chosen so that the server's own arithmetic gives the order's total.

The server rounds a line to the currency after multiplying its units with a price of four decimals. Where no such price
gives the line's amount, its units are parted into two lines whose prices differ by the last decimal: together they are
exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from canonical.errors import SkippableError
from canonical.money import exponent, round_to
from canonical.value import decimal_text
from connectors.tryton.options import SaleOptions
from connectors.tryton.order import Charge, Line, NewOrder, Tax

PRICE_DIGITS = 4
"""Decimals of a unit price, where the server's configuration does not say otherwise."""

_TICK = Decimal(1).scaleb(-PRICE_DIGITS)


class SaleLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line as it is created; ``product`` 0 for a line that is a description only."""

    product: int
    quantity: int
    unit_price: str
    description: str = ""
    taxes: tuple[int, ...] = ()


def lines_of(order: NewOrder, options: SaleOptions) -> list[SaleLine]:
    """All lines of the sale in their order: goods, charges, then taxes where they are lines of their own."""
    lines: list[SaleLine] = []
    separate: dict[str, Decimal] = {}
    for line in order.lines:
        taxes = _taxes(order, line.taxes, options, separate)
        net = line.amount - line.discount - (_sum(line.taxes) if order.taxes_included else 0)
        lines.extend(_parted(int(line.product), line, net, order.currency, taxes))
    for charge in order.charges:
        taxes = _taxes(order, charge.taxes, options, separate)
        net = charge.amount - (_sum(charge.taxes) if order.taxes_included else 0)
        lines.append(_single(options.product_of(charge.kind), net, _title(charge), taxes))
    for title, amount in separate.items():
        if amount:
            lines.append(_single(options.product_of("tax"), amount, title, ()))
    return lines


def total_of(order: NewOrder) -> Decimal:
    """What the parts of an order sum to."""
    parts = [line.amount - line.discount for line in order.lines]
    parts += [charge.amount for charge in order.charges]
    if not order.taxes_included:
        parts += [_sum(line.taxes) for line in order.lines] + [_sum(charge.taxes) for charge in order.charges]
    return sum(parts, Decimal(0))


def rounding_line(rest: Decimal, options: SaleOptions) -> SaleLine:
    """The line that takes what the server's rounding of taxes is off."""
    return _single(options.product_of("rounding"), rest, ROUNDING, ())


ROUNDING = "Rounding"


def most_rounding(order: NewOrder, lines: Iterable[SaleLine]) -> Decimal:
    """How far rounding alone can part the server's total from the order's: a minor unit a taxed line, and one."""
    taxed = sum(1 for line in lines if line.taxes)
    return (taxed + 1) * Decimal(1).scaleb(-exponent(order.currency)) if taxed else Decimal(0)


def _parted(product: int, line: Line, net: Decimal, currency: str, taxes: tuple[int, ...]) -> Iterator[SaleLine]:
    title = line.description or line.sku
    price = round_to(net / line.quantity, PRICE_DIGITS)
    # A product just between two amounts may be rounded to either, so it does not count.
    if abs(price * line.quantity - net) * 2 < Decimal(1).scaleb(-exponent(currency)):
        yield SaleLine(product, line.quantity, decimal_text(price), title, taxes)
        return
    low, more = divmod(int(net / _TICK), line.quantity)
    if low * _TICK * line.quantity + more * _TICK != net:
        raise SkippableError("totals_differ", f"{net} cannot be the price of {line.quantity} units of {line.sku}")
    yield SaleLine(product, line.quantity - more, decimal_text(low * _TICK), title, taxes)
    yield SaleLine(product, more, decimal_text((low + 1) * _TICK), title, taxes)


def _single(product: int, net: Decimal, title: str, taxes: tuple[int, ...]) -> SaleLine:
    if round_to(net, PRICE_DIGITS) != net:
        raise SkippableError("totals_differ", f"{title}: {net} has more than {PRICE_DIGITS} decimals")
    return SaleLine(product, 1, decimal_text(net), title, taxes)


def _title(charge: Charge) -> str:
    return charge.description or charge.kind.replace("_", " ").capitalize()


def _taxes(
    order: NewOrder, taxes: tuple[Tax, ...], options: SaleOptions, separate: dict[str, Decimal]
) -> tuple[int, ...]:
    """The server's taxes by their rates; without a table they are added up to be lines of their own."""
    if options.taxes:
        return tuple(number for tax in taxes if (number := _known(order, tax, options)))
    for tax in taxes:
        title = _tax_title(tax)
        separate[title] = separate.get(title, Decimal(0)) + tax.amount
    return ()


def _known(order: NewOrder, tax: Tax, options: SaleOptions) -> int:
    number = options.taxes.get(tax.rate.normalize(), 0) if tax.rate is not None else 0
    if not number and tax.amount:
        rate = "a tax of no known rate" if tax.rate is None else f"the rate {tax.rate}"
        text = f"order {order.web_id}: no tax of Tryton is given for {rate} ({tax.title or 'no name'})"
        raise SkippableError("totals_differ", text, hint="add it to the setting taxes")
    return number


def _tax_title(tax: Tax) -> str:
    percent = "" if tax.rate is None else f"{decimal_text(tax.rate * 100)} %"
    return " ".join(part for part in (tax.title or "Tax", percent) if part)


def _sum(taxes: Iterable[Tax]) -> Decimal:
    return sum((tax.amount for tax in taxes), Decimal(0))
