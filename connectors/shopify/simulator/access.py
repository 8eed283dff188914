"""Access scopes: which one a field needs, and the error without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from connectors.shopify.simulator.records import Record

if TYPE_CHECKING:
    from connectors.shopify.simulator.context import Context

ALL_SCOPES = (
    "read_products",
    "write_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_orders",
    "write_orders",
    "read_all_orders",
    "read_customers",
    "read_returns",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
)
_PLANS = tuple(f"read_{kind}_fulfillment_orders" for kind in ("merchant_managed", "assigned", "third_party"))
_FULFILLERS = tuple(scope.replace("read_", "write_") for scope in _PLANS)
_OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "Product": ("read_products",),
    "ProductVariant": ("read_products",),
    "ProductOption": ("read_products",),
    "InventoryItem": ("read_inventory", "read_products"),
    "InventoryLevel": ("read_inventory",),
    "InventoryQuantity": ("read_inventory",),
    "InventoryProperties": ("read_inventory",),
    "InventoryAdjustmentGroup": ("read_inventory",),
    "InventoryChange": ("read_inventory",),
    "Location": ("read_locations", "read_inventory"),
    "Order": ("read_orders",),
    "LineItem": ("read_orders",),
    "Refund": ("read_orders",),
    "OrderTransaction": ("read_orders",),
    "Fulfillment": ("read_orders", *_PLANS),
    "FulfillmentOrder": _PLANS,
    "Return": ("read_returns", "read_orders"),
    "Customer": ("read_customers",),
}
_OF_FIELD: Mapping[tuple[str, str], tuple[str, ...]] = {
    **{
        ("Location", name): ("read_locations",)
        for name in (
            "name",
            "isActive",
            "isFulfillmentService",
            "fulfillsOnlineOrders",
            "hasActiveInventory",
            "shipsInventory",
            "createdAt",
            "updatedAt",
            "deactivatedAt",
            "inventoryLevel",
            "inventoryLevels",
        )
    },
    **{
        ("InventoryItem", name): ("read_inventory",)
        for name in ("duplicateSkuCount", "inventoryLevel", "inventoryLevels", "locationsCount")
    },
    **{
        ("Mutation", name): ("write_inventory",)
        for name in ("inventoryActivate", "inventoryAdjustQuantities", "inventoryItemUpdate", "inventorySetQuantities")
    },
    **{("Mutation", name): ("write_orders",) for name in ("orderCancel", "refundCreate")},
    **{
        ("Mutation", name): _FULFILLERS
        for name in (
            "fulfillmentCreate",
            "fulfillmentTrackingInfoUpdate",
            "fulfillmentOrderHold",
            "fulfillmentOrderReleaseHold",
        )
    },
    **{
        ("Mutation", name): ("write_products",)
        for name in ("productCreate", "productDelete", "productSet", "productUpdate", "productVariantsBulkUpdate")
    },
}


def granted(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes of a token; a right to write includes the right to read."""
    found = set(scopes)
    return frozenset(found | {"read_" + scope.removeprefix("write_") for scope in found if scope.startswith("write_")})


def needed(typename: str, field: str, returned: str) -> tuple[str, ...]:
    """The scopes of which one is needed to read a field."""
    if (typename, field) in _OF_FIELD:
        return _OF_FIELD[typename, field]
    return _OF_TYPE.get(returned.removesuffix("Connection"), ())


def denied(field: str, scopes: tuple[str, ...]) -> GraphQLError:
    """The error of a field that the token may not see."""
    text = " or ".join(f"`{scope}` access scope" for scope in scopes)
    return GraphQLError(
        f"Access denied for {field} field. Required access: {text}.",
        extensions={"code": "ACCESS_DENIED", "requiredAccess": text},
    )


def check_record(record: Record, context: Context) -> Any:
    """Refuse a record that was found by its id and that the token may not see."""
    scopes = _OF_TYPE.get(record.TYPENAME, ())
    if scopes and not context.scopes.intersection(scopes):
        raise denied("node", scopes)
    return record
