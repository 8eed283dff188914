"""Writing: fields of templates, inventory documents, notes; each call is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.tryton.simulator.models import Context
from connectors.tryton.simulator.state import Inventory, Line, Move, Note, State, Template
from connectors.tryton.simulator.trade import Trade
from connectors.tryton.simulator.wire import ServerError, created, guard, unknown, user_error

USER = 1
LOST_AND_FOUND = 4
_PRICE_DIGITS = 4
_TEMPLATE_FIELDS = {"list_price", "name", "active", "salable"}
_INVENTORY_FIELDS = {"company", "location", "date", "empty_quantity", "lines"}
_READ_ONLY = {"number": "Number", "state": "State"}


class Documents:
    """Carries out writing methods; gives the effects in words."""

    def __init__(self, state: State, trade: Trade, stamp: Callable[[], datetime], today: Callable[[], date]) -> None:
        self._state = state
        self._unsold = trade.unsold
        self._noted: dict[str, Mapping[int, object]] = {
            "stock.inventory": state.inventories,
            "stock.shipment.out": trade.shipments,
        }
        self._stamp = stamp
        self._today = today

    def write_templates(self, params: Sequence[Any], context: Context) -> list[str]:
        """Write several templates; all or none."""
        pairs = list(zip(params[0::2], params[1::2], strict=True))
        for ids, values in pairs:
            guard("product.template", self._state.templates, ids, context)
            _check_template(ids, values, self._state.templates)
        at = self._stamp()
        return [effect for ids, values in pairs for one in ids for effect in self._write_template(one, values, at)]

    def create_inventories(self, records: Sequence[Mapping[str, Any]]) -> tuple[list[int], list[str]]:
        """Create drafts; the server itself notes what it finds in the place."""
        for values in records:
            self._check_inventory(values)
        at = self._stamp()
        made = [self._create_inventory(values, at) for values in records]
        return [one.id for one in made], [f"inventory {one.id} drafted" for one in made]

    def write_inventories(self, ids: Sequence[int], values: Mapping[str, Any], context: Context) -> list[str]:
        """Write drafts; what is found in the place is noted anew."""
        guard("stock.inventory", self._state.inventories, ids, context)
        if set(values) - {"empty_quantity"}:
            raise user_error("Only the handling of empty lines can be changed here.")
        at = self._stamp()
        for one in self._inventories(ids):
            one.written = at
            for line in one.lines:
                line.found = self._found(one.location, line.product)
        return [f"inventory {number} written" for number in ids]

    def confirm(self, ids: Sequence[int], context: Context) -> list[str]:
        """Book the difference between what was counted and what was found when the document was last written."""
        guard("stock.inventory", self._state.inventories, ids, context)
        for one in self._inventories(ids):
            if one.state != "draft":
                raise user_error(f'You can not call "confirm" on "[{one.id}]" of "Stock Inventory".')
            if len({line.product for line in one.lines}) < len(one.lines):
                raise user_error(f'Inventory line is not unique on inventory "[{one.id}]".')
        at = self._stamp()
        return [effect for one in self._inventories(ids) for effect in self._confirm(one, at)]

    def delete_inventories(self, ids: Sequence[int]) -> list[str]:
        """Delete drafts, their notes with them."""
        for one in self._inventories(ids):
            if one.state not in ("draft", "cancelled"):
                raise user_error(f'To delete inventory "[{one.id}]" you must cancel it.')
        for number in ids:
            del self._state.inventories[number]
            resource = f"stock.inventory,{number}"
            for note in [note for note in self._state.notes.values() if note.resource == resource]:
                del self._state.notes[note.id]
        return [f"inventory {number} deleted" for number in ids]

    def create_notes(self, records: Sequence[Mapping[str, Any]]) -> tuple[list[int], list[str]]:
        """Put texts on records."""
        at = self._stamp()
        made: list[int] = []
        for values in records:
            model, _, number = str(values.get("resource", "")).partition(",")
            if int(number or 0) not in self._noted.get(model, {}):
                raise user_error(f'The value of "Resource" is not valid: {values.get("resource")!r}.')
            note = Note(self._state.next_id("note"), at, resource=values["resource"], message=values["message"])
            self._state.notes[note.id] = note
            made.append(note.id)
        return made, [f"note {number} created" for number in made]

    def _write_template(self, number: int, values: Mapping[str, Any], at: datetime) -> list[str]:
        template = self._state.templates[number]
        template.written = at
        for name, value in values.items():
            if name == "salable":
                (self._unsold.discard if value else self._unsold.add)(number)
            else:
                setattr(template, name, value)
        return [f"template {number} {name}={value}" for name, value in values.items()]

    def _create_inventory(self, values: Mapping[str, Any], at: datetime) -> Inventory:
        location = values["location"]
        inventory = Inventory(self._state.next_id("inventory"), at, location=location, user=USER)
        inventory.date = values.get("date") or self._today()
        for number, line in enumerate(created(values.get("lines", ())), start=1):
            found = self._found(location, line["product"])
            inventory.lines.append(Line(inventory.id * 1000 + number, line["product"], line.get("quantity"), found))
        self._state.inventories[inventory.id] = inventory
        return inventory

    def _check_inventory(self, values: Mapping[str, Any]) -> None:
        for name in values:
            if name in _READ_ONLY:
                raise user_error(f'You are not allowed to modify the field "{_READ_ONLY[name]}" of "Stock Inventory".')
            if name not in _INVENTORY_FIELDS:
                raise unknown(name)
        location = self._state.locations.get(values.get("location", 0))
        if location is None or location.type != "storage":
            raise user_error('The value for field "Location" is not valid according to its domain.')
        for line in created(values.get("lines", ())):
            self._check_line(line)

    def _check_line(self, line: Mapping[str, Any]) -> None:
        product, counted = line.get("product", 0), line.get("quantity")
        if product not in self._state.variants:
            raise user_error(f'You are trying to read records "{product}" of "Product" that don\'t exist.')
        template = self._state.template_of(product)
        if template.type != "goods":
            raise user_error(f'The value "{template.name}" for field "Product" is not valid according to its domain.')
        if counted is not None and counted < 0:
            raise user_error(f'The value "{counted}" for field "Actual Quantity" is not valid according to its domain.')
        if counted is not None and round(counted, template.digits) != counted:
            raise user_error(
                f'The number of digits in the value "{counted}" for field "Actual Quantity" exceeds the limit.'
            )

    def _confirm(self, inventory: Inventory, at: datetime) -> list[str]:
        inventory.state, inventory.written = "done", at
        effects: list[str] = []
        for line in inventory.lines:
            change = 0.0 if line.counted is None else line.counted - line.found
            if change:
                self._book(line.product, inventory.location, change, at)
                effects.append(f"stock {self._state.variants[line.product].code}@{inventory.location} {change:+g}")
        return effects or [f"inventory {inventory.id} confirmed without a move"]

    def _book(self, product: int, location: int, change: float, at: datetime) -> None:
        source, target = (LOST_AND_FOUND, location) if change > 0 else (location, LOST_AND_FOUND)
        move = Move(
            self._state.next_id("move"), at, product=product, quantity=abs(change), source=source, target=target
        )
        self._state.moves[move.id] = move
        self._state.book(move, self._today(), at)

    def _found(self, location: int, product: int) -> float:
        return self._state.stock[location].get(product, 0.0)

    def _inventories(self, ids: Sequence[int]) -> list[Inventory]:
        return [self._state.inventories[number] for number in ids]


def _check_template(ids: Sequence[int], values: Mapping[str, Any], templates: Mapping[int, Template]) -> None:
    for name in values:
        if name not in _TEMPLATE_FIELDS:
            raise unknown(name)
    if "name" in values and not values["name"]:
        raise user_error(f'A value is required for field "Name" in record "{ids}" of "Product Template".')
    price = values.get("list_price")
    if isinstance(price, Decimal) and -int(price.normalize().as_tuple().exponent) > _PRICE_DIGITS:
        raise user_error(f'The number of digits in the value "{price}" for field "List Price" exceeds the limit.')
    if price is not None and not isinstance(price, Decimal):
        raise ServerError("TypeError", "")
