"""A catalog of our own: kitchenware, garden tools and household goods, the same at every start."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connectors.simulation.catalog import CatalogItem

_PLACES = ("WH1", "WH2")


@dataclass(frozen=True, slots=True)
class _Range:
    """A range of goods: every noun comes in every material, in these sizes and colors."""

    code: str
    tag: str
    materials: tuple[str, ...]
    nouns: tuple[str, ...]
    sizes: tuple[str, ...]
    colors: tuple[str, ...]
    base: int


_RANGES = (
    _Range(
        "GT", "garden", ("Ash", "Steel", "Bamboo"), ("Trowel", "Hand Fork", "Dibber"), ("Short", "Long"), ("",), 1290
    ),
    _Range("PL", "garden", ("Terracotta", "Zinc"), ("Planter", "Saucer"), ("12 cm", "18 cm", "26 cm"), ("",), 790),
    _Range(
        "WR",
        "garden",
        ("Canvas", "Rubber"),
        ("Gloves", "Apron", "Clogs"),
        ("S", "M", "L"),
        ("Moss", "Clay", "Navy"),
        1890,
    ),
    _Range("KN", "kitchen", ("Forged", "Folded"), ("Paring Knife", "Chef's Knife"), ("",), ("",), 3900),
    _Range(
        "PN",
        "kitchen",
        ("Enamel", "Cast Iron"),
        ("Saucepan", "Casserole", "Skillet"),
        ("16 cm", "20 cm", "24 cm"),
        ("Cream", "Slate"),
        3450,
    ),
    _Range(
        "TX",
        "household",
        ("Linen", "Cotton", "Waffle"),
        ("Tea Towel", "Napkin", "Tablecloth", "Oven Mitt"),
        ("Single", "Set of 4"),
        ("Flax", "Sage", "Brick", "Indigo"),
        950,
    ),
    _Range("ST", "household", ("Oak", "Glass"), ("Storage Jar", "Bread Box"), ("Small", "Large"), ("",), 1690),
)


def own_catalog() -> list[CatalogItem]:
    """A few hundred variants of some dozen products; those of one product share a price."""
    items: list[CatalogItem] = []
    for family in _RANGES:
        for material in family.materials:
            for noun in family.nouns:
                items += _variants(family, material, noun, len(items))
    return items


def _variants(family: _Range, material: str, noun: str, number: int) -> list[CatalogItem]:
    title = f"{material} {noun}"
    options = [(size, color) for size in family.sizes for color in family.colors]
    price = Decimal(family.base + 110 * (number % 17)) / 100
    return [
        CatalogItem(
            sku="-".join([family.code, *(_short(part) for part in (material, noun, size, color) if part)]),
            title=title,
            price=price,
            stock={place: 6 + (number + 7 * index + 11 * row) % 31 for row, place in enumerate(_PLACES)},
            option=" / ".join(part for part in (size, color) if part),
            product=_short(title).lower() if len(options) > 1 else "",
            description=f"<p>{title} from our {family.tag} range.</p>",
            tags=(family.tag, material.lower()),
        )
        for index, (size, color) in enumerate(options)
    ]


def _short(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())
