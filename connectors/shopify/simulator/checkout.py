"""Orders by hand: the shopper at the till and the merchant in the admin, in plain Python, for tests and the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.shopify.simulator.actors import Turns
from connectors.shopify.simulator.cart import Cart, Goods
from connectors.shopify.simulator.fulfilling import FulfillmentDesk
from connectors.shopify.simulator.order_desk import OrderDesk
from connectors.shopify.simulator.order_records import Fulfillment, FulfillmentOrder, Line, Order, Refund, Return
from connectors.shopify.simulator.platform import Platform
from connectors.shopify.simulator.refunding import Back, RefundDesk


class Checkout:
    """Everything people do with orders; an order is named by its global id, a line by its place in the order."""

    def __init__(self, turns: Turns, platform: Platform) -> None:
        self._turns = turns
        self._platform = platform
        self._desk: OrderDesk = platform.desk
        self._refunds: RefundDesk = platform.refund_desk
        self._places: FulfillmentDesk = platform.fulfillment_desk

    def place(self, lines: Mapping[str, int] | Sequence[Goods], **cart: Any) -> str:
        """Buy units by SKU; what ``Cart`` says besides. SoldOutError when there are not so many."""
        with self._turns.turn():
            return self._desk.place(lines, Cart(**cart), self._now).gid

    def get(self, gid: str) -> Order:
        """The order as the shop holds it."""
        found = self._platform.find("Order", gid)
        if not isinstance(found, Order):
            raise KeyError(gid)
        return found

    def pay(self, gid: str, amount: str | None = None, gateway: str = "manual", payment_id: str = "") -> None:
        """The buyer pays, late or the rest."""
        with self._turns.turn():
            order = self.get(gid)
            given = None if amount is None else Decimal(amount)
            self._desk.receive(order, self._now, gateway, given, payment_id)
            self._platform.book.touch(order, self._now, "ORDERS_PAID")

    def add(self, gid: str, sku: str, units: int) -> None:
        """Edit the order: more of something."""
        with self._turns.turn():
            self._desk.add(self.get(gid), sku, units, self._now)

    def remove(self, gid: str, line: int, units: int, *, restock: bool = True) -> None:
        """Edit the order: less of a line."""
        with self._turns.turn():
            order = self.get(gid)
            self._desk.remove(order, order.lines[line], units, self._now, restock=restock)

    def cancel(self, gid: str, *, restock: bool = True, money_back: bool = True, reason: str = "CUSTOMER") -> None:
        """Call the order off."""
        with self._turns.turn():
            self._refunds.cancel(self.get(gid), self._now, reason=reason, restock=restock, money_back=money_back)

    def refund(
        self,
        gid: str,
        units: Mapping[int, int] | None = None,
        *,
        amount: str | None = None,
        restock: str = "NO_RESTOCK",
        shipping: str = "0",
        duties: bool = False,
        note: str | None = None,
        location: str = "",
        returned: Return | None = None,
    ) -> Refund:
        """Give money back for units by line, for shipping and duties, or just an amount."""
        with self._turns.turn():
            order = self.get(gid)
            place = self._platform.store.location_by_code.get(location)
            backs = [Back(order.lines[line], count, restock, place) for line, count in (units or {}).items()]
            return self._refunds.refund(
                order,
                backs,
                self._now,
                amount=None if amount is None else Decimal(amount),
                shipping=Decimal(shipping),
                duties=duties,
                note=note,
                returned=returned,
            )

    def fulfill(self, gid: str, units: Mapping[int, int] | None = None, **tracking: Any) -> list[Fulfillment]:
        """Send units by line (all by default) from wherever they are to be sent; one fulfillment a place."""
        with self._turns.turn():
            order = self.get(gid)
            left = {order.lines[line]: count for line, count in units.items()} if units is not None else None
            return self._send(order, left, tracking)

    def hold(self, gid: str, plan: int = 0, reason: str = "OTHER") -> None:
        """Hold one of its fulfillment orders that are still open."""
        with self._turns.turn():
            self._places.hold(self.plans(gid)[plan], self._now, reason, None, None)

    def release(self, gid: str) -> None:
        """End all its holds."""
        with self._turns.turn():
            for plan in self.plans(gid):
                self._places.release(plan, self._now)

    def move(self, gid: str, location: str, plan: int = 0) -> None:
        """Let another place send what is left of a fulfillment order."""
        with self._turns.turn():
            self._places.move(self.plans(gid)[plan], self._platform.store.location_by_code[location], self._now)

    def take_back(self, gid: str, fulfillment: int = 0) -> None:
        """Cancel a fulfillment."""
        with self._turns.turn():
            self._places.take_back(self.get(gid).fulfillments[fulfillment], self._now)

    def announce(self, gid: str, units: Mapping[int, int], status: str = "OPEN", reason: str = "UNWANTED") -> Return:
        """Goods are to come back."""
        with self._turns.turn():
            order = self.get(gid)
            lines = {order.lines[line]: count for line, count in units.items()}
            return self._places.announce(lines, self._now, status, reason)

    def step(self, back: Return, status: str) -> None:
        """A return gets on: DECLINED, CANCELED, OPEN, CLOSED."""
        with self._turns.turn():
            self._places.step(back, self._now, status)

    def archive(self, gid: str) -> None:
        """Close the order: everything is done."""
        with self._turns.turn():
            order = self.get(gid)
            order.closed_at = self._now
            self._platform.book.touch(order, self._now)

    def expire(self, gid: str) -> None:
        """The buyer never paid in time."""
        with self._turns.turn():
            order = self.get(gid)
            order.expired = True
            self._platform.book.touch(order, self._now)

    def edit_address(self, gid: str, **parts: str | None) -> None:
        """Change where the goods go."""
        with self._turns.turn():
            order = self.get(gid)
            if order.shipping_address is not None:
                order.shipping_address.parts = {**order.shipping_address.parts, **parts}
            self._platform.book.touch(order, self._now)

    def set_note(self, gid: str, note: str) -> None:
        """Write a note."""
        with self._turns.turn():
            order = self.get(gid)
            order.note = note
            self._platform.book.touch(order, self._now)

    def plans(self, gid: str) -> list[FulfillmentOrder]:
        """The fulfillment orders of an order that are still open."""
        return [plan for plan in self.get(gid).plans if plan.is_open]

    def _send(self, order: Order, left: dict[Line, int] | None, tracking: Mapping[str, object]) -> list[Fulfillment]:
        found: list[Fulfillment] = []
        for plan in [plan for plan in order.plans if plan.is_open]:
            parts = []
            for part in plan.lines:
                units = part.remaining if left is None else min(part.remaining, left.get(part.line, 0))
                if units:
                    parts.append((part, units))
                    if left is not None:
                        left[part.line] -= units
            if parts:
                found.append(self._places.send({plan: parts}, self._now, tracking))
        return found

    @property
    def _now(self) -> datetime:
        return self._platform.now()
