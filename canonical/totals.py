"""An order's total as the exact sum of its typed parts; a rest that nothing explains blocks the order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from canonical.order import AdjustmentKind, Order, Tax
from canonical.request import FulfillmentRequest

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a total consists of; ``tax`` is what comes on top, nothing where prices include it."""

    goods: Decimal
    discount: Decimal
    shipping: Decimal
    tax: Decimal
    adjustments: dict[AdjustmentKind, Decimal]

    @property
    def total(self) -> Decimal:
        """The sum of all parts."""
        return self.goods - self.discount + self.shipping + self.tax + sum(self.adjustments.values(), _ZERO)


def parts_of(order: Order) -> Parts:
    """Add an order's parts up, exactly."""
    goods = sum((line.amount for line in order.lines), _ZERO)
    discount = sum((line.discount for line in order.lines), _ZERO)
    shipping = sum((one.amount - one.discount for one in order.shipping), _ZERO)
    taxes = [one.taxes for one in order.lines]
    taxes += [one.taxes for one in order.shipping]
    taxes += [one.taxes for one in order.adjustments]
    tax = _ZERO if order.taxes_included else sum((_sum(one) for one in taxes), _ZERO)
    adjustments: dict[AdjustmentKind, Decimal] = {}
    for one in order.adjustments:
        adjustments[one.kind] = adjustments.get(one.kind, _ZERO) + one.amount
    return Parts(goods, discount, shipping, tax, adjustments)


def rest_of(order: Order) -> Decimal:
    """What the total is more than its parts; anything but zero means that a part was not understood."""
    return order.total - parts_of(order).total


def total_of(request: FulfillmentRequest) -> Decimal:
    """What the parts of a request come to: its lines less their discounts, its charges, and taxes that come on top."""
    parts = [line.amount - line.discount for line in request.lines] + [one.amount for one in request.charges]
    taxes = [line.taxes for line in request.lines] + [one.taxes for one in request.charges]
    on_top = [] if request.taxes_included else taxes
    return sum(parts, _ZERO) + sum((_sum(one) for one in on_top), _ZERO)


def _sum(taxes: Iterable[Tax]) -> Decimal:
    return sum((tax.amount for tax in taxes), _ZERO)
