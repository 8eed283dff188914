"""What every readable field is worth: plain functions shared by the executor and the bulk walker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeAlias

from connectors.shopify.simulator.connections import Connection, page_of_rows
from connectors.shopify.simulator.context import Args, Context, instant
from connectors.shopify.simulator.html import plain_text
from connectors.shopify.simulator.records import GID, QUANTITY_NAMES, UNAVAILABLE, Item, Level, Product, Variant

Resolver: TypeAlias = Callable[[Any, Context, Args], Any]


class Plain:
    """A field that is an attribute as it stands; ``get`` reads it without any detour."""

    __slots__ = ("get",)

    def __init__(self, attribute: str) -> None:
        self.get: Callable[[Any], Any] = attrgetter(attribute)

    def __call__(self, value: Any, context: Context, args: Args) -> Any:
        """Read it as a resolver."""
        return self.get(value)


_RECORD: Mapping[str, Resolver] = {
    "id": Plain("gid"),
    "legacyResourceId": lambda o, c, a: str(o.number),
    "createdAt": lambda o, c, a: instant(o.created_at),
    "updatedAt": lambda o, c, a: instant(o.updated_at),
}
_VARIANT_SORTS: Mapping[str, Callable[[Variant], Any]] = {
    "POSITION": lambda v: v.position,
    "TITLE": lambda v: v.title,
    "NAME": lambda v: v.title,
    "FULL_TITLE": lambda v: f"{v.product.title} - {v.title}",
    "INVENTORY_QUANTITY": Variant.total_available,
}
_PRODUCT_SORTS: Mapping[str, Callable[[Product], Any]] = {
    "TITLE": lambda p: p.title,
    "VENDOR": lambda p: p.vendor,
    "PRODUCT_TYPE": lambda p: p.product_type,
    "CREATED_AT": lambda p: p.created_at,
    "UPDATED_AT": lambda p: p.updated_at,
    "INVENTORY_TOTAL": lambda p: sum(v.total_available() for v in p.variants),
}


def variant_sort(name: str | None) -> Callable[[Variant], Any] | None:
    """What variants are sorted by, None for their id."""
    return _VARIANT_SORTS.get(name or "")


def product_sort(name: str | None) -> Callable[[Product], Any] | None:
    """What products are sorted by, None for their id."""
    return _PRODUCT_SORTS.get(name or "")


def _count(number: int) -> dict[str, Any]:
    return {"count": number, "precision": "EXACT"}


def _product_variants(product: Product, context: Context, args: Args) -> Connection:
    return page_of_rows(product.variants, variant_sort(args.get("sortKey")), args, context)


def active_levels(item: Item, args: Args) -> list[Level]:
    """The levels of an item, without inactive ones unless asked for."""
    return [level for level in item.levels.values() if level.active or args.get("includeInactive")]


def _level_at(item: Item, context: Context, args: Args) -> Level | None:
    location = context.platform.find("Location", args["locationId"])
    level = None if location is None else item.levels.get(location.number)
    return level if level is not None and (level.active or args.get("includeInactive")) else None


def _levels_of_location(location: Any, context: Context, args: Args) -> Connection:
    levels = [item.levels[location.number] for item in context.platform.store.items if location.number in item.levels]
    return page_of_rows([lv for lv in levels if lv.active or args.get("includeInactive")], None, args, context)


def _level_of_item(location: Any, context: Context, args: Args) -> Level | None:
    item = context.platform.find("InventoryItem", args["inventoryItemId"])
    return None if item is None else _level_at(item, context, {**args, "locationId": location.gid})


def quantities(level: Level, context: Context, args: Args) -> list[dict[str, Any]]:
    """The named states of a level, in the order asked; unknown names are left out."""
    at = level.at
    return [
        {
            "id": f"{GID}/InventoryQuantity/{level.number}?name={name}",
            "name": name,
            "quantity": level.get(name),
            "updatedAt": instant(at[name]) if name in at else None,
        }
        for name in args["names"]
        if name in QUANTITY_NAMES
    ]


def _unit_cost(item: Item, context: Context, args: Args) -> dict[str, Any] | None:
    if item.cost is None:
        return None
    return {"amount": str(item.cost), "currencyCode": context.platform.store.currency}


def _selected_options(variant: Variant, context: Context, args: Args) -> list[dict[str, str]]:
    return [
        {"name": name, "value": value} for name, value in zip(variant.product.options, variant.options, strict=False)
    ]


def _options(product: Product, context: Context, args: Args) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{GID}/ProductOption/{product.number * 10 + index}",
            "name": name,
            "position": index + 1,
            "values": list(dict.fromkeys(v.options[index] for v in product.variants if index < len(v.options))),
        }
        for index, name in enumerate(product.options)
    ][: args.get("first")]


def _description(product: Product, context: Context, args: Args) -> str:
    return plain_text(product.description_html)[: args.get("truncateAt")]


def _measurement(item: Item, context: Context, args: Args) -> dict[str, Any]:
    return {
        "id": f"{GID}/InventoryItemMeasurement/{item.number}",
        "weight": {"unit": "KILOGRAMS", "value": item.weight},
    }


def _quantity_names(_: Any, context: Context, args: Args) -> list[dict[str, Any]]:
    inside = ("available", "committed", *UNAVAILABLE)
    return [
        {
            "name": name,
            "displayName": name.replace("_", " ").capitalize(),
            "isInUse": True,
            "belongsTo": ["on_hand"] if name in inside else [],
            "comprises": sorted(inside) if name == "on_hand" else [],
        }
        for name in QUANTITY_NAMES
    ]


CATALOG_FIELDS: Mapping[str, Mapping[str, Resolver]] = {
    "Location": {
        **_RECORD,
        "name": Plain("name"),
        "isActive": Plain("active"),
        "isFulfillmentService": lambda o, c, a: False,
        "fulfillsOnlineOrders": Plain("active"),
        "hasActiveInventory": lambda o, c, a: any(o.number in item.levels for item in c.platform.store.items),
        "shipsInventory": Plain("active"),
        "deactivatedAt": lambda o, c, a: instant(o.deactivated_at),
        "inventoryLevel": _level_of_item,
        "inventoryLevels": _levels_of_location,
    },
    "InventoryItem": {
        **_RECORD,
        "sku": Plain("sku"),
        "tracked": Plain("tracked"),
        "requiresShipping": Plain("requires_shipping"),
        "duplicateSkuCount": lambda o, c, a: len(c.platform.store.items_by_sku[o.sku]) - 1 if o.sku else 0,
        "harmonizedSystemCode": Plain("hs_code"),
        "unitCost": _unit_cost,
        "measurement": _measurement,
        "locationsCount": lambda o, c, a: _count(len(active_levels(o, {}))),
        "inventoryLevel": _level_at,
        "inventoryLevels": lambda o, c, a: page_of_rows(active_levels(o, a), None, a, c),
        "variant": lambda o, c, a: o.variants[0],
        "variants": lambda o, c, a: page_of_rows(o.variants, None, a, c),
    },
    "InventoryLevel": {
        **_RECORD,
        "item": Plain("item"),
        "location": Plain("location"),
        "quantities": quantities,
        "canDeactivate": lambda o, c, a: o.available == 0 and o.committed == 0,
        "isActive": Plain("active"),
    },
    "InventoryProperties": {"quantityNames": _quantity_names},
    "Product": {
        **_RECORD,
        "title": Plain("title"),
        "handle": Plain("handle"),
        "description": _description,
        "descriptionHtml": Plain("description_html"),
        "vendor": Plain("vendor"),
        "productType": Plain("product_type"),
        "tags": lambda o, c, a: list(o.tags),
        "status": Plain("status"),
        "options": _options,
        "hasOnlyDefaultVariant": lambda o, c, a: len(o.variants) == 1 and o.options == ["Title"],
        "totalInventory": lambda o, c, a: sum(v.total_available() for v in o.variants),
        "tracksInventory": lambda o, c, a: any(v.item.tracked for v in o.variants),
        "isGiftCard": lambda o, c, a: False,
        "publishedAt": lambda o, c, a: instant(o.published_at),
        "variantsCount": lambda o, c, a: _count(len(o.variants)),
        "variants": _product_variants,
    },
    "ProductVariant": {
        **_RECORD,
        "title": Plain("title"),
        "displayName": lambda o, c, a: f"{o.product.title} - {o.title}",
        "sku": Plain("item.sku"),
        "barcode": Plain("barcode"),
        "price": lambda o, c, a: str(o.price),
        "compareAtPrice": lambda o, c, a: None if o.compare_at is None else str(o.compare_at),
        "position": Plain("position"),
        "taxable": Plain("taxable"),
        "availableForSale": lambda o, c, a: not o.item.tracked or o.policy == "CONTINUE" or o.total_available() > 0,
        "requiresComponents": lambda o, c, a: o.item.bundle,
        "inventoryPolicy": Plain("policy"),
        "inventoryQuantity": lambda o, c, a: o.total_available(),
        "sellableOnlineQuantity": lambda o, c, a: o.total_available(),
        "selectedOptions": _selected_options,
        "inventoryItem": Plain("item"),
        "product": Plain("product"),
    },
    "BulkOperation": {
        **_RECORD,
        "status": Plain("status"),
        "type": Plain("kind"),
        "errorCode": Plain("error_code"),
        "query": Plain("query"),
        "objectCount": lambda o, c, a: str(o.object_count),
        "rootObjectCount": lambda o, c, a: str(o.root_count),
        "fileSize": lambda o, c, a: str(len(o.result)) if o.status == "COMPLETED" else None,
        "url": lambda o, c, a: c.platform.bulk.url(o, c),
        "partialDataUrl": lambda o, c, a: c.platform.bulk.partial_url(o, c),
        "completedAt": lambda o, c, a: instant(o.completed_at),
    },
    "WebhookSubscription": {
        **_RECORD,
        "topic": Plain("topic"),
        "uri": Plain("uri"),
        "format": Plain("format"),
        "filter": Plain("filter"),
        "includeFields": Plain("include_fields"),
        "metafieldNamespaces": Plain("metafield_namespaces"),
        "name": Plain("name"),
    },
    "InventoryAdjustmentGroup": {
        **_RECORD,
        "reason": Plain("reason"),
        "referenceDocumentUri": Plain("reference"),
        "changes": lambda o, c, a: o.selected(a),
    },
    "InventoryChange": {
        "delta": Plain("delta"),
        "item": Plain("item"),
        "location": Plain("location"),
        "ledgerDocumentUri": lambda o, c, a: None,
        "name": Plain("name"),
        "quantityAfterChange": Plain("after"),
    },
}
