"""Shoppers and the merchant with orders: buying, paying late, canceling, editing, refunding, the trash."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from canonical.clock import Clock
from connectors.woocommerce.simulator import stock
from connectors.woocommerce.simulator.orders import Coupon, Order, Orders, Refund, set_meta
from connectors.woocommerce.simulator.ordersteps import OrderSteps, keeper_of, touch
from connectors.woocommerce.simulator.pricing import Pricing, rates_of
from connectors.woocommerce.simulator.store import Product, Store
from connectors.woocommerce.simulator.switches import Switches
from connectors.woocommerce.simulator.view import amount

Turn = Callable[[], AbstractContextManager[None]]
Charges = Sequence[tuple[str, str, Decimal]]
"""Title, code and what the shopper pays, without tax unless prices include it."""

BUYER: Mapping[str, str | None] = {
    "first_name": "Ada",
    "last_name": "Buyer",
    "address_1": "Main Street 1",
    "city": "Town",
    "postcode": "10115",
    "country": "DE",
    "email": "ada@buyer.example",
}


class Goods(NamedTuple):
    """Units of a product in an order; without a price, at that of today. Units below zero take goods back."""

    sku: str
    units: int
    price: Decimal | None = None


class SoldOutError(Exception):
    """The checkout does not sell what the shop does not have."""


class Checkout:
    """What happens to orders in front of the screens; products are named by SKU, orders by id."""

    def __init__(
        self,
        orders: Orders,
        steps: OrderSteps,
        store: Store,
        switches: Switches,
        clock: Clock,
        currency: str,
        turn: Turn,
    ) -> None:
        self._orders = orders
        self._steps = steps
        self._store = store
        self._switches = switches
        self._clock = clock
        self._currency = currency
        self._turn = turn

    def buy(self, lines: Mapping[str, int], **more: Any) -> int:
        """A shopper orders in the shop, as ``place`` does; SoldOutError where others were faster."""
        with self._turn():
            for sku, units in lines.items():
                self._require(self._store.by_sku(sku), units)
            return self.place(lines, **more)

    def place(
        self,
        lines: Mapping[str, int] | Sequence[Goods],
        *,
        status: str = "processing",
        tax_rate: str = "0",
        prices_include_tax: bool = False,
        off: str = "0",
        coupon: str = "0",
        shipping: Charges = (),
        fees: Charges = (),
        buyer: Mapping[str, str | None] | None = None,
        **more: Any,
    ) -> int:
        """An order comes in, by whatever way and whether the goods are there or not; tells its id.

        ``off`` comes off the first line, net; ``coupon`` is percents off all of them. ``tax_rate`` is a fraction, or
        several with a plus between them. ``more`` are attributes of the order.
        """
        with self._turn():
            now = self._clock.now()
            order = Order(self._orders.number(), "auto-draft", now.replace(microsecond=0), now, self._currency)
            order.rates, order.prices_include_tax = rates_of(tax_rate), prices_include_tax
            pricing = Pricing(order.rates, prices_include_tax, Decimal(coupon))
            self._fill(order, pricing, lines, Decimal(off))
            order.shipping = [pricing.charge(self._orders, *one) for one in shipping]
            order.fees = [pricing.charge(self._orders, *one) for one in fees]
            order.billing = dict(BUYER if buyer is None else buyer)
            order.address = dict(order.billing)
            order.payment_method, order.places = "stripe", self._switches.price_decimals
            for name, value in more.items():
                setattr(order, name, value)
            self._orders.all[order.id] = order
            self._steps.enter(order, status, now)
            return order.id

    def pay(self, order_id: int, transaction_id: str = "") -> None:
        """The money arrives."""
        with self._turn():
            order = self._orders.get(order_id)
            order.transaction_id = transaction_id or order.transaction_id
            self._steps.enter(order, "processing", self._clock.now())

    def enter(self, order_id: int, status: str) -> None:
        """The merchant or a plugin moves an order to a state; a plugin's own is known from then on."""
        with self._turn():
            self._orders.statuses.add(status)
            self._steps.enter(self._orders.get(order_id), status, self._clock.now())

    def cancel(self, order_id: int) -> None:
        """The order is called off: its units go back on the shelf."""
        self.enter(order_id, "cancelled")

    def cancel_unpaid(self) -> list[int]:
        """The shop's own timer calls off what was not paid for within the time that units are held."""
        with self._turn():
            late = [
                order for order in self._orders.all.values() if order.status == "pending" and not self._holds(order)
            ]
            for order in late:
                self._steps.enter(order, "cancelled", self._clock.now())
            return [order.id for order in late]

    def edit(self, order_id: int, position: int, units: int) -> None:
        """The merchant changes the units of a line; the shelf follows for what was taken off."""
        with self._turn():
            order = self._orders.get(order_id)
            self._steps.change(order, order.lines[position], units, self._clock.now())

    def add(self, order_id: int, sku: str, units: int) -> None:
        """The merchant adds a line, at the price of today; its units come off the shelf where the others did."""
        with self._turn():
            order, now = self._orders.get(order_id), self._clock.now()
            pricing = Pricing(order.rates, order.prices_include_tax)
            product = self._store.by_sku(sku)
            order.lines.append(pricing.line(self._orders, product, self._store.title(product), units, _price(product)))
            self._steps.change(order, order.lines[-1], units, now)

    def add_custom(self, order_id: int, units: int, price: str) -> None:
        """The merchant, or a plugin, adds a line without a product."""
        with self._turn():
            order = self._orders.get(order_id)
            pricing = Pricing(order.rates, order.prices_include_tax)
            order.lines.append(pricing.line(self._orders, None, "Custom item", units, Decimal(price)))
            touch(order, self._clock.now())

    def remove(self, order_id: int, position: int) -> None:
        """The merchant takes a line out of an order; its units go back on the shelf."""
        self.edit(order_id, position, 0)
        with self._turn():
            del self._orders.get(order_id).lines[position]

    def refund(self, order_id: int, value: str, lines: Mapping[int, int] | None = None, *, restock: bool) -> Refund:
        """The merchant gives money back, for units of lines by their position."""
        with self._turn():
            order = self._orders.get(order_id)
            rows = []
            for at, units in (lines or {}).items():
                line = order.lines[at]
                taxes = [
                    {"id": rate, "refund_total": str(tax * units / line.quantity)} for rate, tax in line.taxes.items()
                ]
                total = str(line.total * units / line.quantity)
                rows.append({"id": line.id, "quantity": units, "refund_total": total, "refund_tax": taxes})
            body = {"amount": value, "line_items": rows, "api_restock": restock, "api_refund": True}
            return self._steps.refund(order, body, self._clock.now(), gateway=True)

    def set_meta(self, order_id: int, key: str, value: Any) -> None:
        """A plugin writes meta data of an order, of whatever kind."""
        with self._turn():
            order = self._orders.get(order_id)
            set_meta(self._orders, order.meta, {"key": key, "value": value})
            touch(order, self._clock.now())

    def trash(self, order_id: int) -> None:
        """Put an order into the trash; its stock stays as it is."""
        with self._turn():
            order = self._orders.get(order_id)
            order.before_trash, order.status = order.status, "trash"

    def delete(self, order_id: int) -> None:
        """Delete an order for good; its stock stays as it is."""
        with self._turn():
            del self._orders.all[order_id]

    def restore(self, order_id: int) -> None:
        """Take an order out of the trash."""
        with self._turn():
            order = self._orders.get(order_id)
            order.status = order.before_trash

    def get(self, order_id: int) -> Order:
        """The order as the shop holds it."""
        with self._turn():
            return self._orders.get(order_id)

    def held(self, sku: str) -> int:
        """Units that unpaid orders keep from other shoppers; the stock figure does not show them."""
        with self._turn():
            return self._held(stock.keeper(self._store, self._store.by_sku(sku)))

    def _fill(self, order: Order, pricing: Pricing, lines: Mapping[str, int] | Sequence[Goods], off: Decimal) -> None:
        goods = [Goods(*one) for one in lines.items()] if isinstance(lines, Mapping) else lines
        for position, (sku, units, asked) in enumerate(goods):
            product, less = self._store.by_sku(sku), off if position == 0 else Decimal(0)
            price = _price(product) if asked is None else asked
            order.lines.append(pricing.line(self._orders, product, self._store.title(product), units, price, less))
        if pricing.percent:
            taken = sum((line.subtotal - line.total for line in order.lines), Decimal(0)) - off
            order.coupons.append(Coupon(self._orders.part(), "less", pricing.percent, taken))

    def _require(self, product: Product, units: int) -> None:
        kept = stock.keeper(self._store, product)
        if kept is None or kept.get("backorders") != "no":
            return
        free = (kept.get("stock_quantity") or 0) - self._held(kept)
        if units > free:
            raise SoldOutError(f"{product.sku}: {units} wanted, {free} to be had")

    def _held(self, kept: Product | None) -> int:
        if kept is None:
            return 0
        return sum(
            line.quantity
            for order in self._orders.all.values()
            if self._holds(order)
            for line in order.lines
            if keeper_of(self._store, line) is kept
        )

    def _holds(self, order: Order) -> bool:
        if order.status not in ("pending", "checkout-draft"):
            return False
        return self._clock.now() - order.created < timedelta(minutes=self._switches.hold_minutes)


def _price(product: Product) -> Decimal:
    return amount(str(product.get("sale_price") or product.get("regular_price"))) or Decimal(0)
