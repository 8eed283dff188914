"""The documents of effects, checked against what ShipBob takes before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from canonical.errors import SkippableError
from connectors.base import JSON, Effect

Object: TypeAlias = Mapping[str, JSON]

VARIANT = "variant_id"
"""Of a line: the linked variant, to check its reference by. It is not sent."""

ORDER_FIELDS = frozenset(
    "financials gift_message location_id order_number origin_platform_program products purchase_date recipient"
    " reference_id requested_delivery_date retailer_program_data sales_channel shipping_method shipping_terms tags"
    " type".split()
)
LINE_FIELDS = frozenset(
    "external_line_id gtin id name quantity quantity_unit_of_measure_code reference_id sku unit_price upc".split()
)
CANCEL_FIELDS = frozenset({"order_id", "reference_id"})
_TYPES = frozenset({"DTC", "DropShip", "B2B"})
_MOST = 2_147_483_647
_LONGEST = {"reference_id": 300, "order_number": 400, "gift_message": 500}
_LONGEST_NAME, _LONGEST_PHONE = 300, 50


class NewOrder(msgspec.Struct, frozen=True):
    """What a call that makes an order carries: the body as it goes out, and each reference with its variant."""

    body: msgspec.Raw
    references: dict[str, str]


class Cancellation(msgspec.Struct, frozen=True):
    """What a call that cancels an order carries: its id, where it is known, and its reference."""

    order_id: str
    reference: str


def new_order(effect: Effect) -> NewOrder:
    """The body of an order; SkippableError for a document that ShipBob would not take."""
    document = dict(effect.document)
    document["reference_id"] = document.get("reference_id") or effect.reference
    _only(effect, document, ORDER_FIELDS, "an order")
    if document["reference_id"] != effect.reference:
        raise bad(effect, f"reference_id is {document['reference_id']!r}, not the effect's own reference")
    if "," in effect.reference or not effect.reference.strip():
        raise bad(effect, "a reference with a comma, or a blank one, cannot be looked for at ShipBob")
    for name, longest in _LONGEST.items():
        _text(effect, document, name, longest, required=name == "reference_id")
    _text(effect, document, "shipping_method", _MOST, required=True)
    if document.get("type") not in _TYPES:
        raise bad(effect, f"type {document.get('type')!r} is none of {', '.join(sorted(_TYPES))}")
    _whole(effect, document, "location_id", required=False)
    _check_recipient(effect, document.get("recipient"))
    lines = document.get("products")
    if not isinstance(lines, list) or not lines:
        raise bad(effect, "it has no products")
    references: dict[str, str] = {}
    document["products"] = [_line(effect, at, line, references) for at, line in enumerate(lines)]
    return NewOrder(msgspec.Raw(msgspec.json.encode(document, order="sorted")), references)


def cancellation(effect: Effect) -> Cancellation:
    """Which order to cancel; SkippableError when the document names none."""
    _only(effect, effect.document, CANCEL_FIELDS, "a cancellation")
    named = effect.target or effect.document.get("order_id") or ""
    reference = effect.document.get("reference_id") or effect.reference
    if not isinstance(named, str) or (named and not (named.isascii() and named.isdigit())):
        raise bad(effect, f"order_id {named!r} is no id")
    if not isinstance(reference, str) or "," in reference:
        raise bad(effect, f"reference_id {reference!r} cannot be looked for at ShipBob")
    return Cancellation(named, reference)


def bad(effect: Effect, message: str, reason: str = "invalid_value") -> SkippableError:
    """The error for a document that ShipBob would not take."""
    return SkippableError(reason, f"{effect.operation} {effect.reference}: {message}", ref=effect.reference)


def _check_recipient(effect: Effect, recipient: JSON) -> None:
    address = recipient.get("address") if isinstance(recipient, dict) else None
    if not isinstance(recipient, dict) or not isinstance(address, dict):
        raise bad(effect, "it has no address to ship to", "missing_address")
    _text(effect, recipient, "phone_number", _LONGEST_PHONE, required=False)
    _text(effect, recipient, "email", _MOST, required=False)
    if not recipient.get("name"):
        raise bad(effect, "it names nobody to ship to", "missing_address")
    _text(effect, recipient, "name", _LONGEST_NAME, required=True)
    missing = [name for name in ("address1", "city", "country") if not address.get(name)]
    if missing:
        raise bad(effect, f"the address has no {', '.join(missing)}", "missing_address")


def _line(effect: Effect, at: int, line: JSON, references: dict[str, str]) -> JSON:
    """A line as it is sent; its reference is noted with its variant."""
    if not isinstance(line, dict):
        raise bad(effect, f"products[{at}] is no line")
    kept = {name: value for name, value in line.items() if name != VARIANT}
    _only(effect, kept, LINE_FIELDS, f"products[{at}]")
    _whole(effect, kept, "quantity", required=True)
    if _whole(effect, kept, "id", required=False) is not None:
        return kept
    reference = _text(effect, kept, "reference_id", _MOST, required=True, reason="unmatched_line")
    _text(effect, kept, "name", _MOST, required=True)
    variant = line.get(VARIANT)
    references.setdefault(reference, str(variant) if isinstance(variant, (str, int)) else "")
    return kept


def _only(effect: Effect, given: Object, known: frozenset[str], what: str) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise bad(effect, f"shipbob has no {unknown[0]!r} of {what}")


def _text(
    effect: Effect, given: Object, name: str, longest: int, *, required: bool, reason: str = "invalid_value"
) -> str:
    value = given.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value.strip()):
        raise bad(effect, f"{name} {value!r} is no text", reason)
    if len(value) > longest:
        raise bad(effect, f"{name} is longer than {longest} characters")
    return value


def _whole(effect: Effect, given: Object, name: str, *, required: bool) -> int | None:
    value = given.get(name)
    if value is None and not required:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
        raise bad(effect, f"{name} {value!r} is no whole number from 1 to {_MOST}")
    return value
