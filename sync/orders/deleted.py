"""Orders that their channel does not show any more: named to a person, and never canceled for that (R13)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from sync.documents import NAMELESS, Absence
from sync.hub import Hub
from sync.orders import store
from sync.store.database import among, chunks

REASON = "deleted_there"
_OVER = ("done", "canceled", "reference", "known")


def _expected(connection: Connection, name: str) -> set[str]:
    """Orders that something is still to be done for, or that were missed before."""
    order = store.ORDER
    wanted = order.c.state.not_in(_OVER) | (order.c.missing_since != "")
    ids = connection.execute(select(order.c.external_id).where(order.c.connection == name, wanted)).scalars()
    return {one for one in ids if not one.startswith(NAMELESS)}


def _missing(hub: Hub, connection: Connection, name: str, ids: Sequence[str]) -> None:
    _mark(connection, name, ids, hub.stamp())


def _present(hub: Hub, connection: Connection, name: str, ids: Sequence[str]) -> None:
    _mark(connection, name, ids, "")


def _mark(connection: Connection, name: str, ids: Sequence[str], since: str) -> None:
    """Note of each order whether it is missing, and look again at those for which that is new."""
    order = store.ORDER
    changes = order.c.missing_since == "" if since else order.c.missing_since != ""
    for part in chunks(list(ids)):
        here = (order.c.connection == name, changes, among(connection, order.c.external_id, part))
        for found in connection.execute(select(order.c.id).where(*here)).scalars().all():
            connection.execute(update(order).where(order.c.id == found).values(missing_since=since))
            store.mark_due(connection, found)


ORDERS = Absence(_expected, _missing, _present)
"""What is done about orders that a complete read does not show."""
