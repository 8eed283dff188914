"""Sales of our web shop as plain records: their state in one word, their lines, and what was shipped for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from canonical.errors import FatalError
from connectors.base import Page
from connectors.tryton.reads import Domain, Found, Search, changed_after, cursor_at
from connectors.tryton.wire import Row, plain, units_text

RESOURCE = "sales"
SALE = "model.sale.sale"

LEFT = frozenset({"shipped", "done"})
"""States of a shipment that has left."""

ENDED = LEFT | {"cancelled"}

_PAGE = 100
"""So many sales a page at most: each brings its lines and shipments along."""

_STAMPS = (
    "last_modified_at",
    "lines.last_modified_at",
    "lines.moves.last_modified_at",
    "shipments.last_modified_at",
)
"""A shipment that goes from hand to hand does not touch its sale, and a second partial one need not either."""

FIELDS = (
    "web_id number reference state shipment_state invoice_state last_modified_at total_amount currency.code"
    " lines.product.code lines.quantity lines.movable invoices.state"
    " shipments.number shipments.reference shipments.state shipments.effective_date shipments.warehouse"
    " shipments.last_modified_at"
    " shipments.outgoing_moves.product.code shipments.outgoing_moves.quantity shipments.outgoing_moves.state"
).split()

_PLAIN = ("id", "web_id", "number", "reference", "state", "shipment_state", "invoice_state")


class SaleReader:
    """Reads the sales of one web shop; of all others nothing is seen."""

    def __init__(self, search: Search, web_shop: int, overlap: float) -> None:
        self._search = Search(search.client, min(search.page_size, _PAGE))
        self._shop = web_shop
        self._overlap = overlap

    def pull(self) -> Iterator[Page]:
        """Every sale of the shop."""
        yield from self._pages(self._domain(), whole=True)

    def changed_since(self, cursor: str) -> Iterator[Page]:
        """Sales that changed, or whose lines, moves or shipments did."""
        yield from self._pages([self._domain(), changed_after(cursor, *_STAMPS)], whole=False)

    def lookup(self, ids: Sequence[int]) -> Iterator[Page]:
        """Exactly these sales, as far as they are the shop's."""
        for found in self._search.of_ids(SALE, ids, FIELDS, self._domain()):
            yield Page(RESOURCE, [encode(row) for row in found.rows], found.reply.started)

    def record(self, sale: int) -> bytes | None:
        """One sale as it is now."""
        return next((bytes(record) for page in self.lookup([sale]) for record in page.records), None)

    def _pages(self, domain: Domain, *, whole: bool) -> Iterator[Page]:
        cursor = ""
        for found in self._search.pages(SALE, domain, FIELDS):
            cursor = cursor or cursor_at(found.reply, self._overlap)
            yield _page(found, cursor, whole=whole)

    def _domain(self) -> Domain:
        if not self._shop:
            raise FatalError(
                f"{self._search.client.connection}: it is not said which web shop the sales are of",
                hint="set web_shop to the number of the web shop in Tryton; `crossdock doctor` lists them",
            )
        return ["web_shop", "=", self._shop]


def encode(row: Row) -> bytes:
    """A sale as a record of plain JSON; ``progress`` is how far it is, in one word."""
    lines = [_line(line) for line in row["lines."] if line["product."]]
    shipments = [_shipment(one) for one in row["shipments."]]
    record = {name: row[name] for name in _PLAIN} | {
        "progress": progress(row),
        "currency": row["currency."]["code"],
        "total_amount": plain(row["total_amount"]),
        "updated_at": max(plain(one["last_modified_at"]) for one in (row, *row["shipments."])),
        "lines": lines,
        "shipments": shipments,
    }
    return msgspec.json.encode(record)


def progress(row: Row) -> str:
    """How far a sale is: sent, accepted, on_hold, partially_shipped, shipped or canceled.

    It counts as accepted once its goods stand in shipments, for only then the figures of the stock have them taken off.
    """
    state, shipments = row["state"], row["shipments."]
    if state == "cancelled":
        return "canceled"
    if state in ("draft", "quotation", "confirmed"):
        return "sent"
    ordered = sum(line["quantity"] for line in row["lines."] if line["movable"] and line["quantity"] > 0)
    if not ordered:
        invoices = [one["state"] for one in row["invoices."]]
        off = bool(invoices) and all(invoice == "cancelled" for invoice in invoices)
        return "accepted" if state != "done" else "canceled" if off else "shipped"
    left = sum(move["quantity"] for one in shipments if one["state"] in LEFT for move in one["outgoing_moves."])
    if left >= ordered or (left and state == "done"):
        return "shipped"
    if left:
        return "partially_shipped"
    if row["shipment_state"] == "exception":
        return "on_hold"
    if any(one["state"] not in ENDED for one in shipments):
        return "accepted"
    return "canceled" if shipments else "sent"


def _page(found: Found, cursor: str, *, whole: bool) -> Page:
    records = [encode(row) for row in found.rows]
    return Page(RESOURCE, records, found.reply.started, cursor if found.last else None, whole and found.last)


def _line(line: Row) -> Row:
    return {"id": line["id"], "sku": line["product."]["code"], "quantity": _units(line["quantity"])}


def _shipment(one: Row) -> Row:
    units: dict[str, float] = {}
    for move in one["outgoing_moves."]:
        if move["state"] != "cancelled" or one["state"] == "cancelled":
            sku = move["product."]["code"] or ""
            units[sku] = units.get(sku, 0.0) + move["quantity"]
    return {
        "id": one["id"],
        "number": one["number"],
        "reference": one["reference"],
        "state": one["state"],
        "warehouse": one["warehouse"],
        "effective_date": plain(one["effective_date"]),
        "lines": [{"sku": sku, "quantity": _units(count)} for sku, count in units.items() if count],
    }


def _units(count: float) -> int | str:
    return int(count) if float(count).is_integer() else units_text(count)
