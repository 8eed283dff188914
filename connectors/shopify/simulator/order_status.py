"""What the platform says of an order in one word: of its money, its goods, and of what comes back."""

from __future__ import annotations

from decimal import Decimal

from connectors.shopify.simulator.order_money import given_back, received
from connectors.shopify.simulator.order_records import Order

_RETURNING = {"REQUESTED": "RETURN_REQUESTED", "OPEN": "IN_PROGRESS", "CLOSED": "RETURNED"}


def financial_status(order: Order, total: Decimal) -> str:
    """Where the order's money stands; ``total`` is what it costs now."""
    paid, back = received(order), given_back(order)
    kinds = {one.kind for one in order.transactions}
    if "VOID" in kinds and not paid:
        return "VOIDED"
    if not paid:
        if order.expired:
            return "EXPIRED"
        if "AUTHORIZATION" in kinds:
            return "AUTHORIZED"
        return "PENDING" if total or order.canceled_at is not None else "PAID"
    if back:
        return "REFUNDED" if back >= paid else "PARTIALLY_REFUNDED"
    return "PARTIALLY_PAID" if paid + _rounding(order) < total else "PAID"


def fulfillment_status(order: Order) -> str:
    """Where the order's goods stand."""
    sent = any(one.status == "SUCCESS" for one in order.fulfillments)
    waiting = [plan for plan in order.plans if plan.is_open and any(part.remaining for part in plan.lines)]
    if not waiting:
        return "FULFILLED" if sent else "UNFULFILLED"
    states = {plan.status for plan in waiting}
    if sent:
        return "PARTIALLY_FULFILLED"
    return states.pop() if len(states) == 1 and states <= {"ON_HOLD", "SCHEDULED", "IN_PROGRESS"} else "UNFULFILLED"


def return_status(order: Order) -> str:
    """Where its returns stand: the newest one that is not over counts."""
    states = [_RETURNING[one.status] for one in order.returns if one.status in _RETURNING]
    for state in ("RETURN_REQUESTED", "IN_PROGRESS", "RETURNED"):
        if state in states:
            return state
    return "NO_RETURN"


def _rounding(order: Order) -> Decimal:
    return -order.extras.rounding
