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
    bodies = connection.execute(select(document.body).join(store.ORDER, same).where(*changed)).scalars()
    orders = [msgspec.json.decode(one, type=Order) for one in bodies]
    # Asked for all at once, so by names that are not those of the lines: two orders may use the same.
    lines = [line for one in orders for line in one.lines if line.requires_shipping]
    named = [msgspec.structs.replace(line, id=str(number)) for number, line in enumerate(lines)]
    return len(resolve_lines(hub.config, connection, name, named)) < len(named)
