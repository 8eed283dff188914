"""Shoppers, merchants, the company and the floor of the 3PL: they do what the script says, whatever the hub does."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice

from connectors.shipbob.simulator.state import Order
from connectors.shopify.simulator.cart import Goods as EuGoods
from connectors.shopify.simulator.cart import SoldOutError
from connectors.tryton.simulator.state import STORAGE
from connectors.woocommerce.simulator.checkout import Goods as WebGoods
from tests.chaos.scene import PRICE, Scene
from tests.chaos.script import Event, Script


class People:
    """Everybody but the hub; ``ids`` are the platforms' own ids of the script's orders."""

    def __init__(self, scene: Scene, script: Script) -> None:
        self._scene = scene
        self._script = script
        self._to_ship: set[int] = set()
        self._unasked: set[int] = set()
        self._asked: dict[int, list[Order]] = {}
        self._by_key: dict[str, int] = {}
        self._seen = 0
        self.ids: dict[int, str] = {}
        self.short = 0
        """Units that a shop sold, or refused to sell, because it listed too few: the script never depends on stock."""
        self.touched: set[tuple[str, str]] = set()
        """Topics and ids of which WooCommerce has news."""

    def do(self, event: Event) -> None:
        """Let one thing happen."""
        if event.kind == "ship":
            self._to_ship.add(event.order)
        elif event.kind in ("count", "price"):
            self._at_the_erp(event)
        elif self._script.orders[event.order].shop == "shop_eu":
            self._in_eu(event)
        else:
            self._in_web(event)

    def key(self, order: int) -> str:
        """How the references of an order begin."""
        return f"{self._script.orders[order].shop}-{self.ids[order].rpartition('/')[2]}"

    def ship(self) -> int:
        """What is to leave and was asked for, with the lines that are wanted in the end, leaves; tells how many."""
        self._look_at_new_requests()
        left = 0
        for order in sorted(self._to_ship):
            found = next((one for one in self._asked.get(order, ()) if self._is_ready(one, order)), None)
            if found is not None:
                for shipment in found.shipments:
                    self._scene.tpl.admin.ship(shipment, f"TRK-{order}")
                self._to_ship.discard(order)
                left += 1
        return left

    def waiting(self) -> int:
        """How many orders the floor would send if the hub had asked for them."""
        return len(self._to_ship)

    def unasked(self) -> int:
        """How many orders that were paid for at once, and stand, nobody was asked for yet."""
        self._look_at_new_requests()
        return len(self._unasked)

    def _look_at_new_requests(self) -> None:
        """Sort what the 3PL was asked for since the last look, by order."""
        with self._scene.tpl.turn():
            new = list(islice(self._scene.tpl.account.orders.values(), self._seen, None))
        self._seen += len(new)
        for one in new:
            order = self._by_key.get(one.reference.rpartition("-")[0])
            if order is not None:
                self._asked.setdefault(order, []).append(one)
                self._unasked.discard(order)

    def _is_ready(self, one: Order, order: int) -> bool:
        """Whether a request is for what is wanted in the end, and its goods are there."""
        account = self._scene.tpl.account
        units = {account.variants[variant].sku: line["quantity"] for variant, line in one.lines}
        ready = {account.shipments[number].status for number in one.shipments} == {"Processing"}
        return ready and units == self._script.orders[order].units

    def _placed(self, order: int, external: str) -> None:
        self.ids[order] = external
        self._by_key[self.key(order)] = order
        if order not in self._script.later and self._script.orders[order].stands:
            self._unasked.add(order)

    def _at_the_erp(self, event: Event) -> None:
        erp = self._scene.erp
        with erp.turn():
            if event.kind == "price":
                erp.admin.set_price(event.sku, Decimal(event.cents) / 100)
            else:
                self._count(event)

    def _count(self, event: Event) -> None:
        """Goods come in or are missing: by how many, and not how many there are, so that it matters not when."""
        erp = self._scene.erp
        storage = erp.admin.warehouse(event.place).zones[STORAGE]
        here = erp.state.stock[storage].get(erp.state.by_code[event.sku], 0.0)
        erp.admin.set_stock(event.sku, event.place, int(here) + event.units)

    def _in_eu(self, event: Event) -> None:
        one, checkout = self._script.orders[event.order], self._scene.shop_eu.checkout
        if event.kind == "place":
            goods = [EuGoods(sku, units, PRICE) for sku, units in one.lines]
            try:
                self._placed(event.order, checkout.place(goods, paid=event.order not in self._script.later))
            except SoldOutError:
                self.short += 1
            return
        gid = self.ids[event.order]
        if event.kind == "pay":
            checkout.pay(gid)
        elif event.kind == "edit":
            checkout.remove(gid, 0, 1)
        else:
            checkout.cancel(gid)

    def _in_web(self, event: Event) -> None:
        one, shop = self._script.orders[event.order], self._scene.shop_web
        if event.kind == "place":
            goods = [WebGoods(sku, units, PRICE) for sku, units in one.lines]
            status = "pending" if event.order in self._script.later else "processing"
            number = shop.checkout.place(goods, status=status)
            self._placed(event.order, str(number))
            self.touched |= {("order.created", str(number))}
        else:
            number = int(self.ids[event.order])
            if event.kind == "pay":
                shop.checkout.pay(number)
            elif event.kind == "edit":
                shop.checkout.edit(number, 0, one.lines[0][1] - 1)
            else:
                self._call_off(number)
            self.touched |= {("order.updated", str(number))}
        self.touched |= {("product.updated", shop.id_of(sku)) for sku, _ in one.lines}
        self.short += sum((shop.quantity(sku) or 0) < 0 for sku, _ in one.lines)

    def _call_off(self, number: int) -> None:
        checkout = self._scene.shop_web.checkout
        held = checkout.get(number)
        if held.status == "pending":
            checkout.cancel(number)
            return
        units = {at: line.quantity for at, line in enumerate(held.lines)}
        checkout.refund(number, str(held.total), units, restock=True)
