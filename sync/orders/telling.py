"""Telling who keeps the books of shipments: each document of the units that left where it books them (R15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from canonical.fulfillment import Fulfillment, ShippedLine
from canonical.request import ShipmentNotice
from canonical.status import RequestStatus
from sync.hub import Hub
from sync.orders import store
from sync.orders.amends import amend
from sync.orders.holds import DOCUMENT
from sync.orders.parcels import notice_name, units_in
from sync.orders.places import place_on
from sync.orders.requests import Existing

_NOTICE = msgspec.json.Decoder(ShipmentNotice)


class Telling:
    """One keeper of books, its documents of an order, and how many of their units it was told of."""

    def __init__(
        self,
        hub: Hub,
        connection: Connection,
        row: Row[Any],
        target: str,
        requests: Sequence[Existing],
        shipments: Sequence[Row[Any]],
    ) -> None:
        self._hub, self._connection, self._row, self._target = hub, connection, row, target
        self._documents = [one for one in requests if one.connection == target and one.role == DOCUMENT and one.live]
        self._asked = {one.id: one.location for one in requests}
        self._left = {one.id: one.units for one in self._documents}
        self._known = self._told()
        self._shown = {
            one.id: units_in(store.shipment_body(shown) for shown in shipments if _is_of(shown, one))
            for one in self._documents
        }
        for one in self._documents:
            for document in self._known.values():
                if document.order_id == one.external_id:
                    _take(self._shown[one.id], document.lines)

    def tell(self, shipment: Row[Any], body: Fulfillment) -> None:
        """Want a shipment told, to the documents that have its units; not before all of them are known there."""
        mapping = self._hub.config.connections[self._target].documents.get("shipment_notice")
        if mapping is None or shipment.connection == self._target or not self._documents:
            return
        parts = self._parts(shipment, body)
        cause = f"shipment:{shipment.id}"
        known = {one: told for one, told in self._known.items() if one == cause or one.startswith(f"{cause}/")}
        # What is being called off may take no units any more; its successor is told, or it once it stays after all.
        unsettled = any(not one.external_id or one.status is RequestStatus.CANCELING for one, _ in parts)
        if not known and unsettled:
            return
        for at, (one, lines) in enumerate(parts):
            before = next((why for why, told in known.items() if told.order_id == one.external_id), "")
            # What was told is not told to another document; only its parcels may still become known.
            if (known and not before) or (not known and self._is_shown(one, lines)):
                continue
            skus = {line.line_id: line.sku for line in one.document.lines}
            named = tuple(msgspec.structs.replace(line, sku=skus.get(line.line_id, line.sku)) for line in lines)
            document = notice(shipment, body, one.external_id, named)
            why = before or (f"{cause}/{at}" if at else cause)
            want(self._hub, self._connection, self._row, self._target, mapping.operation, document, why)

    def _parts(self, shipment: Row[Any], body: Fulfillment) -> list[tuple[Existing, list[ShippedLine]]]:
        """The units of a shipment by document: first of the place that they left, what none has with the first."""
        location = body.location or self._asked.get(shipment.request_id, "")
        place = place_on(self._hub.config, self._target, shipment.connection, location)
        order = sorted(self._documents, key=lambda one: (one.document.location != place, one.id))
        found: dict[int, list[ShippedLine]] = {}
        for line in body.lines:
            rest = line.quantity
            for one in order:
                taken = min(rest, self._left[one.id].get(line.line_id, 0))
                if taken > 0:
                    self._left[one.id][line.line_id] -= taken
                    found.setdefault(one.id, []).append(msgspec.structs.replace(line, quantity=taken))
                    rest -= taken
            if rest > 0:
                _more(found.setdefault(order[0].id, []), line, rest)
        return [(one, found[one.id]) for one in order if one.id in found]

    def _is_shown(self, one: Existing, lines: Sequence[ShippedLine]) -> bool:
        """Whether a document shows all of these units as shipped, and was not told of them: nothing is left to tell."""
        shown = self._shown[one.id]
        if one.status is not RequestStatus.SHIPPED or any(shown.get(line.line_id, 0) < line.quantity for line in lines):
            return False
        _take(shown, lines)
        return True

    def _told(self) -> dict[str, ShipmentNotice]:
        """What it was told of the order before, or is to be told, by cause."""
        effect = store.EFFECT
        mine = (effect.c.order_id == self._row.id, effect.c.kind == "shipment", effect.c.connection == self._target)
        rows = self._connection.execute(select(effect.c.cause, effect.c.document).where(*mine))
        return {row.cause: _NOTICE.decode(row.document) for row in rows}


def want(
    hub: Hub, connection: Connection, row: Row[Any], target: str, operation: str, document: ShipmentNotice, cause: str
) -> None:
    """Want a notice sent, once for its cause; parcels that become known later are told then."""
    wanted = {
        "kind": "shipment",
        "cause": cause,
        "connection": target,
        "operation": operation,
        "reference": document.reference,
        "order_id": row.id,
        "request_id": None,
        "document": msgspec.json.encode(document),
    }
    if not store.add_effect(connection, wanted, hub.stamp()):
        amend(hub, connection, wanted, document)


def notice(
    shipment: Row[Any], body: Fulfillment, order_id: str, lines: Sequence[ShippedLine], *, notify: bool = False
) -> ShipmentNotice:
    """The notice of a shipment, under the same reference wherever it is told."""
    return ShipmentNotice(
        reference=notice_name(shipment.connection, shipment.external_id),
        order_id=order_id,
        lines=tuple(lines),
        tracking=body.tracking,
        location=body.location,
        notify_customer=notify,
        shipped_at=body.shipped_at,
    )


def _is_of(shipment: Row[Any], one: Existing) -> bool:
    return bool(shipment.request_id == one.id and shipment.status != "canceled")


def _take(units: dict[str, int], lines: Sequence[ShippedLine]) -> None:
    for line in lines:
        units[line.line_id] = units.get(line.line_id, 0) - line.quantity


def _more(lines: list[ShippedLine], line: ShippedLine, units: int) -> None:
    """Add units that no document has: the target says what is wrong with them."""
    for at, one in enumerate(lines):
        if one.line_id == line.line_id:
            lines[at] = msgspec.structs.replace(one, quantity=one.quantity + units)
            return
    lines.append(msgspec.structs.replace(line, quantity=units))
