"""Which documents who keeps the books is to have: one of each place that an order's goods leave from; pure (R15)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from canonical.status import RequestStatus
from sync.orders.requests import SHIP, UNSENT, Existing

Units = Mapping[str, int]
"""Units by line."""


@dataclass(frozen=True, slots=True)
class Booking:
    """Units of an order that are booked at one place."""

    place: str
    units: Units


@dataclass(frozen=True, slots=True)
class Books:
    """What stands as it is wanted, what says something else, and what is not in any document."""

    kept: tuple[Existing, ...] = ()
    stale: tuple[Existing, ...] = ()
    new: tuple[Booking, ...] = ()


@dataclass
class _Wanted:
    """Units that are still to be laid somewhere, and where the others are."""

    left: dict[str, int]
    at: dict[str, dict[str, int]] = field(default_factory=dict)

    def lay(self, place: str, units: Units) -> None:
        """Lay as many of these units at a place as are left."""
        for line, count in units.items():
            taken = min(count, self.left.get(line, 0))
            if taken > 0:
                here = self.at.setdefault(place, {})
                here[line] = here.get(line, 0) + taken
                self.left[line] -= taken

    def rest(self) -> dict[str, int]:
        """Units that lie nowhere yet."""
        return {line: count for line, count in self.left.items() if count > 0}


def leaving(requests: Iterable[Existing], books: str) -> list[tuple[str, str, Units]]:
    """Who was asked to ship which units from where, or shipped them: connection, place, units."""
    found: list[tuple[str, str, Units]] = []
    for one in requests:
        standing = one.live or one.status in UNSENT
        if one.role == SHIP:
            found.append((one.connection, one.location, one.units if standing else one.shipped or {}))
        elif one.connection == books and standing:
            found += [(books, place, units) for place, units in one.ships.items()]
    return found


def plan(
    units: Units,
    routed: Sequence[Booking],
    standing: Sequence[Existing],
    fallback: str,
    goods: Collection[str],
    *,
    decided: bool = True,
) -> Books:
    """Lay the units of an order at the places they leave from, and compare that with the documents there are.

    What has begun to leave stays booked where it is. Units that nobody was asked for stay where they are booked; else
    they get a document of their own, so that it can move when their place is known; but not before it is ``decided``
    who is asked now. ``goods`` are lines that are shipped; any other line goes with the place that has most.
    """
    wanted = _Wanted(dict(units))
    for one in standing:
        if one.started:
            wanted.lay(one.document.location, one.units)
    begun = {place: dict(by_line) for place, by_line in wanted.at.items()}
    for booking in routed:
        there = begun.get(booking.place, {})
        wanted.lay(booking.place, _beyond(booking.units, there))
    # What was not sent yet can still be changed, and holds nothing.
    firm = [one for one in standing if one.live or not decided]
    for one in firm:
        place = one.document.location
        booked = _sum(other.units for other in firm if other.document.location == place)
        wanted.lay(place, _less(booked, wanted.at.get(place, {})))
    most = max(sorted(wanted.at), key=lambda place: sum(wanted.at[place].values()), default="")
    if wanted.at:
        wanted.lay(most, {line: count for line, count in wanted.rest().items() if line not in goods})
    waiting = wanted.rest() if decided or not standing else {}
    place = standing[0].document.location if standing else most or fallback
    if waiting and not any(booking.place == place and booking.units for booking in routed):
        wanted.lay(place, waiting)
        waiting = {}
    books = [_at(at, here, standing) for at, here in sorted(wanted.at.items())]
    elsewhere = tuple(one for one in standing if one.document.location not in wanted.at)
    kept = sorted((one for each in books for one in each.kept), key=lambda one: one.id)
    extra = (Booking(place, waiting),) if waiting else ()
    return Books(
        tuple(kept),
        (*elsewhere, *(one for each in books for one in each.stale)),
        (*(one for each in books for one in each.new), *extra),
    )


def _at(place: str, units: Units, standing: Sequence[Existing]) -> Books:
    """The documents of one place: those whose units are all wanted there stay, if they cover everything together."""
    here = [one for one in standing if one.document.location == place]
    # The newest says what is wanted now: an older one that runs again beside it goes.
    here.sort(key=lambda one: (not one.started, one.status is RequestStatus.CANCELING, -one.id))
    kept: list[Existing] = []
    rest: Units = units
    for one in here:
        if one.started or all(rest.get(line, 0) >= count for line, count in one.units.items()):
            kept.append(one)
            rest = _less(rest, one.units)
    if rest:
        kept = [one for one in kept if one.started]
        rest = _less(units, _sum(one.units for one in kept))
    stale = tuple(one for one in here if one not in kept)
    return Books(tuple(kept), stale, (Booking(place, rest),) if rest else ())


def _beyond(units: Units, taken: dict[str, int]) -> dict[str, int]:
    """Units beyond those that were laid there before, which are used up."""
    found: dict[str, int] = {}
    for line, count in units.items():
        used = min(count, taken.get(line, 0))
        taken[line] = taken.get(line, 0) - used
        found[line] = count - used
    return found


def _less(units: Units, taken: Units) -> dict[str, int]:
    return {line: rest for line, count in units.items() if (rest := count - taken.get(line, 0)) > 0}


def _sum(each: Iterable[Units]) -> dict[str, int]:
    found: dict[str, int] = {}
    for units in each:
        for line, count in units.items():
            found[line] = found.get(line, 0) + count
    return found


def merged(each: Iterable[Mapping[str, Units]]) -> dict[str, dict[str, int]]:
    """Units by place and line of several documents together."""
    found: dict[str, dict[str, int]] = {}
    for ships in each:
        for place, units in ships.items():
            found[place] = _sum((found.get(place, {}), units))
    return found
