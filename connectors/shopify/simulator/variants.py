"""The mutation that changes many variants of one product, and the inventory item fields it shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.shopify.simulator.context import Args, Context, user_error
from connectors.shopify.simulator.reads import Resolver
from connectors.shopify.simulator.records import Item, Product, Variant
from connectors.shopify.simulator.store import Store


@dataclass(slots=True)
class Edit:
    """What one input changes: nothing happens before it was checked and is applied."""

    at: datetime
    steps: list[tuple[str, Callable[[], None]]] = field(default_factory=list)

    def set(self, target: Any, attribute: str, value: Any, label: str) -> None:
        """Plan to set an attribute; equal values change nothing."""
        before = getattr(target, attribute)
        if before == value:
            return
        effect = f"{label} {target.gid} {before}->{value}"
        self.steps.append((effect, lambda: _assign(target, attribute, value, self.at)))

    def apply(self) -> list[str]:
        """Do it; returns the effects in words."""
        for _, step in self.steps:
            step()
        return [effect for effect, _ in self.steps]


def _assign(target: Any, attribute: str, value: Any, at: datetime) -> None:
    setattr(target, attribute, value)
    target.updated_at = at


def edit_item(edit: Edit, item: Item, given: Args, store: Store) -> None:
    """Plan the changes of an inventory item."""
    if "sku" in given and (given["sku"] or "") != item.sku:
        sku = given["sku"] or ""
        edit.steps.append((f"sku {item.gid} {item.sku}->{sku}", lambda: _set_sku(store, item, sku, edit.at)))
    if given.get("tracked") is not None:
        edit.set(item, "tracked", given["tracked"], "tracked")
    if given.get("requiresShipping") is not None:
        edit.set(item, "requires_shipping", given["requiresShipping"], "requires_shipping")
    if "cost" in given:
        edit.set(item, "cost", None if given["cost"] is None else store.rounded(given["cost"]), "cost")
    if "harmonizedSystemCode" in given:
        edit.set(item, "hs_code", given["harmonizedSystemCode"], "hs_code")


def _set_sku(store: Store, item: Item, sku: str, at: datetime) -> None:
    store.set_sku(item, sku)
    item.updated_at = at


def bulk_update(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Change variants of one product: all of them or none, unless partial updates are allowed."""
    entries = args["variants"]
    product = context.platform.find("Product", args["productId"])
    if product is None:
        return _missing_product(context, len(entries))
    planned, errors = _plan(product, entries, context)
    if errors and not args.get("allowPartialUpdates"):
        planned = []
    effects = [effect for _, edit in planned for effect in edit.apply()]
    if effects:
        product.updated_at = context.now
    context.platform.log.write("productVariantsBulkUpdate", rows=len(entries), effect=effects)
    variants = [variant for variant, _ in planned] if planned or not errors else None
    return {"product": product, "productVariants": variants, "userErrors": errors}


def _missing_product(context: Context, rows: int) -> dict[str, Any]:
    context.platform.log.write("productVariantsBulkUpdate", rows=rows)
    error = user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
    return {"product": None, "productVariants": None, "userErrors": [error]}


def _plan(
    product: Product, entries: list[Args], context: Context
) -> tuple[list[tuple[Variant, Edit]], list[dict[str, Any]]]:
    planned: list[tuple[Variant, Edit]] = []
    errors: list[dict[str, Any]] = []
    for index, given in enumerate(entries):
        variant, error = _variant(product, given, context)
        error = error or _value_error(given)
        if error is not None:
            errors.append({**error, "field": ["variants", str(index), *error["field"]]})
        elif variant is not None:
            planned.append((variant, edit_variant(variant, given, context)))
    return planned, errors


def _variant(product: Product, given: Args, context: Context) -> tuple[Variant | None, dict[str, Any] | None]:
    if given.get("id") is None:
        return None, user_error(["id"], "Product variant is missing ID attribute", "PRODUCT_VARIANT_ID_MISSING")
    variant = context.platform.find("ProductVariant", given["id"])
    if variant is None or variant.product is not product:
        return None, user_error(["id"], "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST")
    return variant, None


def _value_error(given: Args) -> dict[str, Any] | None:
    if given.get("inventoryQuantities"):
        code = "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE"
        return user_error(["inventoryQuantities"], "Inventory quantities can only be given on create.", code)
    if "price" in given and given["price"] is None:
        return user_error(["price"], "Price can't be blank", "BLANK")
    for name in ("price", "compareAtPrice"):
        amount: Decimal | None = given.get(name)
        if amount is not None and amount < 0:
            return user_error([name], "Price must be greater than or equal to 0", "NEGATIVE_PRICE_VALUE")
    return None


def edit_variant(variant: Variant, given: Args, context: Context) -> Edit:
    """Plan the changes of a variant."""
    edit, store = Edit(context.now), context.platform.store
    if "price" in given:
        edit.set(variant, "price", store.rounded(given["price"]), "price")
    if "compareAtPrice" in given:
        amount = given["compareAtPrice"]
        edit.set(variant, "compare_at", None if amount is None else store.rounded(amount), "compare_at_price")
    if "barcode" in given:
        edit.set(variant, "barcode", (given["barcode"] or "").strip() or None, "barcode")
    if given.get("inventoryPolicy") is not None:
        edit.set(variant, "policy", given["inventoryPolicy"], "inventory_policy")
    if given.get("taxable") is not None:
        edit.set(variant, "taxable", given["taxable"], "taxable")
    if given.get("inventoryItem") is not None:
        edit_item(edit, variant.item, given["inventoryItem"], store)
    return edit


def item_update(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Change the fields of one inventory item."""
    item = context.platform.find("InventoryItem", args["id"])
    if item is None:
        context.platform.log.write("inventoryItemUpdate", rows=1)
        return {"inventoryItem": None, "userErrors": [user_error(["id"], "The inventory item does not exist.")]}
    edit = Edit(context.now)
    edit_item(edit, item, args["input"], context.platform.store)
    context.platform.log.write("inventoryItemUpdate", rows=1, effect=edit.apply())
    return {"inventoryItem": item, "userErrors": []}


MUTATIONS: Mapping[str, Resolver] = {"productVariantsBulkUpdate": bulk_update, "inventoryItemUpdate": item_update}
