"""Our places as who keeps the books knows them, and where it books what has no place yet; pure."""

from __future__ import annotations

from collections.abc import Iterable

from sync.config import HubConfig
from sync.orders.booking import Booking, leaving
from sync.orders.requests import Existing


def is_keeper(config: HubConfig, target: str) -> bool:
    """Whether a keeper of books knows our places, so that it matters to it where goods leave."""
    return bool(config.connections[target].locations)


def place_on(config: HubConfig, target: str, connection: str, location: str) -> str:
    """Our code of the place that a keeper of books is to book at; empty where it knows none.

    A connection that has one place only ships from there, though it is not asked by place.
    """
    known = config.connections[connection].locations if connection in config.connections else {}
    code = location or (next(iter(known)) if len(known) == 1 else "")
    ids = config.connections[target].locations
    # Two of our places may be one there: it is called by one name.
    return next((one for one, there in ids.items() if there == ids[code]), code) if code in ids else ""


def routed(config: HubConfig, target: str, requests: Iterable[Existing]) -> list[Booking]:
    """What places were asked to ship, by the place of a keeper of books."""
    asked = leaving(requests, target)
    return [Booking(place_on(config, target, name, location), units) for name, location, units in asked if units]


def first_place(config: HubConfig, target: str, channel: str) -> str:
    """Where goods that wait for their place are booked until then: the first that the routing of a channel names."""
    for rule in config.routes:
        for location in (rule.locations or ("",)) if not rule.channels or channel in rule.channels else ():
            if place := place_on(config, target, rule.to, location):
                return place
    return ""
