"""Orders: the plain part of all of them, and what only some have (refunds, shipments, returns) for those that have it.

A read of many takes pages or a bulk operation, whichever takes fewer calls. Shopify's bulk operations do not go into
lists such as refunds, so these are read afterwards by the ids of their orders, as many orders a call as its cost
allows. Calls are named after what they read: ``orders``, ``orders.details``, ``orders.lineItems`` and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from connectors.base import Page, RawRecord
from connectors.manifest import FieldSpec
from connectors.paging import DistinctCount
from connectors.shopify.bulk import BulkRead
from connectors.shopify.documents import ORDERS, Wanted
from connectors.shopify.made import MADE, made_of, needs_details
from connectors.shopify.nesting import FurtherReader, complete
from connectors.shopify.orderfields import BASE, DETAILS, is_detail
from connectors.shopify.pages import PAGING_CAP, Chunk, Pager
from connectors.shopify.reads import Reader, read_cursor
from connectors.shopify.selection import Selection, matching, name_holders, parse_selection, plain_path, select

BULK_PAGE = 250
_BY_CHANGE = ", sortKey: UPDATED_AT"


@dataclass(slots=True)
class OrderReader:
    """Reads the orders of one connection."""

    reader: Reader

    def pull(self, fields: Sequence[str]) -> Iterator[Page]:
        """Every order that the app may see, in the fewest calls."""
        ask = self._asked(fields, "")
        known = self.reader.memory.sizes.orders
        if self.reader.options.bulk_from == 0 or (known is not None and self._wants_bulk(ask, known)):
            yield from ask.bulk("")
            return
        chunks = ask.pager.pages(None, count_to=max(self.reader.options.bulk_from, PAGING_CAP) + 1)
        first = next(chunks)
        if first.more and first.total is not None and self._wants_bulk(ask, first.total):
            yield from ask.bulk("")
            return
        yield from self._paged(first, chunks)

    def changed_since(self, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Orders saved at or after the cursor, in the order they were saved."""
        ask = self._asked(fields, _BY_CHANGE)
        query = f"updated_at:>='{read_cursor(cursor)}'"
        chunks = ask.pager.pages(query, count_to=PAGING_CAP + 1)
        first = next(chunks)
        if first.more and first.total is not None and self._wants_bulk(ask, first.total):
            for page in ask.bulk(query):
                yield Page(ORDERS, page.records, page.as_of, page.cursor)
            return
        yield from self._delta(first, chunks)

    def lookup(self, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Exactly these orders, each as a whole in one call, those that exist."""
        for chunk in self._asked(fields, "").by_ids(ids):
            yield Page(ORDERS, chunk.records, chunk.as_of)

    def _paged(self, first: Chunk, others: Iterator[Chunk]) -> Iterator[Page]:
        seen, start = DistinctCount(), self.reader.cursor_of(first.answer)
        chunk: Chunk | None = first
        while chunk is not None:
            for identity in chunk.ids:
                seen.add(identity)
            if not chunk.more:
                self.reader.memory.sizes.orders = seen.total
                self.reader.memory.keep()
                whole = seen.is_whole(cap=PAGING_CAP)
                yield Page(ORDERS, chunk.records, chunk.as_of, start if whole else None, whole)
                return
            yield Page(ORDERS, chunk.records, chunk.as_of)
            if seen.total >= PAGING_CAP:
                self.reader.memory.sizes.orders = PAGING_CAP
                self.reader.memory.keep()
                return
            chunk = next(others, None)

    def _delta(self, first: Chunk, others: Iterator[Chunk]) -> Iterator[Page]:
        seen, start = 0, self.reader.cursor_of(first.answer)
        chunk: Chunk | None = first
        while chunk is not None:
            seen += len(chunk.records)
            whole = not chunk.more and seen < PAGING_CAP
            yield Page(ORDERS, chunk.records, chunk.as_of, start if whole else None)
            if not chunk.more or seen >= PAGING_CAP:
                return
            chunk = next(others, None)

    def _wants_bulk(self, ask: _Asked, orders: int) -> bool:
        return self.reader.wants_bulk(ask.base, ask.pager, orders)

    def _asked(self, fields: Sequence[str], sort: str) -> _Asked:
        catalog = self.reader.catalog.resources[ORDERS]
        base, details, made = _selections(fields, catalog)
        return _Asked(self.reader, Wanted(ORDERS, base, 1, sort), details, made=made)


@dataclass
class _Asked:
    """One read of orders: what is asked of all, what of some, and how records are made of both."""

    reader: Reader
    base: Wanted
    details: Selection | None
    made: bool

    @cached_property
    def pager(self) -> Pager:
        return Pager(self.reader.client, self.base, self.reader.options.max_query_cost, self.finish)

    @cached_property
    def _further(self) -> FurtherReader:
        sizes = self._whole.sizes
        return FurtherReader(self.reader.client, sizes, ORDERS, self.reader.options.max_query_cost)

    @cached_property
    def _whole(self) -> Wanted:
        both = Selection()
        both.merge(self.base.selection)
        if self.details is not None:
            both.merge(self.details)
        return Wanted(ORDERS, both, 1)

    def by_ids(self, ids: Sequence[str]) -> Iterator[Chunk]:
        """Orders with all of their parts, read together."""
        most = self.reader.options.max_query_cost
        return Pager(self.reader.client, self._whole, most, self._encoded_whole).by_ids(ids)

    def bulk(self, query: str) -> Iterator[Page]:
        """Orders by a bulk operation."""
        reader = self.reader
        read = BulkRead(reader.client, self.base, reader.clock, reader.memory, query)
        operation, answer = read.start()
        waiting: list[bytes] = []
        for record in read.records(operation):
            waiting.append(record)
            if len(waiting) > BULK_PAGE:
                yield Page(ORDERS, self.finish(waiting[:BULK_PAGE]), answer.started)
                waiting = waiting[BULK_PAGE:]
        cursor = reader.cursor_of(answer) if read.complete else None
        yield Page(ORDERS, self.finish(waiting), answer.started, cursor, read.complete)

    def finish(self, raws: list[bytes]) -> list[RawRecord]:
        """Whole records of the plain parts of orders."""
        orders = [msgspec.json.decode(raw, type=dict[str, Any]) for raw in raws]
        for order in orders:
            complete(order, self.base.selection, self._further, self.reader.client.connection)
        if self.details is not None:
            self._detail(orders)
        return [self._encoded(order) for order in orders]

    def _detail(self, orders: list[dict[str, Any]]) -> None:
        """Add what some orders have besides; one that changed meanwhile is read anew, all of it at once."""
        assert self.details is not None
        wanted = {order["id"]: order for order in orders if needs_details(order)}
        ask = Wanted(ORDERS, self.details, 1)
        pager = Pager(self.reader.client, ask, self.reader.options.max_query_cost, list, f"{ORDERS}.details")
        moved = dict(wanted)
        for chunk in pager.by_ids(list(wanted)):
            for raw in chunk.records:
                found = msgspec.json.decode(raw, type=dict[str, Any])
                order = wanted[found["id"]]
                if found["updatedAt"] == order["updatedAt"]:
                    complete(found, self.details, self._further, self.reader.client.connection)
                    order.update(found)
                    del moved[found["id"]]
        for chunk in self.by_ids(list(moved)) if moved else ():
            for raw in chunk.records:
                found = msgspec.json.decode(raw, type=dict[str, Any])
                wanted[found["id"]].clear()
                wanted[found["id"]].update(found)

    def _encoded_whole(self, raws: list[bytes]) -> list[RawRecord]:
        found: list[RawRecord] = []
        for raw in raws:
            order = msgspec.json.decode(raw, type=dict[str, Any])
            complete(order, self._whole.selection, self._further, self.reader.client.connection)
            found.append(self._encoded(order))
        return found

    def _encoded(self, order: dict[str, Any]) -> bytes:
        """The same bytes however the order was read: lists it has none of are empty, keys in one order."""
        if self.made and MADE not in order:
            order[MADE] = made_of(order)
        order.pop("shippingLines", None)
        for plan in order.get("fulfillmentOrders", {}).get("nodes", ()):
            plan.pop("lineItems", None)
        for name, child in (self.details or Selection()).fields.items():
            if child.is_connection and name != "shippingLines":
                order.setdefault(name, {"nodes": []})
        return msgspec.json.encode(order, order="deterministic")


def _selections(fields: Sequence[str], catalog: dict[str, FieldSpec]) -> tuple[Selection, Selection | None, bool]:
    """What to ask of all orders, what of those that have it, and whether anything is to be worked out."""
    made = any(path.partition(".")[0].partition("[")[0] == MADE for path in fields)
    known = [path for path in fields if plain_path(path).partition(".")[0] != MADE]
    for path in fields:
        matching(path, catalog)
    later = [path for path in known if is_detail(path)]
    base = select([path for path in known if path not in later], catalog)
    base.merge(parse_selection(BASE))
    details = select(later, catalog) if later or made else None
    if made and details is not None:
        details.merge(parse_selection(DETAILS))
    if details is not None:
        details.add("updatedAt")
        name_holders(details)
    name_holders(base)
    return base, details, made
