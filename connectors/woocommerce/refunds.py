"""Refunds made elsewhere, noted at an order: never paid out again, never put back on the shelf again (R15)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from canonical.errors import SkippableError
from connectors.base import JSON, Call, CallOutcome, Effect, RowOutcome, RowStatus
from connectors.woocommerce.client import Client
from connectors.woocommerce.completing import meta_value
from connectors.woocommerce.orders import RESOURCE
from connectors.woocommerce.verdict import NotThereError, RefusedError
from connectors.woocommerce.walk import Walk

REFUNDED = "orders/refunds"
REFERENCE = "_crossdock_reference"
"""The key of a refund's meta data under which our own key of it stands; it ends its reason as well."""

PARAMETERS = frozenset({"order_id", "amount", "reason", "line_items"})
"""What a document may hold: the shop's own parameters, and the order."""
_NO_ORDER = "woocommerce_rest_invalid_order"


class RefundWriter:
    """Notes refunds. The shop knows no keys, so each is looked for before it is made."""

    def __init__(self, client: Client, per_page: int) -> None:
        self._client = client
        self._per_page = per_page

    def compose(self, effect: Effect) -> Call:
        """The refund to be noted at an order; SkippableError for one that the shop could not take."""
        document = effect.document
        unknown = sorted(set(document) - PARAMETERS)
        if unknown:
            raise _bad(effect, f"it has {unknown[0]!r}, which a refund that is only noted cannot")
        order = str(document.get("order_id") or effect.target)
        if not (order.isascii() and order.isdigit()):
            raise _bad(effect, "it names no order")
        lines = document.get("line_items") or []
        if not isinstance(lines, list):
            raise _bad(effect, "its line_items are no list")
        refund: dict[str, JSON] = {
            "amount": _amount(effect),
            "reason": f"{document.get('reason') or ''} {_mark(effect.reference)}".strip(),
            "api_refund": False,
            "api_restock": False,
            "meta_data": [{"key": REFERENCE, "value": effect.reference}],
        }
        if lines:
            refund["line_items"] = [_line(effect, line) for line in lines]
        body = msgspec.json.encode({"order_id": int(order), "refund": refund})
        return Call(REFUNDED, body, (0,), RESOURCE, effect.reference)

    def push(self, call: Call) -> CallOutcome:
        """Note the refund, unless the order has it."""
        asked = msgspec.json.decode(call.body)
        try:
            if self._is_there(asked["order_id"], call.target):
                return {0: RowOutcome(RowStatus.APPLIED, "the order had it already")}
            self._client.batch(
                f"{RESOURCE}/{asked['order_id']}/refunds", msgspec.json.encode(asked["refund"]), REFUNDED
            )
        except NotThereError as error:
            return {0: RowOutcome(RowStatus.REJECTED, str(error), reason="deleted_there")}
        except RefusedError as error:
            return {0: RowOutcome(RowStatus.REJECTED, str(error), reason=_reason(error))}
        return {0: RowOutcome(RowStatus.APPLIED)}

    def resolve(self, call: Call) -> CallOutcome:
        """Look whether the order has the refund."""
        asked = msgspec.json.decode(call.body)
        try:
            if self._is_there(asked["order_id"], call.target):
                return {0: RowOutcome(RowStatus.APPLIED, "seen at the order")}
        except NotThereError as error:
            return {0: RowOutcome(RowStatus.REJECTED, str(error), reason="deleted_there")}
        return {0: RowOutcome(RowStatus.UNTOUCHED, "the order does not have it")}

    def _is_there(self, order: int, reference: str) -> bool:
        params = {"_fields": "id,reason,meta_data"}
        walk = Walk(self._client, f"{RESOURCE}/{order}/refunds", params, self._per_page, "order refunds")
        refunds = [msgspec.json.decode(raw) for listing in walk.pages() for raw in listing.records]
        return any(_is_of(refund, reference) for refund in refunds)


def _is_of(refund: Mapping[str, Any], reference: str) -> bool:
    """Whether a refund is that of a reference, by its meta data or by the end of its reason, letter by letter."""
    return meta_value(refund, REFERENCE) == reference or str(refund.get("reason") or "").endswith(_mark(reference))


def _mark(reference: str) -> str:
    return f"[crossdock {reference}]"


def _amount(effect: Effect) -> str:
    amount = effect.document.get("amount")
    try:
        value = Decimal(amount) if isinstance(amount, str) else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise _bad(effect, f"amount {amount!r} is no amount")
    return format(value, "f")


def _line(effect: Effect, line: JSON) -> dict[str, JSON]:
    """Units of a line; the money of the refund is its amount, and that of a line is told only if the document does."""
    number = str(line.get("id")) if isinstance(line, dict) else ""
    if not isinstance(line, dict) or not (number.isascii() and number.isdigit()):
        raise _bad(effect, "it has units of no line of the order")
    return {"refund_total": "0", **line, "id": int(number)}


def _reason(error: RefusedError) -> str:
    return "deleted_there" if error.code == _NO_ORDER else "not_refundable"


def _bad(effect: Effect, message: str) -> SkippableError:
    return SkippableError("invalid_value", f"refund {effect.reference}: {message}", ref=effect.reference)
