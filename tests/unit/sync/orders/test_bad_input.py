"""Input that no one would send on purpose: each has a reason, nothing of it is lost, and the next order goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sync.observe import ReadMode
from sync.orders import acts, notices
from sync.orders.lines import resolve
from sync.orders.routes import Route
from tests.support.desk import Desk

OpenDesk = Callable[..., Desk]
TPL = Route("tpl", "tpl", ("WH1",))


def _syncs(desk: Desk, times: int = 3) -> None:
    for _ in range(times):
        desk.sync()


def test_a_fulfillment_of_a_canceled_order_is_named_and_the_next_order_goes_on(both_of: OpenDesk) -> None:
    desk = both_of(others=("tpl",), routes=[TPL])
    number, other = desk.place(2), desk.place(1, sku="SKU-2")
    desk.sync()
    desk.trade("tpl").cancels = False
    desk.trade("shop").cancel(number)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", number="T7")
    _syncs(desk)
    assert desk.standing(number) == ("canceled", "shipped_though_canceled")
    assert desk.row(number).detail == "2 units left for it"
    assert "shipped_though_canceled" in desk.incidents()
    desk.trade("tpl").ship("shop-o2-1", number="T8")
    _syncs(desk)
    assert desk.standing(other) == ("done", "")


@pytest.mark.parametrize(
    "parcel", [{"number": "T9"}, {"number": "T9", "carrier": ""}, {"url": "https://track.example/T9"}]
)
def test_a_parcel_without_a_carrier_is_told_as_it_is(desk_of: OpenDesk, parcel: dict[str, str]) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1")
    desk.trade("tpl").requests["shop-o1-1"]["shipments"][0]["tracking"] = [parcel]
    _syncs(desk)
    for name in ("shop", "erp"):
        (notice,) = desk.trade(name).notices
        (told,) = notice["tracking"]
        assert {key: value for key, value in told.items() if value} == {k: v for k, v in parcel.items() if v}
    assert desk.standing() == ("done", "")


@pytest.mark.parametrize("step", ["orders advanced", "before the effect", "effect not committed", "after the effect"])
def test_an_order_that_changes_while_it_is_asked_for_ends_as_it_is_wanted_and_once(
    both_of: OpenDesk, step: str
) -> None:
    desk = both_of()
    number = desk.place(2)
    edited: list[str] = []

    def edit(passed: str) -> None:
        if passed == step and not edited:
            edited.append(passed)
            desk.trade("shop").edit(number, 1, 3)

    desk.trading.hub.checkpoint = edit
    desk.sync()
    desk.trading.hub.checkpoint = lambda _name: None
    assert edited
    _syncs(desk)
    live = [one for one in desk.trade("erp").requests.values() if one["status"] != "canceled"]
    assert [one["lines"] for one in live] == [[{"sku": "SKU-1", "quantity": 3}]]
    assert (desk.standing(), desk.incidents()) == (("asked", ""), [])


def test_a_customer_with_two_e_mails_is_told_each_order_with_its_own(desk_of: OpenDesk) -> None:
    desk = desk_of()
    for mail in ("a@x.example", "b@x.example"):
        desk.place(1, customer={"external_id": "c1", "name": "A. Buyer", "email": mail})
    _syncs(desk)
    told = [one["document"]["customer"] for one in desk.trade("erp").requests.values()]
    assert [(one["external_id"], one["email"]) for one in told] == [("c1", "a@x.example"), ("c1", "b@x.example")]


@pytest.mark.parametrize("units", [3_000_000_000, 10**15, -3_000_000_000])
def test_units_beyond_all_reason_leave_their_order_unread_and_the_next_one_goes_on(
    both_of: OpenDesk, units: int
) -> None:
    desk = both_of()
    number, other = desk.place(1), desk.place(1, sku="SKU-2")
    line = desk.trade("shop").orders[number]["lines"][0]
    desk.change(number, lines=[{**line, "quantity": units, "ordered": 0}])
    _syncs(desk, 1)
    assert (desk.standing(number), desk.standing(other)) == (("unreadable", "invalid_value"), ("asked", ""))


def test_an_order_with_a_fault_that_no_one_foresaw_is_blocked_alone_until_it_is_released(
    both_of: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = both_of()
    numbers = [desk.place(1), desk.place(1, sku="SKU-2"), desk.place(1, sku="SKU-3")]
    tell = notices.tell

    def odd(hub: Any, connection: Any, row: Any, order: Any) -> None:
        tell(hub, connection, row, order)
        if row.external_id == numbers[1]:
            # What a database says of it breaks its transaction as well.
            connection.exec_driver_sql("INSERT INTO sales_order (id) SELECT id FROM sales_order")

    with monkeypatch.context() as patch:
        patch.setattr(notices, "tell", odd)
        _syncs(desk, 2)
    assert [desk.standing(one) for one in numbers] == [("asked", ""), ("blocked", "unexpected_fault"), ("asked", "")]
    assert "IntegrityError" in desk.row(numbers[1]).detail
    acts.release(desk.trading.hub, desk.row(numbers[1]))
    _syncs(desk, 1)
    assert [desk.standing(one) for one in numbers] == [("asked", "")] * 3
    assert sorted(desk.requests()) == ["shop-o1-1", "shop-o2-1", "shop-o3-1"]


def test_an_order_that_cannot_be_taken_in_for_a_fault_is_unreadable_alone_and_its_page_goes_on(
    both_of: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = both_of()
    numbers = [desk.place(1), desk.place(1, sku="SKU-2"), desk.place(1, sku="SKU-3")]

    def odd(config: Any, connection: Any, channel: str, order: Any) -> Any:
        if order.id == numbers[1]:
            connection.exec_driver_sql("INSERT INTO sales_order (id) SELECT id FROM sales_order")
        return resolve(config, connection, channel, order)

    with monkeypatch.context() as patch:
        patch.setattr("sync.orders.ingest.resolve", odd)
        report = desk.sync()
    assert report.look.failed == {}
    assert [desk.standing(one) for one in numbers] == [("asked", ""), ("unreadable", "unexpected_fault"), ("asked", "")]
    desk.sync(ReadMode.FULL)
    assert [desk.standing(one) for one in numbers] == [("asked", "")] * 3
