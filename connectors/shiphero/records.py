"""Records as they leave the connector: the platform's own, inner lists read to the end, orders with their state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from canonical.errors import ProtocolError
from connectors.base import JSON
from connectors.paging import CursorGuard
from connectors.shiphero.client import Client
from connectors.shiphero.documents import ORDERS, STATE, Wanted

_CANCELED = frozenset({"canceled", "cancelled"})
_SHIPPED = frozenset({"fulfilled", "shipped"})


class Completer:
    """Makes whole records of what a page holds of them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def whole(self, wanted: Wanted, raw: bytes | msgspec.Raw, *, with_state: bool) -> bytes:
        """The record with every inner list read to its end; pages are asked for one by one, and counted."""
        if wanted.resource != ORDERS:
            return bytes(raw)
        record: dict[str, Any] = msgspec.json.decode(raw)
        if "line_items" in wanted.tree:
            self._fill(wanted, record, ("line_items",))
        if "line_items" in wanted.tree.get("shipments", {}):
            for shipment in record.get("shipments") or ():
                self._fill(wanted, shipment, ("shipments", "line_items"))
        if with_state:
            record[STATE] = state_of(record)
        return msgspec.json.encode(record)

    def _fill(self, wanted: Wanted, owner: dict[str, Any], path: Sequence[str]) -> None:
        name = path[-1]
        page = owner.get(name) or {}
        edges = _edges(page, f"{name} of {owner.get('id')}")
        info = page.get("pageInfo") or {}
        guard = CursorGuard(self._client.connection, f"{name} of {owner.get('id')}")
        while info.get("hasNextPage"):
            page = self._more(wanted, str(owner["id"]), path, guard.advance(info.get("endCursor") or ""))
            edges += _edges(page, f"{name} of {owner.get('id')}")
            info = page.get("pageInfo") or {}
        owner[name] = {"edges": edges}

    def _more(self, wanted: Wanted, owner: str, path: Sequence[str], after: str) -> dict[str, Any]:
        root = "shipment" if len(path) > 1 else wanted.root.one
        variables: dict[str, JSON] = {"id": owner, "first": wanted.line_page, "after": after}
        answer = self._client.query(f"{root}.{path[-1]}", wanted.more(path), variables, wanted.line_page)
        found = answer.decode(_Answer).data.get(root)
        if found is None or found.data is None:
            raise ProtocolError(f"{answer.place}: {owner} vanished while it was read", hint="read again")
        page: dict[str, Any] = found.data.get(path[-1]) or {}
        return page


def _edges(page: dict[str, Any], what: str) -> list[dict[str, Any]]:
    """The entries of a page without their places; ProtocolError for an empty one: a line might be lost."""
    edges = page.get("edges") or []
    if not all(isinstance(edge, dict) and isinstance(edge.get("node"), dict) for edge in edges):
        raise ProtocolError(f"an entry in the {what} cannot be read", hint="read again")
    return [{"node": edge["node"]} for edge in edges]


class _Found(msgspec.Struct):
    data: dict[str, Any] | None = None


class _Answer(msgspec.Struct):
    data: dict[str, _Found | None]


def state_of(order: dict[str, Any]) -> str:
    """Where an order stands: what its status says plainly, else what its holds and its lines show."""
    status = str(order.get("fulfillment_status") or "").strip().lower()
    if status in _CANCELED:
        return "canceled"
    lines = [edge["node"] for edge in (order.get("line_items") or {}).get("edges") or () if edge.get("node")]
    left = [(_units(line.get("quantity")), _units(line.get("quantity_shipped"))) for line in lines]
    if status in _SHIPPED or (left and any(sent for _, sent in left) and all(sent >= units for units, sent in left)):
        return "shipped"
    if any(sent for _, sent in left):
        return "partially_shipped"
    holds = order.get("holds") or {}
    return "on_hold" if isinstance(holds, dict) and any(value is True for value in holds.values()) else "pending"


def _units(value: object) -> int:
    return value if isinstance(value, int) else 0
