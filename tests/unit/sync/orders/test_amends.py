"""Parcels that a place tells of after its shipment was told: told once more, once for each set of numbers (R15)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from canonical.errors import AmbiguousError
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
