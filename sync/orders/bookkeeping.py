"""Documents for whoever keeps books: one of the whole order each, replaced when it no longer fits (R15)."""

from __future__ import annotations

import msgspec

from sync.orders import byhand, requests, store
from sync.orders.case import Case
from sync.orders.holds import DOCUMENT
from sync.orders.requests import UNSENT, Make
from sync.orders.stops import stop, tell_shipped_elsewhere, tell_too_late


def ask(case: Case) -> None:
    """Ask every keeper of books for a document of what it is to book, and stop one that says something else."""
    for target in case.flow.targets:
        _ask(case, target)


def _ask(case: Case, target: str) -> None:
    hub, connection, row = case.hub, case.connection, case.row
    mine = [one for one in case.requests() if one.connection == target and one.role == DOCUMENT]
    current = next((one for one in reversed(mine) if one.live or one.status in UNSENT), None)
    if current is None and mine and mine[-1].canceled_there:
        return
    units = _units(case, target)
    if not units:
        stop(hub, connection, row, [current] if current else [], "it was shipped by someone else")
        return
    generation = current.generation if current else case.next_generation(target)
    whole = all(units.get(line.id, 0) == case.need.get(line.id, 0) for line in case.order.lines)
    place = current.document.location if current else ""
    wanted = requests.build(row.connection, case.order, units, case.sellables, generation, whole=whole, location=place)
    if current is None:
        if not any(one.started for one in mine):
            make = Make(target, DOCUMENT, "", wanted, "keeps the books of every order")
            store.add_request(connection, row.id, make, generation, hub.stamp())
    elif not requests.stale(current, wanted):
        return
    elif current.status in UNSENT:
        # What its target was to ship of it is decided anew.
        store.renew_request(connection, current.id, msgspec.structs.replace(wanted, location=""), hub.stamp())
        store.set_request(connection, current.id, hub.stamp(), ships=None, location="")
    else:
        stop(hub, connection, row, [current], "the order was edited" if whole else "a part was shipped by someone else")
        if current.started and any(count > current.units.get(line, 0) for line, count in units.items()):
            tell_too_late(hub, connection, row, current)
        if current.started and not whole:
            tell_shipped_elsewhere(hub, connection, row, current)


def _units(case: Case, target: str) -> dict[str, int]:
    """Units by line that a target is to have in its books as still to ship.

    What was shipped by hand is told to a target that can be told of it. One that cannot would ship it once more: it is
    asked for the rest only.
    """
    gone = {} if case.is_told(target) else byhand.units(case.connection, case.row.id)
    left = {line.id: case.need.get(line.id, 0) - gone.get(line.id, 0) for line in case.order.lines}
    return {line: units for line, units in left.items() if units > 0}
