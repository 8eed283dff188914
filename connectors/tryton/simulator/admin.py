"""The people in the company: they load the catalog, change prices, count, sell, ship."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.simulation import CatalogItem
from connectors.tryton.simulator.documents import LOST_AND_FOUND
from connectors.tryton.simulator.state import INPUT, OUTPUT, STORAGE, Location, Move, Template, Variant

if TYPE_CHECKING:
    from connectors.tryton.simulator.simulator import TrytonSimulator

_CUSTOMER = 7
_OUTSIDE = ((LOST_AND_FOUND, None, "Lost and Found", "lost_found"), (6, "SUP", "Supplier", "supplier"))
_ZONES = ((INPUT, "IN"), (OUTPUT, "OUT"), (STORAGE, "STO"))
_FIRST_FREE = 10


class Admin:
    """What people do in the client; every action is one transaction."""

    def __init__(self, simulator: TrytonSimulator, warehouses: Mapping[str, str]) -> None:
        self._simulator = simulator
        self._state = simulator.state
        at = simulator.stamp()
        for number, code, name, kind in (*_OUTSIDE, (_CUSTOMER, "CUS", "Customer", "customer")):
            self._state.locations[number] = Location(number, at, code=code, name=name, type=kind)
        for code, name in warehouses.items():
            self._add_warehouse(code, name, at)

    def load(self, items: Iterable[CatalogItem], kind: str, digits: int) -> None:
        """Put items into the catalog; those of one product become variants of one template."""
        at = self._simulator.stamp()
        groups: dict[str, int] = {}
        storages = {one.code: one.zones[STORAGE] for one in self._state.locations.values() if one.type == "warehouse"}
        for item in items:
            template = groups.get(item.product) if item.product else None
            if template is None:
                template = self._state.next_id("template")
                self._state.templates[template] = Template(
                    template, at, name=item.title, list_price=item.price, type=kind, digits=digits
                )
                groups[item.product] = template
            product = self._add_variant(template, item, at)
            for code, units in item.stock.items():
                self._state.stock[storages[code]][product] = float(units)

    def set_price(self, sku: str, price: Decimal) -> None:
        """Change the list price of the template."""
        with self._simulator.turn():
            template = self._state.template_of(self._product(sku))
            template.list_price, template.written = price, self._simulator.stamp()

    def set_variant_price(self, sku: str, price: Decimal | None) -> None:
        """Give a variant a price of its own, or take it away."""
        with self._simulator.turn():
            variant = self._state.variants[self._product(sku)]
            variant.list_price, variant.written = price, self._simulator.stamp()

    def rename(self, sku: str, name: str) -> None:
        """Change the name of the template."""
        with self._simulator.turn():
            template = self._state.template_of(self._product(sku))
            template.name, template.written = name, self._simulator.stamp()

    def archive(self, sku: str) -> None:
        """Archive the template, and so all its variants."""
        with self._simulator.turn():
            template = self._state.template_of(self._product(sku))
            template.active, template.written = False, self._simulator.stamp()

    def set_stock(self, sku: str, warehouse: str, units: Decimal | int) -> None:
        """Count the storage location of a warehouse; a negative figure is what a forced shipment leaves."""
        with self._simulator.turn():
            place = self._zone(warehouse, STORAGE)
            change = float(units) - self._state.stock[place].get(self._product(sku), 0.0)
            if change:
                source, target = (LOST_AND_FOUND, place) if change > 0 else (place, LOST_AND_FOUND)
                self._book(self._add_move(sku, abs(change), source, target, None))

    def put_aside(self, sku: str, warehouse: str, units: Decimal | int) -> None:
        """Receive goods that stay in the input zone."""
        with self._simulator.turn():
            self._book(self._add_move(sku, float(units), 6, self._zone(warehouse, INPUT), None))

    def book_sale(self, sku: str, warehouse: str, units: Decimal | int, planned: date | None = None) -> int:
        """Enter a waiting shipment to a customer, for today unless planned otherwise; gives its number."""
        with self._simulator.turn():
            when = planned or self._simulator.today()
            out, storage = self._zone(warehouse, OUTPUT), self._zone(warehouse, STORAGE)
            outgoing = self._add_move(sku, float(units), out, _CUSTOMER, when)
            inner = self._add_move(sku, float(units), storage, out, when)
            outgoing.shipment = inner.shipment = outgoing.id
            return outgoing.id

    def expect(self, sku: str, warehouse: str, units: Decimal | int, planned: date | None = None) -> int:
        """Enter a delivery from a supplier that has not come yet; gives its number."""
        with self._simulator.turn():
            move = self._add_move(sku, float(units), 6, self._zone(warehouse, INPUT), planned)
            move.shipment = move.id
            return move.id

    def ship(self, shipment: int) -> None:
        """Pick, pack and ship; one that a sale made goes by its own way."""
        if shipment in self._simulator.desk.trade.shipments:
            self._simulator.clerk.ship(shipment)
            return
        with self._simulator.turn():
            for move in sorted(self._moves(shipment), key=lambda one: one.target == _CUSTOMER):
                self._book(move)

    def cancel_sale(self, shipment: int) -> None:
        """Cancel a shipment that has not left."""
        with self._simulator.turn():
            at = self._simulator.stamp()
            for move in self._moves(shipment):
                move.state, move.written = "cancelled", at
                self._state.open_moves[move.product].pop(move.id, None)

    def empty(self) -> None:
        """Let the user see no products at all, as after a wrong access rule."""
        self.hide(Decimal(1))

    def hide(self, fraction: Decimal | float) -> None:
        """Let the user see only the first part of the products; ``fraction`` of them is hidden."""
        with self._simulator.turn():
            ids = list(self._state.variants)
            self._state.hidden.clear()
            self._state.hidden.update(ids[len(ids) - round(len(ids) * float(fraction)) :])

    def restore(self) -> None:
        """Let the user see everything again."""
        with self._simulator.turn():
            self._state.hidden.clear()

    def warehouse(self, code: str) -> Location:
        """The warehouse of a code."""
        return next(one for one in self._state.locations.values() if one.type == "warehouse" and one.code == code)

    def quantity(self, sku: str, warehouse: str) -> Decimal:
        """What lies in all zones of a warehouse."""
        product = self._product(sku)
        places = self._state.inside(self.warehouse(warehouse).id)
        return sum((Decimal(repr(self._state.stock[place].get(product, 0.0))) for place in places), Decimal(0))

    def snapshot(self) -> dict[str, Any]:
        """The whole company as nested plain values, by SKU."""
        warehouses = [one for one in self._state.locations.values() if one.type == "warehouse"]
        inside = {str(one.code): self._state.inside(one.id) for one in warehouses}
        return {
            "products": {str(one.id): self._shown(one, inside) for one in self._state.variants.values()},
            "documents": {
                str(one.id): {"state": one.state, "location": one.location} for one in self._state.inventories.values()
            },
            "moves": {
                str(one.id): {"state": one.state, "product": one.product, "quantity": one.quantity}
                for one in self._state.moves.values()
            },
            "notes": {str(one.id): one.message for one in self._state.notes.values()},
            **self._simulator.clerk.snapshot(),
        }

    def _shown(self, variant: Variant, inside: Mapping[str, list[int]]) -> dict[str, Any]:
        template = self._state.templates[variant.template]
        return {
            "code": variant.code,
            "ean": variant.ean,
            "description": variant.description,
            "active": variant.active and template.active,
            "name": template.name,
            "list_price": str(template.list_price),
            "own_price": str(variant.list_price),
            "_timestamp": template.token,
            "stock": {
                code: sum(self._state.stock[place].get(variant.id, 0.0) for place in places)
                for code, places in inside.items()
            },
        }

    def _add_warehouse(self, code: str, name: str, at: datetime) -> None:
        first = max(_FIRST_FREE, *(one + 1 for one in self._state.locations))
        number = first + len(_ZONES)
        zones = {zone: first + index for index, (zone, _) in enumerate(_ZONES)}
        for zone, short in _ZONES:
            self._state.locations[zones[zone]] = Location(
                zones[zone], at, code=f"{code}-{short}", name=f"{name} {zone}", parent=number
            )
        self._state.locations[number] = Location(number, at, code=code, name=name, type="warehouse", zones=zones)

    def _add_variant(self, template: int, item: CatalogItem, at: datetime) -> int:
        number = self._state.next_id("variant")
        self._state.variants[number] = Variant(
            number, at, template=template, code=item.sku, ean=item.gtin, description=item.description
        )
        self._state.templates[template].variants.append(number)
        self._state.by_code[item.sku] = number
        return number

    def _add_move(self, sku: str, units: float, source: int, target: int, planned: date | None) -> Move:
        product = self._product(sku)
        move = Move(
            self._state.next_id("move"),
            self._simulator.stamp(),
            product=product,
            quantity=units,
            source=source,
            target=target,
            planned=planned,
        )
        self._state.moves[move.id] = move
        self._state.open_moves[product][move.id] = move
        return move

    def _book(self, move: Move) -> None:
        self._state.book(move, self._simulator.today(), self._simulator.stamp())

    def _moves(self, shipment: int) -> list[Move]:
        return [one for one in self._state.moves.values() if one.shipment == shipment and one.state == "draft"]

    def _zone(self, warehouse: str, zone: str) -> int:
        return self.warehouse(warehouse).zones[zone]

    def _product(self, sku: str) -> int:
        return self._state.by_code[sku]
