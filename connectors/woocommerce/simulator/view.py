"""Records as the API shows them; only the fields asked for are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from connectors.woocommerce.simulator import stock
from connectors.woocommerce.simulator.schema import PRODUCT, VARIATION
from connectors.woocommerce.simulator.store import Product, Store
from connectors.woocommerce.simulator.switches import Switches

Getter: TypeAlias = Callable[[Product], Any]

_EXTRAS = ("name", "parent_id")


class View:
    """Turns stored records into JSON objects."""

    def __init__(self, store: Store, switches: Switches, site: str) -> None:
        self._store = store
        self._switches = switches
        self._site = site
        self._getters: dict[str, Getter] = {
            "id": lambda p: p.id,
            "type": lambda p: p.type,
            "parent_id": lambda p: p.parent_id,
            "name": store.title,
            "slug": lambda p: p.get("slug") or f"product-{p.id}",
            "permalink": lambda p: f"{site}/product/{p.parent_id or p.id}/",
            "date_created": lambda p: self._local(p.created),
            "date_created_gmt": lambda p: naive(p.created),
            "date_modified": lambda p: self._local(p.modified),
            "date_modified_gmt": lambda p: naive(p.modified),
            "price": lambda p: price(store, p),
            "regular_price": lambda p: "" if p.type == "variable" else p.get("regular_price"),
            "price_html": lambda p: f"<span>{price(store, p)}</span>" if price(store, p) else "",
            "on_sale": on_sale,
            "purchasable": lambda p: p.status == "publish" and price(store, p) != "",
            "manage_stock": self._manage_stock,
            "stock_quantity": lambda p: stock.quantity(store, p),
            "stock_status": lambda p: stock.status(store, p),
            "backorders_allowed": lambda p: p.get("backorders") != "no",
            "backordered": lambda p: stock.status(store, p) == "onbackorder",
            "has_options": lambda p: p.type == "variable",
            "variations": lambda p: list(p.children),
            "tags": self._tags,
            "meta_data": lambda p: [dict(entry) for entry in p.meta],
            "_links": self._links,
        }

    def show(self, product: Product, fields: Iterable[str] | None = None) -> dict[str, Any]:
        """The JSON object of a record, whole or only some of its top-level fields."""
        wanted = None if fields is None else set(fields)
        return {name: self._value(product, name) for name in self._names(product) if wanted is None or name in wanted}

    def _names(self, product: Product) -> tuple[str, ...]:
        if not product.is_variation:
            return (*PRODUCT, "_links")
        if self._switches.variation_extras or self._switches.has_variations_route:
            return (*VARIATION, *_EXTRAS, "_links")
        return (*(name for name in VARIATION if name != "type"), "_links")

    def _value(self, product: Product, name: str) -> Any:
        getter = self._getters.get(name)
        value = getter(product) if getter else product.get(name)
        return list(value) if isinstance(value, tuple) else value

    def _local(self, at: datetime) -> str:
        return naive(at + timedelta(hours=self._switches.site_utc_offset_hours))

    def _manage_stock(self, product: Product) -> bool | str:
        if stock.by_parent(self._store, product):
            return "parent" if self._switches.parent_stock_as_text else True
        return bool(product.get("manage_stock"))

    def _tags(self, product: Product) -> list[dict[str, Any]]:
        held = [tag_id for tag_id in product.get("tags") if tag_id in self._store.tags]
        named = sorted((self._store.tags[tag_id], tag_id) for tag_id in held)
        return [{"id": tag_id, "name": name, "slug": name.lower().replace(" ", "-")} for name, tag_id in named]

    def _links(self, product: Product) -> dict[str, Any]:
        base = f"{self._site}/wp-json/wc/v3/products"
        path = f"{base}/{product.parent_id}/variations/{product.id}" if product.is_variation else f"{base}/{product.id}"
        return {"self": [{"href": path}]}


def naive(at: datetime) -> str:
    """An instant as the API writes it: no zone, whole seconds."""
    return at.replace(tzinfo=None, microsecond=0).isoformat()


def on_sale(product: Product) -> bool:
    """Whether a lower sale price is set."""
    sale, regular = amount(product.get("sale_price")), amount(product.get("regular_price"))
    return sale is not None and regular is not None and sale < regular


def price(store: Store, product: Product) -> str:
    """What a shopper pays; a variable product shows its lowest."""
    if product.type == "variable":
        prices = [price(store, child) for child in store.children(product) if child.listed]
        return min((text for text in prices if text), key=Decimal, default="")
    return str(product.get("sale_price") if on_sale(product) else product.get("regular_price"))


def amount(text: str) -> Decimal | None:
    """A price text as a number, or None when there is none."""
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None
