"""Orders on their way when the configuration changes: nothing stands still, nothing is lost from sight (R20)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from canonical.errors import DataError, RetriableError
from sync import configversion
from sync.orders import acts
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
_FIRST = Route("first", "tpl", ("WH1", "WH2"))
_SECOND = Route("second", "other", ("WH1", "WH2"))


@pytest.fixture
def trading(desk_of: OpenDesk) -> Desk:
    """Two shops, an ERP that keeps the books, and two 3PLs of which one is asked."""
    return desk_of(shops=("shop", "web"), others=("tpl", "other"), routes=[_FIRST])


def _configure(desk: Desk, **values: Any) -> None:
    """The hub runs on another configuration from now on."""
    hub = desk.trading.hub
    hub.config = replace(hub.config, version=f"{hub.config.version}+", **values)
    with hub.database.begin() as connection:
        configversion.activate(hub, connection)


def _without(desk: Desk, name: str) -> dict[str, Any]:
    return {one: known for one, known in desk.trading.hub.config.connections.items() if one != name}


def test_a_channel_that_is_switched_off_stops_no_other_and_goes_on_when_it_is_back(trading: Desk) -> None:
    trading.place(2, shop="web")
    trading.sync()
    flows = trading.trading.hub.config.orders
    _configure(trading, orders={"shop": flows["shop"]})
    trading.trade("tpl").ship("web-o1-1")
    trading.place(1, sku="SKU-2")
    trading.sync()
    assert trading.standing() == ("asked", "")
    assert trading.standing("o1", "web") == ("asked", "")
    _configure(trading, orders=flows)
    trading.sync()
    assert trading.standing("o1", "web") == ("done", "")
    assert [one["order_id"] for one in trading.trade("web").notices] == ["o1"]


def test_what_waits_for_a_connection_that_is_gone_is_asked_for_elsewhere(trading: Desk) -> None:
    trading.trade("tpl").world.before_write.append(RetriableError("busy"))
    trading.place(2)
    trading.sync()
    assert trading.requests("tpl") == {}
    _configure(trading, routes=(_SECOND,), connections=_without(trading, "tpl"))
    trading.sync()
    trading.sync()
    assert (trading.standing(), trading.requests("other")) == (("asked", ""), {"shop-o1-1": "accepted"})


def test_what_was_refused_is_asked_for_elsewhere_once_the_routing_says_so(trading: Desk) -> None:
    trading.trade("tpl").refuses["requests.create"] = "unknown_sku"
    trading.place(2)
    trading.sync()
    assert trading.standing()[0] == "blocked"
    _configure(trading, routes=(_SECOND,))
    trading.sync()
    trading.sync()
    assert (trading.standing(), trading.requests("other")) == (("asked", ""), {"shop-o1-1": "accepted"})


def test_an_order_that_is_canceled_after_its_3pl_is_gone_names_it_to_a_person(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    _configure(trading, routes=(_SECOND,), connections=_without(trading, "tpl"))
    trading.trade("shop").cancel("o1")
    trading.place(1, sku="SKU-2")
    trading.sync()
    trading.sync()
    assert trading.standing("o2") == ("asked", "")
    assert trading.requests("erp")["shop-o1-1"] == "canceled"
    assert trading.incidents() == ["cannot_cancel"]
    assert ("WH1", 2) in trading.held()


def test_what_a_3pl_still_ships_is_told_on_though_nothing_new_goes_there(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    _configure(trading, routes=(_SECOND,))
    trading.trade("tpl").ship("shop-o1-1", number="T7")
    trading.sync()
    assert trading.standing() == ("done", "")
    assert [one["tracking"][0]["number"] for one in trading.trade("shop").notices] == ["T7"]
    assert trading.requests("other") == {}


def test_orders_of_a_connection_that_was_renamed_are_not_asked_for_again(trading: Desk) -> None:
    trading.place(2)
    trading.place(1, sku="SKU-2", shop="web")
    trading.sync()
    hub = trading.trading.hub
    renamed = replace(hub.config.connections["web"], name="site")
    flows = {"shop": hub.config.orders["shop"], "site": replace(hub.config.orders["web"], channel="site")}
    _configure(trading, connections={**_without(trading, "web"), "site": renamed}, orders=flows, flows={})
    fresh = trading.place(1, sku="SKU-3", shop="web")
    trading.sync()
    trading.sync()
    assert sorted(trading.requests("tpl")) == ["shop-o1-1", f"site-{fresh}-1", "web-o1-1"]
    assert trading.standing("o1", "site") == ("undeclared", "")


def test_what_a_person_says_of_an_order_whose_channel_is_switched_off_is_refused_in_words(trading: Desk) -> None:
    flows = trading.trading.hub.config.orders
    late = replace(flows["web"], go_live=trading.trading.clock.now() + timedelta(days=1))
    _configure(trading, orders={**flows, "web": late})
    trading.place(2, shop="web")
    trading.sync()
    row = trading.row("o1", "web")
    _configure(trading, orders={"shop": flows["shop"]})
    with pytest.raises(DataError, match="no orders of web flow"):
        acts.declare(trading.trading.hub, row, export=True)
