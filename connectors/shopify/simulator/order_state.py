"""What a shop holds of its orders, by global id: comparable, for tests that look at everything."""

from __future__ import annotations

from typing import Any

from connectors.shopify.simulator.context import instant
from connectors.shopify.simulator.order_book import OrderBook
from connectors.shopify.simulator.order_records import Fulfillment, FulfillmentOrder, Order, Refund


def orders_state(book: OrderBook, *, stamps: bool) -> dict[str, Any]:
    """Every order with its lines, plans, fulfillments, refunds and money."""
    return {row.gid: _order(row, stamps=stamps) for row in book.orders}


def _order(row: Order, *, stamps: bool) -> dict[str, Any]:
    state: dict[str, Any] = {
        "lines": {
            line.gid: {"sku": line.sku, "quantity": line.quantity, "current": line.current, "unit": str(line.unit)}
            for line in row.lines
        },
        "plans": {plan.gid: _plan(plan) for plan in row.plans},
        "fulfillments": {one.gid: _sent(one) for one in row.fulfillments},
        "refunds": {one.gid: _refund(one) for one in row.refunds},
        "transactions": {one.gid: [one.kind, one.status, one.gateway, str(one.amount)] for one in row.transactions},
        "returns": {one.gid: one.status for one in row.returns},
        "canceled": instant(row.canceled_at),
        "note": row.note,
        "tags": list(row.tags),
    }
    return {**state, "updated_at": instant(row.updated_at)} if stamps else state


def _plan(plan: FulfillmentOrder) -> dict[str, Any]:
    return {
        "status": plan.status,
        "location": plan.location.code,
        "lines": {part.gid: [part.line.gid, part.total, part.remaining] for part in plan.lines},
    }


def _sent(one: Fulfillment) -> dict[str, Any]:
    return {
        "status": one.status,
        "company": one.company,
        "numbers": list(one.numbers),
        "urls": list(one.urls),
        "lines": [[part.line.gid, part.quantity] for part in one.lines],
    }


def _refund(one: Refund) -> dict[str, Any]:
    return {
        "note": one.note,
        "lines": [[part.line.gid, part.quantity, part.restock_type] for part in one.lines],
        "money": [[part.gateway, str(part.amount)] for part in one.transactions],
    }
