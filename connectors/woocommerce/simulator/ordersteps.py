"""What happens to an order: it enters states, its lines are edited, money is given back; stock follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.woocommerce.simulator import stock
from connectors.woocommerce.simulator.errors import bare_error
from connectors.woocommerce.simulator.orders import Line, Order, Orders, Refund, RefundedLine, set_meta
from connectors.woocommerce.simulator.store import Product, Store
from connectors.woocommerce.simulator.switches import Switches

REDUCING = frozenset({"processing", "completed", "on-hold"})
"""States on entering which the shop takes the units off, once a line."""
RESTORING = frozenset({"cancelled", "pending"})
"""States on entering which it gives them back."""
_PAID = frozenset({"processing", "completed"})
_ZERO = Decimal(0)


class OrderSteps:
    """The steps of orders, by whoever takes them."""

    def __init__(self, orders: Orders, store: Store, switches: Switches) -> None:
        self._orders = orders
        self._store = store
        self._switches = switches

    def enter(self, order: Order, status: str, at: datetime) -> None:
        """Move an order to a state; stock, dates and the refund of what is left follow."""
        order.status = status
        if status in REDUCING and not order.stock_reduced:
            self._reduce(order, at)
        elif status in RESTORING:
            self._restore(order, at)
        if status in _PAID and order.paid is None:
            order.paid = at.replace(microsecond=0)
        if status == "completed" and order.completed is None:
            order.completed = at.replace(microsecond=0)
        if status == "refunded" and order.total > order.refunded:
            body = {"amount": str(order.total - order.refunded), "reason": "Order fully refunded."}
            self._refund(order, body, at, restock=False, paid_back=False)
        touch(order, at)

    def change(self, order: Order, line: Line, units: int, at: datetime) -> None:
        """Give a line other units at the same price; what was taken off for it follows, less what came back."""
        for name in ("subtotal", "total"):
            setattr(line, name, getattr(line, name) * units / line.quantity if line.quantity else _ZERO)
        for taxes in (line.taxes, line.subtotal_taxes):
            for rate, amount in taxes.items():
                taxes[rate] = amount * units / line.quantity if line.quantity else _ZERO
        line.quantity = units
        if order.status in REDUCING:
            self.adjust(line, at)
        touch(order, at)

    def adjust(self, line: Line, at: datetime) -> None:
        """Take off for a line what it needs, or give back what it has too much."""
        wanted = max(0, line.quantity - line.restocked)
        if self._move(line, line.reduced - wanted, at):
            line.reduced = wanted

    def refund(self, order: Order, body: Mapping[str, Any], at: datetime, *, gateway: bool) -> Refund:
        """Make a refund as the API does: paid back and put back on the shelf unless told otherwise."""
        rows = body.get("line_items") or ()
        amount = Decimal(str(body["amount"])) if body.get("amount") not in (None, "") else _sum_of(rows)
        if amount < 0:
            text = "Refund amount must be greater than zero."
            raise bare_error("woocommerce_rest_invalid_order_refund", text, 400)
        if amount > order.total - order.refunded:
            raise bare_error("woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.", 500)
        asked = bool(body.get("api_refund", True))
        if asked and not gateway:
            text = "The payment gateway for this order does not support automatic refunds."
            raise bare_error("woocommerce_rest_cannot_create_order_refund", text, 500)
        told = {**body, "amount": str(amount)}
        refund = self._refund(order, told, at, restock=bool(body.get("api_restock", True)), paid_back=asked)
        if self._is_over(order):
            self.enter(order, "refunded", at)
        return refund

    def _refund(self, order: Order, body: Mapping[str, Any], at: datetime, *, restock: bool, paid_back: bool) -> Refund:
        now, amount = at.replace(microsecond=0), Decimal(body["amount"])
        refund = Refund(self._orders.number(), now, amount, str(body.get("reason") or ""), paid_back)
        order.refunds.append(refund)
        for row in body.get("line_items") or ():
            self._refund_line(order, refund, row, at, restock=restock)
        if self._switches.refund_keeps_meta:
            for entry in body.get("meta_data") or ():
                set_meta(self._orders, refund.meta, entry)
        touch(order, at)
        return refund

    def _refund_line(
        self, order: Order, refund: Refund, row: Mapping[str, Any], at: datetime, *, restock: bool
    ) -> None:
        line = order.line(row.get("id"))
        units, total = int(row.get("quantity") or 0), Decimal(str(row.get("refund_total") or "0"))
        taxes = {int(one["id"]): Decimal(str(one["refund_total"])) for one in row.get("refund_tax") or ()}
        if line is None or not (units or total or taxes):
            return
        refund.lines.append(RefundedLine(self._orders.part(), line.id, units, total, taxes))
        if restock and units and line.reduced and self._move(line, units, at):
            line.reduced -= units
            line.restocked += units

    @staticmethod
    def _is_over(order: Order) -> bool:
        """Whether all money was given back, and nothing is left that cost none."""
        units = sum(line.quantity for line in order.lines)
        back = sum(line.quantity for refund in order.refunds for line in refund.lines)
        gift = any(not line.total for line in order.lines)
        return order.refunded >= order.total and not (gift and units > back)

    def _reduce(self, order: Order, at: datetime) -> None:
        order.stock_reduced = True
        for line in order.lines:
            if not line.reduced and line.quantity and self._move(line, -line.quantity, at):
                line.reduced = line.quantity

    def _restore(self, order: Order, at: datetime) -> None:
        order.stock_reduced = False
        for line in order.lines:
            if line.reduced:
                self._move(line, line.reduced, at)
                line.reduced = 0

    def _move(self, line: Line, units: int, at: datetime) -> bool:
        """Move the figure that counts for a line; False where nobody counts, or nothing moves."""
        kept = keeper_of(self._store, line)
        if kept is None or not units:
            return False
        stock.set_quantity(kept, (kept.get("stock_quantity") or 0) + units)
        if self._switches.sale_moves_modified:
            self._store.touch(kept, at)
        self._store.revision += 1
        return True


def keeper_of(store: Store, line: Line) -> Product | None:
    """Whose figure counts for a line; None where nobody counts, or the product is gone."""
    product = store.products.get(line.variation_id or line.product_id)
    return stock.keeper(store, product) if product is not None else None


def touch(order: Order, at: datetime) -> None:
    """Every save moves the date of change, in whole seconds."""
    order.modified = at.replace(microsecond=0)


def _sum_of(rows: Any) -> Decimal:
    """What lines of a refund come to, where it has no amount of its own."""
    total = _ZERO
    for row in rows:
        total += Decimal(str(row.get("refund_total") or "0"))
        total += sum((Decimal(str(one.get("refund_total") or "0")) for one in row.get("refund_tax") or ()), _ZERO)
    return total
