"""Documents for whoever keeps books: of every order, where its goods leave, replaced when they no longer fit (R15).

A keeper of books that knows our places gets one document of each place; any other gets one of the whole order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from canonical.request import FulfillmentRequest, RequestLine
from canonical.status import FulfillmentStatus
from sync.orders import byhand, renumbered, requests, store
from sync.orders.booking import Booking, merged, plan
from sync.orders.case import Case
from sync.orders.holds import DOCUMENT, SHIP
from sync.orders.parcels import is_notice
from sync.orders.places import first_place, is_keeper, place_on, routed
from sync.orders.requests import UNSENT, Existing, Make
from sync.orders.stops import stop, tell_shipped_elsewhere, tell_too_late


@dataclass(frozen=True, slots=True)
class _Wish:
    """A document as it is to be: a new one, or one there is, perhaps with other units."""

    existing: Existing | None
    booking: Booking

    @property
    def stands(self) -> bool:
        """Whether there is one with these units."""
        return self.existing is not None and self.existing.units == self.booking.units


def ask(case: Case) -> None:
    """Ask every keeper of books for documents of what it is to book, and stop those that say something else."""
    for target in case.flow.targets:
        _ask(case, target, decided=False)


def follow(case: Case) -> None:
    """Now that it is decided where goods leave, book them there: before anything is sent, where that is possible."""
    for target in case.flow.targets:
        if is_keeper(case.hub.config, target):
            ships = merged(one.ships for one in _documents(case, target) if one.status in UNSENT)
            _ask(case, target, decided=True)
            _share_out(case, target, ships)


def called_off(mine: Sequence[Existing]) -> Existing | None:
    """The document that its target called off by itself, if no other was made for its place since."""
    newest = {one.document.location: one for one in mine}
    return next((one for one in reversed(newest.values()) if one.canceled_there), None)


def _ask(case: Case, target: str, *, decided: bool) -> None:
    mine = _documents(case, target)
    standing = [one for one in mine if one.live or one.status in UNSENT]
    if called_off(mine) is not None:
        return
    units = _units(case, target)
    if not units:
        stop(case.hub, case.connection, case.row, standing, "it was shipped by someone else")
    elif is_keeper(case.hub.config, target):
        _ask_by_place(case, target, units, standing, decided=decided)
    elif standing:
        stop(case.hub, case.connection, case.row, standing[:-1], "another one took its place")
        _Asking(case, target, units).all([_Wish(standing[-1], Booking(standing[-1].document.location, units))])
    elif not any(one.started for one in mine):
        _Asking(case, target, units).all([_Wish(None, Booking("", units))])


def _ask_by_place(
    case: Case, target: str, units: Mapping[str, int], standing: Sequence[Existing], *, decided: bool
) -> None:
    """What is to be booked at each place, against the documents there are."""
    config = case.hub.config
    goods = {line.id for line in case.order.lines if line.requires_shipping and line.id in case.sellables}
    # Of what has begun to leave, lines that were written anew are the new ones; anything else is replaced for them.
    standing = [renumbered.document_as(one, case.skus) if one.started else one for one in standing]
    fallback = first_place(config, target, case.row.connection)
    books = plan(units, _routed(case, target), standing, fallback, goods, decided=decided)
    # What was not sent yet is changed instead of being replaced.
    free = [one for one in books.stale if one.status in UNSENT]
    wishes = [_Wish(one, Booking(one.document.location, one.units)) for one in books.kept]
    wishes += [_Wish(free.pop(0) if free else None, booking) for booking in books.new]
    gone = [one for one in books.stale if one.status not in UNSENT or one in free]
    stop(case.hub, case.connection, case.row, gone, "its goods leave from somewhere else, or other units are wanted")
    _Asking(case, target, units, busy=any(one.live for one in gone)).all(wishes)


def _routed(case: Case, target: str) -> list[Booking]:
    """Where goods leave from, as places were asked; of an order that was forgotten, as its channel was told then."""
    config, existing = case.hub.config, case.requests()
    if any(one.role == SHIP for one in existing):
        was = renumbered.skus_of(existing)
        asked = routed(config, target, existing)
        return [Booking(one.place, renumbered.units_as(one.units, was, case.skus)) for one in asked]
    ours = (one for one in case.order.fulfillments if is_notice(one.reference, config.connections))
    found = [
        Booking(place_on(config, target, "", one.location), {line.line_id: line.quantity for line in one.lines})
        for one in ours
        if one.status is not FulfillmentStatus.CANCELED
    ]
    return [*routed(config, target, existing), *found]


class _Asking:
    """Brings the documents of one target to what they are to say; their money sums to that of the order.

    Nothing new is asked for while one that says something else is still there: no unit is booked twice.
    """

    def __init__(self, case: Case, target: str, units: Mapping[str, int], *, busy: bool = False) -> None:
        self._case = case
        self._target = target
        self._busy = busy
        self._whole = all(units.get(line.id, 0) == case.need.get(line.id, 0) for line in case.order.lines)

    def all(self, wishes: Sequence[_Wish]) -> None:
        """Bring every document to what it is to say; of a place, one that goods have left for stays as it is."""
        by_place = is_keeper(self._case.hub.config, self._target)
        lines = {at: wish.existing.document.lines for at, wish in enumerate(wishes) if wish.existing and wish.stands}
        charged = _charged(wishes)
        for at, wish in enumerate(wishes):
            one = wish.existing
            if one is not None and one.started and by_place:
                if not self._whole:
                    tell_shipped_elsewhere(self._case.hub, self._case.connection, self._case.row, one)
                continue
            given = [line for other, those in lines.items() if other != at for line in those]
            document = self._document(wish, given, whole=self._whole and at == charged)
            lines[at] = document.lines
            self._bring(one, document)

    def _document(self, wish: _Wish, given: Sequence[RequestLine], *, whole: bool) -> FulfillmentRequest:
        case, one = self._case, wish.existing
        return requests.build(
            case.row.connection,
            case.order,
            wish.booking.units,
            case.sellables,
            one.generation if one else case.next_generation(self._target),
            whole=whole,
            given=given,
            location=wish.booking.place,
        )

    def _bring(self, one: Existing | None, document: FulfillmentRequest) -> None:
        case, hub, connection = self._case, self._case.hub, self._case.connection
        if one is None:
            if not self._busy:
                make = Make(self._target, DOCUMENT, document.location, document, "keeps the books of every order")
                generation = case.next_generation(self._target)
                store.add_request(connection, case.row.id, make, generation, hub.stamp())
        elif not requests.stale(one, document):
            if one.status in UNSENT and one.document != document:
                store.renew_request(connection, one.id, document, hub.stamp())
        elif one.status in UNSENT:
            # What its target was to ship of it is decided anew, and where from.
            if not is_keeper(hub.config, self._target):
                document = msgspec.structs.replace(document, location="")
            store.renew_request(connection, one.id, document, hub.stamp())
            store.set_request(connection, one.id, hub.stamp(), ships=None, location=document.location)
        else:
            self._replace(one, document)

    def _replace(self, one: Existing, document: FulfillmentRequest) -> None:
        case, hub, connection = self._case, self._case.hub, self._case.connection
        self._busy = True
        why = "the order was edited" if self._whole else "a part was shipped by someone else"
        stop(hub, connection, case.row, [one], why)
        if one.started and any(line.quantity > one.units.get(line.line_id, 0) for line in document.lines):
            tell_too_late(hub, connection, case.row, one)
        if one.started and not self._whole:
            tell_shipped_elsewhere(hub, connection, case.row, one)


def _charged(wishes: Sequence[_Wish]) -> int:
    """Which document has what is no goods, as shipping and tips: the one that has it already, else the first."""
    have = (at for at, wish in enumerate(wishes) if wish.existing and wish.stands and wish.existing.document.charges)
    free = (at for at, wish in enumerate(wishes) if not (wish.existing and wish.existing.started))
    return next(have, next(free, 0))


def _share_out(case: Case, target: str, ships: Mapping[str, Mapping[str, int]]) -> None:
    """What a keeper of books ships itself is noted in the document of the place it leaves from."""
    left = dict(ships)
    for one in _documents(case, target) if ships else ():
        if one.status not in UNSENT:
            continue
        place = one.document.location
        here = {at: left.pop(at) for at in list(left) if place_on(case.hub.config, target, target, at) == place}
        if here != one.ships:
            store.set_ships(case.connection, one.id, here, case.hub.stamp())


def _documents(case: Case, target: str) -> list[Existing]:
    return [one for one in case.requests() if one.connection == target and one.role == DOCUMENT]


def _units(case: Case, target: str) -> dict[str, int]:
    """Units by line that a target is to have in its books as still to ship.

    What was shipped by hand is told to a target that can be told of it. One that cannot would ship it once more: it is
    asked for the rest only.
    """
    gone = {} if case.is_told(target) else byhand.units(case.connection, case.row.id)
    left = {line.id: case.need.get(line.id, 0) - gone.get(line.id, 0) for line in case.order.lines}
    return {line: units for line, units in left.items() if units > 0}
