"""Orders as the shop keeps them: positions, charges, refunds, and what an order comes to.

Amounts are without tax and have six decimals, as the shop keeps them; only the total is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.woocommerce.simulator.errors import WooError, invalid_id

CORE = (
    "auto-draft",
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
)
"""The states of the shop itself; plugins add their own."""
FINE = Decimal("0.000001")
_ZERO = Decimal(0)

Taxes = dict[int, Decimal]
"""Taxes by the id of their rate."""


def cut(amount: Decimal, unit: Decimal = FINE) -> Decimal:
    """An amount rounded as PHP does: halves away from zero."""
    return amount.quantize(unit, ROUND_HALF_UP)


def added(taxes: Iterable[Taxes]) -> Taxes:
    """Taxes of several positions, by rate."""
    found: Taxes = {}
    for one in taxes:
        for rate, amount in one.items():
            found[rate] = found.get(rate, _ZERO) + amount
    return found


@dataclass(slots=True)
class Line:
    """A position; ``reduced`` are the units taken off the shelf for it now, ``restocked`` those a refund put back."""

    id: int
    name: str
    product_id: int
    variation_id: int
    quantity: int
    subtotal: Decimal
    total: Decimal
    taxes: Taxes = field(default_factory=dict)
    subtotal_taxes: Taxes = field(default_factory=dict)
    reduced: int = 0
    restocked: int = 0
    meta: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Charge:
    """Shipping or a fee."""

    id: int
    title: str
    code: str
    total: Decimal
    taxes: Taxes = field(default_factory=dict)


@dataclass(slots=True)
class Coupon:
    """A coupon that was used; what it took off stands in the lines."""

    id: int
    code: str
    percent: Decimal
    discount: Decimal


@dataclass(slots=True)
class RefundedLine:
    """Units and money of a line that a refund is for; nothing in it is below zero."""

    id: int
    line_id: int
    quantity: int
    total: Decimal
    taxes: Taxes = field(default_factory=dict)


@dataclass(slots=True)
class Refund:
    """Money given back."""

    id: int
    created: datetime
    amount: Decimal
    reason: str
    paid_back: bool
    lines: list[RefundedLine] = field(default_factory=list)
    meta: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Order:
    """One order; ``places`` is how its total is rounded, ``taken_off`` what a plugin takes off it without a line."""

    id: int
    status: str
    created: datetime
    modified: datetime
    currency: str
    lines: list[Line] = field(default_factory=list)
    shipping: list[Charge] = field(default_factory=list)
    fees: list[Charge] = field(default_factory=list)
    coupons: list[Coupon] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    meta: list[dict[str, Any]] = field(default_factory=list)
    billing: dict[str, str | None] = field(default_factory=dict)
    address: dict[str, str | None] = field(default_factory=dict)
    rates: dict[int, Decimal] = field(default_factory=dict)
    customer_id: int = 0
    prices_include_tax: bool = False
    round_at_subtotal: bool = False
    places: int = 2
    taken_off: Decimal = _ZERO
    payment_method: str = ""
    transaction_id: str = ""
    note: str = ""
    number: str = ""
    stock_reduced: bool = False
    paid: datetime | None = None
    completed: datetime | None = None
    before_trash: str = ""

    @property
    def cart_tax(self) -> Decimal:
        """The taxes on goods and fees, rounded position by position or in the end."""
        return self._tax([*(one.taxes for one in self.lines), *(one.taxes for one in self.fees)])

    @property
    def shipping_tax(self) -> Decimal:
        """The taxes on shipping."""
        return self._tax([one.taxes for one in self.shipping])

    @property
    def total(self) -> Decimal:
        """What the buyer pays."""
        goods = [one.total for one in self.lines]
        charges = [one.total for one in (*self.shipping, *self.fees)]
        whole = sum(goods + charges, _ZERO) + self.cart_tax + self.shipping_tax
        return cut(whole, self._unit) - self.taken_off

    @property
    def refunded(self) -> Decimal:
        """What was given back."""
        return sum((one.amount for one in self.refunds), _ZERO)

    def line(self, line_id: object) -> Line | None:
        """The position of an id."""
        return next((one for one in self.lines if one.id == line_id), None)

    @property
    def _unit(self) -> Decimal:
        return Decimal(1).scaleb(-self.places)

    def _tax(self, taxes: list[Taxes]) -> Decimal:
        if self.round_at_subtotal:
            return cut(sum(added(taxes).values(), _ZERO), self._unit)
        return sum((cut(amount, self._unit) for one in taxes for amount in one.values()), _ZERO)


class Orders:
    """All orders of the shop, the statuses it knows, and the numbers it gives."""

    def __init__(self) -> None:
        self.all: dict[int, Order] = {}
        self.statuses: set[str] = set(CORE)
        self._next_id = 5001
        self._next_part = 1

    def number(self) -> int:
        """The next id of an order or refund; both are posts of one kind."""
        self._next_id += 1
        return self._next_id

    def part(self) -> int:
        """The next id of a line, charge or entry of meta data."""
        self._next_part += 1
        return self._next_part

    def get(self, order_id: int, status: int = 404) -> Order:
        """An order by its id, those in the trash too."""
        order = self.all.get(order_id)
        if order is None:
            raise invalid_id("shop_order", status)
        return order

    def know(self, status: str) -> None:
        """Refuse a status that neither the shop nor a plugin has."""
        if status not in self.statuses:
            text = f"status is not one of {', '.join(sorted(self.statuses))}."
            raise WooError("rest_invalid_param", "Invalid parameter(s): status", 400, {"params": {"status": text}})

    def listed(self, status: str, *, drafts: bool) -> Iterator[Order]:
        """Orders of a status; ``any`` leaves out the trash, and drafts of the checkout where the shop does."""
        hidden = {"trash", "auto-draft", *(() if drafts else ("checkout-draft",))}
        for order in self.all.values():
            if order.status == status or (status == "any" and order.status not in hidden):
                yield order


def set_meta(orders: Orders, held: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    """Write one entry of meta data: by its id; else the first of its key, whose others go; null removes it."""
    same = [one for one in held if one["id"] == entry.get("id")]
    same = same or [one for one in held if not entry.get("id") and one["key"] == entry.get("key")]
    for one in same[1:] if entry.get("value") is not None else same:
        held.remove(one)
    if entry.get("value") is None:
        return
    if same:
        same[0]["value"] = entry["value"]
    else:
        held.append({"id": orders.part(), "key": str(entry.get("key", "")), "value": entry["value"]})
