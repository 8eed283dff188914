"""How many units of an order's lines have left, whoever tells of it."""

from __future__ import annotations

from sqlalchemy import Connection

from canonical.order import Order
from canonical.status import FulfillmentStatus
from sync.orders import byhand, store
from sync.orders.holds import SHIP
from sync.orders.takenback import is_it, taken_back


def shipped(connection: Connection, order_id: int, order: Order) -> dict[str, int]:
    """Units by line that left, as whoever tells of most of them: the places that ship, one of the books, the channel.

    They are not added up: who keeps the books tells of what another place shipped as well. What it was to ship itself,
    and what the channel shows and nobody else shipped, is added to what the places that ship tell.
    """
    rows = store.requests_of(connection, order_id)
    roles = {one.id: SHIP if one.role == SHIP else one.connection for one in rows}
    told: dict[str, dict[str, int]] = {}
    for request, line, units, _ in store.shipped_units(connection, order_id, echoes=False):
        by_line = told.setdefault(roles.get(request, ""), {})
        by_line[line] = by_line.get(line, 0) + units
    for own in rows:
        for line, units in (own.shipped or {}).items() if own.role != SHIP else ():
            routed = min(units, sum(here.get(line, 0) for here in own.places.values()))
            by_line = told.setdefault(SHIP, {})
            by_line[line] = by_line.get(line, 0) + routed
    for line, units in byhand.units(connection, order_id).items():
        by_line = told.setdefault(SHIP, {})
        by_line[line] = by_line.get(line, 0) + units
    theirs = told.setdefault("the channel", {})
    back = taken_back(connection, order_id) if order.fulfillments else []
    for one in order.fulfillments:
        # What it shows only because it was told, and what is taken back since, did not leave.
        echo = any(is_it(one, row, body) for row, body in back)
        for part in one.lines if one.status is not FulfillmentStatus.CANCELED and not echo else ():
            theirs[part.line_id] = theirs.get(part.line_id, 0) + part.quantity
    lines = {line for by_line in told.values() for line in by_line}
    return {line: max(by_line.get(line, 0) for by_line in told.values()) for line in lines}
