"""The mutations of products: update, create, set, delete."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.shopify.simulator.context import Args, Context, user_error
from connectors.shopify.simulator.html import clean_html
from connectors.shopify.simulator.reads import Resolver
from connectors.shopify.simulator.records import Product, Variant
from connectors.shopify.simulator.roots import shop
from connectors.shopify.simulator.store import Store, sorted_tags
from connectors.shopify.simulator.variants import Edit, edit_variant

_PLAIN = {"title": "title", "vendor": "vendor", "productType": "product_type", "status": "status"}
_MAX_TITLE = 255


def update(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Change a product's own fields."""
    given = args.get("product") or {}
    product = _identified(args.get("identifier") or given, context)
    if product is None:
        context.platform.log.write("productUpdate", rows=1)
        return {"product": None, "userErrors": [user_error(["id"], "Product does not exist")]}
    error = _title_error(given)
    effects = [] if error else edit_product(product, given, context).apply()
    context.platform.log.write("productUpdate", rows=1, effect=effects)
    return {"product": product, "userErrors": [error] if error else []}


def create(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Create a product with one variant; it is not published anywhere."""
    given = args.get("product") or {}
    error = _title_error({"title": "", **given})
    if error is not None:
        context.platform.log.write("productCreate", rows=1)
        return {"product": None, "shop": shop(context), "userErrors": [error]}
    product = _new_product(given, context)
    options = given.get("productOptions") or []
    variant = context.platform.store.add_variant(product, "", Decimal(0), context.now)
    if options:
        product.options = [option["name"] for option in options]
        variant.options = [(option.get("values") or [{"name": "Default"}])[0]["name"] for option in options]
    context.platform.log.write("productCreate", rows=1, effect=[f"created {product.gid}"])
    return {"product": product, "shop": shop(context), "userErrors": []}


def delete(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Delete a product and its variants."""
    gid = args["input"]["id"]
    product = context.platform.find("Product", gid)
    context.platform.log.write("productDelete", rows=1, effect=[] if product is None else [f"deleted {gid}"])
    if product is None:
        error = user_error(["id"], "Product does not exist")
        return {"deletedProductId": None, "shop": shop(context), "userErrors": [error]}
    context.platform.store.remove_product(product)
    return {"deletedProductId": gid, "shop": shop(context), "userErrors": []}


def set_product(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Create a product or make it equal to the input; a list that is sent is complete, the rest is deleted."""
    given = args["input"]
    identifier = args.get("identifier") or {"id": given.get("id")}
    product = _identified(identifier, context)
    error = _set_error(product, identifier, given, context)
    effects: list[str] = []
    if error is None:
        if product is None:
            product = _new_product({**given, "handle": given.get("handle") or identifier.get("handle")}, context)
            effects.append(f"created {product.gid}")
        else:
            effects += edit_product(product, given, context).apply()
        effects += _set_variants(product, given, context)
    context.platform.log.write("productSet", rows=max(1, len(given.get("variants") or ())), effect=effects)
    return {"product": None if error else product, "userErrors": [error] if error else []}


def edit_product(product: Product, given: Args, context: Context) -> Edit:
    """Plan the changes of a product's own fields."""
    edit, store = Edit(context.now), context.platform.store
    for name, attribute in _PLAIN.items():
        if given.get(name) is not None:
            edit.set(product, attribute, given[name].strip(), attribute)
    if "descriptionHtml" in given:
        edit.set(product, "description_html", clean_html(given["descriptionHtml"] or ""), "description")
    if "tags" in given:
        edit.set(product, "tags", sorted_tags(given["tags"] or ()), "tags")
    handle = given.get("handle")
    if handle and handle != product.handle:
        edit.steps.append((f"handle {product.gid} {product.handle}->{handle}", lambda: store.rename(product, handle)))
    return edit


def _new_product(given: Args, context: Context) -> Product:
    product = context.platform.store.add_product(given["title"].strip(), context.now, given.get("handle") or "")
    edit_product(product, {name: value for name, value in given.items() if name != "handle"}, context).apply()
    return product


def _identified(identifier: Args, context: Context) -> Product | None:
    if identifier.get("id"):
        found = context.platform.find("Product", identifier["id"])
        return found if isinstance(found, Product) else None
    return context.platform.store.product_by_handle.get(identifier.get("handle") or "")


def _title_error(given: Args) -> dict[str, Any] | None:
    if "title" not in given:
        return None
    title = (given["title"] or "").strip()
    if not title:
        return user_error(["title"], "Title can't be blank")
    return user_error(["title"], f"Title is too long (maximum is {_MAX_TITLE})") if len(title) > _MAX_TITLE else None


def _set_error(product: Product | None, identifier: Args, given: Args, context: Context) -> dict[str, Any] | None:
    if identifier.get("id") and product is None:
        return user_error(["input", "id"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
    error = _title_error(given if product is not None else {"title": "", **given})
    if error is not None:
        return {**error, "field": ["input", "title"], "code": "INVALID_INPUT"}
    if given.get("variants") is not None and given.get("productOptions") is None:
        return user_error(["input", "productOptions"], "Options are missing", "PRODUCT_OPTIONS_INPUT_MISSING")
    if given.get("productOptions") is not None and given.get("variants") is None:
        return user_error(["input", "variants"], "Variants are missing", "VARIANTS_INPUT_MISSING")
    known = {variant.gid for variant in product.variants} if product else set()
    for index, variant in enumerate(given.get("variants") or ()):
        if variant.get("id") is not None and variant["id"] not in known:
            path = ["input", "variants", str(index), "id"]
            return user_error(path, "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST")
    return None


def _set_variants(product: Product, given: Args, context: Context) -> list[str]:
    store = context.platform.store
    if given.get("variants") is None:
        if not product.variants:
            store.add_variant(product, "", Decimal(0), context.now)
        return []
    product.options = [option.get("name") or "Title" for option in given["productOptions"]]
    kept: list[Variant] = []
    effects: list[str] = []
    for entry in given["variants"]:
        variant = _matching(product, entry)
        if variant is None:
            variant = store.add_variant(product, "", Decimal(0), context.now)
            effects.append(f"created {variant.gid}")
        effects += _set_variant(variant, entry, context)
        kept.append(variant)
    for variant in [variant for variant in product.variants if variant not in kept]:
        store.remove_variant(variant)
        effects.append(f"deleted {variant.gid}")
    product.variants = kept
    for position, variant in enumerate(kept, start=1):
        variant.position = position
    return effects


def _matching(product: Product, entry: Args) -> Variant | None:
    wanted = [value.get("name") for value in entry["optionValues"]]
    for variant in product.variants:
        if variant.gid == entry.get("id") or (entry.get("id") is None and variant.options == wanted):
            return variant
    return None


def _set_variant(variant: Variant, entry: Args, context: Context) -> list[str]:
    variant.options = [value.get("name") or "" for value in entry["optionValues"]]
    given = dict(entry)
    if "sku" in entry:
        given["inventoryItem"] = {**(entry.get("inventoryItem") or {}), "sku": entry["sku"]}
    effects = edit_variant(variant, given, context).apply()
    return effects + _set_stock(context.platform.store, variant, entry, context)


def _set_stock(store: Store, variant: Variant, entry: Args, context: Context) -> list[str]:
    """Absolute figures without any comparison, as this mutation really does."""
    effects = []
    for figure in entry.get("inventoryQuantities") or ():
        location = context.platform.find("Location", figure["locationId"])
        if location is None:
            continue
        level = variant.item.levels.get(location.number) or store.add_level(variant.item, location, context.now)
        before = level.available
        name = "on_hand" if figure["name"] == "on_hand" else "available"
        level.move("available", figure["quantity"] - level.get(name), context.now)
        if level.available != before:
            effects.append(f"inventory {variant.item.gid}/{location.code} {before}->{level.available}")
    return effects


MUTATIONS: Mapping[str, Resolver] = {
    "productCreate": create,
    "productDelete": delete,
    "productSet": set_product,
    "productUpdate": update,
}
