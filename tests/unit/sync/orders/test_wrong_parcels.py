"""Places that say more left than they were asked for: a person hears of it, the channel of what was sold only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sync.observe import ReadMode
from sync.orders import acts, outcomes, store
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]


@pytest.fixture
def trading(desk_of: OpenDesk) -> Desk:
    """A shop, an ERP that keeps the books, a 3PL that ships."""
    return desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])


def _ship(desk: Desk, *lines: tuple[str, int]) -> None:
    desk.trade("tpl").ship("shop-o1-1")
    [shipment] = desk.trade("tpl").requests["shop-o1-1"]["shipments"]
    shipment["lines"] = [{"sku": sku, "quantity": units} for sku, units in lines]


@pytest.mark.parametrize("more", [("SKU-1", 5), ("SKU-3", 1), ("WHAT-1", 1)])
def test_goods_that_left_and_were_not_asked_for_are_named_once(trading: Desk, more: tuple[str, int]) -> None:
    trading.place(2)
    trading.sync()
    _ship(trading, *({"SKU-1": 2} | dict([more])).items())
    trading.sync()
    trading.sync()
    assert trading.standing() == ("done", "")
    assert trading.incidents() == ["shipped_unasked"]
    [notice] = trading.trade("shop").notices
    assert [(line["sku"], line["quantity"]) for line in notice["lines"]] == [("SKU-1", 2)]


def test_what_was_asked_for_is_no_incident(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    _ship(trading, ("SKU-1", 2))
    trading.sync()
    assert (trading.standing(), trading.incidents()) == (("done", ""), [])


def test_a_release_leaves_a_request_alone_that_its_target_holds_as_canceled(trading: Desk) -> None:
    trading.trade("tpl").refuses["requests.create"] = outcomes.GONE
    trading.place(2)
    trading.sync()
    trading.trade("tpl").refuses.clear()
    trading.sync()
    before = trading.requests("tpl")
    assert list(before.values()) == ["accepted"]
    acts.release(trading.trading.hub, trading.row())
    trading.sync()
    trading.sync()
    assert (trading.requests("tpl"), trading.standing()) == (before, ("asked", ""))


def test_a_parcel_that_replaces_a_canceled_one_counts(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").ship("shop-o1-1", number="T1")
    trading.trade("tpl").requests["shop-o1-1"]["shipments"][0]["status"] = "canceled"
    trading.trade("tpl").ship("shop-o1-1", number="T2")
    trading.sync()
    assert (trading.standing(), trading.incidents()) == (("done", ""), [])
    assert [one["tracking"][0]["number"] for one in trading.trade("shop").notices] == ["T2"]


def _show(desk: Desk, *lines: tuple[str, int], reference: str = "shop-o1-1", **more: Any) -> None:
    """The 3PL shows a request differently from now on."""
    world, request = desk.trade("tpl").world, desk.trade("tpl").requests[reference]
    request |= {"lines": [{"sku": sku, "quantity": units} for sku, units in lines], **more}
    world.tick += 1
    request["changed"] = world.tick


@pytest.fixture
def taken(trading: Desk) -> Desk:
    """Another order has our reference at the 3PL, and is shipped there."""
    trading.trade("tpl").ask({"reference": "shop-o1-1", "lines": [{"sku": "SKU-3", "quantity": 5}]})
    trading.place(2)
    trading.sync()
    trading.trade("tpl").ship("shop-o1-1", number="T9")
    trading.sync()
    return trading


def test_another_order_under_our_reference_is_not_believed(taken: Desk) -> None:
    assert taken.standing() == ("blocked", "reference_taken")
    said = "tpl: another order has shop-o1-1 there: 0 instead of 2 SKU-1, 5 instead of 0 SKU-3"
    assert taken.row().detail == said
    assert (taken.trade("shop").notices, taken.trade("erp").notices) == ([], [])
    assert taken.listed() == 13


def test_an_order_whose_reference_is_taken_is_asked_for_under_the_next_once_it_is_released(taken: Desk) -> None:
    acts.release(taken.trading.hub, taken.row())
    for _ in range(2):
        taken.sync()
    assert taken.requests("tpl") == {"shop-o1-1": "shipped", "shop-o1-2": "accepted"}
    taken.trade("tpl").ship("shop-o1-2", number="T2")
    taken.sync()
    assert taken.standing() == ("done", "")
    assert [one["tracking"][0]["number"] for one in taken.trade("shop").notices] == ["T2"]


def test_a_canceled_order_whose_reference_is_taken_calls_off_nothing_of_the_other_one(trading: Desk) -> None:
    trading.trade("tpl").ask({"reference": "shop-o1-1", "lines": [{"sku": "SKU-3", "quantity": 5}]})
    trading.place(2)
    trading.sync()
    trading.trade("shop").cancel("o1")
    for _ in range(2):
        trading.sync()
    assert (trading.standing()[0], trading.requests("tpl")) == ("canceled", {"shop-o1-1": "accepted"})


@pytest.mark.parametrize("lines", [[("SKU-1", 3)], [("SKU-1", 2), ("SKU-3", 1)], [("SKU-3", 2)]])
def test_a_request_that_was_changed_where_it_was_asked_for_is_told_until_it_is_right_again(
    trading: Desk, lines: list[tuple[str, int]]
) -> None:
    trading.place(2)
    trading.sync()
    _show(trading, *lines)
    trading.sync()
    assert trading.incidents() == ["lines_differ"]
    _show(trading, ("SKU-1", 2))
    trading.sync()
    assert (trading.incidents(), trading.standing()) == ([], ("asked", ""))


def test_a_place_that_ships_something_else_and_says_it_is_done_leaves_its_order_blocked(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    _ship(trading, ("SKU-3", 2))
    trading.sync()
    assert trading.standing() == ("blocked", "shipped_short")
    assert trading.incidents() == ["shipped_unasked"]
    assert trading.trade("shop").notices == []


def test_more_units_of_a_line_than_it_asked_for_are_not_told_to_the_shop(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    trading.trade("tpl").ship("shop-o1-1")
    request = trading.trade("tpl").requests["shop-o1-1"]
    request["shipments"][0]["lines"] = [{"line_id": "o1-1", "sku": "SKU-1", "quantity": 5}]
    trading.sync()
    assert (trading.standing(), trading.incidents()) == (("done", ""), ["shipped_unasked"])
    [notice] = trading.trade("shop").notices
    assert [(line["sku"], line["quantity"]) for line in notice["lines"]] == [("SKU-1", 2)]


def test_a_substitute_for_a_known_line_is_what_was_asked_for(trading: Desk) -> None:
    trading.place(2)
    trading.sync()
    line = {"line_id": "o1-1", "sku": "SKU-3", "quantity": 2}
    trading.trade("tpl").ship("shop-o1-1")
    request = trading.trade("tpl").requests["shop-o1-1"]
    request["lines"] = request["shipments"][0]["lines"] = [line]
    trading.sync()
    assert (trading.standing(), trading.incidents()) == (("done", ""), [])
    [notice] = trading.trade("shop").notices
    assert [(one["line_id"], one["quantity"]) for one in notice["lines"]] == [("o1-1", 2)]


def test_a_3pl_that_calls_a_product_otherwise_since_it_was_linked_is_understood(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=("shop", "tpl"), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])
    item = desk.world("tpl").find("SKU-1")
    item.sku = "OWN-1"
    desk.world("tpl").touch(item)
    desk.sync()
    desk.place(2)
    desk.sync()
    _show(desk, ("OWN-1", 2))
    desk.trade("tpl").ship("shop-o1-1")
    desk.sync()
    assert (desk.standing(), desk.incidents()) == (("done", ""), [])


def test_one_shipment_with_goods_of_two_orders_is_told_of_each_under_a_name_of_its_own(trading: Desk) -> None:
    trading.place(2)
    trading.place(3)
    trading.sync()
    tpl = trading.trade("tpl")
    tpl.ship("shop-o1-1", number="T1")
    trading.sync()
    tpl.ship("shop-o2-1", number="T1")
    [first], [second] = (tpl.requests[f"shop-{number}-1"]["shipments"] for number in ("o1", "o2"))
    second["id"] = first["id"]
    for mode in (ReadMode.AUTO, ReadMode.AUTO, ReadMode.FULL, ReadMode.AUTO):
        trading.sync(mode)
    assert [trading.standing(number) for number in ("o1", "o2")] == [("done", "")] * 2
    told = {one["order_id"]: one for one in trading.trade("shop").notices}
    units = {number: [line["quantity"] for line in one["lines"]] for number, one in told.items()}
    assert (units, len(trading.trade("shop").notices)) == ({"o1": [2], "o2": [3]}, 2)
    assert [told[number]["reference"] for number in ("o1", "o2")] == [
        f"tpl-{first['id']}",
        f"tpl-{first['id']}-shop-o2-1",
    ]


def test_a_part_of_a_shared_shipment_that_is_shown_no_more_did_not_leave(trading: Desk) -> None:
    trading.place(2)
    trading.place(3)
    trading.sync()
    tpl = trading.trade("tpl")
    for number in ("o1", "o2"):
        tpl.ship(f"shop-{number}-1", number="T1")
        tpl.requests[f"shop-{number}-1"]["shipments"][0]["id"] = "S1"
    trading.sync()
    tpl.requests["shop-o2-1"].update(status="accepted", shipments=[], changed=trading.world("tpl").tick + 1)
    trading.world("tpl").tick += 1
    trading.sync()
    with trading.database() as connection:
        kept = {one.external_id: one.status for one in connection.execute(store.SHIPMENT.select())}
    assert kept == {"S1": "fulfilled", "S1-shop-o2-1": "canceled"}
