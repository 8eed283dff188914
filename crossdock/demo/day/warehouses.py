"""The two 3PLs as the day needs them: what they were asked for, what left, and what lies there; in their own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from connectors.shipbob.simulator.loading import CENTERS
from connectors.shipbob.simulator.simulator import CHANNEL, ShipBobSimulator
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

    def lies(self, sku: str) -> int:
        """Units on its shelves."""
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
        found: list[Job] = []
        state = self._simulator.snapshot()
        skus = {number: one["sku"] for number, one in state["variants"].items()}
        for order in state["orders"].values():
            if order["channel_id"] != CHANNEL:
                continue
            parts = [state["shipments"][str(number)] for number in order["shipments"]]
            gone = [one for one in parts if one["status"] == "Completed"]
            units: dict[str, int] = {}
            for variant, line in order["lines"]:
                units[skus[str(variant)]] = units.get(skus[str(variant)], 0) + line["quantity"]
            shipments = tuple(
                (
                    str(one["id"]),
                    sum(line["units"] for line in one["lines"]),
                    (one["tracking"]["number"],) if one["tracking"] else (),
                )
                for one in gone
            )
            canceled = all(one["status"] == "Cancelled" for one in parts)
            found.append(Job(order["reference"], units, canceled, shipments))
        return found

    def pack(self) -> None:
        """Goods are set aside for what was asked for: it does so by itself, a little later."""
        self._simulator.run_due()

    def ship(self, reference: str, units: Mapping[str, int] | None = None, parcels: int = 1) -> str:
        """Goods leave, all that is left."""
        orders = self._simulator.snapshot()["orders"]
        number = next(int(number) for number, one in orders.items() if one["reference"] == reference)
        tracking = ""
        for shipment in self._simulator.admin.shipments(number):
            tracking = f"A{shipment}"
            self._simulator.admin.ship(shipment, tracking)
        return tracking

    def hand_over(self, sku: str, units: int) -> None:
        """Somebody takes units from the shelf."""
        self._simulator.admin.lose(sku, self._center, units)

    def lies(self, sku: str) -> int:
        """Units on its shelves."""
        inventory = self._simulator.admin.variant(sku).inventory_id
        level = self._simulator.snapshot()["levels"].get(f"{inventory}@{self._center}", {})
        return int(level.get("on_hand", 0))


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
        for order in self._simulator.snapshot()["Order"].values():
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
        for number, order in self._simulator.snapshot()["Order"].items():
            if order["fulfillment_status"] == "pending":
                self._simulator.admin.allocate(number)

    def ship(self, reference: str, units: Mapping[str, int] | None = None, parcels: int = 1) -> str:
        """Goods leave, all that is left or these units; tells the tracking number."""
        orders = self._simulator.snapshot()["Order"]
        number = next(number for number, one in orders.items() if one["partner_order_id"] == reference)
        self._shipped += 1
        tracking = f"B{self._shipped:04d}"
        self._simulator.admin.ship(
            number, units, carrier="dhl", tracking=tracking, warehouse=self.code, parcels=parcels
        )
        return tracking

    def hand_over(self, sku: str, units: int) -> None:
        """Somebody takes units from the shelf."""
        self._simulator.admin.count(sku, self.code, self.lies(sku) - units)

    def lies(self, sku: str) -> int:
        """Units on its shelves."""
        return self._simulator.admin.stock(sku, self.code)["on_hand"]
