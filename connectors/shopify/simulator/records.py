"""The merchant's data: plain slotted objects, whole-second UTC times, Decimal money."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

GID = "gid://shopify"
QUANTITY_NAMES = (
    "available",
    "committed",
    "damaged",
    "incoming",
    "on_hand",
    "quality_control",
    "reserved",
    "safety_stock",
)
UNAVAILABLE = ("damaged", "quality_control", "reserved", "safety_stock")


class Record:
    """Anything with a number and a global id."""

    __slots__ = ("created_at", "number", "updated_at")
    TYPENAME: ClassVar[str] = ""

    def __init__(self, number: int, at: datetime) -> None:
        self.number = number
        self.created_at = at
        self.updated_at = at

    @property
    def gid(self) -> str:
        """The global id."""
        return f"{GID}/{self.TYPENAME}/{self.number}"


class Location(Record):
    """A place that stocks items; ``code`` is the word tests use for it."""

    __slots__ = ("active", "code", "deactivated_at", "name")
    TYPENAME = "Location"

    def __init__(self, number: int, at: datetime, code: str, name: str) -> None:
        super().__init__(number, at)
        self.code = code
        self.name = name
        self.active = True
        self.deactivated_at: datetime | None = None


class Product(Record):
    """A product; ``variants`` are in the order of their position."""

    __slots__ = (
        "description_html",
        "handle",
        "options",
        "product_type",
        "published_at",
        "status",
        "tags",
        "title",
        "variants",
        "vendor",
    )
    TYPENAME = "Product"

    def __init__(self, number: int, at: datetime, title: str, handle: str) -> None:
        super().__init__(number, at)
        self.title = title
        self.handle = handle
        self.description_html = ""
        self.vendor = ""
        self.product_type = ""
        self.tags: tuple[str, ...] = ()
        self.status = "ACTIVE"
        self.options: list[str] = ["Title"]
        self.published_at: datetime | None = None
        self.variants: list[Variant] = []


class Item(Record):
    """An inventory item; ``levels`` are by number of the location. A bundle parent's stock cannot be set."""

    __slots__ = ("bundle", "cost", "hs_code", "levels", "requires_shipping", "sku", "tracked", "variants", "weight")
    TYPENAME = "InventoryItem"

    def __init__(self, number: int, at: datetime, sku: str) -> None:
        super().__init__(number, at)
        self.sku = sku
        self.tracked = True
        self.requires_shipping = True
        self.bundle = False
        self.cost: Decimal | None = None
        self.hs_code: str | None = None
        self.weight = 0.0
        self.variants: list[Variant] = []
        self.levels: dict[int, Level] = {}


class Variant(Record):
    """A variant; its SKU is that of its inventory item."""

    __slots__ = ("barcode", "compare_at", "item", "options", "policy", "position", "price", "product", "taxable")
    TYPENAME = "ProductVariant"

    def __init__(self, number: int, at: datetime, product: Product, item: Item, price: Decimal) -> None:
        super().__init__(number, at)
        self.product = product
        self.item = item
        self.price = price
        self.compare_at: Decimal | None = None
        self.barcode: str | None = None
        self.policy = "DENY"
        self.taxable = True
        self.position = len(product.variants) + 1
        self.options: list[str] = ["Default Title"]

    @property
    def title(self) -> str:
        """The option values."""
        return " / ".join(self.options)

    def total_available(self) -> int:
        """Available units over all locations."""
        return sum(level.available for level in self.item.levels.values() if level.active)


class Level(Record):
    """One item at one location: on hand is always available plus committed plus the unavailable states."""

    __slots__ = ("active", "at", "available", "committed", "incoming", "item", "location", "other")
    TYPENAME = "InventoryLevel"

    def __init__(self, number: int, at: datetime, item: Item, location: Location) -> None:
        super().__init__(number, at)
        self.item = item
        self.location = location
        self.active = True
        self.available = 0
        self.committed = 0
        self.incoming = 0
        self.other: dict[str, int] = {}
        self.at: dict[str, datetime] = {}

    @property
    def gid(self) -> str:
        """The global id, which names the item too."""
        return f"{GID}/InventoryLevel/{self.number}?inventory_item_id={self.item.number}"

    @property
    def on_hand(self) -> int:
        """Everything in the building."""
        return self.available + self.committed + sum(self.other.values())

    def get(self, name: str) -> int:
        """The units in one state."""
        if name in UNAVAILABLE:
            return self.other.get(name, 0)
        return int(getattr(self, name))

    def move(self, name: str, delta: int, at: datetime) -> None:
        """Change one state by some units; what is on hand follows."""
        if delta == 0:
            return
        if name in UNAVAILABLE:
            self.other[name] = self.other.get(name, 0) + delta
        else:
            setattr(self, name, getattr(self, name) + delta)
        self.at[name] = at
        if name != "incoming":
            self.at["on_hand"] = at
        self.updated_at = at
