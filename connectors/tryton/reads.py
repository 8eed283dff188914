"""Reading products in pages by id, whole or in part, as one record of plain JSON per variant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from canonical.clock import instant_text, parse_instant
from canonical.errors import ConfigError, FatalError, ProtocolError
from connectors.manifest import FieldSpec
from connectors.tryton.client import Reply, TrytonClient
from connectors.tryton.wire import Row, instant_value, record_of

PRODUCT = "model.product.product"
ARCHIVED_TOO = {"active_test": False}
"""Context with which searches find archived records as well."""

Domain = list[Any]
_BRACKETS = re.compile(r"\[[^\]]*\]")


class _Cursor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a delta read starts: an instant of the server's clock, overlap taken off."""

    since: str


def cursor_at(reply: Reply, overlap: float) -> str:
    """The cursor of a read whose first answer this is."""
    since = instant_text(reply.server_started - timedelta(seconds=overlap))
    return msgspec.json.encode(_Cursor(since)).decode()


def changed_after(cursor: str, *stamps: str) -> Domain:
    """The domain of what has one of these stamps after a cursor."""
    try:
        since = parse_instant(msgspec.json.decode(cursor, type=_Cursor).since)
    except (msgspec.DecodeError, ValueError) as error:
        raise FatalError(f"not a cursor of this connector: {cursor[:60]!r}", hint="read everything once") from error
    clauses = [[stamp, ">", instant_value(since)] for stamp in stamps]
    return ["OR", *clauses]


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one search answer; ``last`` when there are no more."""

    rows: list[Row]
    reply: Reply
    last: bool


class Search:
    """Searches a model page by page with the id as the key, so that no row is met twice or missed."""

    def __init__(self, client: TrytonClient, page_size: int) -> None:
        self.client = client
        self.page_size = page_size

    def pages(self, model: str, domain: Domain, names: Sequence[str], context: Row | None = None) -> Iterator[Found]:
        """All rows of a domain in ascending ids; at least one, maybe empty, page."""
        after, last = 0, False
        while not last:
            found = self._page(model, [domain, ["id", ">", after]], names, context)
            last = found.last
            if found.rows:
                after = self._checked(model, found.rows, after)
            yield found

    def of_ids(
        self, model: str, ids: Sequence[int], names: Sequence[str], domain: Domain, context: Row | None = None
    ) -> Iterator[Found]:
        """The rows of these ids that a domain holds, as many a page as a search gives."""
        for start in range(0, len(ids), self.page_size):
            wanted = set(ids[start : start + self.page_size])
            found = self._page(model, [domain, ["id", "in", sorted(wanted)]], names, context)
            rows = [row for row in found.rows if row["id"] in wanted]
            yield Found(rows, found.reply, last=start + self.page_size >= len(ids))

    def _page(self, model: str, domain: Domain, names: Sequence[str], context: Row | None) -> Found:
        reply = self.client.read(
            f"{model}.search_read", domain, 0, self.page_size, [["id", "ASC"]], list(names), context=context
        )
        if not isinstance(reply.result, list):
            raise ProtocolError(f"{self.client.connection}: {model}: the server answered no list of records")
        for row in reply.result:
            if not isinstance(row, dict) or type(row.get("id")) is not int:
                raise ProtocolError(
                    f"{self.client.connection}: {model}: the server answered a record without an id",
                    hint="nothing is concluded from this read; look for what stands before the server",
                )
        return Found(reply.result, reply, last=len(reply.result) < self.page_size)

    def _checked(self, model: str, rows: list[Row], after: int) -> int:
        for row in rows:
            if row["id"] <= after:
                raise ProtocolError(
                    f"{self.client.connection}: {model}: the server answered id {row['id']} after {after}",
                    hint="nothing is concluded from this read; look for what stands before the server",
                )
            after = row["id"]
        return after


class ProductShape:
    """Which of the server's fields the asked paths need, and the record made of them."""

    def __init__(self, specs: dict[str, FieldSpec], paths: Sequence[str]) -> None:
        known = {bare(path): spec for path, spec in specs.items()}
        wanted = dict.fromkeys(bare(path) for path in ("id", "version", *paths))
        if unknown := [path for path in wanted if path not in known]:
            raise ConfigError(f"no such path in a product: {', '.join(unknown)}")
        self.names = tuple(dict.fromkeys(name for path in wanted for name in (known[path].select or path).split()))
        self._flags = [path for path in wanted if known[path].type == "flag"]

    def encode(self, row: Row) -> bytes:
        """One record of plain JSON; active is what the server's own searches take it for."""
        record = record_of(row)
        for path in self._flags:
            _make_flag(record, path)
        template = record.get("template") or {}
        if "active" in record and "active" in template:
            record["active"] = record["active"] and bool(template["active"])
        record["version"] = f"product.template,{template.get('id')}={template.get('_timestamp')}"
        return msgspec.json.encode(record)


def bare(path: str) -> str:
    """A path without what stands in brackets."""
    return _BRACKETS.sub("", path)


def _make_flag(record: Row, path: str) -> None:
    *outer, name = path.split(".")
    for part in outer:
        record = record.get(part) or {}
    if name in record:
        record[name] = bool(record[name])
