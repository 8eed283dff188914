"""The ERP as the day needs it: what it has, what it booked, what it was told; in its own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol
from uuid import uuid4

from connectors.memory.simulator.markets import trade
from connectors.memory.simulator.world import world
from connectors.simulation.catalog import CatalogItem


class Ledger(Protocol):
    """An ERP that keeps the books of every order."""

    def settings(self) -> str:
        """Connector and settings, as the configuration has them."""
        ...

    def place_id(self, code: str) -> str:
        """Its own id of a warehouse."""
        ...

    def free(self, sku: str) -> int:
        """What it has of a SKU in all warehouses and promised to no one."""
        ...

    def has(self, sku: str, code: str) -> int:
        """What it has in one warehouse."""
        ...

    def key_in(self, sku: str, units: int) -> str:
        """Somebody enters a sale by hand, which leaves at once; tells from which warehouse."""
        ...

    def sales(self) -> list[tuple[str, bool, Mapping[str, int]]]:
        """Every sale that was entered over the API: its reference, whether it counts, and units by SKU."""
        ...

    def told(self) -> list[str]:
        """The reference of every shipment that it was told of."""
        ...

    def catch_up(self) -> None:
        """Its people do what it was told of."""
        ...


class MemoryLedger:
    """The in-memory platform in the part of an ERP."""

    def __init__(self, items: Iterable[CatalogItem]) -> None:
        self._name = f"demo-erp-{uuid4().hex}"
        self._world = world(self._name)
        self._trade = trade(self._name)
        self._booked = 0
        for item in items:
            self._world.add(item.sku, price=f"{item.price:.2f}", title=item.title, stock=item.stock)

    def settings(self) -> str:
        """Connector and settings, as the configuration has them."""
        return f"connector: memory\n    settings: {{world: {self._name}}}"

    def place_id(self, code: str) -> str:
        """Its own id of a warehouse."""
        return code

    def free(self, sku: str) -> int:
        """What it has of a SKU in all warehouses and promised to no one."""
        return sum(self._levels(sku).values())

    def has(self, sku: str, code: str) -> int:
        """What it has in one warehouse."""
        return self._levels(sku)[code]

    def key_in(self, sku: str, units: int) -> str:
        """Somebody enters a sale by hand, which leaves at once; tells from which warehouse."""
        code, held = next((code, held) for code, held in self._levels(sku).items() if held >= units)
        self._world.set_stock(sku, code, held - units)
        return code

    def sales(self) -> list[tuple[str, bool, Mapping[str, int]]]:
        """Every sale that was entered over the API: its reference, whether it counts, and units by SKU."""
        return [
            (reference, one["status"] != "canceled", {line["sku"]: line["quantity"] for line in one["lines"]})
            for reference, one in self._trade.requests.items()
        ]

    def told(self) -> list[str]:
        """The reference of every shipment that it was told of."""
        return [str(one["reference"]) for one in self._trade.notices]

    def catch_up(self) -> None:
        """Its people book out what it was told left."""
        by_id = {one["id"]: reference for reference, one in self._trade.requests.items()}
        for notice in self._trade.notices[self._booked :]:
            units = {line["sku"]: line["quantity"] for line in notice["lines"]}
            number = next((parcel["number"] for parcel in notice.get("tracking") or ()), "")
            self._trade.ship(by_id[notice["order_id"]], units, number=number)
        self._booked = len(self._trade.notices)

    def _levels(self, sku: str) -> Mapping[str, int]:
        return {code: int(level["available"]) for code, level in self._world.find(sku).levels.items()}
