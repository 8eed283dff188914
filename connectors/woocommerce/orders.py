"""Orders: read in pages of a hundred, the refunds of those that have some read one by one and put into their record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

import msgspec

from connectors.base import Page
from connectors.woocommerce.client import UNREADABLE, Client, Listing
from connectors.woocommerce.completing import (
    DETAILS,
    NEEDED,
    ROUNDING,
    MisshapenError,
    encoded,
    parts_of,
    rounding_of,
    with_restocks,
)
from connectors.woocommerce.paths import field_names
from connectors.woocommerce.reading import Scan, Search
from connectors.woocommerce.verdict import NotThereError
from connectors.woocommerce.walk import Params, Walk

RESOURCE = "orders"
ORDER_FIELDS = ("id", "status", "date_created_gmt", "date_modified_gmt", "refunds")
_TRIES = 3
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_TRASH: Params = {"status": "trash"}


class OrderReader:
    """Reads the orders of one connection."""

    def __init__(self, client: Client, per_page: int, overlap_seconds: float) -> None:
        self._client = client
        self._per_page = per_page
        self._overlap = timedelta(seconds=overlap_seconds)

    def pull(self, fields: Sequence[str]) -> Iterator[Page]:
        """All orders, those in the trash last; lists of any status leave them out."""
        scan = Scan()
        held: Page | None = None
        for page in chain(self._pages(fields, {}, scan), self._pages(fields, _TRASH, scan)):
            if held is not None:
                yield held
            held = page
        if held is not None:
            yield replace(held, complete=scan.whole, cursor=scan.next_cursor(self._overlap) if scan.whole else None)

    def changed_since(self, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Orders saved since a cursor; read again when pages shifted, and without a new cursor if they always do."""
        changed: Params = {"modified_after": cursor, "dates_are_gmt": "true"}
        for _ in range(_TRIES):
            scan = Scan()
            held: Page | None = None
            for page in self._pages(fields, changed, scan, since=cursor):
                if held is not None:
                    yield held
                held = page
            if held is not None:
                after = (scan.next_cursor(self._overlap) or cursor) if scan.whole else None
                yield replace(held, cursor=after)
            if scan.whole or scan.nameless:
                return

    def lookup(self, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Exactly these orders, from the trash too; what was not asked for is left out."""
        search = Search(list(dict.fromkeys(int(each) for each in ids if each.isascii() and each.isdigit())))
        for extra in ({}, _TRASH):
            numbers = list(search.missing)
            for start in range(0, len(numbers), self._per_page):
                chunk = numbers[start : start + self._per_page]
                params: Params = {
                    "include": ",".join(map(str, chunk)),
                    "orderby": "id",
                    "order": "asc",
                    "per_page": self._per_page,
                    "_fields": _names(fields),
                    **extra,
                }
                listing = search.take(self._client.list(RESOURCE, params, RESOURCE), chunk)
                yield Page(RESOURCE, self._records(fields, listing), listing.started)

    def whole(self, raw: bytes, fields: Sequence[str] = (DETAILS, ROUNDING)) -> bytes | None:
        """An order with what its own record leaves unsaid; None where the order has gone meanwhile.

        One that cannot be worked with is passed on as it came, for mapping to say what is wrong with it. A word of
        that stands where its refunds would, so that it is never taken for an order without any.
        """
        wanted = {path.partition("[")[0].partition(".")[0] for path in fields} & {DETAILS, ROUNDING}
        if not wanted:
            return raw
        try:
            record, order = _decoded(raw)
        except UNREADABLE:
            return raw
        try:
            return self._completed(record, order, wanted)
        except NotThereError:
            return None
        except (MisshapenError, *UNREADABLE) as error:
            return msgspec.json.encode({**record, DETAILS: f"cannot be read: {error}"})

    def _completed(self, record: dict[str, msgspec.Raw], order: dict[str, Any], wanted: set[str]) -> bytes:
        if DETAILS in wanted and order.get("refunds"):
            number, told = _number(order), order["refunds"]
            refunds = self._refunds(number)
            if len(refunds) < (len(told) if isinstance(told, list) else 1):
                record, order = _decoded(self._client.get(f"{RESOURCE}/{number}", {}, "order").content)
                refunds = self._refunds(number)
            record[DETAILS] = encoded(with_restocks(parts_of(order, "line_items"), refunds))
        if ROUNDING in wanted and (rounding := rounding_of(order)):
            record[ROUNDING] = encoded(rounding)
        return msgspec.json.encode(record)

    def _pages(self, fields: Sequence[str], extra: Params, scan: Scan, since: str = "") -> Iterator[Page]:
        walk = Walk(self._client, RESOURCE, {**extra, "_fields": _names(fields)}, self._per_page, RESOURCE)
        scan.walks.append(walk)
        for listing in walk.pages():
            yield Page(RESOURCE, self._records(fields, _since(listing, since)), listing.started)

    def _records(self, fields: Sequence[str], listing: Listing) -> list[bytes]:
        records = (self.whole(bytes(raw), fields) for raw in listing.records)
        return [record for record in records if record is not None]

    def _refunds(self, order: int) -> list[dict[str, Any]]:
        walk = Walk(self._client, f"{RESOURCE}/{order}/refunds", {}, self._per_page, "order refunds")
        found = [_DECODER.decode(raw) for listing in walk.pages() for raw in listing.records]
        return parts_of({"refunds": found}, "refunds")


def _since(listing: Listing, cursor: str) -> Listing:
    """Only what was saved after a cursor, where the shop does not know of the filter."""
    kept = [at for at, head in enumerate(listing.heads) if not cursor or (head.date_modified_gmt or cursor) >= cursor]
    if len(kept) == len(listing.heads):
        return listing
    return replace(listing, records=[listing.records[at] for at in kept], heads=[listing.heads[at] for at in kept])


def _names(fields: Sequence[str]) -> str:
    """What the shop is asked for: its own fields, and those that ours are made from."""
    made = {path: path.partition("[")[0].partition(".")[0] for path in fields}
    asked = [path for path, name in made.items() if name not in NEEDED]
    return field_names([*asked, *(need for name in made.values() for need in NEEDED.get(name, ()))], ORDER_FIELDS)


def _decoded(raw: bytes) -> tuple[dict[str, msgspec.Raw], dict[str, Any]]:
    return msgspec.json.decode(raw, type=dict[str, msgspec.Raw]), _DECODER.decode(raw)


def _number(order: dict[str, Any]) -> int:
    text = str(order.get("id"))
    if not (text.isascii() and text.isdigit()):
        raise MisshapenError("the order has refunds, and no id to read them by")
    return int(text)
