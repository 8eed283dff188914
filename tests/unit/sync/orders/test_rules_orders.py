"""The rules R12, R15 and R19 for orders, each example as a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from canonical.errors import DataError
from sync import planfile
from sync.observe import ReadMode
from sync.orders import acts, store
from sync.orders.effects import carry_out
from sync.orders.routes import Route
from sync.run import make_plan
from tests.support.desk import Desk
from tests.support.trading import Trading

OpenDesk = Callable[..., Desk]
TPL, FAR = Route("tpl", "tpl", ("WH1",)), Route("far", "far", ("WH2",))


# -- R12: the go-live -------------------------------------------------------------------------------------------------


def _before(desk: Desk, units: int = 2, **more: object) -> str:
    """An order that was placed a day before the orders of the shop went live."""
    found: str = desk.trade("shop").place({"SKU-1": units}, desk.trading.clock.now() - timedelta(days=1), **more)
    return found


def test_r12_forty_open_orders_of_before_the_go_live_are_listed_and_neither_asked_for_nor_reserved(
    both_of: OpenDesk,
) -> None:
    desk = both_of()
    desk.world("shop").set_stock("SKU-1", "WH1", 60)
    desk.world("erp").set_stock("SKU-1", "WH1", 60)
    for _ in range(40):
        _before(desk, 1)
    for _ in range(2):
        desk.sync(force=True)
    assert {desk.standing(f"o{number}")[0] for number in range(1, 41)} == {"undeclared"}
    assert (desk.requests(), desk.reserved()) == ({}, 0)


def test_r12_an_old_order_that_is_over_is_reference_only(desk: Desk) -> None:
    number = _before(desk)
    desk.trade("shop").fulfill(number)
    desk.sync()
    assert desk.standing() == ("reference", "")
    desk.change(number, note="touched again")
    desk.sync()
    assert (desk.standing(), desk.requests()) == (("reference", ""), {})


def test_r12_an_old_order_declared_for_export_is_reserved_at_once_and_asked_for_once(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=("shop", "web"))
    _before(desk)
    desk.sync()
    acts.declare(desk.trading.hub, desk.row(), export=True)
    assert desk.reserved() == 2
    for _ in range(3):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "accepted"}
    assert (desk.listed("shop"), desk.listed("web")) == (13, 13)


def test_r12_an_order_of_before_the_hub_is_in_what_the_shop_lists_from_the_start(desk_of: OpenDesk) -> None:
    def order(found: Trading) -> None:
        found.trades["shop"].place({"SKU-1": 2}, found.clock.now() - timedelta(days=1))

    desk = desk_of(shops=("shop", "web"), before=order)
    assert desk.standing() == ("undeclared", "before_go_live")
    acts.declare(desk.trading.hub, desk.row(), export=True)
    for _ in range(3):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "accepted"}
    assert (desk.listed("shop"), desk.listed("web")) == (13, 13)


@pytest.mark.parametrize("export", [True, False])
def test_r12_a_declaration_outlives_a_record_that_could_not_be_read_for_a_while(desk: Desk, export: bool) -> None:
    number = _before(desk)
    desk.sync()
    acts.declare(desk.trading.hub, desk.row(), export=export)
    desk.change(number, total="ten")
    desk.sync()
    assert desk.standing() == ("unreadable", "invalid_value")
    desk.change(number, total="20.00")
    for _ in range(2):
        desk.sync()
    assert desk.standing() == (("asked", "") if export else ("known", ""))
    assert desk.requests() == ({"shop-o1-1": "accepted"} if export else {})


def test_r12_an_old_order_its_owner_knows_is_left_to_it_for_ever_and_needs_no_second_word(desk: Desk) -> None:
    number = _before(desk)
    desk.sync()
    acts.declare(desk.trading.hub, desk.row(), export=False)
    desk.change(number, note="touched again")
    desk.sync()
    assert (desk.standing(), desk.requests(), desk.reserved()) == (("known", ""), {}, 0)
    with pytest.raises(DataError, match="needs no declaration"):
        acts.declare(desk.trading.hub, desk.row(), export=True)


# -- R15: effects happen once, facts are facts ------------------------------------------------------------------------


def test_r15_a_line_taken_out_of_an_order_is_not_shipped_and_the_rest_is_asked_for_anew(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=(TPL,))
    number = desk.trading.place("shop", {"SKU-1": 2, "SKU-2": 1})
    desk.sync()
    assert desk.requests("tpl") == {f"shop-{number}-1": "accepted"}
    desk.trade("shop").edit(number, 1, 0)
    desk.sync()
    desk.sync()
    assert desk.requests("tpl") == {f"shop-{number}-1": "canceled", f"shop-{number}-2": "accepted"}
    assert desk.trade("tpl").requests[f"shop-{number}-2"]["lines"] == [{"sku": "SKU-2", "quantity": 1}]


def test_r15_an_order_fulfilled_by_hand_is_called_off_where_it_was_to_be_shipped(both_of: OpenDesk) -> None:
    desk = both_of(others=("tpl",), routes=[TPL])
    number = desk.place(2)
    desk.sync()
    assert desk.requests("tpl") == {"shop-o1-1": "accepted"}
    desk.trade("shop").fulfill(number, "HAND-1")
    for _ in range(3):
        desk.sync()
    assert desk.requests("tpl") == {"shop-o1-1": "canceled"}
    assert desk.standing() == ("done", "")
    assert desk.trade("shop").notices == []


def test_r15_an_edited_order_is_called_off_first_and_asked_for_as_a_new_generation(both_of: OpenDesk) -> None:
    desk = both_of()
    number = desk.place(2)
    desk.sync()
    desk.trade("shop").edit(number, 1, 3)
    for _ in range(3):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}
    assert desk.trade("erp").requests["shop-o1-2"]["lines"] == [{"sku": "SKU-1", "quantity": 3}]


def test_r15_an_edit_of_a_request_that_was_not_sent_changes_it_in_place(desk: Desk) -> None:
    number = desk.place(2)
    desk.sync(orders=False)
    desk.trade("shop").edit(number, 1, 3)
    desk.sync()
    assert {name: one["lines"][0]["quantity"] for name, one in desk.trade("erp").requests.items()} == {"shop-o1-1": 3}


def test_r15_an_address_changed_after_the_request_was_sent_reaches_the_place_that_ships(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    number = desk.place(2)
    desk.sync()
    there = {"name": "B. Buyer", "street": "New St 2", "city": "Town", "country": "DE"}
    desk.change(number, shipping_address=there)
    for _ in range(3):
        desk.sync()
    assert desk.requests("tpl") == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}
    sent = desk.trade("tpl").requests["shop-o1-2"]["document"]["shipping_address"]
    assert sent["street"] == "New St 2"


def test_r15_an_address_mended_after_a_refusal_is_what_is_sent_next(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.trade("tpl").refuses["requests.create"] = "missing_address"
    number = desk.place(2)
    desk.sync()
    assert desk.standing() == ("blocked", "missing_address")
    desk.trade("tpl").refuses.clear()
    desk.change(number, shipping_address={"street": "New St 2", "city": "Town", "country": "DE"})
    for _ in range(2):
        desk.sync()
    assert desk.standing() == ("asked", "")
    assert desk.trade("tpl").requests["shop-o1-1"]["document"]["shipping_address"]["street"] == "New St 2"


def test_r15_more_wanted_after_goods_have_left_is_asked_for_in_a_document_of_its_own(desk: Desk) -> None:
    number = desk.place(2)
    desk.sync()
    desk.trade("erp").ship("shop-o1-1")
    desk.sync()
    desk.trade("shop").edit(number, 1, 3)
    for _ in range(2):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "shipped", "shop-o1-2": "accepted"}
    assert desk.trade("erp").requests["shop-o1-2"]["lines"] == [{"sku": "SKU-1", "quantity": 1}]
    assert desk.incidents() == []


def test_r15_units_refunded_after_they_left_are_no_news_for_who_shipped_them(desk: Desk) -> None:
    number = desk.place(2)
    desk.sync()
    desk.trade("erp").ship("shop-o1-1")
    desk.sync()
    desk.trade("shop").refund(number, 1, 2, desk.trading.clock.now(), restock=False)
    for _ in range(2):
        desk.sync()
    assert (desk.standing(), desk.incidents()) == (("done", ""), [])


def test_r15_goods_that_left_for_a_canceled_order_are_told_to_a_person(desk: Desk) -> None:
    number = desk.place(2)
    desk.sync()
    desk.trade("erp").ship("shop-o1-1")
    desk.sync()
    desk.trade("shop").cancel(number)
    for _ in range(2):
        desk.sync()
    assert desk.incidents().count("shipped_though_canceled") == 1
    assert ("cancel", "erp", "done") not in desk.effects()


def test_r15_a_step_no_one_expects_is_taken_over_and_noted_once(desk: Desk) -> None:
    number = desk.place(2)
    desk.trade("shop").cancel(number)
    desk.sync()
    desk.change(number, status="open")
    for _ in range(3):
        desk.sync(ReadMode.FULL)
    assert desk.incidents() == ["unlikely_step"]
    with desk.database() as connection:
        assert store.incidents(connection)[0].detail == "OrderStatus went from canceled to open"


def test_r15_what_the_books_tell_again_of_another_places_shipment_is_not_counted_twice(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl", "far"), routes=[TPL, FAR])
    desk.place(12, location="")
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1")
    for _ in range(2):
        desk.sync()
    # The ERP was told, and shows the same parcel at its own document since.
    desk.trade("erp").ship("shop-o1-1", {"SKU-1": 10})
    for _ in range(3):
        desk.sync()
    assert (desk.requests("tpl"), desk.requests("far")) == ({"shop-o1-1": "shipped"}, {"shop-o1-1": "accepted"})
    assert desk.standing() == ("asked", "")
    assert [one["reference"] for one in desk.trade("shop").notices] == ["tpl-shop-o1-1-s1"]


def test_r15_an_order_waits_while_its_channel_holds_it_and_goes_on_when_it_is_released(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    number = desk.place(2, fulfillment_status="on_hold")
    desk.sync()
    assert (desk.standing(), desk.requests("tpl")) == (("waiting", "on_hold"), {})
    desk.change(number, fulfillment_status="unfulfilled")
    desk.sync()
    assert desk.requests("tpl") == {"shop-o1-1": "accepted"}


def test_r15_an_order_whose_money_was_all_given_back_is_called_off_until_a_person_wants_it_shipped(
    desk_of: OpenDesk,
) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    number = desk.place(2)
    desk.sync()
    desk.change(number, payment_status="refunded")
    for _ in range(3):
        desk.sync()
    assert (desk.requests("erp"), desk.requests("tpl")) == ({"shop-o1-1": "canceled"}, {"shop-o1-1": "canceled"})
    assert (desk.standing(), desk.reserved()) == (("blocked", "refunded"), 2)
    acts.release(desk.trading.hub, desk.row())
    for _ in range(2):
        desk.sync()
    assert desk.standing() == ("asked", "")
    assert desk.requests("tpl") == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}


# -- routing over time ------------------------------------------------------------------------------------------------


def test_units_no_place_has_wait_and_are_asked_for_when_they_arrive_without_a_word_from_the_channel(
    both_of: OpenDesk,
) -> None:
    desk = both_of(others=("tpl",), routes=[TPL])
    desk.place(12, location="")
    for _ in range(3):
        desk.sync()
    assert desk.standing() == ("waiting", "out_of_stock")
    assert [one["lines"][0]["quantity"] for one in desk.trade("tpl").requests.values()] == [10]
    # The ERP has booked all 12 against its 10: a delivery of 30 leaves it at 28.
    desk.world("erp").set_stock("SKU-1", "WH1", 28)
    for _ in range(3):
        desk.sync()
    assert desk.standing() == ("asked", "")
    assert [one["lines"][0]["quantity"] for one in desk.trade("tpl").requests.values()] == [10, 2]


def test_two_orders_cannot_be_promised_the_same_units(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl", "far"), routes=[TPL, FAR])
    desk.place(8, location="")
    desk.place(5, location="")
    desk.sync()
    units = {
        name: sum(o["lines"][0]["quantity"] for o in desk.trade(name).requests.values()) for name in ("tpl", "far")
    }
    assert units["tpl"] <= 10
    assert units["far"] <= 5
    assert sum(units.values()) == 13


def test_units_that_are_booked_for_an_order_are_there_for_it_when_it_is_routed_again(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl", "far"), routes=[TPL, FAR])
    number = desk.place(10)
    desk.sync()
    assert desk.world("erp").stock("SKU-1", "WH1") == 0
    desk.change(number, shipping_address={"street": "New St 2", "city": "Town", "country": "DE"})
    for _ in range(4):
        desk.sync()
    assert desk.requests("tpl") == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}
    assert desk.requests("far") == {}


# -- R19: a saved plan's inputs move too ------------------------------------------------------------------------------


def test_r19_of_a_saved_plan_only_what_still_stands_is_sent(desk_of: OpenDesk, tmp_path: Path) -> None:
    desk = desk_of(others=("mirror",), targets=("erp", "mirror"))
    first, second = desk.place(1), desk.place(2, sku="SKU-2")
    desk.trading.clock.advance(60)
    hub = desk.trading.hub
    _, summary = make_plan(hub)
    planfile.save(hub, summary.plan_id, tmp_path / "a.plan")
    desk.trade("shop").edit(first, 1, 4)
    third = desk.place(1, sku="SKU-3")
    make_plan(hub)
    saved = planfile.load(tmp_path / "a.plan")
    report = carry_out(hub, planfile.unchanged_effects(hub, saved))
    assert report.outcomes == {("erp", "done"): 1, ("mirror", "done"): 1}
    assert list(desk.requests()) == [f"shop-{second}-1"]
    desk.sync()
    assert list(desk.requests()) == [f"shop-{second}-1", f"shop-{first}-1", f"shop-{third}-1"]


def test_r19_a_raise_is_dropped_when_an_order_was_taken_in_between_plan_and_call(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=("shop", "web"))
    hub = desk.trading.hub
    desk.world("erp").set_stock("SKU-1", "WH1", 20)
    listed: list[int] = []
    write = desk.world("web").write_level

    def watched(item: object, location: str, units: int) -> None:
        listed.append(units)
        write(item, location, units)

    def sell(name: str) -> None:
        if name == "before the journal" and not desk.trade("shop").orders:
            desk.place(3)

    desk.world("web").write_level = watched
    hub.checkpoint = sell
    desk.sync()
    hub.checkpoint = lambda _name: None
    for _ in range(3):
        desk.sync()
    assert (desk.listed("shop"), desk.listed("web")) == (22, 22)
    assert listed[-1] == 17


def test_an_unpaid_order_stops_to_reserve_when_its_time_is_over(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=("shop", "web"))
    hub = desk.trading.hub
    flow = hub.config.orders["shop"]
    limited = replace(flow, reserve=replace(flow.reserve, unpaid_for=timedelta(hours=1)))
    hub.config = replace(hub.config, orders={**hub.config.orders, "shop": limited})
    desk.place(3, paid=False)
    desk.sync()
    assert (desk.standing(), desk.reserved(), desk.listed("web")) == (("waiting", "unpaid"), 3, 12)
    desk.sync(after=3600)
    assert desk.reserved() == 0
    assert desk.requests() == {}
