"""Calls of connections that are gone, or can do less than they could: each ends with its reason, others go on (R17)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from sync.orders import acts, store
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]


@pytest.fixture
def trading(desk_of: OpenDesk) -> Desk:
    """A shop, an ERP that keeps the books, and a 3PL that ships."""
    return desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])


def _without(desk: Desk, name: str) -> None:
    hub = desk.trading.hub
    left = {one: known for one, known in hub.config.connections.items() if one != name}
    hub.config = replace(hub.config, connections=left, routes=())


def _forgets(desk: Desk, name: str, operation: str) -> None:
    """The connector under a name has an operation no more."""
    hub = desk.trading.hub
    known = hub.config.connections[name]
    effects = {one: spec for one, spec in known.manifest.effects.items() if one != operation}
    changed = replace(known, manifest=msgspec.structs.replace(known.manifest, effects=effects))
    hub.config = replace(hub.config, connections={**hub.config.connections, name: changed})


def _in_doubt(desk: Desk) -> int:
    """A request to the 3PL of which nobody can tell what became."""
    desk.place(2)
    desk.sync()
    tpl = (store.EFFECT.c.connection == "tpl", store.EFFECT.c.kind == "request")
    with desk.database() as connection:
        connection.execute(store.EFFECT.update().where(*tpl).values(state="unknown"))
        return int(connection.execute(store.EFFECT.select().where(*tpl)).one().id)


def test_a_call_to_a_connection_that_is_gone_is_resolved_by_a_persons_word(trading: Desk) -> None:
    effect = _in_doubt(trading)
    _without(trading, "tpl")
    assert acts.settle_unknown(trading.trading.hub, effect, done=True) == "shop-o1-1 on tpl counts as done"


def test_a_release_gives_up_a_call_in_doubt_to_a_connection_that_is_gone(trading: Desk) -> None:
    _in_doubt(trading)
    _without(trading, "tpl")
    acts.release(trading.trading.hub, trading.row())
    assert trading.effects()["request", "tpl", "dropped"] == 1


def test_a_connection_that_takes_no_requests_any_more_stops_no_other_and_goes_on_once_it_does(trading: Desk) -> None:
    config = trading.trading.hub.config
    trading.takes_no("tpl", "fulfillment_request")
    trading.place(2)
    for _ in range(2):
        trading.sync()
    assert trading.standing() == ("blocked", "takes_no_requests")
    assert trading.requests() == {"shop-o1-1": "accepted"}
    trading.trading.hub.config = config
    for _ in range(2):
        trading.sync()
    assert (trading.standing(), trading.requests("tpl")) == (("asked", ""), {"shop-o1-1": "accepted"})


def test_a_call_in_flight_whose_operation_is_no_more_waits_for_a_person_and_others_go_on(trading: Desk) -> None:
    trading.place(2)
    assert trading.kill("after the effect")
    _forgets(trading, "erp", "requests.create")
    for _ in range(2):
        trading.sync()
    assert trading.standing() == ("blocked", "unknown_outcome")
    assert trading.requests("tpl") == {"shop-o1-1": "accepted"}
    trading.place(1)
    trading.sync()
    assert trading.effects()["request", "erp", "blocked"] == 1
