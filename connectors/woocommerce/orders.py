"""Orders: read in pages of a hundred, with the lines of their refunds; shipments noted in their meta data.

The list tells of refunds only their amounts, so the refunds of an order that has some are read one by one, and put into
its record as ``refund_details``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from canonical.errors import SkippableError
from connectors.base import JSON, Call, CallOutcome, Effect, Page, RowOutcome, RowStatus
from connectors.woocommerce.client import Client, Listing
from connectors.woocommerce.paths import field_names
from connectors.woocommerce.reading import Scan, Search
from connectors.woocommerce.verdict import NotThereError, RefusedError
from connectors.woocommerce.walk import Params, Walk

RESOURCE = "orders"
SHIPPED = "orders/shipments"
META = "_crossdock_shipments"
"""The key of an order's meta data under which the shipments stand that it was told of."""

_ALWAYS = ("id", "status", "date_created_gmt", "date_modified_gmt", "refunds")
_DETAILS = "refund_details"
_TRIES = 3
_ENDED = frozenset({"completed", "cancelled", "refunded", "trash"})


class OrderReader:
    """Reads the orders of one connection."""

    def __init__(self, client: Client, per_page: int, overlap_seconds: float) -> None:
        self._client = client
        self._per_page = per_page
        self._overlap = timedelta(seconds=overlap_seconds)

    def pull(self, fields: Sequence[str]) -> Iterator[Page]:
        """All orders but those in the trash."""
        scan = Scan()
        yield from self._pages(fields, {}, scan, whole=True)

    def changed_since(self, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Orders saved since a cursor; read again when pages shifted, and without a new cursor if they always do."""
        for _ in range(_TRIES):
            scan = Scan()
            changed: Params = {"modified_after": cursor, "dates_are_gmt": "true"}
            yield from self._pages(fields, changed, scan, whole=False, cursor=cursor)
            if scan.whole:
                return

    def lookup(self, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Exactly these orders; what was not asked for is left out."""
        search = Search(list(dict.fromkeys(int(each) for each in ids if each.isascii() and each.isdigit())))
        numbers = list(search.missing)
        for start in range(0, len(numbers), self._per_page):
            chunk = numbers[start : start + self._per_page]
            params: Params = {
                "include": ",".join(map(str, chunk)),
                "orderby": "id",
                "order": "asc",
                "per_page": self._per_page,
                "_fields": _names(fields),
            }
            listing = search.take(self._client.list(RESOURCE, params, RESOURCE), chunk)
            yield Page(RESOURCE, self._records(listing), listing.started)

    def _pages(
        self, fields: Sequence[str], extra: Params, scan: Scan, *, whole: bool, cursor: str = ""
    ) -> Iterator[Page]:
        walk = Walk(self._client, RESOURCE, {**extra, "_fields": _names(fields)}, self._per_page, RESOURCE)
        scan.walks.append(walk)
        held: Page | None = None
        for listing in walk.pages():
            if held is not None:
                yield held
            held = Page(RESOURCE, self._records(listing), listing.started)
        if held is None:
            return
        after = scan.next_cursor(self._overlap) or cursor if scan.whole else None
        yield Page(RESOURCE, held.records, held.as_of, after or None, whole and scan.whole)

    def _records(self, listing: Listing) -> list[bytes]:
        return [self._with_refunds(bytes(raw)) for raw in listing.records]

    def _with_refunds(self, raw: bytes) -> bytes:
        record = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        short = msgspec.json.decode(record.get("refunds", b"[]"), type=list[msgspec.Raw])
        if not short:
            return raw
        number = msgspec.json.decode(record["id"], type=int)
        record[_DETAILS] = msgspec.Raw(msgspec.json.encode(self._refunds(number)))
        return msgspec.json.encode(record)

    def _refunds(self, order: int) -> list[msgspec.Raw]:
        walk = Walk(self._client, f"{RESOURCE}/{order}/refunds", {}, self._per_page, "order refunds")
        return [raw for listing in walk.pages() for raw in listing.records]


class ShipmentWriter:
    """Notes shipments at orders, each once by its reference, and completes an order whose units have all left."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def compose(self, effect: Effect) -> Call:
        """The shipment to be noted at an order; SkippableError when it names none."""
        order = str(effect.document.get("order_id", ""))
        if not order.isdigit() or not effect.document.get("lines"):
            raise SkippableError("invalid_value", f"shipment {effect.reference} names no order, or no units of one")
        body = msgspec.json.encode({**effect.document, "reference": effect.reference})
        return Call(SHIPPED, body, (0,), RESOURCE, effect.reference)

    def push(self, call: Call) -> CallOutcome:
        """Read the order, and save it with the shipment unless it has it."""
        shipment = msgspec.json.decode(call.body)
        try:
            order = self._order(shipment["order_id"])
        except NotThereError as error:
            return {0: RowOutcome(RowStatus.REJECTED, str(error), reason="deleted_there")}
        known = _shipments(order)
        if any(one.get("reference") == call.target for one in known):
            return {0: RowOutcome(RowStatus.APPLIED, "the order had it already")}
        told = [*known, {name: shipment[name] for name in ("reference", "lines", "tracking") if name in shipment}]
        values: dict[str, JSON] = {"meta_data": [_entry(order, told)]}
        if _all_left(order, told) and order.get("status") not in _ENDED:
            values["status"] = "completed"
        try:
            answer = self._client.save(f"{RESOURCE}/{order['id']}", msgspec.json.encode(values), SHIPPED)
        except RefusedError as error:
            return {0: RowOutcome(RowStatus.REJECTED, str(error), reason="rejected")}
        return {0: RowOutcome(RowStatus.APPLIED, record=answer.content)}

    def resolve(self, call: Call) -> CallOutcome:
        """Look whether the order has the shipment."""
        shipment = msgspec.json.decode(call.body)
        known = _shipments(self._order(shipment["order_id"]))
        if any(one.get("reference") == call.target for one in known):
            return {0: RowOutcome(RowStatus.APPLIED, "seen at the order")}
        return {0: RowOutcome(RowStatus.UNTOUCHED, "the order does not have it")}

    def _order(self, number: str) -> dict[str, Any]:
        names = {"_fields": "id,status,line_items,meta_data"}
        return self._client.get(f"{RESOURCE}/{number}", names, "order").decode(dict[str, Any])


def _names(fields: Sequence[str]) -> str:
    return field_names([path for path in fields if not path.startswith(_DETAILS)], _ALWAYS)


def _shipments(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    for entry in order.get("meta_data") or ():
        if entry.get("key") == META and isinstance(entry.get("value"), list):
            return [one for one in entry["value"] if isinstance(one, dict)]
    return []


def _entry(order: Mapping[str, Any], value: list[Any]) -> dict[str, JSON]:
    """The entry of meta data to save: by the id it has, so that a second one is never added."""
    for entry in order.get("meta_data") or ():
        if entry.get("key") == META:
            return {"id": entry["id"], "key": META, "value": value}
    return {"key": META, "value": value}


def _all_left(order: Mapping[str, Any], told: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the shipments hold every unit that was ordered."""
    left: dict[str, int] = {}
    for shipment in told:
        for line in shipment.get("lines") or ():
            left[str(line.get("line_id"))] = left.get(str(line.get("line_id")), 0) + int(line.get("quantity") or 0)
    lines = order.get("line_items") or ()
    return bool(lines) and all(left.get(str(line["id"]), 0) >= int(line["quantity"]) for line in lines)
