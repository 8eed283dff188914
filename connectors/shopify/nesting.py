"""Lists inside lists, read to their end page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from canonical.errors import ProtocolError
from connectors.paging import CursorGuard
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import PAGE_CAP
from connectors.shopify.selection import NODES, Selection, cost, paged_text
from connectors.shopify.shapes import Data
from connectors.shopify.stitch import gid_type

ReadMore: TypeAlias = Callable[[str, str, Selection, str], tuple[list[Any], str | None]]
"""Reads further entries of one list: of which record, which list, what of each entry, and after which cursor."""


def complete(record: dict[str, Any], selection: Selection, read_more: ReadMore, connection: str) -> None:
    """Read every list of a record to its end, lists inside lists too; each becomes plain nodes."""
    for name, child in selection.fields.items():
        value = record.get(name)
        if value is None:
            continue
        if child.is_connection:
            nodes = _all_nodes(record, name, child, read_more, connection)
            record[name] = {"nodes": nodes}
            for node in nodes:
                complete(node, child.fields[NODES], read_more, connection)
        elif child.fields:
            for entry in value if isinstance(value, list) else [value]:
                if isinstance(entry, dict):
                    complete(entry, child, read_more, connection)


def _all_nodes(record: dict[str, Any], name: str, child: Selection, read_more: ReadMore, connection: str) -> list[Any]:
    page = record[name]
    nodes, info = list(page["nodes"]), page.get("pageInfo") or {}
    after = info.get("endCursor") if info.get("hasNextPage") else None
    guard = CursorGuard(connection, f"{name} of {record.get('id')}")
    while after is not None:
        further, after = read_more(record["id"], name, child, guard.advance(after))
        nodes += further
    return nodes


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    nodes: list[Any]
    page_info: dict[str, Any]


class _Holder(msgspec.Struct, frozen=True):
    more: _Page


class _Found(msgspec.Struct, frozen=True):
    record: _Holder | None


@dataclass(frozen=True, slots=True)
class FurtherReader:
    """Reads what did not fit along with a record; each is a call of its own, named after the list."""

    client: ShopifyClient
    sizes: dict[str, int]
    resource: str
    max_query_cost: int

    def __call__(self, identity: str, name: str, child: Selection, after: str) -> tuple[list[Any], str | None]:
        """The next entries, and the cursor if there are more still."""
        document = (
            f"query {name}($id: ID!, $first: Int!, $after: String) {{ "
            f"record: node(id: $id) {{ ... on {gid_type(identity)} {{ more: {name}(first: $first, after: $after) "
            f"{{ nodes {{ {paged_text(child.fields[NODES], self.sizes)} }} "
            "pageInfo { hasNextPage endCursor } } } } }"
        )
        each = 1 + cost(child.fields[NODES], self.sizes)
        points = self.client.most_points(self.max_query_cost) / self.client.costs.factor(document)
        size = max(1, min(PAGE_CAP, int((points - 3) / each)))
        variables: dict[str, Any] = {"id": identity, "first": size, "after": after}
        answer = self.client.query(f"{self.resource}.{name}", document, variables, 3 + size * each)
        found = answer.decode(Data[_Found]).data.record
        if found is None:
            raise ProtocolError(f"{answer.place}: {identity} vanished while its {name} were read", hint="read again")
        info = found.more.page_info
        return found.more.nodes, info.get("endCursor") if info.get("hasNextPage") else None
