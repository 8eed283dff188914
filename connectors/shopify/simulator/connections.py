"""Pages of lists: keyset cursors that also count, so that paging stops at the platform's cap."""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from connectors.shopify.simulator.context import Args, Context, failed
from connectors.shopify.simulator.records import Record
from connectors.shopify.simulator.search import EVERYTHING, Match
from connectors.shopify.simulator.store import Table

MAX_PAGE = 250
SortValue = Callable[[Any], Any]


class Connection:
    """One page; ``start`` is how many objects lie before it."""

    __slots__ = ("has_next", "has_previous", "nodes", "sort", "start")

    def __init__(self, nodes: list[Any], *, has_next: bool, has_previous: bool, start: int, sort: SortValue | None):
        self.nodes = nodes
        self.has_next = has_next
        self.has_previous = has_previous
        self.start = start
        self.sort = sort

    def cursor(self, index: int) -> str:
        """The cursor after one of its nodes."""
        node = self.nodes[index]
        value = None if self.sort is None else plain(self.sort(node))
        return _encode(_Cursor(node.number, value, self.start + index + 1))


class _Cursor(msgspec.Struct):
    last_id: int
    last_value: str | int | None
    passed: int


@dataclass(frozen=True, slots=True)
class _Window:
    size: int
    after: _Cursor | None
    backwards: bool
    descending: bool


def page_of_table(table: Table[Any], match: Match, sort: SortValue | None, args: Args, context: Context) -> Connection:
    """A page of a top-level list."""
    window = _window(args, context)
    if sort is None and match.candidates is None:
        after = None if window.after is None else window.after.last_id
        found = table.descending(after) if window.descending else table.ascending(after)
        rows: Iterable[Any] = found if match is EVERYTHING else filter(match.test, found)
    else:
        source: Iterable[Any] = table if match.candidates is None else match.candidates
        rows = _sorted([row for row in source if match.test(row)], sort, window)
    return _cut(iter(rows), window, sort, context)


def page_of_rows(rows: Sequence[Record], sort: SortValue | None, args: Args, context: Context) -> Connection:
    """A page of a list inside an object."""
    if context.unpaged and sort is None:
        return Connection(list(rows), has_next=False, has_previous=False, start=0, sort=None)
    window = _window(args, context)
    return _cut(iter(_sorted(list(rows), sort, window)), window, sort, context)


def plain(value: Any) -> str | int:
    """A sort value that fits in a cursor and compares the same way."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int) else str(value)


def _sorted(rows: list[Any], sort: SortValue | None, window: _Window) -> list[Any]:
    def key(row: Any) -> tuple[Any, int]:
        return (0 if sort is None else plain(sort(row)), row.number)

    rows.sort(key=key, reverse=window.descending)
    if window.after is None:
        return rows
    mark = (0 if sort is None else window.after.last_value, window.after.last_id)
    return [row for row in rows if (key(row) < mark if window.descending else key(row) > mark)]


def _cut(rows: Iterator[Any], window: _Window, sort: SortValue | None, context: Context) -> Connection:
    passed = 0 if window.after is None or window.backwards else window.after.passed
    limit = sys.maxsize if context.unpaged else context.platform.switches.paging_limit
    size = max(0, min(window.size, limit - passed))
    nodes = list(islice(rows, size))
    more = next(rows, None) is not None and passed + size < limit
    if window.backwards:
        nodes.reverse()
        return Connection(nodes, has_next=window.after is not None, has_previous=more, start=passed, sort=sort)
    return Connection(nodes, has_next=more, has_previous=window.after is not None, start=passed, sort=sort)


def _window(args: Args, context: Context) -> _Window:
    if context.unpaged:
        return _Window(sys.maxsize, None, False, bool(args.get("reverse", False)))
    first, last = args.get("first"), args.get("last")
    if (first is None) == (last is None):
        raise failed("you must provide one of first or last", "BAD_REQUEST")
    size = first if first is not None else last
    assert size is not None
    if not 0 <= size <= MAX_PAGE:
        raise failed(f"a page holds at most {MAX_PAGE} objects, not {size}", "BAD_REQUEST")
    backwards = first is None
    text = None if context.platform.switches.stuck_cursor else args.get("before" if backwards else "after")
    return _Window(size, _decode(text) if text else None, backwards, bool(args.get("reverse", False)) != backwards)


def _encode(cursor: _Cursor) -> str:
    return base64.b64encode(msgspec.json.encode(cursor)).decode("ascii")


def _decode(text: str) -> _Cursor:
    try:
        return msgspec.json.decode(base64.b64decode(text, validate=True), type=_Cursor)
    except (binascii.Error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise failed("Invalid cursor for current pagination sort.", "BAD_REQUEST") from error
