"""The root of all queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from connectors.shopify.simulator.access import check_record
from connectors.shopify.simulator.bulk_records import BulkOperation
from connectors.shopify.simulator.connections import Connection, page_of_rows, page_of_table
from connectors.shopify.simulator.context import Args, Context, instant
from connectors.shopify.simulator.filters import filters_for
from connectors.shopify.simulator.order_records import FulfillmentOrder, Order
from connectors.shopify.simulator.reads import Resolver, product_sort, variant_sort
from connectors.shopify.simulator.records import GID, Item, Location, Product, Record, Variant
from connectors.shopify.simulator.search import EVERYTHING, Match, search
from connectors.shopify.simulator.store import Table
from connectors.shopify.simulator.versions import VERSIONS

_COUNT_CAP = 10_000
_ORDER_DAYS = timedelta(days=60)
_ORDER_SORTS: Mapping[str, Callable[[Order], Any]] = {
    "CREATED_AT": lambda order: order.created_at,
    "PROCESSED_AT": lambda order: order.created_at,
    "UPDATED_AT": lambda order: order.updated_at,
    "ORDER_NUMBER": lambda order: order.number,
}


def _match(kind: type[Record], table: Table[Any], args: Args, context: Context) -> Match:
    filters = filters_for(kind, table, context)
    match = search(args.get("query"), filters)
    context.warnings.extend(filters.warnings)
    return match


def _listed(kind: type[Record], sorts: Callable[[str | None], Any] | None = None) -> Resolver:
    def resolve(_: Any, context: Context, args: Args) -> Connection:
        table = context.platform.table(kind.TYPENAME)
        sort = sorts(args.get("sortKey")) if sorts else None
        return page_of_table(table, _match(kind, table, args, context), sort, args, context)

    return resolve


def _counted(kind: type[Record]) -> Resolver:
    def resolve(_: Any, context: Context, args: Args) -> dict[str, Any]:
        table, limit = context.platform.table(kind.TYPENAME), args.get("limit") or _COUNT_CAP
        match = _match(kind, table, args, context)
        number = sum(match.test(row) for row in (table if match.candidates is None else match.candidates))
        return {"count": min(number, limit), "precision": "EXACT" if number <= limit else "AT_LEAST"}

    return resolve


def _visible(context: Context) -> Match:
    """Which orders an app may see: without the right to all of them, those of the last 60 days."""
    if "read_all_orders" in context.scopes:
        return EVERYTHING
    since = context.now - _ORDER_DAYS
    return Match(lambda order: order.created_at >= since)


def _orders(_: Any, context: Context, args: Args) -> Connection:
    table = context.platform.book.orders
    asked, visible = _match(Order, table, args, context), _visible(context)
    match = asked if visible is EVERYTHING else Match(lambda row: visible.test(row) and asked.test(row))
    return page_of_table(table, match, _ORDER_SORTS.get(args.get("sortKey") or ""), args, context)


def _orders_count(_: Any, context: Context, args: Args) -> dict[str, Any]:
    limit, visible = args.get("limit") or _COUNT_CAP, _visible(context)
    asked = _match(Order, context.platform.book.orders, args, context)
    number = sum(asked.test(row) and visible.test(row) for row in context.platform.book.orders)
    return {"count": min(number, limit), "precision": "EXACT" if number <= limit else "AT_LEAST"}


def _order(_: Any, context: Context, args: Args) -> Any:
    found = context.platform.find("Order", args["id"])
    return found if found is not None and _visible(context).test(found) else None


def _plans(_: Any, context: Context, args: Args) -> Connection:
    table = context.platform.table("FulfillmentOrder")
    test = _match(FulfillmentOrder, table, args, context).test
    match = Match(lambda plan: (plan.is_open or bool(args.get("includeClosed"))) and test(plan))
    return page_of_table(table, match, None, args, context)


def _one(typename: str) -> Resolver:
    return lambda _, context, args: context.platform.find(typename, args["id"])


def _node(_: Any, context: Context, args: Args) -> Any:
    return _checked(args["id"], context)


def _nodes(_: Any, context: Context, args: Args) -> list[Any]:
    return [_checked(gid, context) for gid in args["ids"]]


def _checked(gid: str, context: Context) -> Any:
    found = context.platform.find_any(gid)
    if isinstance(found, Order) and not _visible(context).test(found):
        return None
    if found is not None:
        check_record(found, context)
    return found


def _location(_: Any, context: Context, args: Args) -> Location | None:
    if args.get("id") is None:
        return next((row for row in context.platform.store.locations if row.active), None)
    found = context.platform.find("Location", args["id"])
    return found if isinstance(found, Location) else None


def _locations(_: Any, context: Context, args: Args) -> Connection:
    table = context.platform.store.locations
    test = _match(Location, table, args, context).test
    rows = [row for row in table if (row.active or args.get("includeInactive")) and test(row)]
    sort = None if args.get("sortKey") == "ID" else lambda row: row.name
    return page_of_rows(rows, sort, args, context)


def _bulk_operations(_: Any, context: Context, args: Args) -> Connection:
    table = context.platform.bulk.table
    match = _match(BulkOperation, table, args, context)
    for operation in table:
        context.platform.bulk.poll(operation, context)
    newest_first = {**args, "reverse": not args.get("reverse", False)}
    return page_of_table(table, match, None, newest_first, context)


def _bulk_operation(_: Any, context: Context, args: Args) -> Any:
    found = context.platform.find("BulkOperation", args["id"])
    if isinstance(found, BulkOperation):
        context.platform.bulk.poll(found, context)
    return found


def _current_bulk(_: Any, context: Context, args: Args) -> Any:
    rows = [row for row in context.platform.bulk.table if row.kind == args.get("type", "QUERY")]
    if rows:
        context.platform.bulk.poll(rows[-1], context)
    return rows[-1] if rows else None


def _webhooks(_: Any, context: Context, args: Args) -> Connection:
    topics, uri = args.get("topics"), args.get("uri")
    rows = [
        row
        for row in context.platform.webhooks
        if (not topics or row.topic in topics) and (uri is None or row.uri == uri)
    ]
    return page_of_rows(rows, None, args, context)


def _installation(_: Any, context: Context, args: Args) -> dict[str, Any]:
    return {
        "id": f"{GID}/AppInstallation/1",
        "accessScopes": [
            {"handle": scope, "description": scope.replace("_", " ").capitalize()} for scope in sorted(context.scopes)
        ],
        "launchUrl": f"{context.base_url}/admin/apps/1",
    }


def _shop(_: Any, context: Context, args: Args) -> dict[str, Any]:
    return shop(context)


def shop(context: Context) -> dict[str, Any]:
    """The shop itself."""
    platform = context.platform
    opened = instant(platform.opened_at)
    return {
        "id": f"{GID}/Shop/1",
        "name": platform.shop_name,
        "email": f"owner@{platform.domain}",
        "contactEmail": f"owner@{platform.domain}",
        "currencyCode": platform.store.currency,
        "enabledPresentmentCurrencies": [platform.store.currency],
        "ianaTimezone": "Etc/UTC",
        "timezoneOffset": "+0000",
        "myshopifyDomain": platform.domain,
        "plan": {
            "displayName": "Basic",
            "publicDisplayName": "Basic",
            "partnerDevelopment": False,
            "shopifyPlus": False,
        },
        "createdAt": opened,
        "updatedAt": opened,
        "url": f"https://{platform.domain}",
        "taxesIncluded": True,
    }


def _versions(_: Any, context: Context, args: Args) -> list[dict[str, Any]]:
    return [{"handle": version, "displayName": version, "supported": True} for version in VERSIONS]


QUERY: Mapping[str, Resolver] = {
    "node": _node,
    "nodes": _nodes,
    "shop": _shop,
    "publicApiVersions": _versions,
    "appInstallation": _installation,
    "currentAppInstallation": _installation,
    "inventoryItem": _one("InventoryItem"),
    "inventoryItems": _listed(Item),
    "inventoryLevel": _one("InventoryLevel"),
    "inventoryProperties": lambda _, c, a: {},
    "location": _location,
    "locations": _locations,
    "product": _one("Product"),
    "products": _listed(Product, product_sort),
    "productsCount": _counted(Product),
    "productVariant": _one("ProductVariant"),
    "productVariants": _listed(Variant, variant_sort),
    "productVariantsCount": _counted(Variant),
    "bulkOperation": _bulk_operation,
    "bulkOperations": _bulk_operations,
    "currentBulkOperation": _current_bulk,
    "order": _order,
    "orders": _orders,
    "ordersCount": _orders_count,
    "refund": _one("Refund"),
    "return": _one("Return"),
    "fulfillment": _one("Fulfillment"),
    "fulfillmentOrder": _one("FulfillmentOrder"),
    "fulfillmentOrders": _plans,
    "webhookSubscription": _one("WebhookSubscription"),
    "webhookSubscriptions": _webhooks,
}
