"""Shopify as the day needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from connectors.shopify.simulator import ShopifySimulator
from connectors.shopify.simulator.cart import BUYER
from connectors.shopify.simulator.order_book import name_of
from connectors.shopify.simulator.order_state import orders_state
from crossdock.demo.day.shops import Sale
from crossdock.demo.world import WAREHOUSES

_TAKEN = frozenset({"SALE", "CAPTURE"})
_SENT = frozenset({"RETURN", "NO_RESTOCK"})
"""Units refunded so had been sent, or are."""


class EuShop:
    """Shopify: units come off its shelf when they are ordered."""

    def __init__(self, name: str, simulator: ShopifySimulator) -> None:
        self.name = name
        self.gateway = "stripe"
        self.shelves_unpaid = False
        self._simulator = simulator

    def place(self, lines: Mapping[str, int], country: str, shipping: str = "4.90") -> str:
        """A shopper orders and has not paid yet; tells the order."""
        buyer = {**BUYER, "countryCodeV2": country}
        parcel = ("Parcel", "standard", shipping, "0")
        return self._simulator.checkout.place(lines, paid=False, buyer=buyer, shipping=[parcel])

    def called(self, order: str) -> str:
        """What the shop calls an order where people read it."""
        return name_of(self._simulator.checkout.get(order))

    def pay(self, order: str, charge: str) -> None:
        """The processor tells the shop that the money is there."""
        self._simulator.checkout.pay(order, gateway=self.gateway, payment_id=charge)

    def swap(self, order: str, sku: str) -> None:
        """The merchant puts another thing of the same price into the order's only line."""
        checkout = self._simulator.checkout
        units = checkout.get(order).lines[0].current
        checkout.add(order, sku, units)
        checkout.remove(order, 0, units)

    def call_off(self, order: str) -> None:
        """The merchant cancels an order: its money is given back, its units go back on the shelf."""
        self._simulator.checkout.cancel(order)

    def take_back(self, order: str, units: int) -> Decimal:
        """The merchant gives back the money for units of the first line and shelves them again; tells how much."""
        refund = self._simulator.checkout.refund(order, {0: units}, restock="RETURN")
        return sum((one.amount for one in refund.transactions), Decimal(0))

    def complete(self, order: str) -> None:
        """An order of earlier days is over."""
        self._simulator.checkout.fulfill(order)
        self._simulator.checkout.archive(order)

    def sales(self) -> dict[str, Sale]:
        """Every order, as the shop shows it."""
        with self._simulator.turn():
            states = orders_state(self._simulator.platform.book, stamps=False)
            return {gid: self._sale(gid, state) for gid, state in states.items()}

    def listen(self) -> None:
        """From now on new and changed orders are to be told to the hub."""

    def messages(self) -> list[tuple[Mapping[str, str], bytes]]:
        """What is to be told since it was last asked: headers and body of each webhook."""
        return [(one.headers, one.body) for one in self._simulator.deliveries()]

    def listed(self, sku: str) -> int:
        """What the shop has for sale."""
        return sum(self._simulator.quantity(sku, code) for code in WAREHOUSES)

    def _sale(self, gid: str, state: Mapping[str, Any]) -> Sale:
        refunds, moved = state["refunds"].values(), state["transactions"].values()
        returned = [part for one in refunds for part in one["lines"] if part[2] in _SENT]
        units: dict[str, int] = {}
        for line, one in state["lines"].items():
            sent = one["current"] + sum(count for of, count, _ in returned if of == line)
            if sent and not state["canceled"]:
                units[one["sku"]] = units.get(one["sku"], 0) + sent
        left = [one for one in state["fulfillments"].items() if one[1]["status"] == "SUCCESS"]
        return Sale(
            total=self._simulator.platform.desk.total(self._simulator.checkout.get(gid)),
            taken=_sum(amount for kind, status, _, amount in moved if kind in _TAKEN and status == "SUCCESS"),
            refunded=_sum(amount for one in refunds for _, amount in one["money"]),
            canceled=bool(state["canceled"]),
            units=units,
            shipments=tuple(
                (name, sum(count for _, count in one["lines"]), tuple(one["numbers"])) for name, one in left
            ),
        )


def _sum(amounts: Iterable[str]) -> Decimal:
    return sum((Decimal(amount) for amount in amounts), Decimal("0.00"))
