"""Orders on their way when the configuration changes: nothing stands still, nothing is lost from sight (R20)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from canonical.clock import instant_text
from canonical.errors import DataError, RetriableError
from sync import configversion
from sync.orders import acts, store, views
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
    assert trading.standing("o1", "site") == ("undeclared", "known_as_other")


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


def _told(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.database() as connection:
        return [(one.kind, one.subject, one.detail) for one in store.incidents(connection)]


def test_an_order_that_waits_for_a_3pl_that_was_renamed_is_told_until_it_is_back_under_its_name(
    both_of: OpenDesk,
) -> None:
    trading = both_of(others=("tpl",), routes=[_FIRST])
    trading.place(2)
    trading.place(1, sku="SKU-2")
    trading.sync()
    connections = trading.trading.hub.config.connections
    late = replace(connections["tpl"], name="late")
    _configure(trading, routes=(replace(_FIRST, to="late"),), connections={**_without(trading, "tpl"), "late": late})
    for _ in range(2):
        trading.sync()
    said = "orders #o1, #o2 wait for tpl, which is not configured any more"
    assert _told(trading) == [("connection_gone", "tpl", said)]
    assert (trading.standing("o1"), trading.standing("o2")) == (("blocked", "connection_gone"),) * 2
    _configure(trading, routes=(_FIRST,), connections=connections)
    trading.sync()
    assert (_told(trading), trading.standing()) == ([], ("asked", ""))
    trading.trade("tpl").ship("shop-o1-1")
    trading.sync()
    assert trading.standing() == ("done", "")


def test_an_order_whose_3pl_was_renamed_is_found_there_once_it_is_released_and_ships_once(both_of: OpenDesk) -> None:
    trading = both_of(others=("tpl",), routes=[_FIRST])
    trading.place(2)
    trading.sync()
    late = replace(trading.trading.hub.config.connections["tpl"], name="late")
    _configure(trading, routes=(replace(_FIRST, to="late"),), connections={**_without(trading, "tpl"), "late": late})
    trading.sync()
    acts.release(trading.trading.hub, trading.row())
    trading.sync()
    assert (trading.standing(), _told(trading)) == (("asked", ""), [])
    assert trading.requests("tpl") == {"shop-o1-1": "accepted"}
    trading.trade("tpl").ship("shop-o1-1", number="T7")
    trading.sync()
    assert trading.standing() == ("done", "")
    assert [one["tracking"][0]["number"] for one in trading.trade("shop").notices] == ["T7"]


def test_an_order_whose_3pl_was_removed_goes_elsewhere_once_it_is_released(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    _configure(trading, routes=(_SECOND,), connections=_without(trading, "tpl"))
    trading.sync()
    assert (trading.standing(), trading.requests("other")) == (("blocked", "connection_gone"), {})
    acts.release(trading.trading.hub, trading.row())
    for _ in range(2):
        trading.sync()
    assert (trading.standing(), trading.requests("other")) == (("asked", ""), {"shop-o1-1": "accepted"})
    assert trading.incidents() == []


def test_a_renamed_erp_that_has_the_documents_under_its_new_name_is_no_trouble(desk_of: OpenDesk) -> None:
    trading = desk_of(others=("tpl", "books"), targets=("books",), routes=[_FIRST])
    trading.place(2)
    trading.sync()
    hub = trading.trading.hub
    named = replace(hub.config.connections["books"], name="ledger")
    flows = {name: replace(flow, targets=("ledger",)) for name, flow in hub.config.orders.items()}
    _configure(trading, orders=flows, connections={**_without(trading, "books"), "ledger": named})
    trading.sync()
    assert (trading.standing(), trading.incidents()) == (("asked", ""), [])
    assert trading.requests("books") == {"shop-o1-1": "accepted"}


def test_orders_of_a_channel_that_was_renamed_are_told_until_it_is_back(trading: Desk) -> None:
    trading.place(2, shop="web")
    trading.sync()
    hub = trading.trading.hub
    connections, flows = hub.config.connections, hub.config.orders
    renamed = replace(connections["web"], name="site")
    orders = {"shop": flows["shop"], "site": replace(flows["web"], channel="site")}
    kept = hub.config.flows
    _configure(trading, connections={**_without(trading, "web"), "site": renamed}, orders=orders, flows={})
    for _ in range(2):
        trading.sync()
    assert _told(trading) == [("channel_gone", "web", "orders #o1 of web stand still: its orders flow no more")]
    with pytest.raises(DataError, match="no orders of web flow"):
        acts.drop(hub, trading.row("o1", "web"))
    _configure(trading, connections=connections, orders=flows, flows=kept)
    trading.sync()
    assert _told(trading) == []


def test_a_shipment_that_could_not_be_told_before_its_channel_was_renamed_is_told_to_a_person(trading: Desk) -> None:
    trading.place(2, shop="web")
    trading.sync()
    trading.trade("tpl").ship("web-o1-1")
    trading.trade("web").world.before_write.append(RetriableError("busy"))
    trading.sync()
    assert trading.standing("o1", "web") == ("done", "")
    hub = trading.trading.hub
    flows = {"shop": hub.config.orders["shop"]}
    _configure(trading, connections=_without(trading, "web"), orders=flows, flows={})
    trading.sync()
    assert [(kind, name) for kind, name, _ in _told(trading)] == [("connection_gone", "web")]


def test_an_order_that_is_undeclared_since_a_go_live_that_was_moved_since_says_why_until_it_is_declared(
    trading: Desk,
) -> None:
    flows = trading.trading.hub.config.orders
    late = replace(flows["shop"], go_live=trading.trading.clock.now() + timedelta(days=1))
    _configure(trading, orders={**flows, "shop": late})
    trading.place(2)
    trading.sync()
    _configure(trading, orders=flows)
    trading.sync()
    row = trading.row()
    assert (row.state, row.reason) == ("undeclared", "before_go_live")
    assert instant_text(late.go_live) in row.detail
    acts.declare(trading.trading.hub, row, export=True)
    trading.sync()
    assert (trading.standing(), trading.row().detail) == (("asked", ""), "")


def test_an_order_of_a_channel_that_was_renamed_is_found_under_either_name(trading: Desk) -> None:
    trading.place(2, shop="web")
    trading.sync()
    hub = trading.trading.hub
    renamed = replace(hub.config.connections["web"], name="site")
    flows = {"shop": hub.config.orders["shop"], "site": replace(hub.config.orders["web"], channel="site")}
    _configure(trading, connections={**_without(trading, "web"), "site": renamed}, orders=flows, flows={})
    trading.sync()
    with trading.database() as connection:
        assert [row.connection for row in views.find(connection, "o1")] == ["web", "site"]
        assert [row.connection for row in views.find(connection, "site:o1")] == ["site"]
    assert (
        trading.row("o1", "site").detail
        == "it was an order of web, which is configured no more: site may be its new name"
    )


def _moved_and_back(desk: Desk) -> None:
    """Asked at a 3PL that goes, released to another one, and the first is back, but gets nothing new."""
    desk.place(2)
    desk.sync()
    connections = desk.trading.hub.config.connections
    _configure(desk, routes=(_SECOND,), connections=_without(desk, "tpl"))
    desk.sync()
    acts.release(desk.trading.hub, desk.row())
    desk.sync()
    desk.sync()
    _configure(desk, connections=connections)
    desk.sync()


def test_a_3pl_that_is_back_and_still_has_what_went_elsewhere_is_told_and_stops_nobody(trading: Desk) -> None:
    _moved_and_back(trading)
    trading.sync()
    said = "tpl still has shop-o1-1 of order #o1, which other (shop-o1-1) was asked for since: stop it there by hand"
    assert _told(trading) == [("given_up", "tpl shop-o1-1", said)]
    assert (trading.standing(), trading.requests("other")) == (("asked", ""), {"shop-o1-1": "accepted"})
    request = trading.trade("tpl").requests["shop-o1-1"]
    trading.world("tpl").tick += 1
    request.update(status="canceled", changed=trading.world("tpl").tick)
    trading.sync()
    assert (_told(trading), trading.standing()) == ([], ("asked", ""))


def test_what_a_3pl_ships_that_is_back_though_it_was_released_to_another_names_both(trading: Desk) -> None:
    _moved_and_back(trading)
    trading.trade("tpl").ship("shop-o1-1", number="T7")
    for _ in range(2):
        trading.sync()
    [said] = [detail for kind, _, detail in _told(trading) if kind == "given_up"]
    assert said.startswith("tpl shipped shop-o1-1 of order #o1, which was given up there, and other (shop-o1-1) was")
    assert [one["tracking"][0]["number"] for one in trading.trade("shop").notices] == ["T7"]
    assert trading.requests("other") == {"shop-o1-1": "canceled"}


def test_what_was_given_up_and_asked_of_nobody_else_goes_on_at_a_3pl_that_is_back(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    connections = trading.trading.hub.config.connections
    _configure(trading, routes=(), connections=_without(trading, "tpl"))
    trading.sync()
    acts.release(trading.trading.hub, trading.row())
    trading.sync()
    _configure(trading, routes=(_FIRST,), connections=connections)
    trading.trade("tpl").ship("shop-o1-1", number="T7")
    for _ in range(2):
        trading.sync()
    assert (trading.standing(), trading.requests("tpl")) == (("done", ""), {"shop-o1-1": "shipped"})
    assert "given_up" not in trading.incidents()
