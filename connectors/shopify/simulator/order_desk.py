"""Orders are placed, paid, edited and called off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from connectors.shopify.simulator.cart import Cart, Goods
from connectors.shopify.simulator.order_book import OrderBook
from connectors.shopify.simulator.order_money import (
    current_total,
    given_back,
    received,
    rounded,
    share_of,
    tax_sum,
    taxes_on,
)
from connectors.shopify.simulator.order_records import (
    ZERO,
    Address,
    Customer,
    Duty,
    Fee,
    FulfillmentOrder,
    Gone,
    Line,
    Order,
    PlannedLine,
    Refund,
    RefundLine,
    Shipping,
    Terms,
    Transaction,
)
from connectors.shopify.simulator.records import Location, Variant
from connectors.shopify.simulator.shelf import Shelf
from connectors.shopify.simulator.store import Store, sorted_tags
from connectors.shopify.simulator.switches import Switches

_PERSON = ("first_name", "last_name", "email")


class OrderDesk:
    """Does what shoppers and the merchant do with orders; callers hold the platform's turn."""

    def __init__(self, store: Store, book: OrderBook, switches: Switches) -> None:
        self.store = store
        self.book = book
        self.switches = switches
        self.shelf = Shelf(store)

    def place(self, lines: Mapping[str, int] | Sequence[Goods], cart: Cart, at: datetime) -> Order:
        """An order is placed; its units are promised at once."""
        at = cart.placed_at or at
        currency = self.store.currency
        terms = Terms(
            currency, cart.presentment or currency, Decimal(cart.rate), cart.taxes_included, round_once=cart.round_once
        )
        goods = [Goods(*one) for one in lines.items()] if isinstance(lines, Mapping) else lines
        variants = [(self._variant(one.sku), one.units) for one in goods]
        places = [
            self.shelf.allocate(one.item, units, cart.location, oversell=one.policy == "CONTINUE")
            for one, units in variants
        ]
        order = self.book.make(Order, at, terms)
        self._describe(order, cart, at)
        for (variant, units), one in zip(variants, goods, strict=True):
            order.lines.append(self._line(order, variant, units, at))
            order.lines[-1].unit = variant.price if one.price is None else one.price
        self._discount(order, Decimal(cart.off))
        self._discount(order, Decimal(cart.code_off))
        for line in order.lines:
            line.taxes = taxes_on(line.net, cart.tax, order)
        self._charge(order, cart, at)
        for line, parts in zip(order.lines, places, strict=False):
            for place, units in parts:
                self.plan(line, place, units, at, cart.fulfill_at)
        order.original_total = self.total(order)
        self._pay(order, cart, at)
        self.book.touch(order, at, "ORDERS_CREATE")
        return order

    def plan(self, line: Line, place: Location, units: int, at: datetime, later: datetime | None = None) -> None:
        """A place is to send units of a line: they are promised there."""
        order = line.order
        open_ones = (one for one in order.plans if one.location is place and one.status in ("OPEN", "SCHEDULED"))
        plan = next(open_ones, None)
        if plan is None:
            plan = self.book.make(FulfillmentOrder, at, order, place)
            plan.fulfill_at, plan.status = later, "SCHEDULED" if later is not None and later > at else "OPEN"
            order.plans.append(plan)
        known = next((one for one in plan.lines if one.line is line), None)
        if known is None:
            plan.lines.append(self.book.make(PlannedLine, at, line, units))
        else:
            known.total, known.remaining = known.total + units, known.remaining + units
        plan.updated_at = at
        self.shelf.promise(line, place, units, at)

    def total(self, order: Order) -> Decimal:
        """What the order costs now."""
        return current_total(order, discrepancies=self.switches.refund_lowers_total)

    def receive(self, order: Order, at: datetime, gateway: str, amount: Decimal | None, payment_id: str) -> Transaction:
        """The buyer pays, the whole rest unless an amount is given."""
        owed = self.total(order) - received(order) + given_back(order)
        reserved = next((one for one in order.transactions if one.kind == "AUTHORIZATION"), None)
        kind = "SALE" if reserved is None else "CAPTURE"
        paid = self.book.make(Transaction, at, order, kind, gateway, owed if amount is None else amount)
        paid.parent, paid.payment_id = reserved, payment_id or f"#{order.number}.{len(order.transactions) + 1}"
        order.transactions.append(paid)
        return paid

    def add(self, order: Order, sku: str, units: int, at: datetime) -> Line:
        """An edit adds units of a product, taxed as the first line is."""
        variant = self._variant(sku)
        parts = self.shelf.allocate(variant.item, units, "", oversell=True)
        line = self._line(order, variant, units, at)
        rates = "+".join(str(one.rate) for one in order.lines[0].taxes) or "0"
        line.taxes = taxes_on(line.net, rates, order)
        order.lines.append(line)
        for place, count in parts:
            self.plan(line, place, count, at)
        order.edited = True
        self.book.touch(order, at, "ORDERS_EDITED")
        return line

    def remove(self, order: Order, line: Line, units: int, at: datetime, *, restock: bool) -> None:
        """An edit takes unsent units out of a line."""
        gone = take_off(line, units)
        place = self.unplan(line, units, at, restock=restock)
        if self.switches.edits_make_refunds:
            refund = self.book.make(Refund, at, order, None)
            part = self.book.make(RefundLine, at, line, units, "CANCEL" if restock else "NO_RESTOCK")
            part.net, part.tax, part.location = gone.net, gone.tax, place if restock else None
            refund.lines.append(part)
            order.refunds.append(refund)
        order.edited = True
        self.book.touch(order, at, "ORDERS_EDITED")

    def unplan(self, line: Line, units: int, at: datetime, *, restock: bool) -> Location | None:
        """Units are not to be sent any more: no longer promised, and on sale again where they are restocked."""
        place: Location | None = None
        for plan in line.order.plans:
            for part in plan.lines if plan.is_open else ():
                taken = min(units, part.remaining) if part.line is line else 0
                if not taken:
                    continue
                place, units = place or plan.location, units - taken
                part.remaining -= taken
                part.total -= taken if self.switches.plans_shrink else 0
                plan.updated_at = at
                if restock:
                    self.shelf.promise(line, plan.location, -taken, at)
                else:
                    self.shelf.send(line, plan.location, taken, at)
            if plan.is_open and not any(part.remaining for part in plan.lines):
                plan.status = "CLOSED" if any(part.total for part in plan.lines) else "CANCELLED"
        return place

    def _describe(self, order: Order, cart: Cart, at: datetime) -> None:
        order.note, order.tags, order.test = cart.note, sorted_tags(cart.tags), cart.test
        buyer = dict(cart.buyer) if cart.buyer is not None else None
        if buyer is None:
            return
        order.email, order.phone = buyer.get("email"), buyer.get("phone")
        if cart.account:
            order.customer = self.book.make(Customer, at, buyer)
        parts = {name: value for name, value in buyer.items() if name != "email"}
        order.shipping_address = self.book.make(Address, at, parts)
        order.billing = self.book.make(Address, at, parts)

    def _charge(self, order: Order, cart: Cart, at: datetime) -> None:
        for title, code, price, less in cart.shipping:
            one = self.book.make(Shipping, at, order, title, code, Decimal(price), Decimal(less))
            one.taxes = taxes_on(one.price - one.discount, cart.tax, order)
            order.shipping.append(one)
        if Decimal(cart.duties):
            amount = Decimal(cart.duties)
            order.lines[0].duties.append(self.book.make(Duty, at, amount, taxes_on(amount, cart.tax, order)))
        for name, price in cart.fees:
            fee = self.book.make(Fee, at, Decimal(price), taxes_on(Decimal(price), cart.tax, order))
            fee.name = name
            order.extras.fees.append(fee)
        order.extras.tip, order.extras.rounding = Decimal(cart.tip), Decimal(cart.cash_rounding)
        if order.extras.tip and self.switches.tips_as_lines:
            tip = self.book.make(Line, at, order, "Tip", order.extras.tip, 1)
            tip.requires_shipping = False
            order.lines.append(tip)

    def _pay(self, order: Order, cart: Cart, at: datetime) -> None:
        owed = self.total(order)
        if Decimal(cart.gift_card):
            part = min(owed, Decimal(cart.gift_card))
            self.receive(order, at, "gift_card", part, "")
            owed -= part
        if cart.authorized:
            held = self.book.make(Transaction, at, order, "AUTHORIZATION", cart.gateway, owed)
            held.payment_id = cart.payment_id or f"#{order.number}.1"
            order.transactions.append(held)
        elif cart.paid and owed:
            paid = self.receive(order, at, cart.gateway, owed + order.extras.rounding, cart.payment_id)
            paid.rounding = order.extras.rounding

    def _discount(self, order: Order, off: Decimal) -> None:
        """A discount on all lines, spread by what they cost, the last line taking the rest."""
        whole, left = sum((line.net for line in order.lines), ZERO), off
        for line in order.lines if off else ():
            part = left if line is order.lines[-1] else rounded(off * line.net / whole if whole else ZERO, order)
            line.discounts.append(part)
            left -= part

    def _line(self, order: Order, variant: Variant, units: int, at: datetime) -> Line:
        line = self.book.make(Line, at, order, variant.product.title, variant.price, units)
        line.variant, line.sku = variant, variant.item.sku or None
        line.requires_shipping = variant.item.requires_shipping
        return line

    def _variant(self, sku: str) -> Variant:
        return self.store.items_by_sku[sku][0].variants[0]


def take_off(line: Line, units: int) -> Gone:
    """Units leave a line with their share of its money."""
    gone = Gone(units, share_of(line.net, line, units), share_of(tax_sum(line.taxes), line, units))
    line.gone.append(gone)
    return gone
