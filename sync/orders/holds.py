"""What an order holds: reservations from its needs, its requests, and what the stock owner has booked; pure (R1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from canonical.inventory import Basis
from canonical.order import Order
from canonical.status import RequestStatus
from sync.orders.lines import Sellable
from sync.orders.reservations import Hold

SHIP, DOCUMENT = "ship", "document"
"""The roles of a request: to ship goods, or to keep the books."""
LIVE = frozenset(
    {
        RequestStatus.SENT,
        RequestStatus.ACCEPTED,
        RequestStatus.ON_HOLD,
        RequestStatus.PARTIALLY_SHIPPED,
        RequestStatus.SHIPPED,
        RequestStatus.CANCELING,
    }
)
"""States of a request that its target may act on: its units stay reserved until it is canceled there."""


_ABOUT_TO = frozenset({RequestStatus.WAITING, RequestStatus.BLOCKED})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as far as stock is concerned: whom, from where, and what was booked when.

    ``shipped`` are units by line with the time when their shipment was first seen, ``ships`` units by place and line
    that the target of a document for the books ships itself, ``skus`` what each line was when it was asked for,
    ``booked`` the place that a document for the books names.
    """

    connection: str
    role: str
    location: str
    status: RequestStatus
    units: Mapping[str, int]
    accepted_at: str = ""
    shipped: Sequence[tuple[str, int, str]] = field(default_factory=tuple)
    ships: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    skus: Mapping[str, str] = field(default_factory=dict)
    booked: str = ""

    def places(self, line: str) -> list[tuple[str, int]]:
        """Where its target ships units of a line from, and how many."""
        found = {self.location: self.units} if self.role == SHIP else self.ships
        return [(place, units[line]) for place, units in found.items() if units.get(line)]


@dataclass(frozen=True, slots=True)
class StockOwner:
    """Who counts a place, and which event of an order is already off that figure."""

    connection: str
    basis: Basis


OwnerOf = Callable[[str], StockOwner | None]
"""The owner of a place's figures, by our code; of the channel's pool for an empty code."""


def holds_of(
    order: Order,
    need: Mapping[str, int],
    deducted: Mapping[str, int],
    sellables: Mapping[str, Sellable],
    asked: Sequence[Asked],
    owner_of: OwnerOf,
    committed: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
    settled_at: str = "",
) -> list[Hold]:
    """The reservations an order needs now: each line's units at their places, and since when they are booked there.

    ``committed`` are units by line and place that the channel keeps there for the order until it says otherwise (R6).
    ``settled_at`` is when what nobody was asked for counts as booked, by a person's word.
    """
    found: list[Hold] = []
    for line, sellable in sellables.items():
        wanted = need.get(line, 0)
        places = _places(order, line, wanted, asked, owner_of, settled_at)
        # The channel holds back what it still owes; what it owes no more it sells again, though it may be shipped.
        off = sum(units for _, units, _ in places) - max(0, wanted - deducted.get(line, 0))
        shares = _kept(places, off, dict(committed.get(line, {})))
        for (location, _, booked_at), pieces in zip(places, shares, strict=True):
            found += [
                Hold(line, part.item_id, location, units * part.units, own * part.units, booked_at, there)
                for there, units, own in pieces
                for part in sellable.parts
            ]
    return found


def _kept(
    places: Sequence[tuple[str, int, str]], off: int, committed: dict[str, int]
) -> list[list[tuple[str, int, int]]]:
    """For each place, its units by where the channel keeps them: nothing where that is the place itself (R6).

    ``off`` are the units of all places together that the channel has deducted. Tells place, units, deducted units.
    """
    own: list[int] = []
    for _, units, _ in places:
        own.append(max(0, min(off, units)))
        off -= own[-1]
    elsewhere = list(own)
    for at, (location, _, _) in enumerate(places):
        same = min(elsewhere[at], committed.get(location, 0))
        elsewhere[at] -= same
        committed[location] = committed.get(location, 0) - same
    found: list[list[tuple[str, int, int]]] = []
    for (_, units, _), mine, rest in zip(places, own, elsewhere, strict=True):
        pieces: list[tuple[str, int, int]] = []
        for there in sorted(committed):
            taken = min(rest, committed[there])
            if taken > 0:
                pieces.append((there, taken, taken))
                committed[there] -= taken
                rest -= taken
        moved = sum(taken for _, taken, _ in pieces)
        found.append([("", units - moved, mine - moved), *pieces])
    return found


def _places(
    order: Order, line: str, need: int, asked: Sequence[Asked], owner_of: OwnerOf, settled_at: str
) -> list[tuple[str, int, str]]:
    """Where the units of a line are held, and when they were booked: by requests first, the rest where it may be."""
    books = _Books(line, asked, owner_of)
    found: list[tuple[str, int, str]] = []
    covered = 0
    for one in asked:
        for location, units in one.places(line) if one.status in LIVE | _ABOUT_TO else ():
            taken = min(units, max(0, need - covered)) if one.status in _ABOUT_TO else units
            covered += taken
            found += books.split(location, taken) if taken else []
    live: dict[str, int] = {}
    for one in asked:
        if one.role != SHIP and one.status in LIVE:
            live[one.connection] = live.get(one.connection, 0) + one.units.get(line, 0)
    for location, units in _assigned(order, line, max(need, *live.values(), 0) - covered):
        found += [(place, part, at or settled_at) for place, part, at in books.split(location, units)]
    return found


def _assigned(order: Order, line: str, units: int) -> list[tuple[str, int]]:
    """Units at the places the channel assigned them to, the rest anywhere (R6)."""
    found: list[tuple[str, int]] = []
    for one in order.assignments:
        taken = min(units, one.quantity) if one.line_id == line and one.location else 0
        if taken > 0:
            found.append((one.location, taken))
            units -= taken
    return [*found, ("", units)] if units > 0 else found


@dataclass
class _Entry:
    """Units of a line that one request shows as booked since a time; each unit is used once."""

    request: Asked
    units: int
    at: str


class _Books:
    """What the owners of figures have booked of one line."""

    def __init__(self, line: str, asked: Sequence[Asked], owner_of: OwnerOf) -> None:
        self._owner_of = owner_of
        self._accepted = [_Entry(one, one.units.get(line, 0), one.accepted_at) for one in asked if one.accepted_at]
        self._shipped = [
            _Entry(one, units, at) for one in asked for shipped, units, at in one.shipped if shipped == line
        ]

    def split(self, location: str, units: int) -> list[tuple[str, int, str]]:
        """Units of a place by when its owner booked them: first those it booked there.

        Where it booked units of another place, they are in that place's figure, and held there (R6).
        """
        owner = self._owner_of(location)
        if owner is None:
            return [(location, units, "")]
        accepting = owner.basis in (Basis.ACCEPTED, Basis.ALLOCATED)
        found: list[tuple[str, int, str]] = []
        entries = self._accepted if accepting else self._shipped
        for entry in sorted(entries, key=lambda one: (one.request.booked != location, one.at)):
            one = entry.request
            here = one.role != SHIP or one.location == location
            taken = min(units, entry.units) if one.connection == owner.connection and one.status in LIVE and here else 0
            if taken > 0:
                entry.units -= taken
                found.append((one.booked or location, taken, entry.at))
                units -= taken
        return [*found, (location, units, "")] if units > 0 else found
