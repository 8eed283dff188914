"""What is read: which list, by what it is asked for again, and how a record is made of what came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from connectors.shipbob.records import decoded, encoded, order_record, return_record, variant_records


@dataclass(frozen=True, slots=True)
class Made:
    """A record with its id and the stamp of its last change, as ShipBob wrote it."""

    id: str
    stamp: str
    content: bytes


class _Head(msgspec.Struct, frozen=True):
    id: int = 0
    inventory_id: int = 0
    updated_on: str | None = None
    last_update_at: str | None = None


class _Identity(msgspec.Struct, frozen=True):
    id: int | str = ""


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a record may end in that is no such record, or nested beyond all measure."""


def unreadable(resource: Resource, raw: msgspec.Raw, error: Exception) -> Made:
    """What stands for a record that cannot be worked with: its id as far as it tells it, and why in place of a status.

    Mapping refuses it with that reason, so that it waits and stops no other; half of it would be taken for all.
    """
    known = ""
    if resource.whole:
        try:
            known = str(msgspec.json.decode(raw, type=_Identity).id)
        except UNREADABLE:
            known = ""
    known = known if known.isascii() and known.isdigit() else ""
    return Made(known, "", encoded({**({"id": known} if known else {}), "status": f"cannot be read: {error}"}))


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of record: its list, the filter for ids, the filters that together show what changed, how it is paged.

    ``size`` is the parameter for the length of a page of a list that tells the address of the next, ``order`` what
    makes such a list begin with the oldest, ``whole`` whether each entry of the list is one record under its own id.
    """

    name: str
    path: str
    ids: str
    since: tuple[str, ...]
    make: Callable[[msgspec.Raw], Iterator[Made]]
    numbered: bool = False
    size: str = "PageSize"
    order: tuple[tuple[str, str], ...] = ()
    whole: bool = False


IDS_AT_ONCE = 50
"""Ids in one question: addresses stay short of what servers refuse."""


def _variants(raw: msgspec.Raw) -> Iterator[Made]:
    product = msgspec.json.decode(raw, type=_Head)
    for content in variant_records(raw):
        head = msgspec.json.decode(content, type=_Head)
        yield Made(str(head.id), max(head.updated_on or "", product.updated_on or ""), content)


def _level(raw: msgspec.Raw) -> Iterator[Made]:
    head = msgspec.json.decode(raw, type=_Head)
    yield Made(str(head.inventory_id), "", encoded(decoded(raw)))


def _order(raw: msgspec.Raw) -> Iterator[Made]:
    content = order_record(raw)
    head = msgspec.json.decode(content, type=_Head)
    yield Made(str(head.id), head.last_update_at or "", content)


def _return(raw: msgspec.Raw) -> Iterator[Made]:
    content = return_record(raw)
    head = msgspec.json.decode(content, type=_Head)
    yield Made(str(head.id), head.last_update_at or "", content)


_OLDEST = (("SortOrder", "Asc"),)
RESOURCES: Mapping[str, Resource] = {
    one.name: one
    for one in (
        Resource("products", "product", "VariantId", ("LastUpdatedTimestamp",), _variants),
        Resource("inventory", "inventory-level/locations", "InventoryIds", (), _level),
        Resource("orders", "order", "IDs", ("LastUpdateStartDate",), _order, numbered=True, whole=True),
        Resource(
            "returns",
            "return",
            "Ids",
            ("StartDate", "CompletedStartDate"),
            _return,
            size="Limit",
            order=_OLDEST,
            whole=True,
        ),
    )
}
