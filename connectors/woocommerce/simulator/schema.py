"""The fields of products and variations as WooCommerce 9.9 publishes them: type, writable or not, default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its JSON type, whether it is read-only, what it holds before anyone writes it."""

    type: str
    default: Any = ""
    readonly: bool = False
    choices: tuple[str, ...] = ()


_TEXT = Field("string")
_TEXT_READ = Field("string", readonly=True)
_NO, _YES = Field("boolean", False), Field("boolean", True)
_FLAG_READ = Field("boolean", False, readonly=True)
_LIST, _LIST_READ = Field("array", ()), Field("array", (), readonly=True)
_DATE, _DATE_READ = Field("date-time", None), Field("date-time", None, readonly=True)
_COUNT_READ = Field("integer", 0, readonly=True)

STATUSES = ("draft", "pending", "private", "publish", "future", "auto-draft", "trash")
TYPES = ("simple", "grouped", "external", "variable")
STOCK_STATUSES = ("instock", "outofstock", "onbackorder")

_SHARED: dict[str, Field] = {
    "description": _TEXT,
    "permalink": _TEXT_READ,
    "sku": _TEXT,
    "global_unique_id": _TEXT,
    "price": _TEXT_READ,
    "regular_price": _TEXT,
    "sale_price": _TEXT,
    "date_on_sale_from": _DATE,
    "date_on_sale_from_gmt": _DATE,
    "date_on_sale_to": _DATE,
    "date_on_sale_to_gmt": _DATE,
    "on_sale": _FLAG_READ,
    "status": Field("string", "publish", choices=STATUSES),
    "purchasable": _FLAG_READ,
    "virtual": _NO,
    "downloadable": _NO,
    "downloads": _LIST,
    "download_limit": Field("integer", -1),
    "download_expiry": Field("integer", -1),
    "tax_status": Field("string", "taxable", choices=("taxable", "shipping", "none")),
    "tax_class": _TEXT,
    "manage_stock": _NO,
    "stock_quantity": Field("integer", None),
    "stock_status": Field("string", "instock", choices=STOCK_STATUSES),
    "backorders": Field("string", "no", choices=("no", "notify", "yes")),
    "backorders_allowed": _FLAG_READ,
    "backordered": _FLAG_READ,
    "low_stock_amount": Field("integer|null", None),
    "weight": _TEXT,
    "dimensions": Field("object", {"length": "", "width": "", "height": ""}),
    "shipping_class": _TEXT,
    "shipping_class_id": Field("string", "0", readonly=True),
    "attributes": _LIST,
    "menu_order": Field("integer", 0),
    "meta_data": _LIST,
}

PRODUCT: dict[str, Field] = {
    "id": _COUNT_READ,
    "name": _TEXT,
    "slug": _TEXT,
    "date_created": _DATE,
    "date_created_gmt": _DATE,
    "date_modified": _DATE_READ,
    "date_modified_gmt": _DATE_READ,
    "type": Field("string", "simple", choices=TYPES),
    "featured": _NO,
    "catalog_visibility": Field("string", "visible", choices=("visible", "catalog", "search", "hidden")),
    "short_description": _TEXT,
    "price_html": _TEXT_READ,
    "total_sales": _COUNT_READ,
    "external_url": _TEXT,
    "button_text": _TEXT,
    "sold_individually": _NO,
    "shipping_required": Field("boolean", True, readonly=True),
    "shipping_taxable": Field("boolean", True, readonly=True),
    "reviews_allowed": _YES,
    "post_password": _TEXT,
    "average_rating": Field("string", "0.00", readonly=True),
    "rating_count": _COUNT_READ,
    "related_ids": _LIST_READ,
    "upsell_ids": _LIST,
    "cross_sell_ids": _LIST,
    "parent_id": Field("integer", 0),
    "purchase_note": _TEXT,
    "categories": _LIST,
    "brands": _LIST,
    "tags": _LIST,
    "images": _LIST,
    "has_options": _FLAG_READ,
    "default_attributes": _LIST,
    "variations": _LIST_READ,
    "grouped_products": _LIST_READ,
    **_SHARED,
}

VARIATION: dict[str, Field] = {
    "id": _COUNT_READ,
    "type": Field("string", "variation", readonly=True),
    "date_created": _DATE_READ,
    "date_modified": _DATE_READ,
    "image": Field("object", None),
    **_SHARED,
}
