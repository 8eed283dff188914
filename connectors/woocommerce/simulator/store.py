"""What the shop holds: products and variations in one id space, tags, and the stock rules that follow every save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.woocommerce.simulator.errors import WooError
from connectors.woocommerce.simulator.schema import PRODUCT, VARIATION

VARIATION_TYPE = "variation"
_HIDDEN = ("trash", "auto-draft")


@dataclass(slots=True)
class Product:
    """A product or a variation; ``values`` holds only what was ever written, the schema the rest."""

    id: int
    type: str
    created: datetime
    modified: datetime
    parent_id: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    children: list[int] = field(default_factory=list)
    meta: list[dict[str, Any]] = field(default_factory=list)
    status_before_trash: str = ""

    @property
    def is_variation(self) -> bool:
        """Whether this is one variation of a variable product."""
        return self.type == VARIATION_TYPE

    @property
    def status(self) -> str:
        """The post status: publish, draft, trash and the like."""
        return str(self.get("status"))

    @property
    def sku(self) -> str:
        """The SKU, or an empty text."""
        return str(self.get("sku"))

    @property
    def listed(self) -> bool:
        """Whether lists of any status show it."""
        return self.status not in _HIDDEN

    def get(self, name: str) -> Any:
        """The stored value of a field, or the schema's default."""
        if name in self.values:
            return self.values[name]
        schema = VARIATION if self.is_variation else PRODUCT
        return schema[name].default if name in schema else None


class Store:
    """All records of the shop; ``revision`` moves with every change, for caches of lists."""

    def __init__(self) -> None:
        self.products: dict[int, Product] = {}
        self.tags: dict[int, str] = {}
        self.revision = 0
        self._next_id = 10
        self._next_meta_id = 1
        self._sku: dict[str, int] = {}

    def add(self, kind: str, at: datetime, parent: Product | None = None) -> Product:
        """Make an empty record; ids count up over products and variations alike."""
        product = Product(self._next_id, kind, at, at, parent.id if parent else 0)
        self._next_id += 1
        self.products[product.id] = product
        if parent is not None:
            parent.children.append(product.id)
        self.revision += 1
        return product

    def get(self, product_id: int, parent_id: int = 0) -> Product | None:
        """A product by id, or with a parent its variation."""
        product = self.products.get(product_id)
        return product if product is not None and product.parent_id == parent_id else None

    def by_sku(self, sku: str) -> Product:
        """The record that carries a SKU; KeyError when there is none."""
        return self.products[self._sku[sku]]

    def parent(self, product: Product) -> Product | None:
        """The variable product of a variation."""
        return self.products.get(product.parent_id) if product.is_variation else None

    def title(self, product: Product) -> str:
        """What a product is called; a variation has no name of its own, and is called by its parent and its options."""
        parent = self.parent(product)
        if parent is None:
            return str(product.get("name"))
        options = ", ".join(str(each.get("option", "")) for each in product.get("attributes"))
        return f"{parent.get('name')} - {options}" if options else str(parent.get("name"))

    def children(self, product: Product) -> Iterator[Product]:
        """The variations of a variable product, in the order they were made."""
        return (self.products[child] for child in product.children)

    def claim_sku(self, product: Product, sku: str) -> None:
        """Give a product a SKU; SKUs are unique over products and variations, trash included."""
        holder = self._sku.get(sku)
        if sku and holder is not None and holder != product.id:
            data = {"resource_id": holder, "unique_sku": f"{sku}-1"}
            raise WooError("product_invalid_sku", "Invalid or duplicated SKU.", 400, data)
        self._release_sku(product)
        if sku:
            self._sku[sku] = product.id
        product.values["sku"] = sku

    def touch(self, product: Product, at: datetime) -> None:
        """Every save moves the date of change, in whole seconds."""
        product.modified = at.replace(microsecond=0)
        self.revision += 1

    def trash(self, product: Product) -> None:
        """Put a product with its variations into the trash."""
        for each in (product, *self.children(product)):
            if each.status != "trash":
                each.status_before_trash = each.status
                each.values["status"] = "trash"
        self.revision += 1

    def restore(self, product: Product) -> None:
        """Take a product with its variations out of the trash."""
        for each in (product, *self.children(product)):
            if each.status == "trash":
                each.values["status"] = each.status_before_trash or "draft"
        self.revision += 1

    def delete(self, product: Product) -> None:
        """Remove a product with its variations for good."""
        for child in list(self.children(product)):
            self.delete(child)
        parent = self.parent(product)
        if parent is not None:
            parent.children.remove(product.id)
        self._release_sku(product)
        del self.products[product.id]
        self.revision += 1

    def tag(self, name: str) -> int:
        """The id of a tag, made when it is new."""
        for tag_id, known in self.tags.items():
            if known == name:
                return tag_id
        self.tags[len(self.tags) + 1] = name
        return len(self.tags)

    def set_meta(self, product: Product, entry: Mapping[str, Any]) -> None:
        """Write one entry of meta data: by its id, else by its key, else as a new one; null removes it."""
        found = next((m for m in product.meta if _same_meta(m, entry)), None)
        if found is None and entry.get("value") is not None:
            product.meta.append({"id": self._next_meta_id, "key": str(entry.get("key", "")), "value": entry["value"]})
            self._next_meta_id += 1
        elif found is not None and entry.get("value") is None:
            product.meta.remove(found)
        elif found is not None:
            found["value"] = entry["value"]

    def _release_sku(self, product: Product) -> None:
        if product.sku and self._sku.get(product.sku) == product.id:
            del self._sku[product.sku]


def _same_meta(held: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    return bool(held["id"] == entry["id"] if entry.get("id") else held["key"] == entry.get("key"))
