"""Advancing orders: from what is known of one to the requests it needs, and those that must be stopped (R15).

An order is looked at whenever anything about it changed, and the outcome depends on what is known now, not on what
happened in which order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from canonical.clock import instant_text
from canonical.errors import SkippableError
from canonical.money import is_currency
from canonical.status import OrderStatus, PaymentStatus
from canonical.totals import rest_of
from sync.contain import of_one_record
from sync.hub import Hub
from sync.orders import (
    bookkeeping,
    byhand,
    deleted,
    gone,
    notices,
    outcomes,
    refunds,
    shipping,
    stock,
    store,
    takenback,
)
from sync.orders.calledoff import call_off
from sync.orders.case import Case, Standing, said_by
from sync.orders.ingest import UNREADABLE, load_order
from sync.orders.letgo import let_go
from sync.orders.lines import resolve
from sync.orders.requests import SHIP, WE_WANTED
from sync.orders.routes import ExportWhen
from sync.orders.rules import expires_at
from sync.orders.shipped import shipped
from sync.orders.stops import RUNNING
from sync.payments.taking import match_open

_CHUNK = 200
_LEFT, _TWICE = "shipped_though_canceled", "duplicate_line"
_TELLING = ("shipment", "tracking", "refund", "pay")
_PAID = frozenset({PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED})
_MONEY_THERE = {
    ExportWhen.PLACED: frozenset(PaymentStatus) - {PaymentStatus.VOIDED, PaymentStatus.EXPIRED, PaymentStatus.FAILED},
    ExportWhen.AUTHORIZED: frozenset({PaymentStatus.AUTHORIZED, *_PAID}),
    ExportWhen.PAID: _PAID,
}


def advance(hub: Hub) -> int:
    """Look at every order that is due; tells how many."""
    with hub.database.begin() as connection:
        let_go(hub, connection)
        match_open(hub, connection)
        gone.watch(hub, connection)
    after, done = 0, 0
    while True:
        rows = _advance_some(hub, after)
        hub.checkpoint("orders advanced")
        if not rows:
            return done
        after, done = rows[-1].id, done + len(rows)


def _advance_some(hub: Hub, after: int) -> list[Row[Any]]:
    """Look at the next orders together; each alone where one of them has a fault that no one foresaw."""
    with hub.database.begin() as connection:
        rows = store.due_orders(connection, hub.config.orders, hub.stamp(), after, _CHUNK)
    try:
        with of_one_record("orders"), hub.database.begin() as connection:
            for row in rows:
                advance_order(hub, connection, row)
    except SkippableError:
        for row in rows:
            _advance_alone(hub, row)
    return rows


def _advance_alone(hub: Hub, row: Row[Any]) -> None:
    """Look at one order; one that cannot be looked at is blocked with what went wrong, and stops no other."""
    try:
        with of_one_record(f"order {row.number}"), hub.database.begin() as connection:
            advance_order(hub, connection, row)
    except SkippableError as error:
        values = {"state": "blocked", "reason": error.reason, "detail": str(error)[:500].replace("\0", "")}
        with hub.database.begin() as connection:
            store.settle_order(connection, row, values, hub.stamp(), "")


def advance_order(hub: Hub, connection: Connection, row: Row[Any]) -> None:
    """Bring one order's requests, stops and notices to what is known of it now."""
    order = load_order(connection, row)
    if order is None or row.state in {*stock.UNEXPORTED, UNREADABLE}:
        store.settle_order(connection, row, {}, hub.stamp(), "")
        return
    sellables = resolve(hub.config, connection, row.connection, order)
    case = Case(hub, connection, row, order, sellables)
    byhand.keep(case)
    standing = _look(case)
    back = takenback.look(case)
    if back is not None and (standing.state in ("asked", "done") or standing.reason == shipping.SHORT):
        standing = back
    notices.tell(hub, connection, row, order)
    money = refunds.tell(case) or _refused(case)
    if money is not None and standing.state != "blocked":
        standing = money
    stock.update(hub, connection, row, order, sellables, hub.stamp())
    values = {"state": standing.state, "reason": standing.reason, "detail": standing.detail[:500]}
    store.settle_order(connection, row, values, hub.stamp(), standing.not_before)


def _look(case: Case) -> Standing:
    order, flow = case.order, case.flow
    existing = case.requests()
    over = _over(case)
    if over is not None:
        return over
    case = replace(case, need=stock.needs(order, flow, case.hub.now()))
    if not case.need:
        call_off(case, "nothing of the order is wanted any more")
        return Standing("asked" if any(one.live and not one.started for one in existing) else "done")
    blocked = _blocked(case) or _unpaid(case)
    if blocked is not None:
        if blocked.reason != _TWICE:
            # Nothing more is asked for; but goods that the buyer took off must not leave meanwhile.
            shipping.stop_too_much(case)
        return blocked
    bookkeeping.ask(case)
    called_off = shipping.canceled_by_books(case)
    if called_off is not None:
        return called_off
    standing = shipping.ask(case)
    bookkeeping.follow(case)
    return gone.standing(case) if standing.state == "asked" else standing


def _over(case: Case) -> Standing | None:
    """Whether nothing is asked for an order, whatever is in it."""
    order = case.order
    if order.status is OrderStatus.CANCELED:
        call_off(case, "the order was canceled")
        left = sum(shipped(case.connection, case.row.id, order).values())
        return Standing("canceled", _LEFT, f"{left} units left for it") if left else _canceled(case)
    if case.waives(stock.DROPPED):
        call_off(case, "a person dropped the order")
        return _canceled(case, stock.DROPPED)
    if case.row.missing_since and not case.waives(deleted.REASON):
        return Standing("blocked", deleted.REASON, f"{case.row.connection} does not show it any more")
    if order.total < 0 or any(line.quantity < 0 for line in order.lines):
        if case.waives("refund_without_order"):
            return Standing("done")
        return Standing("blocked", "refund_without_order", f"a credit note of {order.money} that names no order")
    return None


def _canceled(case: Case, reason: str = "") -> Standing:
    """Where an order stands that nothing is wanted of; one that somebody was asked for, and goes on with, says so."""
    for one in case.requests():
        if one.status in RUNNING and one.reason in WE_WANTED:
            return Standing("canceled", one.reason, f"{one.connection} goes on with {one.document.reference}")
    return Standing("canceled", reason)


def _unpaid(case: Case) -> Standing | None:
    """Why the money is not there; what was asked for is called off once all of it was given back."""
    order, flow = case.order, case.flow
    if order.payment_status is PaymentStatus.REFUNDED and not case.waives("refunded"):
        call_off(case, "all of its money was given back")
        said = f"all of its money was given back, but {sum(case.need.values())} units are still wanted"
        return Standing("blocked", "refunded", said)
    if order.payment_status not in _MONEY_THERE[flow.export_when]:
        until = expires_at(order, flow.reserve)
        return Standing("waiting", "unpaid", not_before=instant_text(until) if until else "")
    return None


def _refused(case: Case) -> Standing | None:
    """Whether someone who was to be told, or to pay, refused; or nobody can tell whether a call took effect."""
    effect = store.EFFECT
    refused = and_(effect.c.kind.in_(_TELLING), effect.c.state == "blocked")
    troubled = (effect.c.order_id == case.row.id, or_(effect.c.state == "unknown", refused))
    row = case.connection.execute(select(effect).where(*troubled).order_by(effect.c.id)).first()
    if row is not None and row.state == "unknown":
        said = f"call {row.id} to {row.connection} ({row.reference}): {row.detail}"
        return Standing("blocked", outcomes.UNKNOWN, said)
    return Standing("blocked", row.reason, said_by(row.connection, row.detail)) if row is not None else None


def _forgotten_and_asked(case: Case) -> bool:
    """Whether the address was taken out with its person, and all that is wanted was asked for before."""
    if not case.order.customer.redacted:
        return False
    routed = bool(shipping.routes_of(case))
    asked: Counter[str] = Counter()
    for one in case.requests():
        # Where nothing is routed, who keeps the books ships as well.
        if (one.live or one.started) and (one.role == SHIP or not routed):
            asked.update(one.units)
    shipping_lines = {line.id for line in case.order.lines if line.requires_shipping}
    return all(asked[line] >= units for line, units in case.need.items() if line in shipping_lines)


def _blocked(case: Case) -> Standing | None:
    """Why an order cannot be asked for, whoever is asked."""
    order, need, sellables = case.order, case.need, case.sellables
    if not is_currency(order.currency):
        return Standing("blocked", "unknown_currency", f"nobody knows the currency {order.currency}")
    twice = [line for line, count in Counter(line.id for line in order.lines).items() if count > 1]
    if twice:
        return Standing("blocked", _TWICE, f"more than one line has the id {twice[0]}")
    rest = rest_of(order)
    if rest:
        return Standing("blocked", "totals_differ", f"{rest} {order.currency} of the total are explained by no part")
    unknown = [line for line in order.lines if line.id in need and line.requires_shipping and line.id not in sellables]
    if unknown:
        named = ", ".join(line.sku or line.title or line.id for line in unknown[:5])
        return Standing("blocked", "unknown_sku", f"no canonical record for {named}")
    ships_goods = any(line.id in need and line.requires_shipping for line in order.lines)
    if (
        ships_goods
        and not _forgotten_and_asked(case)
        and (order.shipping_address is None or not order.shipping_address.deliverable)
    ):
        return Standing("blocked", "missing_address", "there is no address to ship to")
    return None
