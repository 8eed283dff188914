"""What every readable field of fulfillment, refunds and returns is worth."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.shopify.simulator import order_money as m
from connectors.shopify.simulator.context import Args, Context, instant
from connectors.shopify.simulator.order_book import name_of
from connectors.shopify.simulator.order_records import ZERO, Fulfillment, FulfillmentOrder, Refund
from connectors.shopify.simulator.order_views import money, paged
from connectors.shopify.simulator.reads import Plain, Resolver

_ACTIONS = {
    "OPEN": ("CREATE_FULFILLMENT", "HOLD", "MOVE"),
    "IN_PROGRESS": ("CREATE_FULFILLMENT",),
    "SCHEDULED": ("MARK_AS_OPEN", "HOLD"),
    "ON_HOLD": ("RELEASE_HOLD", "HOLD"),
}
_RECORD: Mapping[str, Resolver] = {
    "id": Plain("gid"),
    "createdAt": lambda o, c, a: instant(o.created_at),
    "updatedAt": lambda o, c, a: instant(o.updated_at),
}


def _actions(plan: FulfillmentOrder, context: Context, args: Args) -> list[dict[str, Any]]:
    return [{"action": action, "externalUrl": None} for action in _ACTIONS.get(plan.status, ())]


def _assigned(plan: FulfillmentOrder, context: Context, args: Args) -> dict[str, Any]:
    return {
        "location": plan.location,
        "name": plan.location.name,
        "countryCode": "DE",
        "address1": None,
        "city": None,
        "zip": None,
    }


def _tracking(sent: Fulfillment, context: Context, args: Args) -> list[dict[str, Any]]:
    count = max(len(sent.numbers), len(sent.urls), 1 if sent.company else 0)
    rows = [
        {
            "company": sent.company,
            "number": sent.numbers[at] if at < len(sent.numbers) else None,
            "url": sent.urls[at] if at < len(sent.urls) else None,
        }
        for at in range(count)
    ]
    return rows[: args.get("first")]


def _refunded(refund: Refund) -> Decimal:
    return sum((one.amount for one in refund.transactions), ZERO)


FULFILLMENT_FIELDS: Mapping[str, Mapping[str, Resolver]] = {
    "FulfillmentOrder": {
        **_RECORD,
        "status": Plain("status"),
        "requestStatus": lambda o, c, a: "UNSUBMITTED",
        "fulfillAt": lambda o, c, a: instant(o.fulfill_at),
        "fulfillBy": lambda o, c, a: None,
        "orderId": Plain("order.gid"),
        "orderName": lambda o, c, a: name_of(o.order),
        "orderProcessedAt": lambda o, c, a: instant(o.order.created_at),
        "order": Plain("order"),
        "assignedLocation": _assigned,
        "supportedActions": _actions,
        "fulfillmentHolds": Plain("holds"),
        "lineItems": paged(lambda o: o.lines),
        "fulfillments": paged(lambda o: [one for one in o.order.fulfillments if o in one.sources]),
    },
    "FulfillmentOrderLineItem": {
        "id": Plain("gid"),
        "lineItem": Plain("line"),
        "totalQuantity": Plain("total"),
        "remainingQuantity": Plain("remaining"),
        "requiresShipping": Plain("line.requires_shipping"),
        "sku": Plain("line.sku"),
        "productTitle": Plain("line.title"),
        "variantTitle": lambda o, c, a: None if o.line.variant is None else o.line.variant.title,
        "inventoryItemId": lambda o, c, a: None if o.line.variant is None else o.line.variant.item.gid,
    },
    "FulfillmentHold": {
        "id": Plain("gid"),
        "reason": Plain("reason"),
        "reasonNotes": Plain("notes"),
        "displayReason": lambda o, c, a: o.reason.replace("_", " ").capitalize(),
        "handle": Plain("handle"),
        "heldByRequestingApp": lambda o, c, a: o.handle is not None,
    },
    "Fulfillment": {
        **_RECORD,
        "legacyResourceId": lambda o, c, a: str(o.number),
        "name": Plain("name"),
        "status": Plain("status"),
        "displayStatus": lambda o, c, a: "CANCELED" if o.status == "CANCELLED" else "FULFILLED",
        "deliveredAt": lambda o, c, a: None,
        "inTransitAt": lambda o, c, a: None,
        "totalQuantity": lambda o, c, a: sum(part.quantity for part in o.lines),
        "requiresShipping": lambda o, c, a: any(part.line.requires_shipping for part in o.lines),
        "location": Plain("location"),
        "order": Plain("order"),
        "trackingInfo": _tracking,
        "fulfillmentLineItems": paged(lambda o: o.lines),
        "fulfillmentOrders": paged(lambda o: o.sources),
    },
    "FulfillmentLineItem": {
        "id": Plain("gid"),
        "quantity": Plain("quantity"),
        "lineItem": Plain("line"),
        "originalTotalSet": money(lambda o: o.line.unit * o.quantity, lambda o: o.line.order),
        "discountedTotalSet": money(lambda o: o.line.unit * o.quantity, lambda o: o.line.order),
    },
    "Refund": {
        **_RECORD,
        "legacyResourceId": lambda o, c, a: str(o.number),
        "processedAt": lambda o, c, a: instant(o.created_at),
        "note": Plain("note"),
        "order": Plain("order"),
        "return": Plain("return_"),
        "totalRefundedSet": money(_refunded),
        "refundLineItems": paged(lambda o: o.lines),
        "refundShippingLines": paged(lambda o: o.shipping),
        "orderAdjustments": paged(lambda o: o.discrepancies),
        "transactions": paged(lambda o: o.transactions),
        "duties": lambda o, c, a: [
            {"amountSet": m.bag(o.order, amount), "originalDuty": _duty(o, duty)} for duty, amount in o.duties
        ],
    },
    "RefundLineItem": {
        "id": Plain("gid"),
        "quantity": Plain("quantity"),
        "restockType": Plain("restock_type"),
        "restocked": lambda o, c, a: o.restock_type != "NO_RESTOCK",
        "location": Plain("location"),
        "lineItem": Plain("line"),
        "priceSet": money(lambda o: o.line.unit, lambda o: o.line.order),
        "subtotalSet": money(lambda o: o.net, lambda o: o.line.order),
        "totalTaxSet": money(lambda o: o.tax, lambda o: o.line.order),
    },
    "RefundShippingLine": {
        "id": Plain("gid"),
        "shippingLine": Plain("shipping"),
        "subtotalAmountSet": money(lambda o: o.net, lambda o: o.shipping.order),
        "taxAmountSet": money(lambda o: o.tax, lambda o: o.shipping.order),
    },
    "OrderAdjustment": {
        "id": Plain("gid"),
        "reason": Plain("reason"),
        "amountSet": money(lambda o: o.amount),
        "taxAmountSet": money(lambda o: ZERO),
    },
    "Return": {
        "id": Plain("gid"),
        "name": Plain("name"),
        "status": Plain("status"),
        "totalQuantity": lambda o, c, a: sum(line.quantity for line in o.lines),
        "createdAt": lambda o, c, a: instant(o.created_at),
        "closedAt": lambda o, c, a: instant(o.closed_at),
        "order": Plain("order"),
        "returnLineItems": paged(lambda o: o.lines),
        "refunds": paged(lambda o: [one for one in o.order.refunds if one.return_ is o]),
    },
    "ReturnLineItem": {
        "id": Plain("gid"),
        "quantity": Plain("quantity"),
        "processedQuantity": Plain("processed"),
        "unprocessedQuantity": lambda o, c, a: o.quantity - o.processed,
        "refundedQuantity": lambda o, c, a: o.processed,
        "returnReasonNote": Plain("note"),
        "customerNote": lambda o, c, a: None,
        "returnReason": Plain("reason"),
        "fulfillmentLineItem": Plain("sent"),
    },
}


def _duty(refund: Refund, duty: Any) -> dict[str, Any]:
    return {
        "id": duty.gid,
        "countryCodeOfOrigin": None,
        "harmonizedSystemCode": None,
        "price": m.bag(refund.order, duty.amount),
        "taxLines": [],
    }
