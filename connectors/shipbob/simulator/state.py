"""What a ShipBob account holds: channels, centers, products, orders with their shipments, returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, TypeAlias

from canonical.clock import Clock

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class Channel:
    """One installation of one application."""

    id: int
    name: str
    application: str
    scopes: tuple[str, ...]


@dataclass(slots=True)
class Center:
    """A place that holds goods and ships them."""

    id: int
    name: str
    active: bool = True


@dataclass(slots=True)
class Variant:
    """What is ordered; ``parts`` are the variants and units that a bundle consists of.

    ``references`` are the names by which channels order it.
    """

    id: int
    product_id: int
    name: str
    sku: str
    inventory_id: int
    created: datetime
    updated: datetime
    gtin: str = ""
    active: bool = True
    references: dict[int, str] = field(default_factory=dict)
    parts: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class Product:
    """Variants under one name."""

    id: int
    name: str
    created: datetime
    updated: datetime


@dataclass(slots=True)
class Packed:
    """Units of one line in a shipment, and how many of them have their goods."""

    variant_id: int
    reference: str
    units: int
    committed: int = 0


@dataclass(slots=True)
class Detail:
    """Why a shipment is in its state."""

    id: int
    name: str
    description: str
    inventory_id: int | None = None


@dataclass(slots=True)
class Tracking:
    """A parcel's carrier and number; a carrier may be missing."""

    carrier: str | None
    number: str
    url: str | None = None
    service: str | None = None


@dataclass(slots=True)
class Shipment:
    """What one center sends of an order."""

    id: int
    order_id: int
    created: datetime
    updated: datetime
    lines: list[Packed]
    center_id: int | None = None
    status: str = "Processing"
    details: list[Detail] = field(default_factory=list)
    tracking: Tracking | None = None
    tracked_at: datetime | None = None
    fulfilled_at: datetime | None = None
    delivered_at: datetime | None = None
    allocated: bool = False
    picked: bool = False

    @property
    def open(self) -> bool:
        """Whether it may still be canceled: nobody has touched it."""
        return self.status in ("Processing", "Exception", "OnHold", "ImportReview") and not self.picked


@dataclass(slots=True)
class Order:
    """One order of one channel, with the body it was made from."""

    id: int
    channel_id: int
    reference: str
    body: Json
    lines: list[tuple[int, Json]]
    created: datetime
    updated: datetime
    shipments: list[int] = field(default_factory=list)


@dataclass(slots=True)
class ReturnOrder:
    """Goods on their way back."""

    id: int
    channel_id: int
    center_id: int
    shipment_id: int
    reference: str
    status: str
    created: datetime
    items: dict[int, int]
    history: list[tuple[str, datetime]] = field(default_factory=list)


class Account:
    """The whole state of one merchant."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._moment: datetime | None = None
        self.channels: dict[int, Channel] = {}
        self.centers: dict[int, Center] = {}
        self.products: dict[int, Product] = {}
        self.variants: dict[int, Variant] = {}
        self.orders: dict[int, Order] = {}
        self.shipments: dict[int, Shipment] = {}
        self.returns: dict[int, ReturnOrder] = {}
        self._numbers = {
            "product": count(7001),
            "variant": count(9001),
            "inventory": count(5001),
            "order": count(310_001),
            "shipment": count(810_001),
            "return": count(61_001),
        }

    def number(self, kind: str) -> int:
        """The next id of a kind."""
        return next(self._numbers[kind])

    def now(self) -> datetime:
        """The account's own time: that of what is being done."""
        return self._moment or self.clock.now()

    @contextmanager
    def moment(self, at: datetime) -> Iterator[None]:
        """Do what was due at an instant as of then."""
        self._moment = at
        try:
            yield
        finally:
            self._moment = None

    def components(self, variant_id: int) -> Mapping[int, int]:
        """The inventory that one unit of a variant is made of."""
        variant = self.variants[variant_id]
        if not variant.parts:
            return {variant.inventory_id: 1}
        found: dict[int, int] = {}
        for part, units in variant.parts:
            inventory = self.variants[part].inventory_id
            found[inventory] = found.get(inventory, 0) + units
        return found

    def by_inventory(self, inventory_id: int) -> Variant:
        """The variant that an inventory item was made for."""
        return next(one for one in self.variants.values() if one.inventory_id == inventory_id)

    def ordered_as(self, reference: str, channel_id: int) -> Variant | None:
        """The variant that a channel orders under this name: its own name for it, or the SKU."""
        for variant in self.variants.values():
            if variant.references.get(channel_id) == reference or variant.sku == reference:
                return variant
        return None

    def shipments_of(self, order: Order) -> list[Shipment]:
        """The shipments of an order, oldest first."""
        return [self.shipments[number] for number in order.shipments]

    def status_of(self, order: Order) -> str:
        """An order's status, which follows from those of its shipments."""
        statuses = [one.status for one in self.shipments_of(order)]
        live = [status for status in statuses if status != "Cancelled"]
        if not live:
            return "Cancelled"
        if "ImportReview" in live:
            return "ImportReview"
        if all(status == "Completed" for status in live):
            return "Fulfilled"
        if "Completed" in live:
            return "PartiallyFulfilled"
        return "Exception" if "Exception" in live else "Processing"

    def add_product(self, name: str) -> Product:
        """A product without variants."""
        now = self.now()
        product = Product(self.number("product"), name, now, now)
        self.products[product.id] = product
        return product

    def add_variant(self, product: Product, name: str, sku: str, **more: Any) -> Variant:
        """A variant with an inventory item of its own."""
        now = self.now()
        variant = Variant(
            self.number("variant"), product.id, name, sku, self.number("inventory"), created=now, updated=now, **more
        )
        self.variants[variant.id] = variant
        return variant
