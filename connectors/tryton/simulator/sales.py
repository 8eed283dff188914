"""Writing sales: drafts with their lines, and the buttons that bring them on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.tryton.simulator.models import Context
from connectors.tryton.simulator.processing import Processing
from connectors.tryton.simulator.state import State
from connectors.tryton.simulator.trade import Sale, SaleLine, Trade
from connectors.tryton.simulator.wire import ServerError, created, guard, no_button, unknown, user_error

_SALE = {
    "party",
    "company",
    "currency",
    "web_shop",
    "web_id",
    "reference",
    "comment",
    "invoice_address",
    "shipment_address",
    "warehouse",
    "sale_date",
    "invoice_method",
    "shipment_method",
    "lines",
}
_LINE = {"type", "sequence", "product", "quantity", "unit", "unit_price", "description", "taxes"}
_READ_ONLY = {
    "number": "Number",
    "state": "State",
    "invoice_state": "Invoice State",
    "shipment_state": "Shipment State",
}
_PRICE_DIGITS = 4
_METHODS = {
    "invoice_method": ("order", "fulfillment", "manual"),
    "shipment_method": ("order", "invoice", "manual"),
}
_BUTTONS = {
    "quote": ("draft",),
    "confirm": ("quotation",),
    "process": ("confirmed", "processing", "done"),
    "cancel": ("draft", "quotation"),
    "draft": ("cancelled", "quotation", "confirmed"),
}


class Sales:
    """Carries out writing methods on sales; gives the effects in words."""

    def __init__(
        self,
        state: State,
        trade: Trade,
        processing: Processing,
        stamp: Callable[[], datetime],
        today: Callable[[], date],
    ) -> None:
        self._state = state
        self._trade = trade
        self._processing = processing
        self._stamp = stamp
        self._today = today
        self.processes_at_once = True
        """Whether the queue works a confirmed sale off at once, in the same process."""

    def create(self, records: Sequence[Mapping[str, Any]]) -> tuple[list[int], list[str]]:
        """Create drafts; all or none, and no web id of a shop twice."""
        taken = [(sale.web_shop, sale.web_id) for sale in self._trade.sales.values()]
        for values in records:
            self._check(values)
            key = (values.get("web_shop"), values.get("web_id"))
            if all(key) and key in taken:
                raise user_error("The web ID on the sale must be unique per shop.")
            taken.append(key)
        at = self._stamp()
        made = [self._create(values, at) for values in records]
        return made, [f"sale {number} drafted" for number in made]

    def write(self, params: Sequence[Any], context: Context) -> list[str]:
        """Change drafts, or add lines to them."""
        ids, values = params
        guard("sale.sale", self._trade.sales, ids, context)
        sales = [self._trade.sales[number] for number in ids]
        if any(sale.state != "draft" for sale in sales):
            raise user_error('You are not allowed to modify the field "Lines" of "Sale".')
        if set(values) - {"lines"}:
            raise unknown(next(iter(set(values) - {"lines"})))
        for line in created(values["lines"]):
            self._check_line(line)
        at = self._stamp()
        for sale in sales:
            sale.written = at
            self._add(sale, created(values["lines"]), at)
        return [f"sale {number} written" for number in ids]

    def delete(self, ids: Sequence[int], context: Context) -> list[str]:
        """Delete drafts and canceled ones."""
        guard("sale.sale", self._trade.sales, ids, context)
        for number in ids:
            if self._trade.sales[number].state not in ("draft", "cancelled"):
                raise user_error(f'To delete sale "{number}" you must cancel it.')
        for number in ids:
            for line in self._trade.sales.pop(number).lines:
                del self._trade.lines[line]
        return [f"sale {number} deleted" for number in ids]

    def press(self, button: str, ids: Sequence[int], context: Context) -> list[str]:
        """Press a button; the server offers each in some states only."""
        guard("sale.sale", self._trade.sales, ids, context)
        sales = [self._trade.sales[number] for number in ids]
        for sale in sales:
            if sale.state not in _BUTTONS[button]:
                raise no_button(button, str(sale.number or f"({sale.id})"), "Sale")
        return [effect for sale in sales for effect in self._press(button, sale)]

    def _press(self, button: str, sale: Sale) -> list[str]:
        if button == "quote":
            self._check_quotation(sale)
        at = self._stamp()
        if button == "process":
            return self._processing.process(sale, at)
        sale.state = {"quote": "quotation", "confirm": "confirmed", "cancel": "cancelled", "draft": "draft"}[button]
        sale.written = at
        if button == "quote":
            sale.number = sale.number or str(self._state.next_id("sale number"))
        effects = [f"sale {sale.id} {sale.state}"]
        if button == "confirm":
            sale.sale_date = sale.sale_date or self._today()
            if self.processes_at_once:
                effects += self._queued(sale, at)
        return effects

    def _queued(self, sale: Sale, at: datetime) -> list[str]:
        """Work the queue off; what fails there is told to nobody."""
        try:
            return self._processing.process(sale, at)
        except ServerError:
            return []

    def _check_quotation(self, sale: Sale) -> None:
        lines = self._trade.lines_of(sale)
        if not lines:
            raise no_button("quote", f"({sale.id})", "Sale")
        if sale.party in {shop.guest_party for shop in self._trade.shops.values()}:
            raise user_error(f'The guest party cannot be used on the sale "({sale.id})".')
        if not sale.invoice_address:
            raise user_error(f'To get a quote for sale "({sale.id})" you must enter an invoice address.')
        goods = [line for line in lines if self._processing.movable(line)]
        if goods and not sale.shipment_address:
            raise user_error(f'To get a quote for sale "({sale.id})" you must enter a shipment address.')
        if goods and not sale.warehouse:
            text = f'To get a quote for sale "({sale.id})" you must enter a warehouse for the line "{goods[0].id}".'
            raise user_error(text)

    def _create(self, values: Mapping[str, Any], at: datetime) -> int:
        given = {name: value for name, value in values.items() if name not in ("company", "lines")}
        given.setdefault("warehouse", self._only_warehouse())
        sale = Sale(self._state.next_id("sale"), at, **given)
        self._trade.sales[sale.id] = sale
        self._add(sale, created(values.get("lines", ())), at)
        return sale.id

    def _add(self, sale: Sale, lines: Sequence[Mapping[str, Any]], at: datetime) -> None:
        for values in lines:
            taxes = [number for action in values.get("taxes", ()) for number in action[1]]
            given = {name: value for name, value in values.items() if name != "taxes"}
            line = SaleLine(self._state.next_id("sale line"), at, sale=sale.id, taxes=taxes, **given)
            self._trade.lines[line.id] = line
            sale.lines.append(line.id)

    def _only_warehouse(self) -> int | None:
        found = [one.id for one in self._state.locations.values() if one.type == "warehouse" and one.active]
        return found[0] if len(found) == 1 else None

    def _check(self, values: Mapping[str, Any]) -> None:
        for name in values:
            if name in _READ_ONLY:
                raise user_error(f'You are not allowed to modify the field "{_READ_ONLY[name]}" of "Sale".')
            if name not in _SALE:
                raise unknown(name)
        for name, options in _METHODS.items():
            if values.get(name, options[0]) not in options:
                raise user_error(f'The value "{values[name]}" of the field "{name}" on "Sale" is not allowed.')
        self._must_be("party", values, self._trade.parties)
        self._must_be("currency", values, self._trade.currencies)
        self._may_be("web_shop", values, self._trade.shops)
        for name in ("invoice_address", "shipment_address"):
            self._may_be(name, values, self._trade.addresses)
            address = self._trade.addresses.get(values.get(name) or 0)
            if address is not None and address.party != values["party"]:
                raise user_error(f'The value for field "{name}" on "Sale" is not valid according to its domain.')
        if values.get("web_shop") and not values.get("web_id"):
            raise user_error('A value is required for field "Web ID" in "Sale".')
        for line in created(values.get("lines", ())):
            self._check_line(line)

    def _check_line(self, line: Mapping[str, Any]) -> None:
        for name in line:
            if name not in _LINE:
                raise unknown(name)
        price, product = line.get("unit_price"), line.get("product")
        if line.get("quantity") is None or not isinstance(price, Decimal):
            raise user_error('A value is required for field "Quantity" or "Unit Price" in "Sale Line".')
        if -int(price.normalize().as_tuple().exponent) > _PRICE_DIGITS:
            raise user_error(f'The number of digits in the value "{price}" for field "Unit Price" exceeds the limit.')
        if product is not None:
            if product not in self._state.variants or self._state.variants[product].template in self._trade.unsold:
                raise user_error(f'The value "{product}" for field "Product" is not valid according to its domain.')
            if not line.get("unit"):
                raise user_error('A value is required for field "Unit" in "Sale Line".')
        for action in line.get("taxes", ()):
            if action[0] != "add" or any(number not in self._trade.taxes for number in action[1]):
                raise user_error('The value for field "Taxes" in "Sale Line" is not valid according to its domain.')

    @staticmethod
    def _must_be(name: str, values: Mapping[str, Any], records: Mapping[int, Any]) -> None:
        if values.get(name) not in records:
            raise user_error(f'A value is required for field "{name.capitalize()}" in "Sale".')

    @staticmethod
    def _may_be(name: str, values: Mapping[str, Any], records: Mapping[int, Any]) -> None:
        if values.get(name) and values[name] not in records:
            raise user_error(f'You are trying to read records "{values[name]}" of "{name}" that don\'t exist.')
