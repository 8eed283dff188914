"""Paged reads: page sizes from the cost of the query, nested lists to their end, completeness counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from canonical.errors import ProtocolError
from connectors.base import JSON, RawRecord
from connectors.http import Answer
from connectors.paging import CursorGuard
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import PAGE_CAP, Wanted
from connectors.shopify.shapes import Counted, Data, Id, Nodes
from connectors.shopify.verdict import QueryTooDearError

PAGING_CAP = 25_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one request brought: its records, whether more follow, and the shop's number of variants if asked for."""

    records: list[RawRecord]
    ids: list[str]
    answer: Answer
    more: bool
    total: int | None = None

    @property
    def as_of(self) -> datetime:
        """When its request was sent."""
        return self.answer.started


Finish: TypeAlias = Callable[[list[bytes]], list[RawRecord]]
"""Makes whole records of those on a page, where that takes more than reading their lists to the end."""


class _Found(msgspec.Struct, frozen=True):
    records: list[msgspec.Raw]


class _More(msgspec.Struct, frozen=True):
    more: Nodes[msgspec.Raw]


class _MoreOf(msgspec.Struct, frozen=True):
    record: _More | None


class Pager:
    """Reads one resource page by page."""

    def __init__(
        self, client: ShopifyClient, wanted: Wanted, max_query_cost: int, finish: Finish | None = None, name: str = ""
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._max_cost = max_query_cost
        self._finish = finish
        self._name = name or f"{wanted.resource}.by_ids"

    def page_size(self, *, counted: bool = False) -> int:
        """Records that one page may ask for, by the cost of the fields and the size of the bucket."""
        return self._fitting(self._wanted.page(counted=counted), self._wanted.page_cost(0, counted=counted))

    def _fitting(self, document: str, fixed: int) -> int:
        points = self._client.most_points(self._max_cost) / self._client.costs.factor(document)
        return max(1, min(PAGE_CAP, int((points - fixed) / self._wanted.record_cost)))

    def pages(self, query: str | None, count_to: int | None = None) -> Iterator[Chunk]:
        """Every page until the platform says there are no more; ``count_to`` asks for the shop's size at first."""
        guard = CursorGuard(self._client.connection, self._wanted.resource)
        limit: dict[str, JSON] = {} if count_to is None else {"limit": count_to}
        chunk, after = self._page(query, None, limit)
        yield chunk
        while chunk.more:
            chunk, after = self._page(query, guard.advance(after or ""), {})
            yield chunk

    def by_ids(self, ids: Sequence[str]) -> Iterator[Chunk]:
        """The records with these ids, as many a request as its cost allows; unknown ids are left out."""
        document = self._wanted.by_ids()
        rest = list(dict.fromkeys(ids))
        while rest:
            part = rest[: self._fitting(document, 0)]
            cost = self._wanted.ids_cost(len(part))
            try:
                answer = self._client.query(self._name, document, {"ids": list(part)}, cost)
            except QueryTooDearError:
                if len(part) == 1:
                    raise
                self._too_dear(document, self._wanted.ids_cost(len(part) // 2))
                continue
            rest = rest[len(part) :]
            found = answer.decode(Data[_Found]).data.records
            yield self._chunk(answer, found, more=bool(rest), asked=frozenset(part))

    def _page(self, query: str | None, after: str | None, limit: dict[str, JSON]) -> tuple[Chunk, str | None]:
        counted = bool(limit)
        document = self._wanted.page(counted=counted)
        while True:
            size = self.page_size(counted=counted)
            variables: dict[str, JSON] = {"first": size, "after": after, "query": query, **limit}
            cost = self._wanted.page_cost(size, counted=counted)
            try:
                answer = self._client.query(self._wanted.resource, document, variables, cost)
            except QueryTooDearError:
                if size == 1:
                    raise
                self._too_dear(document, self._wanted.page_cost(size // 2, counted=counted))
                continue
            data = answer.decode(Data[Counted[msgspec.Raw]]).data
            info = data.records.page_info
            total = data.total.count if data.total else None
            chunk = self._chunk(answer, data.records.nodes, more=info.has_next_page, total=total)
            return chunk, info.end_cursor

    def _too_dear(self, document: str, affordable: int) -> None:
        """A query was dearer than we thought: from now on the limit is reached at so many points of our estimate."""
        self._client.costs.correct(document, self._client.most_points(self._max_cost) / affordable)

    def _chunk(
        self,
        answer: Answer,
        found: list[msgspec.Raw],
        *,
        more: bool,
        total: int | None = None,
        asked: frozenset[str] | None = None,
    ) -> Chunk:
        nested = tuple(self._wanted.selection.connections())
        records: list[RawRecord] = []
        ids: list[str] = []
        for raw in found:
            record = bytes(raw)
            if asked is not None and record in (b"null", b"{}"):
                continue
            identity = self._identity(record)
            if asked is not None and identity not in asked:
                continue
            ids.append(identity)
            records.append(self._whole(record, nested) if nested and self._finish is None else record)
        if self._finish is not None:
            records = self._finish([bytes(record) for record in records])
        return Chunk(records, ids, answer, more, total)

    def _whole(self, record: bytes, nested: tuple[str, ...]) -> bytes:
        """The record with its nested lists read to their end, in the shape that a bulk operation gives too."""
        fields: dict[str, Any] = msgspec.json.decode(record)
        for name in nested:
            page = self._nested(fields, name)
            nodes, info = list(page.nodes), page.page_info
            guard = CursorGuard(self._client.connection, f"{name} of {fields['id']}")
            while info.has_next_page:
                further = self._more(fields["id"], name, guard.advance(info.end_cursor or ""))
                nodes.extend(further.nodes)
                info = further.page_info
            fields[name] = {"nodes": nodes}
        return msgspec.json.encode(fields)

    def _identity(self, record: bytes) -> str:
        try:
            return msgspec.json.decode(record, type=Id).id
        except msgspec.ValidationError as error:
            raise ProtocolError(
                f"{self._client.connection}: a record of {self._wanted.resource} has not the expected shape: {error}",
                hint="check the API version of this connection",
            ) from error

    def _nested(self, fields: dict[str, Any], name: str) -> Nodes[Any]:
        """The first page of a nested list; ProtocolError where the shop left out what it was asked for."""
        try:
            return msgspec.convert(fields.pop(name, None), Nodes[Any])
        except msgspec.ValidationError as error:
            raise ProtocolError(
                f"{self._client.connection}: {name} of {fields['id']} have not the expected shape: {error}",
                hint="check the API version of this connection",
            ) from error

    def _more(self, identity: str, name: str, after: str) -> Nodes[msgspec.Raw]:
        document = self._wanted.more(name)
        points = self._client.most_points(self._max_cost) / self._client.costs.factor(document)
        each = self._wanted.more_cost(name, 1) - self._wanted.more_cost(name, 0)
        size = max(1, min(PAGE_CAP, int((points - self._wanted.more_cost(name, 0)) / each)))
        answer = self._client.query(
            f"{self._wanted.resource}.{name}",
            document,
            {"id": identity, "first": size, "after": after},
            self._wanted.more_cost(name, size),
        )
        record = answer.decode(Data[_MoreOf]).data.record
        if record is None:
            raise ProtocolError(f"{answer.place}: {identity} vanished while its {name} were read", hint="read again")
        return record.more
