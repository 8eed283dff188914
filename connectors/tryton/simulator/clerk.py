"""The people in the office: they open web shops, keep countries, currencies and taxes, and handle sales by hand."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.tryton.simulator.trade import Country, Currency, Invoice, Party, Sale, Shipment, Shop, Subdivision, Tax

if TYPE_CHECKING:
    from connectors.tryton.simulator.simulator import TrytonSimulator

_STEPS = ("assign_try", "assign_force", "pick", "pack", "ship", "do")
_COUNTRIES = {"AT": "Austria", "DE": "Germany", "FR": "France", "GB": "United Kingdom", "US": "United States"}


class Clerk:
    """What people do about sales; every action is one transaction."""

    def __init__(self, simulator: TrytonSimulator) -> None:
        self._simulator = simulator
        self._state = simulator.state
        self._desk = simulator.desk
        self._trade = simulator.desk.trade

    def open_shop(
        self,
        name: str = "Web shop",
        *,
        currencies: Mapping[str, int] | None = None,
        countries: Mapping[str, str] | None = None,
        taxes: Mapping[str, str] | None = None,
    ) -> int:
        """Open a web shop with what orders need: currencies with their decimals, countries, taxes by name and rate."""
        with self._simulator.turn():
            at = self._simulator.stamp()
            for code, digits in (currencies or {"EUR": 2, "USD": 2, "GBP": 2, "JPY": 0}).items():
                number = self._state.next_id("currency")
                self._trade.currencies[number] = Currency(number, at, code=code, digits=digits)
            for code, said in (countries or _COUNTRIES).items():
                number = self._state.next_id("country")
                self._trade.countries[number] = Country(number, at, code=code, name=said)
            for title, rate in (taxes or {}).items():
                number = self._state.next_id("tax")
                self._trade.taxes[number] = Tax(number, at, name=title, rate=Decimal(rate))
            guest = self._state.next_id("party")
            self._trade.parties[guest] = Party(guest, at, name="Guest of the shop", code=str(guest))
            shop = self._state.next_id("shop")
            currency = next(iter(self._trade.currencies))
            self._trade.shops[shop] = Shop(shop, at, name=name, guest_party=guest, currency=currency)
            return shop

    def add_part(self, country: str, code: str, name: str) -> None:
        """Enter a part of a country."""
        with self._simulator.turn():
            number = self._state.next_id("subdivision")
            (whole,) = [one.id for one in self._trade.countries.values() if one.code == country]
            part = Subdivision(number, self._simulator.stamp(), country=whole, code=f"{country}-{code}", name=name)
            self._trade.subdivisions[number] = part

    def sell(self, web_id: str, units: Mapping[str, int], warehouse: str, price: Decimal = Decimal(10)) -> int:
        """Enter an order of the web shop for somebody, and process it; gives the sale."""
        with self._simulator.turn():
            buyer = {"name": f"Buyer of {web_id}", "addresses": [["create", [{"street": "Road 1", "city": "Berlin"}]]]}
            (party,), _ = self._desk.parties.create([buyer])
            (address,) = [one.id for one in self._trade.addresses.values() if one.party == party]
            lines = [
                {"product": self._state.by_code[sku], "quantity": float(count), "unit": 1, "unit_price": price}
                for sku, count in units.items()
            ]
            values = {
                "party": party,
                "invoice_address": address,
                "shipment_address": address,
                "currency": next(iter(self._trade.currencies)),
                "web_shop": next(iter(self._trade.shops)),
                "web_id": web_id,
                "warehouse": self._simulator.admin.warehouse(warehouse).id,
                "lines": [["create", lines]],
            }
            made, _ = self._desk.sales.create([values])
            for button in ("quote", "confirm"):
                self._desk.sales.press(button, made, {})
            return made[0]

    def ask(self, method: str, kind: str, text: str) -> None:
        """Let a method ask a question before it does something."""
        with self._simulator.turn():
            self._desk.questions.ask(method, kind, text)

    def process_later(self) -> None:
        """From now on another process works the queue off, and it does not run."""
        with self._simulator.turn():
            self._desk.sales.processes_at_once = False

    def ship(self, shipment: int) -> None:
        """Assign, pick, pack and ship, whatever lies on the shelves."""
        with self._simulator.turn():
            one = self._trade.shipments[shipment]
            for step in _STEPS:
                if not (step == "assign_force" and one.state == "assigned"):
                    self._desk.shipments.press(step, [shipment], {})

    def cancel_shipment(self, shipment: int) -> None:
        """Cancel a shipment; its sale then asks what shall become of the goods."""
        with self._simulator.turn():
            self._desk.shipments.press("cancel", [shipment], {})

    def post_invoice(self, sale: int) -> None:
        """Post the invoices of a sale."""
        with self._simulator.turn():
            for one in self.invoices(sale):
                one.state, one.written = "posted", self._simulator.stamp()

    def sale(self, web_id: str) -> Sale:
        """The sale of a web id."""
        return next(one for one in self._trade.sales.values() if one.web_id == web_id)

    def sales(self, web_id: str) -> list[Sale]:
        """Every sale of a web id."""
        return [one for one in self._trade.sales.values() if one.web_id == web_id]

    def shipments(self, sale: int) -> list[Shipment]:
        """The shipments of a sale."""
        return [self._trade.shipments[number] for number in self._trade.shipments_of(self._trade.sales[sale])]

    def invoices(self, sale: int) -> list[Invoice]:
        """The invoices of a sale."""
        return [self._trade.invoices[number] for number in self._trade.sales[sale].invoices]

    def snapshot(self) -> dict[str, Any]:
        """All of the trade as nested plain values."""
        trade = self._trade
        return {
            "parties": {str(one.id): {"name": one.name, "code": one.code} for one in trade.parties.values()},
            "addresses": {str(one.id): [one.party, one.street, one.city] for one in trade.addresses.values()},
            "mechanisms": {str(one.id): [one.party, one.value] for one in trade.mechanisms.values()},
            "sales": {
                str(one.web_id or one.id): {
                    "state": one.state,
                    "invoice_state": one.invoice_state,
                    "shipment_state": one.shipment_state,
                    "lines": [[line.product, line.quantity, str(line.unit_price)] for line in trade.lines_of(one)],
                }
                for one in trade.sales.values()
            },
            "shipments": {str(one.id): [one.state, one.reference] for one in trade.shipments.values()},
            "invoices": {str(one.id): [one.sale, one.state] for one in trade.invoices.values()},
        }

    def total(self, web_id: str) -> Decimal:
        """What the customer of a web id owes."""
        sale = self.sale(web_id)
        return self._trade.untaxed(sale) + self._trade.tax(sale)
