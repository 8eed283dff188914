"""The other side of the account: the floor, the carriers, the merchant in the dashboard, buyers who send back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from connectors.shipbob.simulator.fulfillment import Fulfillment
from connectors.shipbob.simulator.orders import Orders
from connectors.shipbob.simulator.state import Account, Json, ReturnOrder, Shipment, Tracking, Variant
from connectors.shipbob.simulator.stock import Stock
from connectors.shipbob.simulator.webhooks import Delivery, Webhooks

_STEPS = ("AwaitingArrival", "Arrived", "Processing", "Completed")


class Admin:
    """What happens on the account without our asking; ids as answers have them."""

    def __init__(
        self,
        account: Account,
        stock: Stock,
        floor: Fulfillment,
        orders: Orders,
        webhooks: Webhooks,
        turn: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._account = account
        self._stock = stock
        self._floor = floor
        self._orders = orders
        self._webhooks = webhooks
        self._turn = turn

    def add(self, sku: str, name: str = "", *, gtin: str = "", product: int = 0) -> int:
        """The merchant adds a variant, of a product of its own if none is given; gives the variant's id."""
        with self._turn():
            found = self._account.products.get(product) or self._account.add_product(name or sku)
            return self._account.add_variant(found, name or sku, sku, gtin=gtin).id

    def bundle(self, sku: str, parts: Mapping[str, int]) -> int:
        """The merchant makes a bundle of SKUs; gives the variant's id."""
        with self._turn():
            pairs = tuple((self.variant(part).id, units) for part, units in parts.items())
            return self._account.add_variant(self._account.add_product(sku), sku, sku, parts=pairs).id

    def rename(self, sku: str, name: str = "", new_sku: str = "") -> None:
        """The merchant edits a variant and its product."""
        with self._turn():
            variant = self.variant(sku)
            product = self._account.products[variant.product_id]
            variant.name = product.name = name or variant.name
            variant.sku = new_sku or variant.sku
            variant.updated = product.updated = self._account.now()

    def receive(self, sku: str, center: int, units: int) -> None:
        """Goods arrive in a center; shipments that lacked them are looked at again."""
        with self._turn():
            self._stock.move(self.variant(sku).inventory_id, center, on_hand=units)
            self._floor.retry()

    def lose(self, sku: str, center: int, units: int) -> None:
        """Goods are found to be missing."""
        with self._turn():
            self._stock.move(self.variant(sku).inventory_id, center, on_hand=-units)

    def order(self, reference: str, lines: Mapping[str, int], channel: int, **more: object) -> int:
        """Another application, or someone in the dashboard, makes an order; gives its id."""
        recipient = {
            "name": "Grace Hopper",
            "email": "grace@example.com",
            "address": {"address1": "1 Main St", "city": "Chicago", "country": "US", "zip_code": "60607"},
        }
        products = [{"reference_id": sku, "name": sku, "quantity": units} for sku, units in lines.items()]
        body: Json = {
            "reference_id": reference,
            "recipient": recipient,
            "products": products,
            "shipping_method": "Standard",
            "type": "DTC",
            **more,
        }
        with self._turn():
            return self._orders.create(body, channel).id

    def shipments(self, order: int) -> list[int]:
        """The shipments of an order."""
        with self._turn():
            return list(self._account.orders[order].shipments)

    def pick(self, shipment: int) -> None:
        """Someone takes the goods off their shelf."""
        with self._turn():
            self._floor.pick(self._shipment(shipment))

    def label(self, shipment: int, number: str, carrier: str | None = "USPS") -> None:
        """A label is printed."""
        with self._turn():
            self._floor.label(self._shipment(shipment), _tracking(number, carrier))

    def ship(self, shipment: int, number: str = "", carrier: str | None = "USPS") -> None:
        """A parcel leaves; freight may leave without a number."""
        with self._turn():
            self._floor.ship(self._shipment(shipment), _tracking(number, carrier) if number else None)

    def ship_all(self, order: int) -> None:
        """Everything that an order is promised leaves."""
        for shipment in self.shipments(order):
            if self._account.shipments[shipment].status == "Processing":
                self.ship(shipment, f"TRK{shipment}")

    def deliver(self, shipment: int) -> None:
        """A parcel arrives."""
        with self._turn():
            self._floor.deliver(self._shipment(shipment))

    def hold(self, shipment: int, *, keeps: bool | None = None) -> None:
        """A shipment is held."""
        with self._turn():
            self._floor.hold(self._shipment(shipment), keeps=keeps)

    def release(self, shipment: int) -> None:
        """A held shipment goes on."""
        with self._turn():
            self._floor.release_hold(self._shipment(shipment))

    def review(self, shipment: int) -> None:
        """Someone at ShipBob wants to look at a shipment before it goes on."""
        with self._turn():
            self._floor.review(self._shipment(shipment))

    def miss(self, shipment: int) -> None:
        """The goods of a shipment are not where they should be."""
        with self._turn():
            self._floor.miss(self._shipment(shipment))

    def cancel(self, order: int) -> None:
        """The merchant cancels an order in the dashboard."""
        with self._turn():
            for shipment in self._account.shipments_of(self._account.orders[order]):
                self._floor.cancel(shipment)

    def send_back(self, shipment: int, lines: Mapping[str, int]) -> int:
        """A buyer sends units back; gives the return."""
        with self._turn():
            order = self._account.orders[self._shipment(shipment).order_id]
            number, now = self._account.number("return"), self._account.now()
            items = {self.variant(sku).inventory_id: units for sku, units in lines.items()}
            center = self._shipment(shipment).center_id or next(iter(self._account.centers))
            one = ReturnOrder(
                number, order.channel_id, center, shipment, f"RMA-{number}", _STEPS[0], now, items, [(_STEPS[0], now)]
            )
            self._account.returns[number] = one
            self._webhooks.tell("return.created", one)
            return number

    def process_return(self, number: int) -> str:
        """A return takes its next step; once it is completed its units are on the shelf again. Gives its status."""
        with self._turn():
            one = self._account.returns[number]
            one.status = _STEPS[min(_STEPS.index(one.status) + 1, len(_STEPS) - 1)]
            one.history.append((one.status, self._account.now()))
            self._webhooks.tell("return.completed" if one.status == _STEPS[-1] else "return.updated", one)
            if one.status == _STEPS[-1]:
                for inventory, units in one.items.items():
                    self._stock.move(inventory, one.center_id, on_hand=units)
                self._floor.retry()
            return one.status

    def call_off_return(self, number: int) -> None:
        """A return that is still awaited is called off."""
        with self._turn():
            one = self._account.returns[number]
            one.status = "Cancelled"
            one.history.append((one.status, self._account.now()))
            self._webhooks.tell("return.updated", one)

    def bill(self, shipment: int, amount: float) -> None:
        """ShipBob charges for a shipment."""
        with self._turn():
            at = self._account.now().date().isoformat()
            about: Json = {"transaction_id": f"T{shipment}", "amount": amount, "currency_code": "USD"}
            about |= {"reference_id": str(shipment), "reference_type": "Shipment", "transaction_type": "Charge"}
            about |= {"charge_date": at, "transaction_fee": "Shipping", "invoiced_status": False}
            self._webhooks.tell("billing.charge.created", about)

    def messages(self) -> list[Delivery]:
        """The signed messages that wait to be posted; each is given once."""
        with self._turn():
            waiting, self._webhooks.outbox = self._webhooks.outbox, []
            return waiting

    def variant(self, sku: str) -> Variant:
        """The variant of a SKU."""
        return next(one for one in self._account.variants.values() if one.sku == sku)

    def _shipment(self, number: int) -> Shipment:
        return self._account.shipments[number]


def _tracking(number: str, carrier: str | None) -> Tracking:
    return Tracking(carrier, number, f"https://track.example/{number}", "Priority" if carrier else None)
