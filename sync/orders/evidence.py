"""Whether the orders that were read of a channel tell of every sale that a look at its stock may show."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, select

from canonical.order import Order
from sync import cursors, documents
from sync.hub import Hub
from sync.orders import store
from sync.orders.fresh import resource_of
from sync.orders.lines import resolve_lines
from sync.store.orders import Document
from sync.store.tables import table

_DOCUMENT = table(Document)
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far a channel's orders were read, and whether each of them says what it took."""

    read_at: str
    clear: bool

    def tells_all(self, seen_at: str) -> bool:
        """Whether no sale that a look of that time shows is of an order that nobody knows."""
        return self.clear and self.read_at >= seen_at


def evidence(hub: Hub, connection: Connection, name: str, since: str) -> Evidence | None:
    """What is known of a channel's orders that changed since then; None where no orders flow."""
    if name not in hub.config.orders:
        return None
    read_at = cursors.load(connection, name, resource_of(hub, name)).read_at
    blocked = documents.any_blocked(connection, name, "order", since)
    return Evidence(read_at, clear=not blocked and not _any_unknown_line(hub, connection, name, since))


def _any_unknown_line(hub: Hub, connection: Connection, name: str, since: str) -> bool:
    """Whether an order has a line of which nobody can say what it took off the stock."""
    order, document = store.ORDER.c, _DOCUMENT.c
    same = (document.connection == name) & (document.kind == "order") & (document.external_id == order.external_id)
    changed = (order.connection == name, order.changed_at >= since, document.body.is_not(None))
    query, after = select(order.external_id, document.body).join(store.ORDER, same).where(*changed), ""
    # Many at a time and never all: a write that has been in doubt for days may have any number of orders behind it.
    query = query.order_by(order.external_id).limit(_CHUNK)
    while rows := connection.execute(query.where(order.external_id > after)).all():
        after = rows[-1].external_id
        orders = [msgspec.json.decode(row.body, type=Order) for row in rows]
        # Asked for all at once, so by names that are not those of the lines: two orders may use the same.
        lines = [line for one in orders for line in one.lines if line.requires_shipping]
        named = [msgspec.structs.replace(line, id=str(number)) for number, line in enumerate(lines)]
        if len(resolve_lines(hub.config, connection, name, named)) < len(named):
            return True
    return False
