"""The two 3PLs as the day needs them: what they were asked for, what left, and what lies there; in their own words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.shipbob.simulator.loading import CENTERS
from connectors.shipbob.simulator.simulator import CHANNEL, ShipBobSimulator
from connectors.shipbob.simulator.state import Account, Order
from connectors.shiphero.simulator.simulator import ShipHeroSimulator


@dataclass(frozen=True, slots=True)
class Job:
    """An order at a 3PL: our reference, units by SKU, whether it counts, and the tracking numbers of what left."""

    reference: str
    units: Mapping[str, int]
    canceled: bool
    shipments: tuple[tuple[str, int, tuple[str, ...]], ...]
    """Of each: its id there, its units, its tracking numbers."""

    @property
    def order(self) -> str:
        """The channel and the order it is for: the reference without its generation."""
        return self.reference.rpartition("-")[0]

    @property
    def gone(self) -> int:
        """Units that left."""
        return sum(units for _, units, _ in self.shipments)


class Warehouse(Protocol):
    """A 3PL in one warehouse of ours."""

    name: str
    code: str

    def place_id(self) -> str:
        """Its own id of our warehouse."""
        ...

    def jobs(self) -> list[Job]:
        """Everything it was asked for."""
        ...

    def pack(self) -> None:
        """Goods are set aside for what was asked for."""
        ...

    def ship(self, reference: str, units: Mapping[str, int] | None = None, parcels: int = 1) -> str:
        """Goods leave, all that is left or these units; tells the tracking number."""
        ...

    def hand_over(self, sku: str, units: int) -> None:
        """Somebody takes units from the shelf."""
        ...

    def shelves(self) -> dict[str, int]:
        """Units that lie there, by SKU."""
        ...


class ShipBobFloor:
    """ShipBob, one of its centers."""

    name, code = "tpl_a", "WH1"

    def __init__(self, simulator: ShipBobSimulator) -> None:
        self._simulator = simulator
        self._center = CENTERS[self.code]

    def place_id(self) -> str:
        """Its own id of our warehouse."""
        return str(self._center)

    def jobs(self) -> list[Job]:
        """Everything it was asked for."""
        account = self._simulator.account
        with self._simulator.turn():
            return [_job(account, order) for order in account.orders.values() if order.channel_id == CHANNEL]

    def pack(self) -> None:
        """Goods are set aside for what was asked for: it does so by itself, a little later."""
        self._simulator.run_due()

    def ship(self, reference: str, units: Mapping[str, int] | None = None, parcels: int = 1) -> str:
        """Goods leave, all that is left."""
        orders = self._simulator.account.orders.values()
        number = next(one.id for one in orders if one.reference == reference)
        tracking = ""
        for shipment in self._simulator.admin.shipments(number):
            tracking = f"A{shipment}"
            self._simulator.admin.ship(shipment, tracking)
        return tracking

    def hand_over(self, sku: str, units: int) -> None:
        """Somebody takes units from the shelf."""
        self._simulator.admin.lose(sku, self._center, units)

    def shelves(self) -> dict[str, int]:
        """Units that lie there, by SKU."""
        levels = self._simulator.snapshot()["levels"]
        found = {one.sku: f"{one.inventory_id}@{self._center}" for one in self._simulator.account.variants.values()}
        return {sku: levels[key]["on_hand"] for sku, key in found.items() if key in levels}


class ShipHeroFloor:
    """ShipHero, one of its warehouses."""

    name, code = "tpl_b", "WH2"

    def __init__(self, simulator: ShipHeroSimulator) -> None:
        self._simulator = simulator
        self._shipped = 0

    def place_id(self) -> str:
        """Its own id of our warehouse."""
        return self._simulator.admin.warehouse_id(self.code)

    def jobs(self) -> list[Job]:
        """Everything it was asked for."""
        found: list[Job] = []
        for order in self._orders().values():
            shipments = tuple(
                (
                    str(one["id"]),
                    sum(line["quantity"] for line in one["line_items"]),
                    tuple(str(label["tracking_number"]) for label in one["shipping_labels"]),
                )
                for one in order["shipments"]
            )
            units = {line["sku"]: line["quantity"] for line in order["line_items"]}
            canceled = order["fulfillment_status"] == "canceled"
            found.append(Job(order["partner_order_id"], units, canceled, shipments))
        return found

    def pack(self) -> None:
        """Goods are set aside for what was asked for."""
        for number, order in self._orders().items():
            if order["fulfillment_status"] == "pending":
                self._simulator.admin.allocate(number)

    def ship(self, reference: str, units: Mapping[str, int] | None = None, parcels: int = 1) -> str:
        """Goods leave, all that is left or these units; tells the tracking number."""
        number = next(number for number, one in self._orders().items() if one["partner_order_id"] == reference)
        self._shipped += 1
        tracking = f"B{self._shipped:04d}"
        self._simulator.admin.ship(
            number, units, carrier="dhl", tracking=tracking, warehouse=self.code, parcels=parcels
        )
        return tracking

    def hand_over(self, sku: str, units: int) -> None:
        """Somebody takes units from the shelf."""
        held = self._simulator.admin.stock(sku, self.code)["on_hand"]
        self._simulator.admin.count(sku, self.code, held - units)

    def shelves(self) -> dict[str, int]:
        """Units that lie there, by SKU."""
        skus = [str(one["sku"]) for one in self._simulator.state.all("Product")]
        return {sku: self._simulator.admin.stock(sku, self.code)["on_hand"] for sku in skus}

    def _orders(self) -> dict[str, dict[str, Any]]:
        with self._simulator.turn():
            return dict(self._simulator.state.tables["Order"])


def _job(account: Account, order: Order) -> Job:
    parts = [account.shipments[number] for number in order.shipments]
    units: Counter[str] = Counter()
    for variant, line in order.lines:
        units[account.variants[variant].sku] += line["quantity"]
    shipments = tuple(
        (str(one.id), sum(line.units for line in one.lines), (one.tracking.number,) if one.tracking else ())
        for one in parts
        if one.status == "Completed"
    )
    return Job(order.reference, units, all(one.status == "Cancelled" for one in parts), shipments)
