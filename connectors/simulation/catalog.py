"""The catalog shape that every simulator can be loaded with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """One sellable thing; items with the same ``product``, when it is not empty, are variants of one product.

    ``stock`` is whole units by location code.
    """

    sku: str
    title: str
    price: Decimal
    stock: Mapping[str, int] = field(default_factory=dict)
    gtin: str = ""
    option: str = ""
    product: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
