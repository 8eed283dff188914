"""The rules R1 to R8, each example as a test: no sale is lost, none counts twice, nothing is listed that is sold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from canonical.errors import RetriableError
from canonical.inventory import Basis, ChannelRule, Component
from sync.observe import ReadMode
from sync.orders import store, views
from sync.orders.owns import _OWN
from sync.orders.reservations import Held
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
TWO = ("shop", "web")


def _on_hand(desk: Desk) -> None:
    """The ERP's figure is what lies in the building: it falls when goods leave, not when an order is accepted."""
    desk.stock_means("erp", basis=Basis.SHIPPED)
    desk.trade("erp").confirms = False


def _accept(desk: Desk, reference: str) -> None:
    request = desk.trade("erp").requests[reference]
    request["status"] = "accepted"
    desk.trade("erp")._touch(request)


def _withheld(report: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for plan in report.plans:
        for counts in (plan.withheld, plan.waiting, plan.held):
            found.update(counts)
    return found


# -- R1: when a reservation closes ------------------------------------------------------------------------------------


def test_r1_an_acknowledged_order_stays_off_a_figure_of_goods_on_hand_until_they_have_left(both_of: OpenDesk) -> None:
    desk = both_of(shops=TWO)
    _on_hand(desk)
    desk.place(3)
    desk.sync()
    _accept(desk, "shop-o1-1")
    for _ in range(3):
        desk.sync(ReadMode.FULL)
    # Acknowledged, read later, and the ERP still says 10: the goods leave tomorrow.
    assert desk.world("erp").stock("SKU-1", "WH1") == 10
    assert (desk.listed("shop"), desk.listed("web"), desk.held()) == (12, 12, [("WH1", 3)])
    desk.trade("erp").ship("shop-o1-1")
    desk.world("erp").set_stock("SKU-1", "WH1", 7)
    for _ in range(2):
        desk.sync(ReadMode.FULL)
    assert (desk.listed("shop"), desk.listed("web"), desk.held()) == (12, 12, [])


def test_r1_a_figure_read_before_the_event_has_settled_does_not_contain_it() -> None:
    held = Held(1, "l", 1, "WH1", 2, 0, "shop", "2026-11-02T08:00:00.000000Z", "2026-11-02T07:00:00.000000Z")
    settle = timedelta(minutes=5)
    assert held.counts_against({"WH1": "2026-11-02T08:05:00.000000Z"}, settle)
    assert not held.counts_against({"WH1": "2026-11-02T08:05:00.000001Z"}, settle)
    assert not held.counts_against({"WH1": "2026-11-02T08:00:00.000001Z"}, timedelta(0))


def test_r1_units_at_no_certain_place_count_until_every_figure_of_the_pool_is_newer() -> None:
    held = Held(1, "l", 1, "", 2, 0, "shop", "2026-11-02T08:00:00.000000Z", "2026-11-02T07:00:00.000000Z")
    old, new = "2026-11-02T07:59:00.000000Z", "2026-11-02T08:01:00.000000Z"
    assert held.counts_against({"WH1": new, "WH2": old}, timedelta(0))
    assert not held.counts_against({"WH1": new, "WH2": new}, timedelta(0))
    assert held.counts_against({}, timedelta(0))


def test_r1_a_cancellation_that_the_target_refuses_releases_nothing(both_of: OpenDesk) -> None:
    desk = both_of(shops=TWO)
    _on_hand(desk)
    number = desk.place(3)
    desk.sync()
    _accept(desk, "shop-o1-1")
    desk.trade("erp").cancels = False
    desk.trade("shop").cancel(number)
    for _ in range(3):
        desk.sync()
    # The shop put the 3 back on its shelf, and the ERP ships them all the same.
    assert desk.reserved() == 3
    assert (desk.listed("shop"), desk.listed("web")) == (12, 12)
    assert "cancel_refused" in desk.incidents()


def test_r1_a_cancellation_before_anything_was_sent_releases_at_once(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=TWO)
    number = desk.place(3)
    desk.sync(orders=False)
    assert desk.reserved() == 3
    desk.trade("shop").cancel(number)
    desk.sync(orders=False)
    assert (desk.reserved(), desk.listed("web")) == (0, 15)
    desk.sync()
    assert desk.requests() == {}


def test_r1_a_confirmed_cancellation_releases(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=TWO)
    number = desk.place(3)
    desk.sync()
    desk.trade("shop").cancel(number)
    for _ in range(3):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "canceled"}
    assert (desk.reserved(), desk.listed("shop"), desk.listed("web")) == (0, 15, 15)


def test_r1_of_three_ordered_and_one_shipped_only_one_unit_is_let_go(both_of: OpenDesk) -> None:
    desk = both_of(shops=TWO)
    _on_hand(desk)
    desk.place(3)
    desk.sync()
    _accept(desk, "shop-o1-1")
    desk.trade("erp").ship("shop-o1-1", {"SKU-1": 1})
    desk.world("erp").set_stock("SKU-1", "WH1", 9)
    for _ in range(2):
        desk.sync(ReadMode.FULL)
    assert desk.held() == [("WH1", 2)]
    assert (desk.listed("shop"), desk.listed("web")) == (12, 12)


def test_r1_a_reservation_that_nobody_acknowledges_stays_and_is_listed_first_with_its_order(desk: Desk) -> None:
    desk.trade("erp").confirms = False
    desk.place(2)
    desk.sync()
    desk.place(1)
    for _ in range(3):
        desk.sync(after=86_400)
    with desk.database() as connection:
        listed = [(one["order"], one["units"], one["sku"]) for one in views.held_longest(connection)]
    assert listed == [("#o1", 2, "SKU-1"), ("#o2", 1, "SKU-1")]


@pytest.mark.parametrize("back_to", ["sent", "on_hold"])
def test_r1_a_request_that_its_owner_takes_back_to_a_draft_is_promised_again_until_it_is_accepted_again(
    both_of: OpenDesk, back_to: str
) -> None:
    desk = both_of(shops=TWO)
    desk.place(3)
    for _ in range(2):
        desk.sync(ReadMode.FULL)
    assert (desk.reserved(), desk.listed("web")) == (0, 12)
    request = desk.trade("erp").requests["shop-o1-1"]
    desk.trade("erp")._book(request, -1)
    request["status"] = back_to
    desk.trade("erp")._touch(request)
    for _ in range(2):
        desk.sync(ReadMode.FULL)
    assert (desk.reserved(), desk.listed("web"), desk.incidents()) == (3, 12, [])
    desk.trade("erp")._book(request, 1)
    request["status"] = "accepted"
    desk.trade("erp")._touch(request)
    for _ in range(2):
        desk.sync(ReadMode.FULL)
    assert (desk.reserved(), desk.listed("web")) == (0, 12)


# -- R2: when stock may be raised -------------------------------------------------------------------------------------


def test_r2_a_raise_counts_an_order_that_was_unread_when_the_figure_was_read(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=TWO)
    desk.world("erp").set_stock("SKU-1", "WH1", 13)
    desk.place(1)
    desk.sync()
    assert (desk.listed("shop"), desk.listed("web")) == (17, 17)


def test_r2_raises_wait_while_one_channels_orders_cannot_be_read_and_lowerings_go_on(
    desk_of: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(shops=TWO)
    connector = desk.trading.hub.connector("shop")
    changed = connector.changed_since

    def unread(resource: str, fields: Any, cursor: str) -> Any:
        if resource == "orders":
            raise RetriableError("orders are down")
        return changed(resource, fields, cursor)

    desk.world("erp").set_stock("SKU-1", "WH1", 30)
    desk.world("erp").set_stock("SKU-2", "WH1", 4)
    with monkeypatch.context() as patch:
        patch.setattr(connector, "changed_since", unread)
        report = desk.sync()
    assert (desk.listed("web"), desk.listed("web", "SKU-2")) == (15, 9)
    assert "orders_unread:shop" in _withheld(report)
    desk.sync()
    assert desk.listed("web") == 35


# -- R3: a sale is not a conflict -------------------------------------------------------------------------------------


def test_r3_a_sale_is_no_conflict_and_the_counter_moves_on(both_of: OpenDesk) -> None:
    desk = both_of(shops=TWO)
    for _ in range(3):
        desk.place(1)
        desk.sync()
    assert desk.conflicts() == []
    assert [name for name, _ in desk.world("shop").writes if name == "levels.set"] == []
    assert (desk.listed("shop"), desk.listed("web")) == (12, 12)


def test_r3_a_fall_without_a_known_order_is_never_raised_over(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=TWO)
    desk.world("shop").sell("SKU-1", 3, "WH1")
    for _ in range(3):
        desk.sync(ReadMode.FULL)
    assert (desk.listed("shop"), desk.listed("web")) == (12, 12)
    desk.world("erp").set_stock("SKU-1", "WH1", 11)
    desk.sync()
    assert max(desk.listed("shop"), desk.listed("web")) <= 13


def test_r3_an_order_that_is_read_after_its_sale_was_seen_counts_once(both_of: OpenDesk) -> None:
    desk = both_of(shops=TWO)
    placed_at = desk.trading.clock.now()
    desk.trading.clock.advance(1)
    desk.world("shop").sell("SKU-1", 3, "WH1")
    desk.sync()
    number = desk.trade("shop").place({"SKU-1": 3}, placed_at, location="")
    desk.change(number, assignments=[{"line_id": "o1-1", "quantity": 3, "location": "WH1"}])
    for _ in range(3):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "accepted"}
    assert (desk.listed("shop"), desk.listed("web")) == (12, 12)


@pytest.mark.parametrize("seen", [("sale", "correction"), ("correction", "sale"), ("both",)])
def test_r3_a_correction_by_the_owner_is_no_booking_of_a_sale_whose_order_is_not_read_yet(
    desk_of: OpenDesk, seen: tuple[str, ...]
) -> None:
    desk = desk_of(shops=TWO)
    placed_at = desk.trading.clock.now()
    desk.trading.clock.advance(1)
    for what in seen:
        if what != "correction":
            desk.world("shop").sell("SKU-1", 3, "WH1")
        if what != "sale":
            desk.world("erp").set_stock("SKU-1", "WH1", 7)
        desk.sync()
    assert (desk.listed("shop"), desk.listed("web")) == (9, 9)
    number = desk.trade("shop").place({"SKU-1": 3}, placed_at, location="")
    desk.change(number, assignments=[{"line_id": "o1-1", "quantity": 3, "location": "WH1"}])
    for _ in range(3):
        desk.sync(ReadMode.FULL)
    assert (desk.listed("shop"), desk.listed("web"), desk.reserved()) == (9, 9, 0)


def test_r3_what_may_have_been_sold_before_orders_went_live_is_explained_by_the_owners_booking(
    desk_of: OpenDesk,
) -> None:
    desk = desk_of(shops=TWO)
    desk.world("shop").sell("SKU-1", 3, "WH1")
    desk.world("erp").set_stock("SKU-1", "WH1", 7)
    desk.trading.clock.advance(1)
    hub = desk.trading.hub
    live = {name: replace(flow, go_live=desk.trading.clock.now()) for name, flow in hub.config.orders.items()}
    hub.config = replace(hub.config, orders=live)
    desk.sync()
    assert (desk.listed("shop"), desk.listed("web")) == (12, 12)


def test_r3_an_order_read_again_and_again_is_deducted_once(both_of: OpenDesk) -> None:
    desk = both_of(shops=TWO)
    desk.place(3)
    for round_number in range(3):
        desk.change("o1", note=f"changed {round_number}")
        desk.sync(ReadMode.FULL)
    with desk.database() as connection:
        rows = [(row.slot, row.units, row.absorbed) for row in connection.execute(_OWN.select())]
    assert rows == [("stock[WH1]", 3, 3)]
    assert desk.listed("web") == 12


# -- R4: what hold means for stock ------------------------------------------------------------------------------------


def test_r4_fifty_set_by_hand_are_lowered_when_the_owner_falls_to_three(desk: Desk) -> None:
    desk.world("shop").set_stock("SKU-1", "WH1", 50)
    desk.world("erp").set_stock("SKU-1", "WH1", 3)
    desk.world("erp").set_stock("SKU-1", "WH2", 0)
    desk.sync(force=True)
    assert desk.listed() == 3


def test_r4_a_lowering_that_an_order_causes_passes_a_hold(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=TWO)
    desk.world("erp").set_stock("SKU-1", "WH1", 20)
    desk.world("web").set_stock("SKU-1", "WH1", 12)
    desk.sync()
    assert (desk.conflicts(), desk.world("web").stock("SKU-1", "WH1")) == (["stock[WH1]"], 12)
    desk.place(5, shop="shop")
    desk.place(5, shop="shop")
    desk.sync()
    assert desk.world("web").stock("SKU-1", "WH1") == 10


# -- R5: a target's own deductions ------------------------------------------------------------------------------------


def test_r5_a_platform_that_holds_back_unpaid_orders_itself_is_left_alone_from_order_to_payment(
    both_of: OpenDesk,
) -> None:
    desk = both_of(shops=TWO)
    desk.stock_means("shop", deducts=("processing", "completed"))
    number = desk.place(3, location="", paid=False, platform_status="pending")
    desk.change(number, assignments=[{"line_id": "o1-1", "quantity": 3, "location": "WH1"}])
    desk.sync()
    # Its figure stays 10 and it keeps 3 for the order itself; the other shop must know.
    assert (desk.listed("shop"), desk.listed("web")) == (15, 12)
    desk.world("shop").sell("SKU-1", 3, "WH1")
    desk.change(number, payment_status="paid", platform_status="processing")
    for _ in range(3):
        desk.sync()
    assert (desk.listed("shop"), desk.listed("web")) == (12, 12)
    assert desk.world("shop").writes == []


# -- R6: one number per channel, writes per location ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figures", "buffer", "listed"),
    [({"WH1": 5, "WH2": 1}, 2, {"WH1": 4, "WH2": 0}), ({"WH1": -3, "WH2": 5}, 0, {"WH1": 0, "WH2": 2})],
)
def test_r6_the_buffer_and_what_is_missing_count_once_for_the_whole_pool(
    desk_of: OpenDesk, figures: dict[str, int], buffer: int, listed: dict[str, int]
) -> None:
    desk = desk_of(rules={"shop": ChannelRule("shop", "main", buffer=buffer)})
    for place, units in figures.items():
        desk.world("erp").set_stock("SKU-1", place, units)
    desk.sync(force=True)
    assert {place: desk.world("shop").stock("SKU-1", place) for place in figures} == listed


def test_r6_units_shipped_from_elsewhere_stay_where_the_platform_assigned_them(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH2",))])
    _on_hand(desk)
    desk.place(2)
    for _ in range(3):
        desk.sync()
    assert desk.requests("tpl") == {"shop-o1-1": "accepted"}
    assert {place: desk.world("shop").stock("SKU-1", place) for place in ("WH1", "WH2")} == {"WH1": 8, "WH2": 5}
    assert desk.world("shop").writes == []
    # The ERP books what left WH2. The shop still counts the two as promised from WH1, until it is told.
    desk.trade("tpl").ship("shop-o1-1")
    _accept(desk, "shop-o1-1")
    desk.trade("erp").ship("shop-o1-1")
    desk.world("erp").set_stock("SKU-1", "WH2", 3)
    desk.sync(ReadMode.FULL, orders=False)
    desk.sync(ReadMode.FULL, orders=False)
    assert desk.held() == []
    assert {place: desk.world("shop").stock("SKU-1", place) for place in ("WH1", "WH2")} == {"WH1": 8, "WH2": 5}
    desk.trade("shop").fulfill("o1", "T1")
    for _ in range(2):
        desk.sync(ReadMode.FULL)
    assert {place: desk.world("shop").stock("SKU-1", place) for place in ("WH1", "WH2")} == {"WH1": 10, "WH2": 3}


# -- R7: bundles, packs, units ----------------------------------------------------------------------------------------

KIT = {"SKU-3": (Component("SKU-1", 2), Component("SKU-2", 1))}


def test_r7_a_kit_that_is_sold_takes_its_components_everywhere(both_of: OpenDesk) -> None:
    desk = both_of(shops=TWO, kits=KIT)
    assert desk.listed("web", "SKU-3") == 7
    desk.place(1, sku="SKU-3")
    desk.sync()
    assert desk.held() == [("WH1", 1), ("WH1", 2)]
    assert [desk.listed("web", sku) for sku in ("SKU-1", "SKU-2", "SKU-3")] == [13, 14, 6]


def test_r7_a_component_that_is_sold_lowers_every_kit_with_it(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=TWO, kits=KIT)
    desk.place(3, sku="SKU-1")
    desk.sync()
    assert (desk.listed("shop", "SKU-3"), desk.listed("web", "SKU-3")) == (5, 5)


def test_r7_a_carton_of_twelve_takes_twelve_and_its_listing_is_rounded_down(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=TWO, units={"SKU-2": 12})
    desk.world("erp").set_stock("SKU-2", "WH1", 30)
    desk.sync(force=True)
    assert desk.listed("web", "SKU-2") == 2
    desk.place(1, sku="SKU-2")
    desk.sync()
    assert desk.reserved() == 12
    assert desk.listed("web", "SKU-2") == 1


# -- R8: what "cannot oversell because of us" means -------------------------------------------------------------------


@pytest.mark.parametrize("blind", [(), ("shop",)])
def test_r8_a_sale_between_the_look_and_the_write_is_not_sold_again(desk_of: OpenDesk, blind: tuple[str, ...]) -> None:
    desk = desk_of(shops=TWO, blind=blind)
    sold: list[str] = []

    def sell(name: str) -> None:
        if name == "before the call" and not sold:
            sold.append(desk.place(3))

    desk.world("erp").set_stock("SKU-1", "WH1", 20)
    desk.trading.hub.checkpoint = sell
    desk.sync()
    desk.trading.hub.checkpoint = lambda _name: None
    assert sold
    for _ in range(4):
        desk.sync()
    assert desk.requests() == {"shop-o1-1": "accepted"}
    assert (desk.listed("shop"), desk.listed("web")) == (22, 22)


def test_r8_more_sold_than_there_is_names_the_orders_and_lists_nothing(desk_of: OpenDesk) -> None:
    desk = desk_of(shops=TWO)
    desk.place(10)
    desk.place(8, shop="web")
    desk.sync(force=True)
    assert desk.incidents() == ["oversold"]
    with desk.database() as connection:
        (told,) = store.incidents(connection)
    assert "#o1 (shop)" in told.detail
    assert "#o1 (web)" in told.detail
    assert desk.world("shop").stock("SKU-1", "WH2") == desk.world("web").stock("SKU-1", "WH2") == 0
