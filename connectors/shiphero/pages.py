"""Lists in pages, each page begun with the last record of the one before: what shifts while reading is noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from canonical.errors import ProtocolError, ThrottledError
from connectors.base import JSON
from connectors.http import Answer
from connectors.paging import CursorGuard, DistinctCount
from connectors.shiphero.client import Client
from connectors.shiphero.shapes import Connection, Edge, Listed
from connectors.shiphero.verdict import TooDearError


class Head(msgspec.Struct, frozen=True):
    """What the connector itself needs of a record."""

    id: str
    account_id: str | None = None
    updated_at: str | None = None
    partner_order_id: str | None = None
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a page."""

    head: Head
    raw: msgspec.Raw


def head_of(raw: msgspec.Raw, place: str) -> Head:
    """The head of a record; ProtocolError when there is none, for it might be a record that is lost."""
    try:
        return msgspec.json.decode(raw, type=Head)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"{place}: a record of the list cannot be read: {error}", hint="read again") from error


@dataclass(slots=True)
class Walk:
    """One list read to its end; afterwards ``whole`` tells whether nothing can have been lost in it."""

    client: Client
    root: str
    size: int
    document: Callable[[list[str]], str]
    filters: Mapping[str, JSON]
    sort: str
    shifted: bool = False
    ended: bool = False
    server_date: datetime | None = None
    _seen: DistinctCount = field(default_factory=DistinctCount)

    @property
    def whole(self) -> bool:
        """Whether the list was read to its end, no record came twice, and every page went on where the last ended."""
        return self.ended and not self.shifted and self._seen.is_whole()

    def pages(self) -> Iterator[tuple[list[Item], datetime]]:
        """The records of each page, and when it was asked for."""
        guard = CursorGuard(self.client.connection, self.root)
        after: str | None = None
        anchor = ""
        while True:
            answer, page = self._page(after)
            self.server_date = self.server_date or answer.server_date or answer.started
            items = [Item(head_of(edge.node, answer.place), edge.node) for edge in page.edges]
            fresh = self._after(anchor, items)
            for item in fresh:
                self._seen.add(item.head.id)
            yield fresh, answer.started
            if not page.page_info.has_next_page or (anchor and not fresh):
                self.ended = not page.page_info.has_next_page
                return
            after, anchor = _place(page, items)
            guard.advance(after)

    def _page(self, after: str | None) -> tuple[Answer, Connection]:
        """One page; where it is too dear it is asked for in halves from now on."""
        document = self.document(list(self.filters))
        while True:
            variables = {"first": self.size, "sort": self.sort, "after": after, **self.filters}
            given: dict[str, JSON] = {name: value for name, value in variables.items() if value is not None}
            try:
                answer = self.client.query(self.root, document, given, self.size)
            except (TooDearError, ThrottledError):
                if self.size <= 2:
                    raise
                self.size = max(2, self.size // 2)
                continue
            listed = answer.decode(_Answer).data.get(self.root)
            if listed is None:
                raise ProtocolError(f"{answer.place}: the answer holds no list", hint="read again")
            return answer, listed.data

    def _after(self, anchor: str, items: list[Item]) -> list[Item]:
        if not anchor:
            return items
        if items and items[0].head.id == anchor:
            return items[1:]
        self.shifted = True
        return items


class _Answer(msgspec.Struct, frozen=True):
    data: dict[str, Listed]


def _place(page: Connection, items: list[Item]) -> tuple[str, str]:
    """Where the next page is to begin: before the last record of this one, if its neighbor has a cursor."""
    edges: list[Edge] = page.edges
    if len(edges) > 1 and edges[-2].cursor:
        return edges[-2].cursor, items[-1].head.id
    return page.page_info.end_cursor or (edges[-1].cursor or "" if edges else ""), ""
