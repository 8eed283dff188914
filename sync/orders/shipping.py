"""Asking places to ship: what no one was asked for yet, by the routing; what is asked for too much is stopped (R15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import msgspec

from canonical.clock import instant_text
from canonical.status import FulfillmentStatus, RequestStatus
from sync.orders import byhand, renumbered, requests, store
from sync.orders.availability import Availability
from sync.orders.bookkeeping import called_off
from sync.orders.case import Case, Standing, said_by
from sync.orders.holds import DOCUMENT, SHIP
from sync.orders.places import is_keeper
from sync.orders.requests import CANCELED_THERE, UNSENT, Existing, Make
from sync.orders.routes import Route
from sync.orders.routing import Portion, Routing, route
from sync.orders.shipped import shipped
from sync.orders.stops import stop, tell_rest
from sync.orders.twice import superfluous

SHORT = "shipped_short"
"""The reason of an order that a place says it is done with, though not all units left."""
_LESS = "less is wanted, or it was shipped or asked for elsewhere"
_LOOK_AGAIN = timedelta(minutes=1)
_ON_HOLD = frozenset({FulfillmentStatus.ON_HOLD, FulfillmentStatus.SCHEDULED})


def ask(case: Case) -> Standing:
    """Ask for what is still to ship, and tell where the order stands then."""
    _withdraw(case)
    existing = case.requests()
    was, now = renumbered.skus_of(existing), case.skus
    need = _need(case)
    gone = _gone(case, existing, need)
    rest = requests.still_to_ship(need, gone, existing)
    _stop_too_much(case, rest, existing)
    # What is under way as a line that is no more may leave yet: until it is called off, nobody else is asked for it.
    under_way = {line: -units for line, units in rest.items() if units < 0 and line not in now}
    wanted = {line: units for line, units in rest.items() if units > 0}
    held = renumbered.laid(under_way, was, now, wanted)
    _renew(case)
    _readdress(case, existing)
    if case.order.fulfillment_status in _ON_HOLD:
        return Standing("waiting", "on_hold", "the channel holds its fulfillment")
    found = _route(
        case, {line: left for line, units in wanted.items() if (left := units - held.get(line, 0))}, existing
    )
    for portion, method in requests.ships(found.portions, case.order):
        _ask(case, portion, method)
    refused = next((one for one in store.request_rows(case.connection, case.row.id) if one.state == "blocked"), None)
    if refused is not None:
        return Standing("blocked", refused.reason, said_by(refused.connection, refused.detail))
    refused_there = _canceled_there(existing) if found.waiting else None
    if refused_there is not None:
        return replace(refused_there, not_before=instant_text(case.hub.now() + _LOOK_AGAIN))
    if found.reason:
        # Goods and opening hours change without a word from the order's channel.
        again = instant_text(case.hub.now() + _LOOK_AGAIN)
        return Standing("waiting", found.reason, "; ".join(found.notes), again)
    if any(gone.get(line, 0) < units for line, units in need.items()):
        return _short(existing) or Standing("asked")
    return _unbooked(case) or Standing("done")


def stop_too_much(case: Case) -> None:
    """Stop what is asked for and not wanted any more, where nothing more is asked for now."""
    existing = case.requests()
    # Also what has no record of ours any more is as wanted as it was.
    shipping = {line.id for line in case.order.lines if line.requires_shipping}
    need = {line: units for line, units in case.need.items() if line in shipping}
    _stop_too_much(case, requests.still_to_ship(need, _gone(case, existing, need), existing), existing)


def _need(case: Case) -> dict[str, int]:
    """Units by line that are to be shipped, those that left included."""
    goods = {line.id for line in case.order.lines if line.requires_shipping and line.id in case.sellables}
    return {line: units for line, units in case.need.items() if line in goods}


def _gone(case: Case, existing: list[Existing], need: Mapping[str, int]) -> Mapping[str, int]:
    """Units by line that left, laid to the lines as they are numbered now."""
    left = shipped(case.connection, case.row.id, case.order)
    return renumbered.laid(left, renumbered.skus_of(existing), case.skus, need)


def _withdraw(case: Case) -> None:
    """What was not sent yet, or refused, and would not be asked for there any more by now, is asked for anew."""
    ships, books = {rule.to for rule in routes_of(case)}, case.flow.targets
    wrong = [
        one
        for one in case.requests()
        if one.status in UNSENT and one.connection not in (ships if one.role == SHIP else books)
    ]
    stop(case.hub, case.connection, case.row, wrong, "the configuration sends nothing there any more")


def _stop_too_much(case: Case, rest: Mapping[str, int], existing: list[Existing]) -> None:
    whole = superfluous(rest, existing, case.order.shipping_address)
    stop(case.hub, case.connection, case.row, whole, _LESS)
    freed: Counter[str] = Counter()
    for one in whole:
        freed.update(one.units)
    rest = {line: units + freed[line] for line, units in rest.items()}
    others = (one for one in existing if one.role == SHIP and one not in whole)
    too_much = [one for one in others if any(rest.get(line, 0) < 0 for line in one.units)]
    stop(case.hub, case.connection, case.row, too_much, _LESS)
    for one in too_much:
        left = one.shipped or {}
        if one.started and any(rest.get(line, 0) < 0 and left.get(line, 0) < n for line, n in one.units.items()):
            tell_rest(case.hub, case.connection, case.row, one)


def _ask(case: Case, portion: Portion, method: str) -> None:
    target = portion.route.to
    if target in case.flow.targets:
        _note(case, portion)
        return
    generation = case.next_generation(target)
    document = requests.build(
        case.row.connection,
        case.order,
        portion.units,
        case.sellables,
        generation,
        whole=False,
        given=requests.given_of(case.requests(), case.order.currency),
        location=portion.location,
        method=method,
    )
    make = Make(target, SHIP, portion.location, document, portion.why)
    store.add_request(case.connection, case.row.id, make, generation, case.hub.stamp())


def _note(case: Case, portion: Portion) -> None:
    """Who keeps the books ships what it is asked for in the same document; what that is, is noted with it."""
    existing = (one for one in reversed(case.requests()) if one.role == DOCUMENT and one.connection == portion.route.to)
    one = next((one for one in existing if one.live or one.status in UNSENT), None)
    if one is None:
        return
    ships = {place: dict(units) for place, units in one.ships.items()}
    here = ships.setdefault(portion.location, {})
    for line, units in portion.units.items():
        here[line] = here.get(line, 0) + units
    now, place = case.hub.stamp(), portion.location if len(ships) == 1 else ""
    store.set_ships(case.connection, one.id, ships, now)
    store.set_request(case.connection, one.id, now, location=place, why=f"keeps the books; {portion.why}")
    keeps_places = is_keeper(case.hub.config, one.connection)
    if one.status in UNSENT and one.document.location != place and not keeps_places:
        store.renew_request(case.connection, one.id, msgspec.structs.replace(one.document, location=place), now)


def _renew(case: Case) -> None:
    """What was not sent yet, or refused, asks for the same units as the order says them now: it may be mended."""
    if case.order.customer.redacted:
        return  # a platform that hides who bought has not said that somebody else did (R13)
    firm = [one for one in case.requests() if one.status not in UNSENT]
    for one in case.requests():
        if one.role != SHIP or one.status not in UNSENT:
            continue
        document = requests.build(
            case.row.connection,
            case.order,
            one.units,
            case.sellables,
            one.generation,
            whole=False,
            given=requests.given_of(firm, case.order.currency),
            location=one.location,
            method=_method(case, one),
        )
        renewed = replace(one, document=document)
        if renewed.units == one.units and document != one.document:
            store.renew_request(case.connection, one.id, document, case.hub.stamp())
        firm.append(renewed)


def _method(case: Case, one: Existing) -> str:
    """The shipping method by the rule that chose the place; as it was, where that rule is no more."""
    rule = next((rule for rule in routes_of(case) if one.why.startswith(f"{rule.name}: ")), None)
    if rule is None:
        return one.document.shipping_method
    [(_, method)] = requests.ships([Portion(rule, one.location, one.units, one.why)], case.order)
    return method


def _readdress(case: Case, existing: list[Existing]) -> None:
    """Goods go where the buyer wants them now: a request that was sent, and names another address, is stopped."""
    if case.order.customer.redacted:
        return  # nor that it goes elsewhere
    for one in existing:
        if one.role != SHIP or one.document.shipping_address == case.order.shipping_address:
            continue
        if one.status not in UNSENT and not one.started:
            stop(case.hub, case.connection, case.row, [one], "the address was changed")


def _route(case: Case, units: Mapping[str, int], existing: list[Existing]) -> Routing:
    rules = routes_of(case)
    if not rules:
        return Routing()
    available = Availability(case.hub, case.connection, case.row.id, case.sellables, existing)
    skus = {line: sellable.sku for line, sellable in case.sellables.items()}
    # Who called it off is asked again only when a person says so.
    barred = frozenset((one.connection, one.location) for one in existing if one.canceled_there)
    return route(case.order, skus, units, rules, available, case.hub.now(), barred)


def routes_of(case: Case) -> list[Route]:
    """The routing rules that count for the order's channel, in their order."""
    return [rule for rule in case.hub.config.routes if not rule.channels or case.row.connection in rule.channels]


def canceled_by_books(case: Case) -> Standing | None:
    """Whether who keeps the books called the order off there: nobody else ships it until a person has decided."""
    newest: list[Existing] = []
    for target in case.flow.targets:
        documents = [one for one in case.requests() if one.role == DOCUMENT and one.connection == target]
        newest += filter(None, [called_off(documents)])
    found = _canceled_there(newest)
    if found is not None:
        open_ones = [one for one in case.requests() if one.role == SHIP]
        stop(case.hub, case.connection, case.row, open_ones, found.detail)
    return found


def _canceled_there(existing: list[Existing]) -> Standing | None:
    one = next((one for one in reversed(existing) if one.canceled_there), None)
    if one is None:
        return None
    return Standing("blocked", CANCELED_THERE, f"{one.connection} called {one.document.reference} off")


def _short(existing: list[Existing]) -> Standing | None:
    """Whether a place says that it is done, and not all units left that it was asked for."""
    for one in existing:
        left = one.shipped or {}
        units = sum(max(0, count - left.get(line, 0)) for line, count in one.units.items())
        if one.role == SHIP and one.status is RequestStatus.SHIPPED and units:
            return Standing(
                "blocked", SHORT, f"{one.connection} did not ship {units} units of {one.document.reference}"
            )
    return None


def _unbooked(case: Case) -> Standing | None:
    """Goods that left by somebody's hand, of which nobody was told who keeps books: a person books them there (R1)."""
    if case.row.settled_at or any(case.is_told(target) for target in case.flow.targets):
        return None
    units = sum(byhand.units(case.connection, case.row.id).values())
    if not units:
        return None
    said = (
        f"{units} units were shipped by hand, and no one of {', '.join(case.flow.targets) or 'the books'} can be told"
    )
    return Standing("blocked", "shipped_elsewhere", said)
