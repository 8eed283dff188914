"""Asking for an order as a whole, or for parts of it one after the other, as the hub does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from canonical.order import Order
from canonical.request import FulfillmentRequest
from canonical.status import RequestStatus
from sync.orders.requests import SHIP, Existing, build, given_of


def asked_whole(sold: Order) -> FulfillmentRequest:
    """The document of everything."""
    return build("shop", sold, {line.id: line.quantity for line in sold.lines}, {}, 1, whole=True)


def asked(sold: Order, parts: Iterable[tuple[Mapping[str, int], bool]]) -> list[FulfillmentRequest]:
    """The documents that stand after asking for parts, some of which are stopped again before the next."""
    existing: list[Existing] = []
    for number, (units, stopped) in enumerate(parts, start=1):
        document = build("shop", sold, units, {}, number, whole=False, given=given_of(existing, sold.currency))
        status = RequestStatus.CANCELED if stopped else RequestStatus.ACCEPTED
        existing.append(Existing(number, "tpl", SHIP, "WH1", number, status, document))
    return [one.document for one in existing if one.live]
