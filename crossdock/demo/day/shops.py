"""The shops as the day needs them: what shoppers and merchants do there, and what the shop itself says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from connectors.woocommerce.simulator import WooSimulator
from connectors.woocommerce.simulator.checkout import BUYER

_CENTS = Decimal("0.01")
HOOK_SECRET = "shop-web-demo-hook"  # noqa: S105 - the made-up secret of a made-up shop
_NOTED = "_crossdock_shipments"


@dataclass(frozen=True, slots=True)
class Sale:
    """What a shop says of one order: money in EUR, units by SKU that are sent or were, shipments told to it."""

    total: Decimal
    taken: Decimal
    """What the buyer paid."""
    refunded: Decimal
    canceled: bool
    units: Mapping[str, int]
    shipments: tuple[tuple[str, int, tuple[str, ...]], ...]
    """Of each: its name there, its units, its tracking numbers."""


class Shop(Protocol):
    """One shop whose orders flow; orders are named by the key that requests for them carry."""

    name: str
    gateway: str
    shelves_unpaid: bool
    """Whether units stay in its own figure until they are paid for."""

    def place(self, lines: Mapping[str, int], country: str, shipping: str = "4.90") -> str:
        """A shopper orders and has not paid yet; tells the order."""
        ...

    def called(self, order: str) -> str:
        """What the shop calls an order where people read it."""
        ...

    def pay(self, order: str, charge: str) -> None:
        """The processor tells the shop that the money is there."""
        ...

    def swap(self, order: str, sku: str) -> None:
        """The merchant puts another thing of the same price into the order's only line."""
        ...

    def call_off(self, order: str) -> None:
        """The merchant cancels an order: its money is given back, its units go back on the shelf."""
        ...

    def take_back(self, order: str, units: int) -> Decimal:
        """The merchant gives back the money for units of the first line and shelves them again; tells how much."""
        ...

    def complete(self, order: str) -> None:
        """An order of earlier days is over."""
        ...

    def sales(self) -> dict[str, Sale]:
        """Every order, as the shop shows it."""
        ...

    def listen(self) -> None:
        """From now on new and changed orders are to be told to the hub."""
        ...

    def messages(self) -> list[tuple[Mapping[str, str], bytes]]:
        """What is to be told since it was last asked: headers and body of each webhook."""
        ...

    def listed(self, sku: str) -> int:
        """What the shop has for sale."""
        ...


class WebShop:
    """WooCommerce: units come off its shelf when an order is paid for."""

    def __init__(self, name: str, simulator: WooSimulator) -> None:
        self.name = name
        self.gateway = "stripe"
        self.shelves_unpaid = True
        self._simulator = simulator

    def place(self, lines: Mapping[str, int], country: str, shipping: str = "4.90") -> str:
        """A shopper orders and has not paid yet; tells the order."""
        buyer = {**BUYER, "country": country}
        charge = ("Parcel", "flat_rate", Decimal(shipping))
        return str(self._simulator.checkout.buy(lines, status="pending", buyer=buyer, shipping=[charge]))

    def called(self, order: str) -> str:
        """What the shop calls an order where people read it."""
        return f"#{order}"

    def pay(self, order: str, charge: str) -> None:
        """The processor tells the shop that the money is there."""
        self._simulator.checkout.pay(int(order), charge)

    def swap(self, order: str, sku: str) -> None:
        """The merchant puts another thing of the same price into the order's only line."""
        checkout = self._simulator.checkout
        [line] = checkout.get(int(order)).lines
        checkout.add(int(order), sku, line.quantity)
        checkout.remove(int(order), 0)

    def call_off(self, order: str) -> None:
        """The merchant cancels an order: its money is given back, its units go back on the shelf."""
        checkout = self._simulator.checkout
        held = checkout.get(int(order))
        units = {at: line.quantity for at, line in enumerate(held.lines)}
        checkout.refund(int(order), str(held.total), units, restock=True)

    def take_back(self, order: str, units: int) -> Decimal:
        """The merchant gives back the money for units of the first line and shelves them again; tells how much."""
        checkout = self._simulator.checkout
        line = checkout.get(int(order)).lines[0]
        amount = (line.total * units / line.quantity).quantize(_CENTS)
        checkout.refund(int(order), str(amount), {0: units}, restock=True)
        return amount

    def complete(self, order: str) -> None:
        """An order of earlier days is over."""
        self._simulator.checkout.enter(int(order), "completed")

    def sales(self) -> dict[str, Sale]:
        """Every order, as the shop shows it."""
        return {number: _sale(order) for number, order in self._simulator.orders().items()}

    def listen(self) -> None:
        """From now on new and changed orders are to be told to the hub."""
        for topic in ("order.created", "order.updated"):
            self._simulator.webhooks.subscribe(topic, "http://hub.example/webhooks/shop_web", HOOK_SECRET)

    def messages(self) -> list[tuple[Mapping[str, str], bytes]]:
        """What is to be told since it was last asked: headers and body of each webhook."""
        hooks = self._simulator.webhooks
        hooks.run_queue()
        waiting, hooks.outbox = hooks.outbox, []
        return [(one.headers, one.body) for one in waiting]

    def listed(self, sku: str) -> int:
        """What the shop has for sale."""
        return self._simulator.quantity(sku) or 0


def _sale(order: Mapping[str, Any]) -> Sale:
    noted = [one for entry in order["meta_data"] if entry["key"] == _NOTED for one in entry["value"]]
    shipments = tuple(
        (
            str(one["reference"]),
            sum(int(line["quantity"]) for line in one["lines"]),
            tuple(str(parcel.get("number")) for parcel in one.get("tracking") or ()),
        )
        for one in noted
    )
    units: dict[str, int] = {}
    for line in order["line_items"]:
        units[line["sku"]] = units.get(line["sku"], 0) + line["quantity"]
    canceled = order["status"] in ("cancelled", "refunded")
    total = Decimal(order["total"])
    return Sale(
        total=total,
        taken=total if order["date_paid_gmt"] else Decimal(0),
        refunded=sum((Decimal(one["amount"]) for one in order["refunds"]), Decimal(0)),
        canceled=canceled,
        units={} if canceled else units,
        shipments=shipments,
    )
