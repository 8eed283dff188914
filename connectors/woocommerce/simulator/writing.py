"""What a write does to a record: validation against the schema, then every field by its own rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.woocommerce.simulator import stock
from connectors.woocommerce.simulator.errors import invalid_params
from connectors.woocommerce.simulator.html import filter_html
from connectors.woocommerce.simulator.schema import PRODUCT, VARIATION, Field
from connectors.woocommerce.simulator.store import Product, Store

_HTML = frozenset({"name", "description", "short_description", "purchase_note"})
_PRICES = frozenset({"regular_price", "sale_price"})
_STOCK = frozenset({"manage_stock", "stock_quantity", "stock_status"})
_OWN_RULE = frozenset({"sku", "tags", "meta_data", "dimensions", "date_created", "date_created_gmt", *_STOCK})
_NOT_NUMERIC = re.compile(r"[^0-9.\-]")


def validate(body: Mapping[str, Any], *, variation: bool) -> None:
    """Check the types of known, writable fields; WooError naming every field that does not fit."""
    schema = VARIATION if variation else PRODUCT
    problems = {
        name: f"{name} is not of type {schema[name].type}."
        for name, value in body.items()
        if name in schema and not schema[name].readonly and not _fits(schema[name], value)
    }
    if problems:
        raise invalid_params(problems)


def save(store: Store, product: Product, body: Mapping[str, Any], at: datetime) -> list[str]:
    """Apply what is known and writable, ignore the rest, and move the date of change; tells what was written."""
    schema = VARIATION if product.is_variation else PRODUCT
    if "sku" in body:
        store.claim_sku(product, str(body["sku"]).strip())
    for name, value in body.items():
        if name in schema and not schema[name].readonly and name not in _OWN_RULE:
            product.values[name] = _stored(name, value)
    _save_compound(store, product, body)
    _save_stock(product, body)
    store.touch(product, at)
    known = (name for name in body if name in schema and name != "id")
    return [f"{name}={body[name]}" for name in known]


def _save_compound(store: Store, product: Product, body: Mapping[str, Any]) -> None:
    if "tags" in body and not product.is_variation:
        product.values["tags"] = [tag["id"] for tag in body["tags"] if tag.get("id") in store.tags]
    for entry in body.get("meta_data", ()):
        store.set_meta(product, entry)
    if "dimensions" in body:
        product.values["dimensions"] = {**product.get("dimensions"), **body["dimensions"]}
    if body.get("date_created_gmt") and not product.is_variation:
        product.created = datetime.fromisoformat(body["date_created_gmt"]).replace(tzinfo=UTC)


def _save_stock(product: Product, body: Mapping[str, Any]) -> None:
    """A figure counts only while stock is managed; without management only the status can be set."""
    if "manage_stock" in body:
        product.values["manage_stock"] = body["manage_stock"] in (True, "true", "1", 1)
    if not product.get("manage_stock"):
        product.values["stock_quantity"] = None
        if "stock_status" in body:
            product.values["stock_status"] = body["stock_status"]
        return
    held = product.get("stock_quantity") or 0
    if "stock_quantity" in body:
        stock.set_quantity(product, _whole(body["stock_quantity"]))
    elif "inventory_delta" in body:
        stock.set_quantity(product, held + _whole(body["inventory_delta"]))
    elif product.get("stock_quantity") is None:
        stock.set_quantity(product, 0)


def _stored(name: str, value: Any) -> Any:
    if name in _HTML:
        return filter_html(str(value))
    if name in _PRICES:
        return _NOT_NUMERIC.sub("", str(value))
    return value


def _whole(value: Any) -> int:
    return int(float(value or 0))


def _fits(field: Field, value: Any) -> bool:
    if field.choices and value not in field.choices:
        return False
    return any(_is(kind, value) for kind in field.type.split("|"))


def _is(kind: str, value: Any) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "integer":
        return _is_whole(value)
    if kind == "boolean":
        return isinstance(value, bool) or value in ("true", "false", "0", "1", "")
    if kind == "array":
        return isinstance(value, list)
    if kind == "object":
        return isinstance(value, Mapping) or value is None
    if kind == "date-time":
        return value is None or isinstance(value, str)
    return value is None


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    try:
        return float(value) == int(float(value))
    except (TypeError, ValueError):
        return False
