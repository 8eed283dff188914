"""Finding the plain function behind a readable field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from connectors.shopify.simulator.connections import Connection
from connectors.shopify.simulator.context import Args, Context
from connectors.shopify.simulator.fulfillment_views import FULFILLMENT_FIELDS
from connectors.shopify.simulator.order_views import ORDER_FIELDS
from connectors.shopify.simulator.reads import CATALOG_FIELDS, Resolver
from connectors.shopify.simulator.roots import QUERY

FIELDS: Mapping[str, Mapping[str, Resolver]] = {**CATALOG_FIELDS, **ORDER_FIELDS, **FULFILLMENT_FIELDS}


class Entry:
    """A field that is an entry of a plain dict; payloads may lack it."""

    __slots__ = ("_key", "get")

    def __init__(self, key: str) -> None:
        self._key = key
        self.get: Callable[[Any], Any] = itemgetter(key)

    def __call__(self, value: Any, context: Context, args: Args) -> Any:
        """Read it as a resolver."""
        return value.get(self._key)


def resolver_of(typename: str, field: str) -> Resolver:
    """The function of a field; payloads and other plain dicts are simply looked into."""
    if typename == "QueryRoot":
        return QUERY[field]
    if typename == "PageInfo":
        return _PAGE_INFO[field]
    if typename.endswith("Connection"):
        return _CONNECTION[field]
    known = FIELDS.get(typename, {}).get(field)
    return known if known is not None else Entry(field)


def _edges(connection: Connection, context: Context, args: Args) -> list[dict[str, Any]]:
    return [{"cursor": connection.cursor(index), "node": node} for index, node in enumerate(connection.nodes)]


_CONNECTION: Mapping[str, Resolver] = {
    "nodes": lambda value, context, args: value.nodes,
    "edges": _edges,
    "pageInfo": lambda value, context, args: value,
}
_PAGE_INFO: Mapping[str, Resolver] = {
    "hasNextPage": lambda value, context, args: value.has_next,
    "hasPreviousPage": lambda value, context, args: value.has_previous,
    "startCursor": lambda value, context, args: value.cursor(0) if value.nodes else None,
    "endCursor": lambda value, context, args: value.cursor(len(value.nodes) - 1) if value.nodes else None,
}
