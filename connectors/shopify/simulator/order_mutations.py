"""The mutations of orders: goods are sent, tracked and held, money is given back, orders are called off."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.shopify.simulator.context import Args, Context, user_error
from connectors.shopify.simulator.fulfilling import RefusedError, track
from connectors.shopify.simulator.order_money import given_back, received, rounded
from connectors.shopify.simulator.order_records import ZERO, FulfillmentOrder, Line, Order, PlannedLine
from connectors.shopify.simulator.reads import Resolver
from connectors.shopify.simulator.records import GID
from connectors.shopify.simulator.refunding import Back

_BY_HAND = frozenset({"manual", "cash"})
_MOST_LINES = 512


def fulfill(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Send units of fulfillment orders; nothing recognizes that it was asked for before."""
    given = args["fulfillment"]
    try:
        wanted = {
            _plan(entry["fulfillmentOrderId"], context): _parts(entry, context)
            for entry in given["lineItemsByFulfillmentOrder"]
        }
        if not wanted or sum(map(len, wanted.values())) > _MOST_LINES:
            raise RefusedError("Line items by fulfillment order can't be blank.")
        sent = context.platform.fulfillment_desk.send(wanted, context.now, given.get("trackingInfo") or {})
    except RefusedError as refusal:
        context.platform.log.write("fulfillmentCreate", rows=1)
        return {"fulfillment": None, "userErrors": [user_error(["fulfillment"], str(refusal))]}
    units = sum(part.quantity for part in sent.lines)
    effect = [f"fulfillment {sent.gid} of {sent.order.gid}: {units} units"]
    if given.get("notifyCustomer"):
        effect.append(f"mailed the buyer of {sent.order.gid}")
    context.platform.log.write("fulfillmentCreate", rows=1, effect=effect)
    return {"fulfillment": sent, "userErrors": []}


def track_again(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Replace what is known of a fulfillment's parcels."""
    sent = context.platform.find("Fulfillment", args["fulfillmentId"])
    if sent is None or sent.status == "CANCELLED":
        context.platform.log.write("fulfillmentTrackingInfoUpdate", rows=1)
        return {"fulfillment": None, "userErrors": [user_error(["fulfillmentId"], "Fulfillment does not exist.")]}
    track(sent, args["trackingInfoInput"])
    sent.updated_at = context.now
    context.platform.book.touch(sent.order, context.now, "FULFILLMENTS_UPDATE", record=sent)
    context.platform.log.write("fulfillmentTrackingInfoUpdate", rows=1, effect=[f"tracking of {sent.gid}"])
    return {"fulfillment": sent, "userErrors": []}


def hold(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Put a fulfillment order on hold."""
    given, plan = args["fulfillmentHold"], context.platform.find("FulfillmentOrder", args["id"])
    try:
        if plan is None:
            raise RefusedError("Fulfillment order does not exist.")
        held = context.platform.fulfillment_desk.hold(
            plan, context.now, given["reason"], given.get("reasonNotes"), given.get("handle")
        )
    except RefusedError as refusal:
        context.platform.log.write("fulfillmentOrderHold", rows=1)
        error = user_error(["id"], str(refusal), "FULFILLMENT_ORDER_NOT_FOUND" if plan is None else "TAKEN")
        return {"fulfillmentHold": None, "fulfillmentOrder": plan, "userErrors": [error]}
    context.platform.log.write("fulfillmentOrderHold", rows=1, effect=[f"held {plan.gid}"])
    return {"fulfillmentHold": held, "fulfillmentOrder": plan, "remainingFulfillmentOrder": None, "userErrors": []}


def release(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """End holds of a fulfillment order, all of them unless some are named."""
    plan = context.platform.find("FulfillmentOrder", args["id"])
    effect = [] if plan is None else [f"released {plan.gid}"]
    context.platform.log.write("fulfillmentOrderReleaseHold", rows=1, effect=effect)
    if plan is None:
        error = user_error(["id"], "Fulfillment order does not exist.", "FULFILLMENT_ORDER_NOT_FOUND")
        return {"fulfillmentOrder": None, "userErrors": [error]}
    context.platform.fulfillment_desk.release(plan, context.now, args.get("holdIds"))
    return {"fulfillmentOrder": plan, "userErrors": []}


def refund(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Give money back, or note that it was given back by hand."""
    run = context.platform.idempotency.run
    return run("refundCreate", args, context, lambda: _refund(context, args["input"]))


def cancel(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Call an order off; the job is done at once."""
    order = context.platform.find("Order", args["orderId"])
    over = order is None or order.canceled_at is not None
    effect = [] if over else [f"canceled {args['orderId']}"]
    context.platform.log.write("orderCancel", rows=1, effect=effect)
    if order is None or over:
        code = "NOT_FOUND" if order is None else "INVALID"
        return {"job": None, "orderCancelUserErrors": [user_error(["orderId"], "Cannot cancel the order.", code)]}
    money_back = bool(args.get("refund")) or args.get("refundMethod") is not None
    context.platform.refund_desk.cancel(
        order, context.now, reason=args["reason"], restock=args["restock"], money_back=money_back
    )
    return {"job": {"id": f"{GID}/Job/{order.number}", "done": True}, "orderCancelUserErrors": []}


def _refund(context: Context, given: Args) -> dict[str, Any]:
    order = context.platform.find("Order", given["orderId"])
    try:
        if order is None:
            raise RefusedError("Order does not exist")
        backs = [_back(entry, order, context) for entry in given.get("refundLineItems") or ()]
        amount, gateway = _paid_back(given, order, context)
        shipping = _shipping(given.get("shipping") or {}, order)
        made = context.platform.refund_desk.refund(
            order, backs, context.now, amount=amount, shipping=shipping, gateway=gateway, note=given.get("note")
        )
    except RefusedError as refusal:
        context.platform.log.write("refundCreate", rows=1)
        return {"order": order, "refund": None, "userErrors": [user_error(["orderId"], str(refusal))]}
    effect = [f"refund {made.gid} of {order.gid}: {amount} by {gateway or 'nobody'}"]
    if given.get("notify"):
        effect.append(f"mailed the buyer of {order.gid}")
    context.platform.log.write("refundCreate", rows=1, effect=effect)
    return {"order": order, "refund": made, "userErrors": []}


def _paid_back(given: Args, order: Order, context: Context) -> tuple[Decimal, str]:
    """The money of a refund in the shop's currency, and who pays it; nothing without a transaction."""
    terms = order.terms
    if terms.presentment != terms.currency and given.get("currency") != terms.presentment:
        raise RefusedError("Currency must be the presentment currency of the order")
    amount, gateway = ZERO, ""
    for entry in given.get("transactions") or ():
        gateway = entry["gateway"]
        if entry["kind"] != "REFUND" or entry["orderId"] != order.gid:
            raise RefusedError("Transactions must be refunds of the order")
        if gateway not in _BY_HAND and entry.get("parentId") is None:
            raise RefusedError("Transactions require a parent transaction")
        if gateway in _BY_HAND and not context.platform.switches.refunds_by_hand:
            raise RefusedError(f"Gateway {gateway} is not one the order was paid by")
        amount += rounded(entry["amount"] / terms.rate, order)
    if amount > received(order) - given_back(order) and not given.get("allowOverRefunding"):
        raise RefusedError("Refund amount is more than the order's remaining amount")
    return amount, gateway


def _shipping(given: Args, order: Order) -> Decimal:
    left = sum((one.current for one in order.shipping), ZERO)
    return left if given.get("fullRefund") else min(left, given.get("amount") or ZERO)


def _back(entry: Args, order: Order, context: Context) -> Back:
    line = context.platform.find("LineItem", entry["lineItemId"])
    if not isinstance(line, Line) or line.order is not order:
        raise RefusedError("Refund line items line item does not belong to the order")
    if not 0 < entry["quantity"] <= line.current:
        raise RefusedError("Refund line items quantity cannot refund more items than were purchased")
    restock = entry.get("restockType") or "NO_RESTOCK"
    place = context.platform.find("Location", entry["locationId"]) if entry.get("locationId") else None
    if restock != "NO_RESTOCK" and place is None:
        raise RefusedError("Refund line items location must be given to restock")
    return Back(line, entry["quantity"], restock, place)


def _plan(gid: str, context: Context) -> FulfillmentOrder:
    found = context.platform.find("FulfillmentOrder", gid)
    if not isinstance(found, FulfillmentOrder):
        raise RefusedError("Fulfillment order does not exist.")
    return found


def _parts(entry: Args, context: Context) -> list[tuple[PlannedLine, int]]:
    plan = _plan(entry["fulfillmentOrderId"], context)
    given = entry.get("fulfillmentOrderLineItems")
    if not given:
        return [(part, part.remaining) for part in plan.lines if part.remaining]
    lines = {part.gid: part for part in plan.lines}
    if any(one["id"] not in lines for one in given):
        raise RefusedError("Fulfillment order line item does not exist.")
    return [(lines[one["id"]], one["quantity"]) for one in given]


MUTATIONS: Mapping[str, Resolver] = {
    "fulfillmentCreate": fulfill,
    "fulfillmentTrackingInfoUpdate": track_again,
    "fulfillmentOrderHold": hold,
    "fulfillmentOrderReleaseHold": release,
    "refundCreate": refund,
    "orderCancel": cancel,
}
