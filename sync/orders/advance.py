"""Advancing orders: from what is known of one to the requests it needs, and those that must be stopped (R15).

An order is looked at whenever anything about it changed, and the outcome depends on what is known now, not on what
happened in which order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from canonical.clock import instant_text
from canonical.order import Order
from canonical.status import FulfillmentStatus, OrderStatus, PaymentStatus
from canonical.totals import rest_of
from sync.hub import Hub
from sync.orders import notices, requests, stock, store
from sync.orders.availability import Availability
from sync.orders.holds import DOCUMENT, SHIP
from sync.orders.ingest import UNREADABLE, load_order
from sync.orders.letgo import let_go
from sync.orders.lines import Sellable, resolve
from sync.orders.requests import UNSENT, Existing, Make
from sync.orders.routes import ExportWhen
from sync.orders.routing import Routing, route
from sync.orders.rules import expires_at
from sync.orders.stops import stop, tell_too_late

_CHUNK = 200
_LOOK_AGAIN = timedelta(minutes=1)
_MONEY_THERE = {
    ExportWhen.PLACED: frozenset(PaymentStatus) - {PaymentStatus.VOIDED, PaymentStatus.EXPIRED, PaymentStatus.FAILED},
    ExportWhen.AUTHORIZED: frozenset({PaymentStatus.AUTHORIZED, PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED}),
    ExportWhen.PAID: frozenset({PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED}),
}
_ON_HOLD = frozenset({FulfillmentStatus.ON_HOLD, FulfillmentStatus.SCHEDULED})


def advance(hub: Hub) -> int:
    """Look at every order that is due; tells how many."""
    with hub.database.begin() as connection:
        let_go(hub, connection)
    after, done = 0, 0
    while True:
        with hub.database.begin() as connection:
            rows = store.due_orders(connection, hub.stamp(), after, _CHUNK)
            for row in rows:
                advance_order(hub, connection, row)
        hub.checkpoint("orders advanced")
        if not rows:
            return done
        after, done = rows[-1].id, done + len(rows)


@dataclass
class _Standing:
    """Where an order stands after a look."""

    state: str
    reason: str = ""
    detail: str = ""
    not_before: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def advance_order(hub: Hub, connection: Connection, row: Row[Any]) -> None:
    """Bring one order's requests, stops and notices to what is known of it now."""
    order = load_order(connection, row)
    if order is None or row.state in {*stock.UNEXPORTED, UNREADABLE}:
        store.settle_order(connection, row, {}, hub.stamp(), "")
        return
    sellables = resolve(hub.config, connection, row.connection, order)
    standing = _look(hub, connection, row, order, sellables)
    notices.tell(hub, connection, row, order)
    stock.update(hub, connection, row, order, sellables, hub.stamp())
    values = {"state": standing.state, "reason": standing.reason, "detail": standing.detail[:500]}
    store.settle_order(connection, row, values, hub.stamp(), standing.not_before)


def _look(
    hub: Hub, connection: Connection, row: Row[Any], order: Order, sellables: Mapping[str, Sellable]
) -> _Standing:
    flow = hub.config.orders[row.connection]
    existing = store.requests_of(connection, row.id)
    if order.status is OrderStatus.CANCELED:
        stop(hub, connection, row, existing, "the order was canceled")
        return _Standing("canceled")
    need = stock.needs(order, flow, hub.now())
    if not need:
        stop(hub, connection, row, existing, "nothing of the order is wanted any more")
        return _Standing("asked" if any(one.live and not one.started for one in existing) else "done")
    blocked = _blocked(order, need, sellables)
    if blocked is not None:
        return blocked
    if order.payment_status not in _MONEY_THERE[flow.export_when]:
        until = expires_at(order, flow.reserve)
        return _Standing("waiting", "unpaid", not_before=instant_text(until) if until else "")
    _documents(hub, connection, row, order, need, sellables, existing)
    return _ships(hub, connection, row, order, need, sellables)


def _blocked(order: Order, need: Mapping[str, int], sellables: Mapping[str, Sellable]) -> _Standing | None:
    """Why an order cannot be asked for, whoever is asked."""
    rest = rest_of(order)
    if rest:
        return _Standing("blocked", "totals_differ", f"{rest} {order.currency} of the total are explained by no part")
    unknown = [line for line in order.lines if line.id in need and line.requires_shipping and line.id not in sellables]
    if unknown:
        named = ", ".join(line.sku or line.title or line.id for line in unknown[:5])
        return _Standing("blocked", "unknown_sku", f"no canonical record for {named}")
    ships_goods = any(line.id in need and line.requires_shipping for line in order.lines)
    if ships_goods and (order.shipping_address is None or not order.shipping_address.deliverable):
        return _Standing("blocked", "missing_address", "there is no address to ship to")
    return None


def _documents(
    hub: Hub,
    connection: Connection,
    row: Row[Any],
    order: Order,
    need: Mapping[str, int],
    sellables: Mapping[str, Sellable],
    existing: list[Existing],
) -> None:
    """One document of the whole order for everyone who keeps books; one that no longer fits is replaced."""
    for target in hub.config.orders[row.connection].targets:
        mine = [one for one in existing if one.connection == target and one.role == DOCUMENT]
        current = next((one for one in reversed(mine) if one.live or one.status in UNSENT), None)
        generation = (
            current.generation if current else _next_generation(connection, row.connection, order, existing, target)
        )
        units = {line.id: need[line.id] for line in order.lines if line.id in need}
        wanted = requests.build(row.connection, order, units, sellables, generation, whole=True)
        if current is None:
            if not any(one.started for one in mine):
                make = Make(target, DOCUMENT, "", wanted, "keeps the books of every order")
                store.add_request(connection, row.id, make, generation, hub.stamp())
        elif current.status in UNSENT and requests.stale(current, wanted):
            store.renew_request(connection, current.id, wanted, hub.stamp())
        elif requests.stale(current, wanted):
            stop(hub, connection, row, [current], "the order was edited")
            if current.started and any(count > current.units.get(line, 0) for line, count in units.items()):
                tell_too_late(hub, connection, row, current)


def _ships(
    hub: Hub,
    connection: Connection,
    row: Row[Any],
    order: Order,
    need: Mapping[str, int],
    sellables: Mapping[str, Sellable],
) -> _Standing:
    """Ask places to ship what no one was asked to ship yet; stop what is asked for too much."""
    flow = hub.config.orders[row.connection]
    existing = store.requests_of(connection, row.id)
    goods = {line.id for line in order.lines if line.requires_shipping and line.id in sellables}
    shipped = _shipped(connection, row, order)
    rest = requests.still_to_ship({line: need[line] for line in need if line in goods}, shipped, existing)
    if any(units < 0 for units in rest.values()):
        too_much = [one for one in existing if one.role == SHIP and any(rest.get(line, 0) < 0 for line in one.units)]
        stop(hub, connection, row, too_much, "less is wanted, or it was shipped by someone else")
    _readdress(hub, connection, row, order, existing)
    open_units = {line: units for line, units in rest.items() if units > 0}
    if order.fulfillment_status in _ON_HOLD:
        return _Standing("waiting", "on_hold", "the channel holds its fulfillment")
    found = _route(hub, connection, row, order, sellables, open_units, existing)
    for portion, method in requests.ships(found.portions, order):
        if portion.route.to in flow.targets:
            continue  # who keeps the books ships what it is asked for in the same document
        generation = _next_generation(connection, row.connection, order, existing, portion.route.to)
        document = requests.build(
            row.connection,
            order,
            portion.units,
            sellables,
            generation,
            whole=False,
            given=requests.given_of(existing, order.currency),
            location=portion.location,
            method=method,
        )
        make = Make(portion.route.to, SHIP, portion.location, document, portion.why)
        store.add_request(connection, row.id, make, generation, hub.stamp())
        existing = store.requests_of(connection, row.id)
    refused = next((one for one in store.request_rows(connection, row.id) if one.state == "blocked"), None)
    if refused is not None:
        return _Standing("blocked", refused.reason, f"{refused.connection}: {refused.detail}")
    if found.reason:
        # Goods and opening hours change without a word from the order's channel.
        again = instant_text(hub.now() + _LOOK_AGAIN)
        return _Standing("waiting", found.reason, "; ".join(found.notes), again)
    everything = all(shipped.get(line, 0) >= units for line, units in need.items() if line in goods)
    return _Standing("done" if everything else "asked")


def _readdress(hub: Hub, connection: Connection, row: Row[Any], order: Order, existing: list[Existing]) -> None:
    """Goods go where the buyer wants them now: a request that names another address is changed, or stopped."""
    for one in existing:
        if one.role != SHIP or one.document.shipping_address == order.shipping_address:
            continue
        if one.status in UNSENT:
            there = msgspec.structs.replace(
                one.document, shipping_address=order.shipping_address, customer=order.customer
            )
            store.renew_request(connection, one.id, there, hub.stamp())
        elif not one.started:
            stop(hub, connection, row, [one], "the address was changed")


def _route(
    hub: Hub,
    connection: Connection,
    row: Row[Any],
    order: Order,
    sellables: Mapping[str, Sellable],
    units: Mapping[str, int],
    existing: list[Existing],
) -> Routing:
    rules = [rule for rule in hub.config.routes if not rule.channels or row.connection in rule.channels]
    if not rules:
        return Routing()
    available = Availability(hub, connection, row.id, sellables, existing)
    skus = {line: sellable.sku for line, sellable in sellables.items()}
    return route(order, skus, units, rules, available, hub.now())


def _shipped(connection: Connection, row: Row[Any], order: Order) -> dict[str, int]:
    """Units by line that left, as whoever tells of most of them: the places that ship, one of the books, the channel.

    They are not added up: who keeps the books tells of what another place shipped as well.
    """
    roles = {one.id: one.role if one.role == SHIP else one.connection for one in store.requests_of(connection, row.id)}
    told: dict[str, dict[str, int]] = {}
    for request, line, units, _ in store.shipped_units(connection, row.id):
        by_line = told.setdefault(roles.get(request or 0, ""), {})
        by_line[line] = by_line.get(line, 0) + units
    theirs = told.setdefault("the channel", {})
    for one in order.fulfillments:
        for part in one.lines if one.status is not FulfillmentStatus.CANCELED else ():
            theirs[part.line_id] = theirs.get(part.line_id, 0) + part.quantity
    lines = {line for by_line in told.values() for line in by_line}
    return {line: max(by_line.get(line, 0) for by_line in told.values()) for line in lines}


def _next_generation(connection: Connection, channel: str, order: Order, existing: list[Existing], target: str) -> int:
    """The next generation for a target; one whose reference another order has there already is passed over."""
    number = max((one.generation for one in existing if one.connection == target), default=0) + 1
    while store.is_taken(connection, target, requests.reference(channel, order.id, number)):
        number += 1
    return number
