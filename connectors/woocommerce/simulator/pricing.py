"""What positions cost: net amounts and taxes from the prices that shoppers see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.woocommerce.simulator.orders import Charge, Line, Orders, Taxes, cut
from connectors.woocommerce.simulator.store import Product

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Pricing:
    """The taxes of an order, and whether prices have them in; ``percent`` is what coupons take off all goods."""

    rates: Mapping[int, Decimal] = field(default_factory=dict)
    included: bool = False
    percent: Decimal = _ZERO

    def net(self, shown: Decimal) -> Decimal:
        """An amount without the taxes that are in it."""
        return cut(shown / (1 + sum(self.rates.values(), _ZERO))) if self.included else shown

    def taxes(self, net: Decimal) -> Taxes:
        """The taxes on a net amount, by rate."""
        return {rate: cut(net * share) for rate, share in self.rates.items()}

    def line(
        self, orders: Orders, product: Product | None, name: str, units: int, price: Decimal, off: Decimal = _ZERO
    ) -> Line:
        """A position for units at the price the shopper sees; ``off`` is taken off the whole line, net."""
        subtotal = self.net(price * units)
        total = cut(subtotal * (_HUNDRED - self.percent) / _HUNDRED) - off
        parent = 0 if product is None else product.parent_id or product.id
        variation = product.id if product is not None and product.parent_id else 0
        taxes, before = self.taxes(total), self.taxes(subtotal)
        return Line(orders.part(), name, parent, variation, units, subtotal, total, taxes, before)

    def charge(self, orders: Orders, title: str, code: str, shown: Decimal) -> Charge:
        """Shipping or a fee."""
        net = self.net(shown)
        return Charge(orders.part(), title, code, net, self.taxes(net))


def rates_of(text: str) -> dict[int, Decimal]:
    """Tax rates by id, from fractions with a plus between them; none for zero."""
    shares = [Decimal(part) for part in text.split("+")]
    return {number: share for number, share in enumerate(shares, start=1) if share}
