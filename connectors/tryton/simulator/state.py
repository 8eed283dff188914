"""What the simulated company has: products, places, moves, inventory documents, notes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

INPUT, OUTPUT, STORAGE = "input", "output", "storage"


@dataclass(slots=True)
class Record:
    """What every record carries: its id and when it was created and last written."""

    id: int
    created: datetime
    written: datetime | None = None

    @property
    def stamp(self) -> datetime:
        """When it was last modified."""
        return self.written or self.created

    @property
    def token(self) -> str:
        """The lock token."""
        return f"{self.stamp.timestamp():.5f}"


@dataclass(slots=True)
class Template(Record):
    """What variants share."""

    name: str = ""
    list_price: Decimal | None = None
    type: str = "goods"
    digits: int = 0
    active: bool = True
    variants: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Variant(Record):
    """What is stocked and sold; its code is the SKU."""

    template: int = 0
    code: str = ""
    ean: str = ""
    description: str = ""
    list_price: Decimal | None = None
    active: bool = True


@dataclass(slots=True)
class Location(Record):
    """A place: a warehouse, a zone of one, or somewhere outside."""

    code: str | None = None
    name: str = ""
    type: str = "storage"
    parent: int | None = None
    zones: dict[str, int] = field(default_factory=dict)
    active: bool = True


@dataclass(slots=True)
class Move(Record):
    """Goods that went, or shall go, from one place to another."""

    product: int = 0
    quantity: float = 0.0
    source: int = 0
    target: int = 0
    state: str = "draft"
    planned: date | None = None
    effective: date | None = None
    shipment: int = 0
    origin: str = ""


@dataclass(slots=True)
class Line:
    """One count in an inventory document."""

    id: int
    product: int
    counted: float | None
    found: float


@dataclass(slots=True)
class Inventory(Record):
    """A count of one storage location."""

    location: int = 0
    user: int = 1
    date: date | None = None
    state: str = "draft"
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Note(Record):
    """A text on a record."""

    resource: str = ""
    message: str = ""


@dataclass(slots=True)
class State:
    """Everything the database holds, by id; stock is kept by location and product."""

    templates: dict[int, Template] = field(default_factory=dict)
    variants: dict[int, Variant] = field(default_factory=dict)
    locations: dict[int, Location] = field(default_factory=dict)
    moves: dict[int, Move] = field(default_factory=dict)
    inventories: dict[int, Inventory] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    stock: dict[int, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    open_moves: dict[int, dict[int, Move]] = field(default_factory=lambda: defaultdict(dict))
    by_code: dict[str, int] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    _last_ids: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def next_id(self, model: str) -> int:
        """The id of a new record; none is ever given twice."""
        self._last_ids[model] += 1
        return self._last_ids[model]

    def template_of(self, product: int) -> Template:
        """The template of a variant."""
        return self.templates[self.variants[product].template]

    def add_units(self, location: int, product: int, units: float) -> None:
        """Change what lies in a place, rounded as the unit of the product is."""
        there = self.stock[location]
        there[product] = round(there.get(product, 0.0) + units, self.template_of(product).digits) + 0.0

    def book(self, move: Move, today: date, at: datetime) -> None:
        """Let a move happen."""
        move.state, move.effective, move.written = "done", today, at
        self.open_moves[move.product].pop(move.id, None)
        self.add_units(move.source, move.product, -move.quantity)
        self.add_units(move.target, move.product, move.quantity)

    def inside(self, location: int) -> list[int]:
        """A place and every place in it."""
        found = [location]
        for one in found:
            found.extend(child.id for child in self.locations.values() if child.parent == one)
        return found
