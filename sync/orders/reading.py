"""Which connections take part in orders, and what is done with the documents read from each."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, or_, select

from canonical.status import RequestStatus
from sync.config import HubConfig
from sync.documents import Absence, Take
from sync.orders.deleted import ORDERS
from sync.orders.holds import LIVE
from sync.orders.ingest import take_order
from sync.orders.reports import take_target_order
from sync.orders.requests import GIVEN_UP
from sync.orders.returns import take_return
from sync.orders.store import REQUEST
from sync.payments.books import KINDS, keep
from sync.payments.taking import take_refund

_OPEN = sorted(status.value for status in LIVE - {RequestStatus.SHIPPED})


def absences(config: HubConfig, name: str) -> dict[str, Absence]:
    """What becomes of documents that a connection does not show any more."""
    return {"order": ORDERS} if name in config.orders else {}


def asked_still(config: HubConfig, connection: Connection) -> set[str]:
    """Connections that act on a request of ours, or may though a person gave it up while they were gone.

    Nothing new may go there, but what left is told of all the same.
    """
    may_ship = or_(REQUEST.c.state.in_(_OPEN), REQUEST.c.reason == GIVEN_UP)
    names = connection.execute(select(REQUEST.c.connection).where(may_ship).distinct()).scalars()
    return set(names) & config.connections.keys()


def takers(config: HubConfig, name: str, still: Collection[str] = ()) -> dict[str, Take]:
    """What becomes of each kind of document of a connection that is read at all; ``still`` were asked before."""
    found: dict[str, Take] = {}
    asked = {target for flow in config.orders.values() for target in flow.targets}
    if name in asked | {route.to for route in config.routes} | set(still):
        found["target_order"] = take_target_order
        found["target_return"] = take_return
    if name in config.orders:
        found["order"] = take_order
    if name in config.processors:
        found.update({**dict.fromkeys(KINDS, keep), "refund_record": take_refund})
    return found
