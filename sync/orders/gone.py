"""Connections that are configured no more while orders wait for them, told by connection until they are back (R20).

Nobody asks them any more, so that such an order would stay as it is for ever.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, select, update

from canonical.errors import DataError
from canonical.status import RequestStatus
from sync import cursors
from sync.config import HubConfig
from sync.hub import Hub
from sync.orders import store
from sync.orders.case import Case, Standing
from sync.orders.holds import DOCUMENT, LIVE
from sync.orders.requests import GIVEN_UP, SHIP, WE_WANTED, Existing
from sync.store.database import among

KIND, CHANNEL = "connection_gone", "channel_gone"
"""The reasons: who was asked is configured no more; the orders of a channel flow no more."""
_OPEN = LIVE - {RequestStatus.SHIPPED}
_SETTLED = ("done", "canceled", "known", "reference")
_FLOWING = ("open", "waiting", "blocked", "asked", "unreadable")
_NOT_DONE = ("waiting", "in_flight")
_NAMED = 10
_Waiting: TypeAlias = dict[str, dict[int, Row[Any]]]
"""Orders by the connection they wait for, and by their id."""


def watch(hub: Hub, connection: Connection) -> None:
    """Tell a person of each connection that is gone and of each channel whose orders stand, until that is over."""
    asked = _asked(hub.config, connection)
    for orders in asked.values():
        for row in orders.values():
            if row.state == "asked":
                store.mark_due(connection, row.id)
    _tell(hub, connection, KIND, asked, "wait for {}, which is not configured any more")
    _tell(hub, connection, CHANNEL, _of_channels(hub.config, connection), "of {} stand still: its orders flow no more")


def _tell(hub: Hub, connection: Connection, kind: str, found: _Waiting, said: str) -> None:
    for name, orders in found.items():
        rows = sorted(orders.values(), key=lambda row: int(row.id))
        numbers = ", ".join(row.number for row in rows[:_NAMED])
        more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        detail = f"orders {numbers}{more} {said.format(name)}"
        store.open_incident(connection, kind, name, detail, hub.stamp(), stands=True)
    over = [name for name in store.told_of(connection, kind) if name not in found]
    for name in over:
        store.close_incidents(connection, kind, name, hub.stamp())
    waits = select(store.ORDER.c.id).where(store.ORDER.c.reason == kind)
    for order in connection.execute(waits).scalars().all() if over else ():
        store.mark_due(connection, order)


def standing(case: Case) -> Standing:
    """Where an order stands that was asked for: it goes on by itself, unless whom it waits for is gone."""
    lost = [f"{one.document.reference} ({one.connection})" for one in _waited_for(case.hub.config, case.requests())]
    return Standing("blocked", KIND, f"nobody asks for {', '.join(lost)} any more") if lost else Standing("asked")


def _waited_for(config: HubConfig, existing: list[Existing]) -> list[Existing]:
    """The requests of one order that are open at a connection that is configured no more, and are told nowhere else."""
    booked = any(one.live and one.role == DOCUMENT and one.connection in config.connections for one in existing)
    return [
        one
        for one in existing
        if one.status in _OPEN
        and one.connection not in config.connections
        and one.reason not in WE_WANTED
        # Another keeper of books has it by now: nothing is waited for.
        and not (one.role == DOCUMENT and booked and one.status is not RequestStatus.CANCELING)
    ]


def give_up(hub: Hub, connection: Connection, row: Row[Any]) -> int:
    """Expect nothing more of connections that are gone, by a person's word; tells how much was given up."""
    now, gone = hub.stamp(), store.EFFECT.c.connection.not_in(sorted(hub.config.connections))
    count = 0
    for one in store.requests_of(connection, row.id):
        if one.connection not in hub.config.connections and one.status in _OPEN:
            values = {
                "state": RequestStatus.CANCELED.value,
                "reason": GIVEN_UP if one.role == SHIP or one.ships else "",
                "detail": "a person expects nothing more of it",
            }
            store.set_request(connection, one.id, now, **values)
            count += 1
    open_ones = (store.EFFECT.c.order_id == row.id, gone, store.EFFECT.c.state.in_((*_NOT_DONE, "unknown")))
    dropped = connection.execute(update(store.EFFECT).where(*open_ones).values(state="dropped", done_at=now)).rowcount
    return max(count, int(dropped))


def refuse_standing(config: HubConfig, row: Row[Any]) -> None:
    """Refuse to take a word on an order that nobody will look at."""
    if row.connection not in config.orders:
        raise DataError(f"no orders of {row.connection} flow", hint="add it under orders again")


def _asked(config: HubConfig, connection: Connection) -> _Waiting:
    request, effect, order = store.REQUEST, store.EFFECT, store.ORDER
    states = [status.value for status in _OPEN]
    names = {
        *connection.execute(select(request.c.connection).where(request.c.state.in_(states)).distinct()).scalars(),
        *connection.execute(select(effect.c.connection).where(effect.c.state.in_(_NOT_DONE)).distinct()).scalars(),
    }
    gone = sorted(names - config.connections.keys())
    if not gone:
        return {}
    found: _Waiting = {}
    there = (among(connection, request.c.connection, gone), request.c.state.in_(states))
    rows = connection.execute(select(order).where(order.c.id.in_(select(request.c.order_id).where(*there)))).all()
    for row in rows:
        for one in _waited_for(config, store.requests_of(connection, row.id)):
            if row.state not in _SETTLED or one.status is RequestStatus.CANCELING:
                found.setdefault(one.connection, {})[row.id] = row
    lost = (among(connection, effect.c.connection, gone), effect.c.state.in_(_NOT_DONE), effect.c.kind != "request")
    query = select(order, effect.c.connection.label("target")).join(effect, effect.c.order_id == order.c.id)
    for row in connection.execute(query.where(*lost)):
        found.setdefault(row.target, {})[row.id] = row
    return found


def _of_channels(config: HubConfig, connection: Connection) -> _Waiting:
    order = store.ORDER
    found: _Waiting = {}
    known = {one.connection for one in cursors.all_states(connection)}
    for name in sorted(known - config.orders.keys()):
        here = (order.c.connection == name, order.c.state.in_(_FLOWING))
        rows = {int(row.id): row for row in connection.execute(select(order).where(*here))}
        if rows:
            found[name] = rows
    return found
