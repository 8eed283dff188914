"""What is done once: an order is made under our reference, and canceled; both are looked up before they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from canonical.errors import AmbiguousError, CrossdockError, SkippableError
from connectors.base import JSON, Call, CallOutcome, Effect, RowOutcome, RowStatus
from connectors.http import Answer
from connectors.manifest import FieldCatalog
from connectors.shiphero.client import Client, request_body
from connectors.shiphero.documents import ORDERS
from connectors.shiphero.reading import Reader
from connectors.shiphero.records import state_of
from connectors.shiphero.verdict import RefusedError

CREATE, CANCEL = "order_create", "order_cancel"


class OrderWriter:
    """Makes and cancels the orders of one connection."""

    def __init__(self, client: Client, reader: Reader, catalog: FieldCatalog, customer_account_id: str) -> None:
        self._client = client
        self._reader = reader
        self._fields = list(catalog.resources[ORDERS])
        self._customer = customer_account_id
        self._made: dict[str, str] = {}

    def compose(self, effect: Effect) -> Call:
        """The exact request; SkippableError for a document that ShipHero cannot take."""
        ask = self._reader.wanted(ORDERS, self._fields)
        account: dict[str, JSON] = {"customer_account_id": self._customer} if self._customer else {}
        if effect.operation == CREATE:
            _check_order(effect)
            data = {**effect.document, "partner_order_id": effect.reference, **account}
            body = request_body(ask.create(), {"data": data})
        else:
            order = str(effect.document.get("order_id") or effect.target or "")
            if not order:
                raise SkippableError("invalid_value", f"cancellation {effect.reference} names no order")
            body = request_body(ask.cancel(), {"data": {**effect.document, "order_id": order, **account}})
        return Call(effect.operation, body, (0,), ORDERS, effect.reference)

    def push(self, call: Call) -> CallOutcome:
        """Look first whether it is done; then send it once."""
        known = self._known(call)
        if known is not None:
            return {0: known}
        try:
            answer = self._client.send(call.operation, call.body)
        except RefusedError as error:
            return {0: RowOutcome(RowStatus.REJECTED, str(error.args[0]))}
        return {0: self._done(call, answer)}

    def resolve(self, call: Call) -> CallOutcome:
        """Look whether it was done."""
        found = self._known(call)
        return {0: found or RowOutcome(RowStatus.UNTOUCHED, "ShipHero does not have it")}

    def _known(self, call: Call) -> RowOutcome | None:
        """What the platform holds of it already; None when it is still to be done."""
        return self._order_of(call.target) if call.operation == CREATE else self._canceled(_asked(call)["order_id"])

    def _order_of(self, reference: str) -> RowOutcome | None:
        found = self._reader.find(self._fields, reference) or self._looked_up(self._made.get(reference, ""))
        live = [raw for raw in found if _state(raw) != "canceled"]
        if live:
            said = "it was there already" if len(live) == 1 else f"it is there {len(live)} times; cancel all but one"
            return RowOutcome(RowStatus.APPLIED, said, record=live[0])
        if found:
            said = f"the order under {reference} was canceled there"
            return RowOutcome(RowStatus.REJECTED, said, record=found[0], reason="reference_canceled")
        return None

    def _canceled(self, order: str) -> RowOutcome | None:
        found = self._looked_up(order)
        if not found:
            return RowOutcome(RowStatus.REJECTED, f"there is no order {order}", reason="deleted_there")
        state = _state(found[0])
        if state == "canceled":
            return RowOutcome(RowStatus.APPLIED, "it was canceled already", record=found[0])
        if state == "shipped":
            return RowOutcome(RowStatus.REJECTED, "it has left already", record=found[0], reason="already_shipped")
        return None

    def _looked_up(self, order: str) -> list[bytes]:
        pages = self._reader.lookup(ORDERS, self._fields, [order]) if order else ()
        return [bytes(record) for page in pages for record in page.records]

    def _done(self, call: Call, answer: Answer) -> RowOutcome:
        """Read the order in the answer; from here on nothing may claim that nothing was done."""
        try:
            payload = answer.decode(_Answer).data.get(call.operation)
            order = msgspec.json.decode(payload.order, type=_Made | None) if payload is not None else None
        except (CrossdockError, msgspec.ValidationError) as error:
            raise AmbiguousError(f"{answer.place}: {error}; the write may have taken effect") from error
        if payload is None or order is None:
            raise AmbiguousError(f"{answer.place}: the answer shows no order; the write may have taken effect")
        if call.operation == CREATE:
            self._made[call.target] = order.id
        elif order.fulfillment_status is not None and _state(bytes(payload.order)) != "canceled":
            raise AmbiguousError(f"{answer.place}: the order is {order.fulfillment_status!r} after its cancellation")
        try:
            ask = self._reader.wanted(ORDERS, self._fields)
            return RowOutcome(RowStatus.APPLIED, record=self._reader.whole(ask, payload.order, self._fields))
        except CrossdockError as error:
            return RowOutcome(RowStatus.APPLIED, f"done, but it could not be read to its end: {error}")


class _Payload(msgspec.Struct, frozen=True):
    order: msgspec.Raw = msgspec.Raw(b"null")


class _Answer(msgspec.Struct, frozen=True):
    data: dict[str, _Payload | None]


class _Made(msgspec.Struct, frozen=True):
    id: str
    fulfillment_status: str | None = None


def _asked(call: Call) -> dict[str, Any]:
    asked: dict[str, Any] = msgspec.json.decode(call.body)["variables"]["data"]
    return asked


def _state(raw: bytes) -> str:
    return state_of(msgspec.json.decode(raw))


def _check_order(effect: Effect) -> None:
    """What every order needs, told before anything is sent."""
    document = effect.document
    if not effect.reference:
        raise SkippableError("invalid_value", "an order needs a reference")
    if not document.get("order_number"):
        raise SkippableError("invalid_value", f"{effect.reference}: an order needs a number")
    address = document.get("shipping_address")
    if not isinstance(address, Mapping) or not (address.get("address1") or address.get("city")):
        raise SkippableError("missing_address", f"{effect.reference}: there is no address to send it to")
    lines = document.get("line_items")
    if not isinstance(lines, Sequence) or isinstance(lines, str) or not lines:
        raise SkippableError("invalid_value", f"{effect.reference}: there is nothing to send")
    for at, line in enumerate(lines):
        sku, units = (line.get("sku"), line.get("quantity")) if isinstance(line, Mapping) else (None, None)
        if not sku or not isinstance(units, int) or units < 1:
            raise SkippableError("invalid_value", f"{effect.reference}: line_items[{at}] needs a SKU and whole units")
