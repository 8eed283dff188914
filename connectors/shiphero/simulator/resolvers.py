"""What each root of the schema gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.shiphero.simulator import orders
from connectors.shiphero.simulator.credits import Bucket
from connectors.shiphero.simulator.errors import absent
from connectors.shiphero.simulator.state import Row, State, moment
from connectors.shiphero.simulator.webhooks import Webhooks


@dataclass(slots=True)
class Context:
    """One request: the account, its credits, what it costs, and what it wrote."""

    state: State
    bucket: Bucket
    webhooks: Webhooks
    request_id: str
    cost: int
    rows: dict[str, int] = field(default_factory=dict)
    effects: list[str] = field(default_factory=list)

    def result(self, data: Any) -> dict[str, Any]:
        """What every root wraps its data in."""
        return {"request_id": self.request_id, "complexity": self.cost, "data": data}


Args = Mapping[str, Any]
Resolver = Callable[[Context, Args], Any]


def _account(context: Context, args: Args) -> Any:
    return context.result({**context.state.account, "warehouses": context.state.all("Warehouse")})


def _quota(context: Context, args: Args) -> Any:
    return context.bucket.quota(context.state.clock.now())


def _one(kind: str) -> Resolver:
    def resolve(context: Context, args: Args) -> Any:
        row = context.state.find(kind, args.get("id") or "")
        if row is None and args.get("sku"):
            row = next(context.state.products_of(args["sku"], str(context.state.account["id"])), None)
        if row is None:
            if context.state.switches.absent == "silent":
                return context.result(None)
            raise absent(kind)
        return context.result(row)

    return resolve


def _many(kind: str, *equal: str) -> Resolver:
    def resolve(context: Context, args: Args) -> Any:
        rows = [row for row in _of_customer(context, kind, args) if all(_is(row, name, args) for name in equal)]
        rows = [row for row in rows if _is_listed(context, row) and _is_dated(context, row, args)]
        return context.result(rows)

    return resolve


def _orders(context: Context, args: Args) -> Any:
    rows: Sequence[Row] = _many("Order", "fulfillment_status", "order_number", "shop_name")(context, args)["data"]
    reference = args.get("partner_order_id")
    if reference:
        exact = context.state.switches.exact_reference
        rows = [
            row
            for row in rows
            if (row["partner_order_id"] or "") == reference
            or (not exact and (row["partner_order_id"] or "").startswith(reference))
        ]
    return context.result(rows)


def _create(context: Context, args: Args) -> Any:
    order = orders.create(context.state, args["data"])
    context.effects.append(f"order_create {order['id']}")
    return {**context.result(None), "order": order}


def _cancel(context: Context, args: Args) -> Any:
    order = orders.cancel(context.state, args["data"])
    context.effects.append(f"order_cancel {order['id']}")
    context.webhooks.send("Order Canceled", {"order_id": order["legacy_id"]})
    return {**context.result(None), "order": order}


def _webhook(context: Context, args: Args) -> Any:
    row = context.webhooks.create(args["data"])
    context.effects.append(f"webhook_create {row['id']}")
    return {**context.result(None), "webhook": row}


def _no_webhook(context: Context, args: Args) -> Any:
    for ended in context.webhooks.delete(args["data"]):
        context.effects.append(f"webhook_delete {ended}")
    return context.result(None)


ROOTS: Mapping[str, Resolver] = {
    "account": _account,
    "user_quota": _quota,
    "order": _one("Order"),
    "orders": _orders,
    "product": _one("Product"),
    "products": _many("Product", "sku"),
    "shipment": _one("Shipment"),
    "shipments": _many("Shipment", "order_id"),
    "webhooks": _many("Webhook"),
    "order_create": _create,
    "order_cancel": _cancel,
    "webhook_create": _webhook,
    "webhook_delete": _no_webhook,
}


def _of_customer(context: Context, kind: str, args: Args) -> list[Row]:
    customer = args.get("customer_account_id")
    rows = context.state.all(kind)
    if not customer or not context.state.switches.filters_customer:
        return rows
    return [row for row in rows if row["account_id"] == customer]


def _is(row: Row, name: str, args: Args) -> bool:
    return args.get(name) is None or row[name] == args[name]


def _is_listed(context: Context, row: Row) -> bool:
    return bool(row.get("listed_from", 0.0) <= context.state.clock.now().timestamp())


def _is_dated(context: Context, row: Row, args: Args) -> bool:
    if not context.state.switches.filters_dates:
        return True
    for argument, name in (
        ("updated_from", "updated_at"),
        ("date_from", "created_date"),
        ("order_date_from", "order_date"),
    ):
        since, at = moment(args.get(argument)), moment(row.get(name))
        if since is not None and at is not None and at < since:
            return False
    return True
