"""Which connections take part in orders, and what is done with the documents read from each."""

from __future__ import annotations

from sync.config import HubConfig
from sync.documents import Absence, Take
from sync.orders.deleted import ORDERS
from sync.orders.ingest import take_order
from sync.orders.reports import take_target_order
from sync.orders.returns import take_return
from sync.payments.books import KINDS, keep
from sync.payments.taking import take_refund


def absences(config: HubConfig, name: str) -> dict[str, Absence]:
    """What becomes of documents that a connection does not show any more."""
    return {"order": ORDERS} if name in config.orders else {}


def takers(config: HubConfig, name: str) -> dict[str, Take]:
    """What becomes of each kind of document of a connection that is read at all."""
    found: dict[str, Take] = {}
    asked = {target for flow in config.orders.values() for target in flow.targets}
    if name in asked | {route.to for route in config.routes}:
        found["target_order"] = take_target_order
        found["target_return"] = take_return
    if name in config.orders:
        found["order"] = take_order
    if name in config.processors:
        found.update({**dict.fromkeys(KINDS, keep), "refund_record": take_refund})
    return found
