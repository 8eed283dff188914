"""Orders: how they are made, get their stock, and are canceled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.shiphero.simulator.errors import TAKEN, RefusedError, absent
from connectors.shiphero.simulator.state import Row, State

HOLDS = ("address_hold", "client_hold", "fraud_hold", "operator_hold", "payment_hold", "shipping_method_hold")
_PLAIN = (
    "order_number",
    "partner_order_id",
    "shop_name",
    "email",
    "currency",
    "required_ship_date",
    "packing_note",
    "gift_note",
    "tags",
    "subtotal",
    "total_discounts",
    "total_price",
    "total_tax",
    "shipping_address",
    "billing_address",
    "shipping_lines",
)


def create(state: State, data: Mapping[str, Any], *, by_api: bool = True) -> Row:
    """Make an order; RefusedError for one that cannot be."""
    account = _account(state, data)
    _check(state, data, account)
    now = state.now()
    order = state.add(
        "Order",
        account_id=account,
        **{name: data.get(name) for name in _PLAIN},
        order_date=data.get("order_date") or now,
        updated_at=now,
        fulfillment_status=data.get("fulfillment_status") or "pending",
        ready_to_ship=False,
        holds={name: bool((data.get("holds") or {}).get(name)) for name in HOLDS},
        shipments=[],
        listed_from=state.at.timestamp() + (state.switches.listing_lag_seconds if by_api else 0.0),
        cancellations=0,
    )
    order["line_items"] = [_line(state, order, line) for line in data.get("line_items") or ()]
    if state.switches.allocates_at_once:
        allocate(state, order)
    return order


def cancel(state: State, data: Mapping[str, Any]) -> Row:
    """Cancel an order that has not left; RefusedError for another."""
    order = state.find("Order", data["order_id"])
    account = data.get("customer_account_id")
    if order is None or (account and order["account_id"] != account):
        raise absent("Order")
    if order["fulfillment_status"] == "canceled":
        raise RefusedError("The order is canceled already")
    if order["shipments"] and not data.get("force"):
        raise RefusedError("Cannot cancel an order of which something was shipped")
    order["fulfillment_status"] = "canceled"
    order["cancellations"] += 1
    for line in order["line_items"]:
        _give_back(state, order, line)
        line |= {"quantity_pending_fulfillment": 0, "backorder_quantity": 0, "fulfillment_status": "canceled"}
    state.touch(order)
    return order


def allocate(state: State, order: Row) -> None:
    """Give an order what the warehouses have of it."""
    for line in order["line_items"]:
        product = next(state.products_of(line["sku"], order["account_id"]), None)
        missing = line["quantity_pending_fulfillment"] - line["quantity_allocated"]
        for stock in product["warehouse_products"] if product else ():
            if line["warehouse_id"] in (None, stock["warehouse_id"]) and missing > 0:
                taken = max(0, min(missing, stock["available"]))
                if taken:
                    line["warehouse_id"] = stock["warehouse_id"]
                    line["quantity_allocated"] += taken
                    stock["allocated"] += taken
                    stock["available"] -= taken
                    missing -= taken
        line["backorder_quantity"] = missing
    order["ready_to_ship"] = all(line["backorder_quantity"] == 0 for line in order["line_items"])


def _account(state: State, data: Mapping[str, Any]) -> str:
    given = data.get("customer_account_id")
    return str(given or state.account["id"])


def _check(state: State, data: Mapping[str, Any], account: str) -> None:
    lines = data.get("line_items") or ()
    if not lines:
        raise RefusedError("An order needs line items")
    for line in lines:
        if line["quantity"] < 1:
            raise RefusedError("The quantity of a line item must be positive")
        known = next(state.products_of(line["sku"], account), None)
        if known is None and state.switches.unknown_sku == "refused":
            raise RefusedError(f"There is no product with the SKU {line['sku']}")
    if not state.switches.unique_numbers:
        return
    number = (data.get("shop_name"), data.get("order_number"))
    if any((order["shop_name"], order["order_number"]) == number for order in state.all("Order")):
        raise RefusedError("The order number is taken already", TAKEN)


def _line(state: State, order: Row, data: Mapping[str, Any]) -> Row:
    product = next(state.products_of(data["sku"], order["account_id"]), None)
    return state.add(
        "LineItem",
        order_id=order["id"],
        partner_line_item_id=data["partner_line_item_id"],
        sku=data["sku"],
        product_id=product["id"] if product else None,
        product_name=data.get("product_name"),
        price=data["price"],
        fulfillment_status="pending",
        warehouse_id=data.get("warehouse_id"),
        quantity=data["quantity"],
        quantity_allocated=0,
        quantity_pending_fulfillment=data["quantity"],
        quantity_shipped=0,
        backorder_quantity=0,
    )


def _give_back(state: State, order: Row, line: Row) -> None:
    product = next(state.products_of(line["sku"], order["account_id"]), None)
    stock = state.stock_of(product, line["warehouse_id"]) if product and line["warehouse_id"] else None
    if stock is not None:
        stock["allocated"] -= line["quantity_allocated"]
        stock["available"] += line["quantity_allocated"]
    line["quantity_allocated"] = 0
