"""Full, changed and single reads of one shop, by pages or by a bulk operation, whichever takes fewer calls."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from canonical.clock import Clock, instant_text, parse_instant
from canonical.errors import FatalError
from connectors.base import Page, RawRecord
from connectors.http import Answer
from connectors.manifest import FieldCatalog
from connectors.paging import DistinctCount
from connectors.shopify.bulk import BulkRead
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import Wanted, wanted
from connectors.shopify.memory import Memory
from connectors.shopify.options import Options
from connectors.shopify.pages import PAGING_CAP, Chunk, Pager

log = logging.getLogger(__name__)

BULK_CALLS = 3
_BULK_PAGE = 500
_USUAL_LOCATIONS = 5
_MOST_LEVELS = 50


class _Cursor(msgspec.Struct, frozen=True):
    since: str


@dataclass(slots=True)
class Reader:
    """Reads of one connection."""

    client: ShopifyClient
    options: Options
    catalog: FieldCatalog
    clock: Clock
    memory: Memory
    overlap: timedelta

    def pull(self, resource: str, fields: Sequence[str]) -> Iterator[Page]:
        """Every record, in the fewest calls: pages for a small shop, else a bulk operation."""
        ask = self._wanted(resource, fields)
        pager = Pager(self.client, ask, self.options.max_query_cost)
        known = self.memory.sizes.records
        if self.options.bulk_from == 0 or (known is not None and self.wants_bulk(ask, pager, known)):
            yield from self._bulk(ask)
            return
        chunks = pager.pages(None, count_to=max(self.options.bulk_from, PAGING_CAP) + 1)
        first = next(chunks)
        if first.more and first.total is not None and self.wants_bulk(ask, pager, first.total):
            yield from self._bulk(ask)
            return
        yield from self._paged(resource, first, chunks)

    def changed_since(self, resource: str, fields: Sequence[str], cursor: str) -> Iterator[Page]:
        """Records whose ``updatedAt`` is at or after the cursor; without a new cursor when there were too many."""
        ask = self._wanted(resource, fields)
        since = read_cursor(cursor)
        pager = Pager(self.client, ask, self.options.max_query_cost)
        yield from self._delta(resource, pager.pages(f"updated_at:>='{since}'"))

    def lookup(self, resource: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[Page]:
        """Exactly these records, those that exist."""
        pager = Pager(self.client, self._wanted(resource, fields), self.options.max_query_cost)
        for chunk in pager.by_ids(ids):
            yield Page(resource, chunk.records, chunk.as_of)

    def _paged(self, resource: str, first: Chunk, others: Iterator[Chunk]) -> Iterator[Page]:
        seen = DistinctCount()
        start = self.cursor_of(first.answer)
        chunk: Chunk | None = first
        while chunk is not None:
            for identity in chunk.ids:
                seen.add(identity)
            if not chunk.more:
                self._remember(seen.total)
                complete = seen.is_whole(cap=PAGING_CAP)
                yield Page(resource, chunk.records, chunk.as_of, start if complete else None, complete)
                return
            yield Page(resource, chunk.records, chunk.as_of)
            if seen.total >= PAGING_CAP:
                self._too_deep(resource)
                return
            chunk = next(others, None)

    def _delta(self, resource: str, chunks: Iterator[Chunk]) -> Iterator[Page]:
        seen = 0
        start: str | None = None
        for chunk in chunks:
            start = start or self.cursor_of(chunk.answer)
            seen += len(chunk.records)
            whole = not chunk.more and seen < PAGING_CAP
            yield Page(resource, chunk.records, chunk.as_of, start if whole else None)
            if seen >= PAGING_CAP:
                return

    def _bulk(self, ask: Wanted) -> Iterator[Page]:
        read = BulkRead(self.client, ask, self.clock, self.memory)
        operation, answer = read.start()
        waiting: list[RawRecord] = []
        for record in read.records(operation):
            waiting.append(record)
            if len(waiting) > _BULK_PAGE:
                yield Page(ask.resource, waiting[:_BULK_PAGE], answer.started)
                waiting = waiting[_BULK_PAGE:]
        cursor = self.cursor_of(answer) if read.complete else None
        yield Page(ask.resource, waiting, answer.started, cursor, read.complete)

    def wants_bulk(self, ask: Wanted, pager: Pager, records: int) -> bool:
        """Whether a bulk operation is cheaper: never below three pages, always above what paging can show."""
        pages = -(-records // pager.page_size())
        if records >= PAGING_CAP:
            return True
        if pages <= BULK_CALLS:
            return False
        points = self.client.costs.expect(ask.page(counted=False), pages * ask.page_cost(0) + ask.ids_cost(records))
        bucket = self.client.budget.maximum
        return records >= self.options.bulk_from or (bucket is not None and points > bucket)

    def _wanted(self, resource: str, fields: Sequence[str]) -> Wanted:
        if resource not in self.catalog.resources:
            raise FatalError(f"shopify has no resource {resource!r}", hint=f"use {', '.join(self.catalog.resources)}")
        levels = min(_MOST_LEVELS, max(1, self.memory.sizes.locations or _USUAL_LOCATIONS))
        return wanted(self.catalog, resource, fields, levels)

    def cursor_of(self, answer: Answer) -> str:
        """Where a later read of changes starts: the platform's own time of this answer, less the overlap.

        An answer without a Date header falls back to the start of the request by our clock, an hour earlier.
        """
        at = answer.server_date
        start = answer.started - timedelta(hours=1) if at is None else at - timedelta(seconds=answer.elapsed)
        since = instant_text(start - self.overlap)
        return msgspec.json.encode(_Cursor(since)).decode()

    def _remember(self, records: int) -> None:
        self.memory.sizes.records = records
        self.memory.keep()

    def _too_deep(self, resource: str) -> None:
        self._remember(PAGING_CAP)
        extra = {"action": "paging_cap", "resource": resource}
        log.warning(
            "Shopify stops paging at %d records; the next full read is a bulk operation", PAGING_CAP, extra=extra
        )


def read_cursor(cursor: str) -> str:
    """The instant in a cursor, as a search takes it; FatalError for anything else."""
    try:
        since = parse_instant(msgspec.json.decode(cursor, type=_Cursor).since)
    except (msgspec.DecodeError, ValueError) as error:
        raise FatalError(f"not a cursor of Shopify: {cursor[:80]!r}", hint="a full read starts anew") from error
    return since.strftime("%Y-%m-%dT%H:%M:%SZ")
