"""Taking a person out of what is kept; pure. Amounts, lines, SKUs and ids of orders stay, for the books need them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from canonical.party import Address, Customer
from canonical.value import REDACTED

T = TypeVar("T", bound=msgspec.Struct)

NOTHING = msgspec.json.encode(REDACTED)
"""What stands where a platform's own record stood."""
ERASED = "[erased]"
_PEOPLE = ("customer",)
_ADDRESSES = ("shipping_address", "billing_address")
_WORDS = frozenset({"note", "tags", "reason", "cancel_reason"})
"""What people write themselves."""
_BONES = frozenset({"id", "admin_graphql_api_id", "object", "type", "topic", "webhook_type"})
_ID = "_id"
_LISTS = ("orders_requested", "orders_to_redact")
_SHORTEST = 4
# A message may nest without end.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Personal(msgspec.Struct, frozen=True):
    """The personal part of a canonical document of an order."""

    customer: Customer = Customer()
    shipping_address: Address | None = None
    billing_address: Address | None = None


def redacted_body(raw: bytes) -> bytes:
    """A canonical document without the person: who it is, where they live but for the country, and what they wrote."""
    return msgspec.json.encode(_without(msgspec.json.decode(raw)))


def redacted(document: T) -> T:
    """The same of a document in memory."""
    return msgspec.json.decode(redacted_body(msgspec.json.encode(document)), type=type(document))


def personal_of(raw: bytes | None) -> Personal:
    """The personal part of a canonical document; empty where it has none."""
    return msgspec.json.decode(raw, type=Personal) if raw else Personal()


def values_of(personal: Personal) -> Iterator[str]:
    """The texts by which a person is recognized, long enough to be no word of another text."""
    found = [personal.customer.name, personal.customer.email, personal.customer.phone]
    for one in (personal.shipping_address, personal.billing_address):
        found += [one.name, one.street, one.phone] if one is not None else []
    yield from (text for text in dict.fromkeys(found) if len(text) >= _SHORTEST)


def bones(body: bytes) -> bytes:
    """A message's ids alone, so that it can still be replayed; nothing where it cannot be read."""
    try:
        return msgspec.json.encode(_bones(msgspec.json.decode(body)))
    except _UNREADABLE:
        return NOTHING


def names_in(body: bytes) -> Iterator[tuple[str, str]]:
    """Each customer's id and e-mail that a message holds, wherever it stands, as (kind, text)."""
    try:
        found = list(_names(msgspec.json.decode(body), ""))
    except _UNREADABLE:
        return
    yield from found


def _without(value: Any) -> Any:
    if isinstance(value, list):
        return [_without(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        if name in _PEOPLE:
            kept[name] = {"redacted": True}
        elif name in _ADDRESSES and isinstance(inner, dict):
            kept[name] = {"country": inner["country"]} if inner.get("country") else {}
        elif name not in _WORDS:
            kept[name] = _without(inner)
    return kept


def _bones(value: Any) -> Any:
    if isinstance(value, list):
        return [one for one in (_bones(inner) for inner in value) if one not in ({}, [], None)]
    if not isinstance(value, dict):
        return None
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, dict | list) and name not in _LISTS:
            rest = _bones(inner)
            kept |= {name: rest} if rest else {}
        elif name in _BONES or name.endswith(_ID) or name in _LISTS:
            kept[name] = inner
    return kept


def _names(value: Any, under: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for one in value:
            yield from _names(one, under)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in ("email", "contact_email") and isinstance(inner, str):
                yield "email", inner
            elif (name == "customer_id" or (name == "id" and under == "customer")) and isinstance(inner, int | str):
                yield "customer", str(inner)
            else:
                yield from _names(inner, name)
