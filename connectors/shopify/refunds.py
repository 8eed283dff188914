"""Refunds made elsewhere, noted at an order: never paid out again, never put back on the shelf (R15)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from canonical.errors import SkippableError
from connectors.base import JSON, Call, CallOutcome, Effect, RowOutcome, RowStatus
from connectors.shopify.documents import ORDERS
from connectors.shopify.effectdocs import NOTES, REFUNDED
from connectors.shopify.orderreads import OrderDesk

_PARAMETERS = frozenset({"orderId", "amount", "currency", "note", "lines"})
_BY_HAND = "manual"


class RefundWriter:
    """Notes refunds, where the connection says that it may; each is looked for by its mark in the note first."""

    def __init__(self, desk: OrderDesk, *, allowed: bool) -> None:
        self._desk = desk
        self._allowed = allowed

    def compose(self, effect: Effect, key: str) -> Call:
        """The refund to be noted; SkippableError for one that Shopify could not take, or where none may be noted."""
        document = effect.document
        if not self._allowed:
            raise SkippableError("not_writable", "this connection notes no refunds; set `refunds: note` to let it")
        unknown = sorted(set(document) - _PARAMETERS)
        if unknown:
            raise _bad(effect, f"it has {unknown[0]!r}, which a refund that is only noted cannot")
        order = str(document.get("orderId") or effect.target)
        if not order.startswith("gid://shopify/Order/"):
            raise _bad(effect, "it names no order")
        amount = _amount(effect)
        lines = document.get("lines") or []
        entry: dict[str, JSON] = {
            "orderId": order,
            "note": f"{document.get('note') or ''} {_mark(effect.reference)}".strip(),
            "notify": False,
            "refundLineItems": [_line(effect, line) for line in (lines if isinstance(lines, list) else [lines])],
            "transactions": [],
        }
        if document.get("currency"):
            entry["currency"] = document["currency"]
        if amount:
            paid: JSON = {"orderId": order, "kind": "REFUND", "gateway": _BY_HAND, "amount": format(amount, "f")}
            entry["transactions"] = [paid]
        body = msgspec.json.encode({"input": entry, "key": key})
        return Call(REFUNDED, body, (0,), ORDERS, effect.reference, key)

    def push(self, call: Call) -> CallOutcome:
        """Note the refund, unless the order has it."""
        asked = msgspec.json.decode(call.body, type=dict[str, Any])
        found = self._find(asked, call.target)
        if found.status is not RowStatus.UNTOUCHED:
            return {0: found}
        complaint = self._desk.write(REFUNDED, {"input": asked["input"], "key": asked["key"]})
        if complaint:
            return {0: RowOutcome(RowStatus.REJECTED, complaint, reason="not_refundable")}
        return {0: RowOutcome(RowStatus.APPLIED)}

    def resolve(self, call: Call) -> CallOutcome:
        """Look whether the order has the refund."""
        return {0: self._find(msgspec.json.decode(call.body, type=dict[str, Any]), call.target)}

    def _find(self, asked: dict[str, Any], reference: str) -> RowOutcome:
        order = self._desk.order(asked["input"]["orderId"], NOTES, "orders.notes")
        if order is None:
            said = f"there is no order {asked['input']['orderId']}"
            return RowOutcome(RowStatus.REJECTED, said, reason="deleted_there")
        if any(str(one.get("note") or "").endswith(_mark(reference)) for one in order["refunds"]):
            return RowOutcome(RowStatus.APPLIED, "seen at the order")
        return RowOutcome(RowStatus.UNTOUCHED, "the order does not have it")


def _mark(reference: str) -> str:
    return f"[crossdock {reference}]"


def _amount(effect: Effect) -> Decimal:
    amount = effect.document.get("amount")
    try:
        value = Decimal(amount) if isinstance(amount, str) else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise _bad(effect, f"amount {amount!r} is no amount")
    return value


def _line(effect: Effect, line: JSON) -> JSON:
    """Units of a line; that nothing is put back on a shelf is said each time."""
    name = str(line.get("lineItemId") or "") if isinstance(line, dict) else ""
    if not isinstance(line, dict) or not name.startswith("gid://shopify/LineItem/"):
        raise _bad(effect, "it has units of no line of the order")
    return {"lineItemId": name, "quantity": line.get("quantity"), "restockType": "NO_RESTOCK"}


def _bad(effect: Effect, message: str) -> SkippableError:
    return SkippableError("invalid_value", f"refund {effect.reference}: {message}", ref=effect.reference)
