"""What Shopify's answer to a write says of each row. Pure."""

from __future__ import annotations

import msgspec

from canonical.errors import AmbiguousError
from connectors.base import Call, CallOutcome, RowOutcome, RowStatus
from connectors.http import Answer
from connectors.shopify.documents import SET_QUANTITIES, UPDATE_VARIANTS
from connectors.shopify.shapes import Data, Id, UserError

_STALE = frozenset({"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"})
_KEY_USED = "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
_KEY_FAILED = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
_NO_PRODUCT = "PRODUCT_DOES_NOT_EXIST"
_HINTS = {
    "ITEM_NOT_STOCKED_AT_LOCATION": "stock the item at this location in the admin, or use API version 2026-10",
    "NON_MUTABLE_INVENTORY_ITEM": "Shopify derives the stock of a bundle from its parts; leave it out",
    "INVALID_LOCATION": "the location is gone or inactive; correct the locations of this connection",
    "INVALID_INVENTORY_ITEM": "the item is gone; read it again",
}
_LIST_OF = {SET_QUANTITIES: "quantities", UPDATE_VARIANTS: "variants"}


class _Payload(msgspec.Struct, frozen=True, rename="camel"):
    user_errors: list[UserError]
    inventory_adjustment_group: Id | None = None
    product_variants: list[msgspec.Raw] | None = None


class _Written(msgspec.Struct, frozen=True):
    written: _Payload | None


def judge(call: Call, answer: Answer) -> CallOutcome:
    """One outcome for every row of the call; AmbiguousError when the answer does not tell."""
    payload = answer.decode(Data[_Written]).data.written
    if payload is None:
        raise AmbiguousError(f"{answer.place}: Shopify answered without a result; the write may have taken effect")
    if not payload.user_errors:
        return _all_applied(call, payload, answer)
    if any(error.code == _KEY_USED for error in payload.user_errors):
        raise AmbiguousError(f"{answer.place}: the idempotency key was used for another call before")
    message = "; ".join(_said(error) for error in payload.user_errors[:3])
    partly = call.operation == SET_QUANTITIES and payload.inventory_adjustment_group is not None
    rest = RowOutcome(RowStatus.APPLIED) if partly else RowOutcome(RowStatus.UNTOUCHED, message)
    outcome = dict.fromkeys(call.rows, rest)
    for error in payload.user_errors:
        for number in _rows_of(call, error):
            outcome[number] = _verdict_on_row(error)
    return outcome


def _all_applied(call: Call, payload: _Payload, answer: Answer) -> CallOutcome:
    if call.operation == SET_QUANTITIES:
        return {number: RowOutcome(RowStatus.APPLIED) for number in call.rows}
    records = {msgspec.json.decode(raw, type=Id).id: bytes(raw) for raw in payload.product_variants or ()}
    ids = _sent_variants(call)
    missing = [identity for identity in ids if identity not in records]
    if missing:
        raise AmbiguousError(f"{answer.place}: Shopify's answer leaves out {', '.join(missing[:3])}")
    pairs = zip(call.rows, ids, strict=True)
    return {number: RowOutcome(RowStatus.APPLIED, record=records[identity]) for number, identity in pairs}


def _rows_of(call: Call, error: UserError) -> tuple[int, ...]:
    """The rows a complaint is about; none when it names no row and there are several."""
    if error.code == _KEY_FAILED:
        return ()
    position = error.position(_LIST_OF[call.operation])
    if position is not None and position < len(call.rows):
        return (call.rows[position],)
    if len(call.rows) == 1 or error.code == _NO_PRODUCT:
        return call.rows
    return ()


def _verdict_on_row(error: UserError) -> RowOutcome:
    if error.code in _STALE:
        return RowOutcome(RowStatus.STALE, _said(error), reason="stale")
    return RowOutcome(RowStatus.REJECTED, _said(error))


def _said(error: UserError) -> str:
    code = error.code or ""
    text = f"{code}: {error.message}" if code else error.message
    return f"{text} ({_HINTS[code]})" if code in _HINTS else text


class _Variables(msgspec.Struct, frozen=True):
    variants: list[Id]


class _Body(msgspec.Struct, frozen=True):
    variables: _Variables


def _sent_variants(call: Call) -> list[str]:
    return [variant.id for variant in msgspec.json.decode(call.body, type=_Body).variables.variants]
