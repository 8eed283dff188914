"""The order routes of the API: lists, single orders, edits, refunds, the trash."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from canonical.clock import Clock
from connectors.woocommerce.simulator.errors import WooError, bare_error, invalid_id, invalid_params, no_route
from connectors.woocommerce.simulator.orders import Order, Orders, Refund, set_meta
from connectors.woocommerce.simulator.ordersteps import OrderSteps, touch
from connectors.woocommerce.simulator.orderview import OrderView
from connectors.woocommerce.simulator.params import Params, Stamp, parse_params
from connectors.woocommerce.simulator.resources import Written
from connectors.woocommerce.simulator.switches import Switches

_DATES = ("after", "before", "modified_after", "modified_before")
_KNOWN = frozenset({*_DATES, "dates_are_gmt", "page", "per_page", "offset", "order", "orderby", "include", "exclude"})
_FILTERS = frozenset({"status", "customer", "product", "dp", "search"})
_NOT_SIMULATED = frozenset({"parent", "created_via", "order_item_display_meta", "include_meta", "exclude_meta"})
_MOST_PLACES = 8


@dataclass(frozen=True, slots=True)
class OrderSlice:
    """One page of orders or refunds, shown, and what its headers say."""

    records: list[dict[str, Any]]
    total: int
    pages: int
    page: int


class OrderDesk:
    """Answers requests about orders."""

    def __init__(self, orders: Orders, steps: OrderSteps, view: OrderView, switches: Switches, clock: Clock) -> None:
        self._orders = orders
        self._steps = steps
        self._switches = switches
        self._clock = clock
        self._view = view

    def params(self, query: Iterable[tuple[str, str]]) -> Params:
        """The parameters of a list of orders or refunds; what is none of them is ignored."""
        given = [(name.partition("[")[0], value) for name, value in query]
        for name, _ in given:
            if name in _NOT_SIMULATED:
                raise WooError("simulator_not_simulated", f"This simulator cannot filter orders by {name}.", 501)
        switches = self._switches
        known = [(name, value) for name, value in given if name in _KNOWN]
        params = parse_params(known, ignored=switches.ignored_params, orderby_modified=switches.orderby_modified)
        for name, value in given:
            if name in _FILTERS - switches.ignored_params:
                params[name] = value if name in ("status", "search") else _whole(name, value)
        for status in params.get("status", "any").split(","):
            if status not in ("any", "trash"):
                self._orders.know(status)
        return params

    def list(self, params: Params) -> OrderSlice:
        """A page of orders; every status but trash unless one is asked for."""
        statuses = params.get("status", "any").split(",")
        drafts = self._switches.drafts_listed
        found = {order.id: order for status in statuses for order in self._orders.listed(status, drafts=drafts)}
        fitting = [order for order in found.values() if self._fits(order, params)]
        key: Callable[[Order], Any] = {
            "id": lambda one: one.id,
            "modified": lambda one: (one.modified, one.id),
        }.get(params.get("orderby", "date"), lambda one: (one.created, one.id))
        fitting.sort(key=key, reverse=params.get("order", "desc") == "desc")
        places = params.get("dp")
        return _page(fitting, params, lambda order: self._view.show(order, places))

    def one(self, order_id: int) -> dict[str, Any]:
        """An order; the trash is shown too."""
        return self._view.show(self._orders.get(order_id))

    def refunds(self, order_id: int, params: Params) -> OrderSlice:
        """A page of an order's refunds, newest first unless told otherwise."""
        if order_id not in self._orders.all and self._switches.refunds_of_nothing:
            return OrderSlice([], 0, 0, 1)
        order = self._orders.get(order_id)
        found = sorted(order.refunds, key=lambda one: one.id, reverse=params.get("order", "desc") == "desc")
        return _page(found, params, lambda refund: self._view.refund(order, refund, params.get("dp")))

    def refund_of(self, order_id: int, refund_id: int) -> dict[str, Any]:
        """One refund of an order."""
        order = self._orders.get(order_id)
        return self._view.refund(order, _refund_in(order, refund_id))

    def writer(
        self, verb: str, route: str, ids: tuple[int, int], body: Callable[[], dict[str, Any]], *, force: bool
    ) -> Callable[[], Written]:
        """What a write does."""
        order_id, refund_id = ids
        if route == "order" and verb in ("POST", "PUT", "PATCH"):
            return lambda: self._update(order_id, body())
        if route == "order" and verb == "DELETE":
            return lambda: self._remove(order_id, force=force)
        if route == "order refunds" and verb == "POST":
            return lambda: self._refund(order_id, body())
        if route == "order refund" and verb == "DELETE":
            return lambda: self._remove_refund(order_id, refund_id, force=force)
        if route == "orders" and verb == "POST":
            raise WooError("simulator_not_simulated", "In this simulator, shoppers make orders.", 501)
        raise no_route()

    def _update(self, order_id: int, body: Mapping[str, Any]) -> Written:
        """Save an order: its state, meta data and a few texts; a save that changes nothing moves its date too."""
        order, now = self._orders.get(order_id, 400), self._clock.now()
        for name in ("line_items", "shipping_lines", "fee_lines", "coupon_lines"):
            if name in body:
                raise WooError("simulator_not_simulated", "In this simulator, the merchant edits lines.", 501)
        if "status" in body:
            self._orders.know(str(body["status"]))
        for entry in body.get("meta_data") or ():
            set_meta(self._orders, order.meta, entry)
        order.note = str(body.get("customer_note", order.note))
        order.transaction_id = str(body.get("transaction_id", order.transaction_id))
        order.payment_method = str(body.get("payment_method", order.payment_method))
        status = "processing" if body.get("set_paid") else str(body.get("status", order.status))
        if status != order.status:
            self._steps.enter(order, status, now)
        touch(order, now)
        return Written(self._view.show(order), 1, [f"order {order.id}: {', '.join(sorted(body))}"])

    def _remove(self, order_id: int, *, force: bool) -> Written:
        """Move an order to the trash, or with force delete it for good; its stock stays as it is."""
        order = self._orders.get(order_id)
        if not force and order.status == "trash":
            raise WooError("woocommerce_rest_already_trashed", "The order has already been deleted.", 410)
        if force:
            shown = self._view.show(order)
            del self._orders.all[order_id]
            return Written(shown, 1, [f"order {order_id} deleted"])
        order.before_trash, order.status = order.status, "trash"
        return Written(self._view.show(order), 1, [f"order {order_id} trashed"])

    def _refund(self, order_id: int, body: Mapping[str, Any]) -> Written:
        order = self._orders.all.get(order_id)
        if order is None:
            raise bare_error("woocommerce_rest_invalid_order", "Order is invalid", 404)
        made = self._steps.refund(order, body, self._clock.now(), gateway=bool(order.transaction_id))
        effect = f"order {order.id} refund {made.amount}{' paid back' if made.paid_back else ''}"
        return Written(self._view.refund(order, made), 1, [effect], 201)

    def _remove_refund(self, order_id: int, refund_id: int, *, force: bool) -> Written:
        order = self._orders.get(order_id)
        refund = _refund_in(order, refund_id)
        if not force:
            raise WooError("woocommerce_rest_trash_not_supported", "Refunds do not support trashing.", 501)
        shown = self._view.refund(order, refund)
        order.refunds.remove(refund)
        touch(order, self._clock.now())
        return Written(shown, 1, [f"order {order_id} refund {refund_id} deleted"])

    def _fits(self, order: Order, params: Params) -> bool:
        if params.get("include") and order.id not in params["include"]:
            return False
        if order.id in params.get("exclude", ()) or params.get("customer", order.customer_id) != order.customer_id:
            return False
        if "product" in params and params["product"] not in {line.product_id for line in order.lines}:
            return False
        if params.get("search") and params["search"] not in f"{order.id} {' '.join(map(str, order.billing.values()))}":
            return False
        gmt = params.get("dates_are_gmt", False)
        return all(self._dated(order, name, params[name], gmt=gmt) for name in _DATES if name in params)

    def _dated(self, order: Order, name: str, stamp: Stamp, *, gmt: bool) -> bool:
        """Strictly later or earlier, in whole seconds; naive dates are the site's own unless told otherwise."""
        offset = timedelta(0) if gmt or stamp.zoned else timedelta(hours=self._switches.site_utc_offset_hours)
        bound = (stamp.at - offset).replace(microsecond=0)
        at: datetime = order.modified if "modified" in name else order.created
        return at > bound if name.endswith("after") else at < bound


def _page(found: list[Any], params: Params, show: Callable[[Any], dict[str, Any]]) -> OrderSlice:
    per_page, page = params.get("per_page", 10), params.get("page", 1)
    start = params.get("offset", (page - 1) * per_page)
    shown = [show(one) for one in found[start : start + per_page]]
    return OrderSlice(shown, len(found), -(-len(found) // per_page), page)


def _refund_in(order: Order, refund_id: int) -> Refund:
    for one in order.refunds:
        if one.id == refund_id:
            return one
    raise invalid_id("shop_order_refund", 404)


def _whole(name: str, value: str) -> int:
    if not value.isdigit() or (name == "dp" and int(value) > _MOST_PLACES):
        raise invalid_params({name: f"{name} is not of type integer."})
    return int(value)
