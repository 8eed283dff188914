"""The company that the real server is seeded with and the simulator is loaded with: the same for both."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.simulation import CatalogItem

WAREHOUSES = {"WH1": "Main", "WH2": "Second"}
FRACTION = "CLOTH"
SERVICE = "WRAP"
ARCHIVED = "OLD"
GTIN = "4006381333931"
SHOP = "Web shop"
CURRENCIES = {"EUR": 2, "JPY": 0, "TND": 3}
COUNTRIES = {"DE": "Germany", "JP": "Japan", "TN": "Tunisia", "US": "United States"}
TAXES = {"VAT 19%": "0.19", "VAT 7%": "0.07"}


@dataclass(frozen=True, slots=True)
class Group:
    """Items of one kind; ``unit`` is the symbol of their unit, ``digits`` the decimals it allows."""

    items: tuple[CatalogItem, ...]
    kind: str = "goods"
    unit: str = "u"
    digits: int = 0


def _mugs() -> tuple[CatalogItem, ...]:
    return tuple(
        CatalogItem(f"MUG-{number:02d}", f"Mug {number}", Decimal("10.50"), {"WH1": 100 + number, "WH2": 20})
        for number in range(1, 22)
    )


def _shirts() -> tuple[CatalogItem, ...]:
    return tuple(
        CatalogItem(f"SHIRT-{size}", "Shirt", Decimal("20.50"), {"WH1": 5, "WH2": 1}, option=size, product="shirt")
        for size in ("S", "M", "L")
    )


GROUPS = (
    Group(_mugs()),
    Group(_shirts()),
    Group((CatalogItem("BOOK", "Book", Decimal("9.9999"), {"WH1": 3}, gtin=GTIN, description="A book"),)),
    Group((CatalogItem(FRACTION, "Cloth", Decimal("3.1234"), {}),), unit="m", digits=2),
    Group((CatalogItem(SERVICE, "Wrapping", Decimal(1)),), kind="service"),
    Group((CatalogItem(ARCHIVED, "Old lamp", Decimal(1)),)),
)
ITEMS = tuple(item for group in GROUPS for item in group.items)
GOODS = tuple(item for group in GROUPS if group.kind == "goods" for item in group.items)


def as_seed() -> dict[str, Any]:
    """The catalog as the seed script reads it."""
    return {
        "company": "Crossdock Tests",
        "currency": "EUR",
        "customer": "Test Customer",
        "warehouses": WAREHOUSES,
        "shop": SHOP,
        "currencies": CURRENCIES,
        "countries": COUNTRIES,
        "taxes": TAXES,
        "templates": [template for group in GROUPS for template in _templates(group)],
    }


def _templates(group: Group) -> list[dict[str, Any]]:
    products: dict[str, list[CatalogItem]] = {}
    for item in group.items:
        products.setdefault(item.product or item.sku, []).append(item)
    return [
        {
            "name": items[0].title,
            "type": group.kind,
            "unit": group.unit,
            "price": str(items[0].price),
            "active": items[0].sku != ARCHIVED,
            "variants": [
                {"code": item.sku, "description": item.description, "ean": item.gtin, "stock": dict(item.stock)}
                for item in items
            ],
        }
        for items in products.values()
    ]
