"""The merchant's data with its indexes: by number in ascending order, by SKU, by handle."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from connectors.shopify.simulator.html import clean_html
from connectors.shopify.simulator.money import round_money
from connectors.shopify.simulator.records import Item, Level, Location, Product, Record, Variant
from connectors.simulation import CatalogItem

R = TypeVar("R", bound=Record)
_FIRST_NUMBERS = {
    "Location": 61_000,
    "Product": 7_400_000,
    "ProductVariant": 41_200_000,
    "InventoryItem": 43_300_000,
    "InventoryLevel": 91_000_000,
}


class Table(Generic[R]):
    """Records by number, and their numbers in ascending order."""

    def __init__(self) -> None:
        self.rows: dict[int, R] = {}
        self.numbers: list[int] = []

    def add(self, row: R) -> None:
        """Add a record; numbers only grow."""
        self.rows[row.number] = row
        self.numbers.append(row.number)

    def remove(self, number: int) -> None:
        """Forget a record."""
        del self.rows[number]
        del self.numbers[bisect_left(self.numbers, number)]

    def get(self, number: int) -> R | None:
        """The record of a number."""
        return self.rows.get(number)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self.rows.values())

    def ascending(self, after: int | None = None, before: int | None = None) -> Iterator[R]:
        """Records with a number between two others, lowest first."""
        start = 0 if after is None else bisect_right(self.numbers, after)
        end = len(self.numbers) if before is None else bisect_left(self.numbers, before)
        return (self.rows[self.numbers[index]] for index in range(start, end))

    def descending(self, after: int | None = None, before: int | None = None) -> Iterator[R]:
        """Records between two others in descending order: below ``after`` and above ``before``."""
        start = len(self.numbers) if after is None else bisect_left(self.numbers, after)
        end = 0 if before is None else bisect_right(self.numbers, before)
        return (self.rows[self.numbers[index]] for index in range(start - 1, end - 1, -1))


class Store:
    """Everything a shop holds that this simulator knows."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.locations: Table[Location] = Table()
        self.products: Table[Product] = Table()
        self.variants: Table[Variant] = Table()
        self.items: Table[Item] = Table()
        self.location_by_code: dict[str, Location] = {}
        self.items_by_sku: dict[str, list[Item]] = {}
        self.product_by_handle: dict[str, Product] = {}
        self._prefixes: dict[str, list[Item]] | None = None
        self._next = dict(_FIRST_NUMBERS)

    def add_location(self, code: str, name: str, at: datetime) -> Location:
        """Open a place that stocks items."""
        location = Location(self._number("Location"), at, code, name)
        self.locations.add(location)
        self.location_by_code[code] = location
        return location

    def add_product(self, title: str, at: datetime, handle: str = "") -> Product:
        """Create a product without variants; its handle is made unique."""
        product = Product(self._number("Product"), at, title, self.free_handle(handle or title))
        self.products.add(product)
        self.product_by_handle[product.handle] = product
        return product

    def add_variant(self, product: Product, sku: str, price: Decimal, at: datetime) -> Variant:
        """Create a variant with its own inventory item."""
        item = Item(self._number("InventoryItem"), at, sku)
        variant = Variant(self._number("ProductVariant"), at, product, item, self.rounded(price))
        item.variants.append(variant)
        product.variants.append(variant)
        self.items.add(item)
        self.variants.add(variant)
        self._index_sku(item)
        return variant

    def add_level(self, item: Item, location: Location, at: datetime, available: int = 0) -> Level:
        """Stock an item at a location."""
        level = Level(self._number("InventoryLevel"), at, item, location)
        level.available = available
        level.at["available"] = level.at["on_hand"] = at
        item.levels[location.number] = level
        return level

    def remove_variant(self, variant: Variant) -> None:
        """Delete a variant and, when nothing else uses it, its inventory item."""
        variant.product.variants.remove(variant)
        self.variants.remove(variant.number)
        variant.item.variants.remove(variant)
        if not variant.item.variants:
            self._forget_sku(variant.item)
            self.items.remove(variant.item.number)

    def remove_product(self, product: Product) -> None:
        """Delete a product and its variants."""
        for variant in list(product.variants):
            self.remove_variant(variant)
        del self.product_by_handle[product.handle]
        self.products.remove(product.number)

    def set_sku(self, item: Item, sku: str) -> None:
        """Give an item another SKU; it need not be unique."""
        self._forget_sku(item)
        item.sku = sku
        self._index_sku(item)

    def rename(self, product: Product, handle: str) -> None:
        """Give a product another handle."""
        del self.product_by_handle[product.handle]
        product.handle = self.free_handle(handle)
        self.product_by_handle[product.handle] = product

    def skus_starting(self, words: str) -> list[Item]:
        """Items whose SKU starts with these words, without regard to case."""
        if self._prefixes is None:
            self._prefixes = {}
            for item in self.items:
                for prefix in sku_prefixes(item.sku):
                    self._prefixes.setdefault(prefix, []).append(item)
        return self._prefixes.get(" ".join(words_of(words)), [])

    def rounded(self, amount: Decimal) -> Decimal:
        """An amount in whole minor units of the shop's currency."""
        return round_money(amount, self.currency)

    def free_handle(self, text: str) -> str:
        """A handle made from a text that no product has yet."""
        base = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "product"
        handle, suffix = base, 1
        while handle in self.product_by_handle:
            handle, suffix = f"{base}-{suffix}", suffix + 1
        return handle

    def load(self, catalog: Iterable[CatalogItem], at: datetime, handle_prefix: str = "") -> None:
        """Create the products, variants and levels of a catalog."""
        grouped: dict[str, Product] = {}
        for entry in catalog:
            product = grouped.get(entry.product) if entry.product else None
            if product is None:
                product = self.add_product(entry.title, at, handle_prefix + (entry.product or entry.sku or entry.title))
                product.description_html = clean_html(entry.description)
                product.tags = sorted_tags(entry.tags)
                product.options = ["Option"] if entry.option else ["Title"]
                grouped[entry.product or f"\0{product.number}"] = product
            self._load_variant(product, entry, at)

    def _load_variant(self, product: Product, entry: CatalogItem, at: datetime) -> None:
        variant = self.add_variant(product, entry.sku, entry.price, at)
        variant.barcode = entry.gtin or None
        variant.options = [entry.option or "Default Title"]
        for code, units in entry.stock.items():
            self.add_level(variant.item, self.location_by_code[code], at, units)

    def _number(self, kind: str) -> int:
        self._next[kind] += 1
        return self._next[kind]

    def _index_sku(self, item: Item) -> None:
        self.items_by_sku.setdefault(item.sku, []).append(item)
        self._prefixes = None

    def _forget_sku(self, item: Item) -> None:
        self.items_by_sku[item.sku].remove(item)
        self._prefixes = None


def words_of(text: str) -> list[str]:
    """The lower-case words a search index makes of a text."""
    return re.findall(r"\w+", text.lower())


def sku_prefixes(sku: str) -> list[str]:
    """Every run of words a SKU starts with."""
    words = words_of(sku)
    return [" ".join(words[: end + 1]) for end in range(len(words))]


def sorted_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags as the platform keeps them: trimmed, once each without regard to case, in alphabetical order."""
    kept: dict[str, str] = {}
    for tag in tags:
        if tag.strip():
            kept.setdefault(tag.strip().lower(), tag.strip())
    return tuple(kept[key] for key in sorted(kept))
