"""What the simulated company trades with: parties, web shops, sales, shipments, invoices, and what it calculates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from connectors.tryton.simulator.state import Move, Record


@dataclass(slots=True)
class Country(Record):
    """A country by its code."""

    code: str = ""
    name: str = ""


@dataclass(slots=True)
class Subdivision(Record):
    """A part of a country; its code begins with the country's."""

    country: int = 0
    code: str = ""
    name: str = ""


@dataclass(slots=True)
class Currency(Record):
    """A currency with its decimals."""

    code: str = ""
    digits: int = 2

    @property
    def unit(self) -> Decimal:
        """Its smallest amount."""
        return Decimal(1).scaleb(-self.digits)

    def round(self, amount: Decimal) -> Decimal:
        """An amount in whole smallest ones, halves to the even one."""
        return amount.quantize(self.unit, rounding=ROUND_HALF_EVEN)


@dataclass(slots=True)
class Tax(Record):
    """A percentage on sales."""

    name: str = ""
    rate: Decimal = Decimal(0)


@dataclass(slots=True)
class Party(Record):
    """Somebody the company deals with."""

    name: str = ""
    code: str = ""
    active: bool = True


@dataclass(slots=True)
class Address(Record):
    """An address of a party."""

    party: int = 0
    party_name: str | None = None
    attn: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: int | None = None
    subdivision: int | None = None
    active: bool = True


@dataclass(slots=True)
class Mechanism(Record):
    """A way to reach a party."""

    party: int = 0
    type: str = "other"
    value: str = ""
    active: bool = True


@dataclass(slots=True)
class Shop(Record):
    """A web shop; its guest may stand on drafts only."""

    name: str = ""
    guest_party: int | None = None
    currency: int = 0
    company: int = 1
    active: bool = True


@dataclass(slots=True)
class SaleLine(Record):
    """One position of a sale."""

    sale: int = 0
    type: str = "line"
    sequence: int | None = None
    product: int | None = None
    quantity: float | None = None
    unit: int | None = None
    unit_price: Decimal | None = None
    description: str | None = None
    taxes: list[int] = field(default_factory=list)
    moves: list[int] = field(default_factory=list)
    moves_ignored: list[int] = field(default_factory=list)
    moves_recreated: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Sale(Record):
    """An order as the company books it."""

    party: int = 0
    currency: int = 0
    web_shop: int | None = None
    web_id: str | None = None
    number: str | None = None
    reference: str | None = None
    comment: str | None = None
    invoice_address: int | None = None
    shipment_address: int | None = None
    warehouse: int | None = None
    sale_date: date | None = None
    invoice_method: str = "order"
    shipment_method: str = "order"
    state: str = "draft"
    invoice_state: str = "none"
    shipment_state: str = "none"
    lines: list[int] = field(default_factory=list)
    invoices: list[int] = field(default_factory=list)
    invoices_ignored: list[int] = field(default_factory=list)
    invoices_recreated: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Shipment(Record):
    """Goods on their way to a customer: from the shelves to the output zone, and from there out."""

    number: str | None = None
    reference: str | None = None
    state: str = "draft"
    warehouse: int = 0
    storage: int = 0
    output: int = 0
    effective_date: date | None = None
    planned_date: date | None = None
    outgoing: list[int] = field(default_factory=list)
    inventory: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Invoice(Record):
    """What a customer is asked to pay."""

    sale: int = 0
    state: str = "draft"


@dataclass(slots=True)
class Trade:
    """Everything about sales that the database holds, by id."""

    countries: dict[int, Country] = field(default_factory=dict)
    subdivisions: dict[int, Subdivision] = field(default_factory=dict)
    currencies: dict[int, Currency] = field(default_factory=dict)
    taxes: dict[int, Tax] = field(default_factory=dict)
    parties: dict[int, Party] = field(default_factory=dict)
    addresses: dict[int, Address] = field(default_factory=dict)
    mechanisms: dict[int, Mechanism] = field(default_factory=dict)
    shops: dict[int, Shop] = field(default_factory=dict)
    sales: dict[int, Sale] = field(default_factory=dict)
    lines: dict[int, SaleLine] = field(default_factory=dict)
    shipments: dict[int, Shipment] = field(default_factory=dict)
    invoices: dict[int, Invoice] = field(default_factory=dict)
    unsold: set[int] = field(default_factory=set)
    """Templates that are not salable."""

    def lines_of(self, sale: Sale) -> list[SaleLine]:
        """The lines of a sale in their order."""
        lines = [self.lines[number] for number in sale.lines]
        return sorted(lines, key=lambda one: (one.sequence is None, one.sequence or 0, one.id))

    def untaxed(self, sale: Sale) -> Decimal:
        """The sum of the lines, each rounded."""
        currency = self.currencies[sale.currency]
        return sum((self.amount(line, currency) for line in self.lines_of(sale)), currency.round(Decimal(0)))

    def tax(self, sale: Sale) -> Decimal:
        """The taxes, each rounded once for the whole document."""
        currency = self.currencies[sale.currency]
        sums: dict[int, Decimal] = {}
        for line in self.lines_of(sale):
            base = Decimal(str(line.quantity or 0)) * (line.unit_price or Decimal(0))
            for number in line.taxes:
                sums[number] = sums.get(number, Decimal(0)) + base * self.taxes[number].rate
        return sum((currency.round(amount) for amount in sums.values()), currency.round(Decimal(0)))

    @staticmethod
    def amount(line: SaleLine, currency: Currency) -> Decimal:
        """What a line costs."""
        return currency.round(Decimal(str(line.quantity or 0)) * (line.unit_price or Decimal(0)))

    def shipments_of(self, sale: Sale) -> list[int]:
        """The shipments in which moves of a sale are."""
        moves = {number for line in self.lines_of(sale) for number in line.moves}
        return [one.id for one in self.shipments.values() if not moves.isdisjoint(one.outgoing)]

    def sale_of(self, move: Move) -> Sale | None:
        """The sale that a move is for."""
        model, _, number = move.origin.partition(",")
        return self.sales[self.lines[int(number)].sale] if model == "sale.line" else None
