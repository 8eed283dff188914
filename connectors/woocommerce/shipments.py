"""Shipments noted in an order's meta data, each once by its reference; an order whose units have left is completed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from canonical.errors import SkippableError
from connectors.base import JSON, Call, CallOutcome, Effect, RowOutcome, RowStatus
from connectors.woocommerce.client import Client
from connectors.woocommerce.completing import DETAILS
from connectors.woocommerce.orders import RESOURCE, OrderReader
from connectors.woocommerce.verdict import NotThereError, RefusedError

SHIPPED = "orders/shipments"
META = "_crossdock_shipments"
"""The key of an order's meta data under which the shipments stand that it was told of."""

_NO_ORDER = "woocommerce_rest_shop_order_invalid_id"
_KEPT = ("lines", "tracking", "location", "shipped_at")
_ENDED = frozenset({"completed", "cancelled", "refunded", "trash"})
_UNPAID = frozenset({"pending", "on-hold", "failed", "checkout-draft", "auto-draft"})
"""States that an order is not completed from: that would book its money as received."""


class ShipmentWriter:
    """Tells orders of their shipments; saving what an order holds already changes nothing, so it is not saved."""

    def __init__(self, client: Client, reader: OrderReader) -> None:
        self._client = client
        self._reader = reader

    def compose(self, effect: Effect) -> Call:
        """The shipment to be noted at an order; SkippableError when it names none."""
        order = str(effect.document.get("order_id") or effect.target)
        lines = effect.document.get("lines")
        if not (order.isascii() and order.isdigit()) or not isinstance(lines, list) or not lines:
            raise SkippableError("invalid_value", f"shipment {effect.reference} names no order, or no units of one")
        told = {name: effect.document[name] for name in _KEPT if name in effect.document}
        amends = bool(effect.document.get("amends"))
        body = {"order_id": int(order), "shipment": {"reference": effect.reference, **told}, "amends": amends}
        return Call(SHIPPED, msgspec.json.encode(body), (0,), RESOURCE, effect.reference)

    def push(self, call: Call) -> CallOutcome:
        """Read the order, and save it with the shipment unless it has it."""
        asked = msgspec.json.decode(call.body)
        try:
            raw, order = self._order(asked["order_id"])
            known = shipments_of(order)
            if _has(known, asked):
                return {0: self._finished(raw, order, known)}
            told = _with(known, asked["shipment"])
            return {0: self._save(order, {"meta_data": [_entry(order, told)]}, told)}
        except NotThereError as error:
            return {0: RowOutcome(RowStatus.REJECTED, str(error), reason="deleted_there")}
        except RefusedError as error:
            gone = error.code == _NO_ORDER
            return {0: RowOutcome(RowStatus.REJECTED, str(error), reason="deleted_there" if gone else "rejected")}

    def resolve(self, call: Call) -> CallOutcome:
        """Look whether the order has the shipment; one that was noted without being completed is completed."""
        asked = msgspec.json.decode(call.body)
        try:
            raw, order = self._order(asked["order_id"])
            known = shipments_of(order)
            if _has(known, asked):
                return {0: self._finished(raw, order, known)}
        except NotThereError as error:
            return {0: RowOutcome(RowStatus.REJECTED, str(error), reason="deleted_there")}
        return {0: RowOutcome(RowStatus.UNTOUCHED, "the order does not have it")}

    def _finished(self, raw: bytes, order: Mapping[str, Any], known: Sequence[Mapping[str, Any]]) -> RowOutcome:
        if self._is_over(order, known):
            return self._save(order, {}, known)
        return RowOutcome(RowStatus.APPLIED, "the order had it already", record=self._reader.whole(raw))

    def _save(self, order: Mapping[str, Any], values: dict[str, JSON], told: Sequence[Mapping[str, Any]]) -> RowOutcome:
        if self._is_over(order, told):
            values["status"] = "completed"
        answer = self._client.save(f"{RESOURCE}/{order['id']}", msgspec.json.encode(values), SHIPPED)
        return RowOutcome(RowStatus.APPLIED, record=self._reader.whole(answer.content))

    def _is_over(self, order: Mapping[str, Any], told: Sequence[Mapping[str, Any]]) -> bool:
        """Whether every unit that the buyer is still to get has left, of an order that may be completed."""
        if order.get("status") in _ENDED | _UNPAID:
            return False
        wanted = {str(line["id"]): int(line["quantity"]) for line in order.get("line_items") or ()}
        whole = self._reader.whole(msgspec.json.encode(order), (DETAILS,)) if order.get("refunds") else None
        refunded = _refunded(msgspec.json.decode(whole) if whole else {})
        if refunded is None:
            return False
        for line, units in refunded:
            wanted[line] = wanted.get(line, 0) - units
        for shipment in told:
            for part in shipment.get("lines") or ():
                line = str(part.get("line_id"))
                wanted[line] = wanted.get(line, 0) - int(part.get("quantity") or 0)
        return bool(wanted) and all(units <= 0 for units in wanted.values())

    def _order(self, number: int) -> tuple[bytes, dict[str, Any]]:
        answer = self._client.get(f"{RESOURCE}/{number}", {}, "order")
        return answer.content, answer.decode(dict[str, Any])


def shipments_of(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The shipments that an order was told of."""
    for entry in order.get("meta_data") or ():
        if entry.get("key") == META and isinstance(entry.get("value"), list):
            return [one for one in entry["value"] if isinstance(one, dict)]
    return []


def _has(known: Sequence[Mapping[str, Any]], asked: Mapping[str, Any]) -> bool:
    """Whether the order has a shipment already; one that amends is there once its parcels are."""
    wanted = asked["shipment"]
    found = [one for one in known if one.get("reference") == wanted["reference"]]
    if not asked.get("amends"):
        return bool(found)
    return any(one.get("tracking") == wanted.get("tracking") for one in found)


def _with(known: Sequence[Mapping[str, Any]], shipment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The shipments with this one, in the place of an earlier word of it."""
    if not any(one.get("reference") == shipment["reference"] for one in known):
        return [*known, shipment]
    return [shipment if one.get("reference") == shipment["reference"] else one for one in known]


def _entry(order: Mapping[str, Any], value: list[Any]) -> dict[str, JSON]:
    """The entry of meta data to save: by the id it has, so that a second one is never added."""
    for entry in order.get("meta_data") or ():
        if entry.get("key") == META:
            return {"id": entry["id"], "key": META, "value": value}
    return {"key": META, "value": value}


def _refunded(order: Mapping[str, Any]) -> list[tuple[str, int]] | None:
    """Units that were refunded, by line; None where they cannot be told."""
    refunds = order.get(DETAILS) or []
    if not isinstance(refunds, list):
        return None
    lines = [line for refund in refunds for line in refund.get("line_items") or ()]
    return [(str(line["of_line"]), line["restocked"] + line["kept_off"]) for line in lines]
