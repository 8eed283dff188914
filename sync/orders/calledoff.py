"""Calling an order off where it was asked for: what left all the same stays in the books, and off the stock (R1)."""

from __future__ import annotations

from collections import Counter

from canonical.status import RequestStatus
from sync.orders import byhand, store
from sync.orders.case import Case
from sync.orders.holds import DOCUMENT, SHIP
from sync.orders.places import is_keeper, place_on
from sync.orders.requests import Existing
from sync.orders.stops import stop, tell_rest

KIND = "shipped_after_cancel"


def call_off(case: Case, why: str) -> None:
    """Stop every request of an order, but documents that can be told of what left elsewhere: they are told instead."""
    existing = case.requests()
    kept = [one for one in existing if one.role == DOCUMENT and one.live and _is_kept(case, one, existing)]
    stop(case.hub, case.connection, case.row, [one for one in existing if one not in kept], why)
    for one in kept:
        left = _left(case, one, existing)
        if any(count > left[line] for line, count in one.units.items()):
            tell_rest(case.hub, case.connection, case.row, one)
    for one in existing:
        if one.role == DOCUMENT and one.status is RequestStatus.CANCELED and one.external_id:
            _tell_unbooked(case, one, existing)


def _is_kept(case: Case, one: Existing, existing: list[Existing]) -> bool:
    known = one.connection in case.hub.config.connections and one.status is not RequestStatus.CANCELING
    return known and case.is_told(one.connection) and bool(_left(case, one, existing))


def _left(case: Case, document: Existing, existing: list[Existing]) -> Counter[str]:
    """Units by line of a document that left its place, and that its target did not ship itself."""
    config, target = case.hub.config, document.connection
    by_place = target in config.connections and is_keeper(config, target)
    found: Counter[str] = Counter()
    for one in existing:
        here = place_on(config, target, one.connection, one.location) if by_place else document.document.location
        if one.role == SHIP and here == document.document.location:
            found.update(one.shipped or {})
    if not by_place:
        found.update(byhand.units(case.connection, case.row.id))
    return Counter({line: units for line, units in found.items() if line in document.units})


def _tell_unbooked(case: Case, one: Existing, existing: list[Existing]) -> None:
    """Goods left, and who counts them took them back onto its shelf: a person books them out."""
    place = one.document.location
    left, skus = _left(case, one, existing), {line.line_id: line.sku for line in one.document.lines}
    again = any(
        other.live and other.role == DOCUMENT and (other.connection, other.document.location) == (one.connection, place)
        for other in existing
    )
    if not left or again:
        return
    named = ", ".join(f"{units} {skus[line]}" for line, units in sorted(left.items()))
    where = f" {place}" if place else ""
    said = f"{named} left{where} for order {case.row.number}, which {one.connection} has as canceled"
    subject, more = f"{one.connection} {one.document.reference}", {"stands": True, "order_id": case.row.id}
    store.open_incident(case.connection, KIND, subject, said, case.hub.stamp(), **more)
