"""A Shopify product CSV as a catalog; without SKUs of its own, or with SKUs made of handle and options."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from canonical.errors import CrossdockError
from canonical.money import to_decimal
from connectors.simulation.catalog import CatalogItem

HANDLE_OPTIONS = "handle-options"
_OPTIONS = ("Option1 Value", "Option2 Value", "Option3 Value")
_DEFAULT = "Default Title"
_PLACE = "WH1"


def read_catalog(path: Path, sku_from: str = "") -> list[CatalogItem]:
    """The variants of a product export; ``sku_from`` fills in the SKUs that are missing.

    A row without a price is no variant but one more picture of its product. CrossdockError when the file is none.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not {"Handle", "Variant Price"} <= set(reader.fieldnames or ()):
                raise CrossdockError(
                    f"{path} is not a Shopify product CSV",
                    hint="export the products of a shop as CSV, in its admin; the separator is a comma",
                )
            items = list(_items(reader, sku_from))
    except OSError as error:
        raise CrossdockError(f"cannot read {path}: {error.strerror}", hint="name a file that is there") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CrossdockError(
            f"{path} is not a CSV file in UTF-8: {error}", hint="save it as CSV UTF-8, with commas"
        ) from error
    return _single(items)


def _items(reader: csv.DictReader[str], sku_from: str) -> Iterator[CatalogItem]:
    first: dict[str, dict[str, str]] = {}
    for number, row in enumerate(reader):
        handle = (row.get("Handle") or "").strip()
        price = (row.get("Variant Price") or "").strip()
        if not handle or not price:
            continue
        product = first.setdefault(handle, {key: value or "" for key, value in row.items() if isinstance(key, str)})
        options = [text for name in _OPTIONS if (text := (row.get(name) or "").strip()) and text != _DEFAULT]
        sku = (row.get("Variant SKU") or "").strip()
        if not sku and sku_from == HANDLE_OPTIONS:
            sku = "-".join([handle, *(_word(text) for text in options)])
        yield CatalogItem(
            sku=sku,
            title=product.get("Title") or handle,
            price=_price(price, handle),
            stock={_PLACE: _units(row), "WH2": 3 + number % 9},
            option=" / ".join(options),
            product=handle,
            description=product.get("Body (HTML)", ""),
            tags=tuple(tag.strip() for tag in product.get("Tags", "").split(",") if tag.strip()),
        )


def _single(items: list[CatalogItem]) -> list[CatalogItem]:
    """Products of one variant stand for themselves."""
    counts: dict[str, int] = {}
    for item in items:
        counts[item.product] = counts.get(item.product, 0) + 1
    return [item if counts[item.product] > 1 else replace(item, product="") for item in items]


def _price(text: str, handle: str) -> Decimal:
    try:
        return to_decimal(text)
    except ValueError as error:
        raise CrossdockError(f"{handle}: {error}", hint="correct the column Variant Price") from error


def _units(row: Mapping[str, str]) -> int:
    text = (row.get("Variant Inventory Qty") or "0").strip()
    return max(0, int(text)) if re.fullmatch(r"-?\d+", text) else 0


def _word(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
