"""The ERP as the day needs it: what it has, what it booked, what it was told; in its own words."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.tryton.simulator import TrytonSimulator
from connectors.tryton.simulator.trade import Sale

_GONE = "cancelled"


class Ledger:
    """Tryton, which books every order as a sale of its web shop."""

    def __init__(self, simulator: TrytonSimulator) -> None:
        self._simulator = simulator
        self.web_shop = simulator.clerk.open_shop()

    def has(self, sku: str, code: str) -> int:
        """What lies in one warehouse."""
        return int(self._simulator.quantity(sku, code))

    def free(self, sku: str) -> int:
        """What lies in all warehouses and is promised to no one."""
        state = self._simulator.state
        with self._simulator.turn():
            codes = [str(one.code) for one in state.locations.values() if one.type == "warehouse"]
            going = state.open_moves[state.by_code[sku]].values()
            promised = sum(move.quantity for move in going if state.locations[move.target].type == "customer")
        return sum(self.has(sku, code) for code in codes) - int(promised)

    def key_in(self, sku: str, units: int) -> str:
        """Somebody enters a sale by hand, which leaves at once; tells from which warehouse."""
        code = next(code for code in ("WH1", "WH2") if self.has(sku, code) >= units)
        admin = self._simulator.admin
        admin.ship(admin.book_sale(sku, code, units))
        return code

    def sales(self) -> list[tuple[str, bool, Mapping[str, int]]]:
        """Every sale of the web shop: its reference, whether it counts, and units by SKU."""
        with self._simulator.turn():
            sales = self._simulator.desk.trade.sales.values()
            return [(str(one.web_id), self._counts(one), self._units(one)) for one in sales if one.web_id]

    def told(self) -> list[str]:
        """The reference of every shipment that it was told of and booked out."""
        with self._simulator.turn():
            shipments = self._simulator.desk.trade.shipments.values()
            return [str(one.reference) for one in shipments if one.reference and one.state == "done"]

    def _counts(self, sale: Sale) -> bool:
        """Whether its goods leave or left; one that was called off ends with all its shipments canceled."""
        trade = self._simulator.desk.trade
        shipments = [trade.shipments[number] for number in trade.shipments_of(sale)]
        return sale.state != _GONE and any(one.state != _GONE for one in shipments)

    def _units(self, sale: Sale) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in self._simulator.desk.trade.lines_of(sale):
            if line.product is not None:
                code = str(self._simulator.state.variants[line.product].code)
                found[code] = found.get(code, 0) + int(line.quantity or 0)
        return found
