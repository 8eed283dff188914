"""Parcels that a place tells of after its shipment was told: told once more, once for each set of numbers (R15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from canonical.errors import AmbiguousError, RetriableError
from sync.orders import acts
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
TPL = Route("tpl", "tpl", ("WH1",))


def _numbered(desk: Desk, *numbers: str) -> None:
    """The place knows the numbers of its first shipment now, and no carrier."""
    trade = desk.trade("tpl")
    request = trade.requests["shop-o1-1"]
    request["shipments"][0]["tracking"] = [{"number": number} for number in numbers]
    trade._touch(request)


def _told(desk: Desk, name: str = "shop") -> list[list[Any]]:
    return [[parcel["number"] for parcel in one.get("tracking") or ()] for one in desk.trade(name).notices]


def _shipped(desk: Desk, **more: Any) -> None:
    desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", number="", **more)


def test_a_number_that_is_known_a_day_later_is_told_to_channel_and_books_once(both_of: OpenDesk) -> None:
    desk = both_of(others=("tpl",), routes=[TPL])
    _shipped(desk)
    for _ in range(2):
        desk.sync()
    assert (_told(desk), _told(desk, "erp")) == ([[]], [[]])
    _numbered(desk, "T1")
    for _ in range(4):
        desk.sync(after=86_400)
    assert (_told(desk), _told(desk, "erp")) == ([["T1"]], [["T1"]])
    assert desk.effects()["tracking", "shop", "done"] == 1
    assert desk.world("shop").writes.count(("shipments.tell", 1)) == 2
    _numbered(desk, "T1", "T2")
    for _ in range(3):
        desk.sync()
    assert _told(desk) == [["T1", "T2"]]
    assert desk.world("shop").writes.count(("shipments.tell", 1)) == 3
    assert desk.standing() == ("done", "")


def test_a_number_is_not_told_while_it_is_not_known_whether_the_shipment_was(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    _shipped(desk)
    desk.world("shop").hold_next_write = True
    desk.world("shop").after_write.append(AmbiguousError("no answer"))
    desk.sync()
    _numbered(desk, "T1")
    desk.sync(after=1)
    assert desk.effects()["shipment", "shop", "in_flight"] == 1
    assert desk.effects()["tracking", "shop", "waiting"] == 0
    desk.world("shop").late.pop()()
    for _ in range(3):
        desk.sync()
    assert _told(desk) == [["T1"]]


def test_a_notice_that_waits_takes_the_number_up_itself(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.trade("shop").refuses["shipments.tell"] = "rejected"
    _shipped(desk)
    desk.sync()
    desk.sync()
    assert desk.standing() == ("blocked", "rejected")
    desk.trade("shop").refuses.clear()
    _numbered(desk, "T1")
    acts.release(desk.trading.hub, desk.row())
    for _ in range(3):
        desk.sync()
    assert _told(desk) == [["T1"]]
    assert desk.effects()["tracking", "shop", "done"] == 0


def test_where_a_shipment_takes_no_parcels_later_nothing_is_told_twice(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    hub = desk.trading.hub
    shop = hub.config.connections["shop"]
    fixed = msgspec.structs.replace(shop.manifest.effects["shipments.tell"], amends=False)
    manifest = msgspec.structs.replace(shop.manifest, effects={**shop.manifest.effects, "shipments.tell": fixed})
    hub.config = replace(hub.config, connections={**hub.config.connections, "shop": replace(shop, manifest=manifest)})
    _shipped(desk)
    desk.sync()
    _numbered(desk, "T1")
    for _ in range(3):
        desk.sync()
    assert _told(desk) == [[]]
    assert desk.effects()["tracking", "shop", "done"] == 0


def _corrected(desk: Desk, units: int) -> None:
    """The 3PL says that other units left with its first shipment than it said before."""
    request, world = desk.trade("tpl").requests["shop-o1-1"], desk.world("tpl")
    request["shipments"][0]["lines"] = [{"sku": "SKU-1", "quantity": units}]
    world.tick += 1
    request |= {"status": "shipped", "changed": world.tick}


def test_units_that_a_place_corrects_after_they_were_told_are_told_to_a_person(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])
    desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", {"SKU-1": 1}, number="T7")
    desk.sync()
    [notice] = desk.trade("shop").notices
    shown = {"id": "f1", "lines": notice["lines"], "tracking": notice["tracking"]}
    desk.change("o1", fulfillments=[shown], fulfillment_status="partially_fulfilled")
    desk.sync()
    assert desk.incidents() == []
    _corrected(desk, 2)
    for _ in range(2):
        desk.sync()
    assert (desk.incidents(), len(desk.trade("shop").notices)) == (["shipment_changed"], 1)
    _corrected(desk, 1)
    desk.sync()
    assert desk.incidents() == []


def test_units_that_a_place_corrects_before_they_were_told_are_told_as_they_are(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])
    desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", {"SKU-1": 1}, number="T7")
    desk.world("shop").before_write.append(RetriableError("busy"))
    desk.sync()
    _corrected(desk, 2)
    desk.sync()
    [notice] = desk.trade("shop").notices
    assert (notice["lines"][0]["quantity"], desk.incidents()) == (2, [])


def test_units_that_were_refused_are_told_again_once_their_place_corrects_them(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])
    desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", {"SKU-1": 1}, number="T7")
    desk.trade("shop").refuses["shipments.tell"] = "not_fulfillable"
    for _ in range(2):
        desk.sync()
    assert desk.effects()["shipment", "shop", "blocked"] == 1
    del desk.trade("shop").refuses["shipments.tell"]
    desk.sync()
    assert desk.trade("shop").notices == []
    _corrected(desk, 2)
    desk.sync()
    [notice] = desk.trade("shop").notices
    assert (notice["lines"][0]["quantity"], desk.standing()) == (2, ("done", ""))
