"""Shipments are told on once, to everyone who does not say them already (R15)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from canonical.errors import RetriableError
from canonical.fulfillment import Fulfillment, ShippedLine, Tracking
from canonical.status import FulfillmentStatus
from connectors.base import Call, CallOutcome
from sync.orders import store
from sync.orders.notices import told
from sync.orders.routes import Route
from tests.support.desk import Desk
from tests.support.sales import order

OpenDesk = Callable[..., Desk]
TPL = Route("tpl", "tpl", ("WH1",))


def _left(number: str = "", units: int = 2, **more: object) -> Fulfillment:
    tracking = (Tracking(number=number),) if number else ()
    values = {"id": "f1", "lines": (ShippedLine(line_id="l1", quantity=units),), "tracking": tracking}
    return Fulfillment(**{**values, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("theirs", "ours", "known"),
    [
        (_left("T1"), _left("T1", 1), True),
        (_left("T1"), _left("T2"), False),
        (_left("T1"), _left(), False),
        (_left(), _left(), True),
        (_left(), _left(units=1), False),
        (_left("T1", status=FulfillmentStatus.CANCELED), _left("T1"), False),
    ],
)
def test_a_channel_knows_a_shipment_by_its_number_or_where_there_is_none_by_its_units(
    theirs: Fulfillment, ours: Fulfillment, known: bool
) -> None:
    assert told(order(fulfillments=(theirs,)), ours) is known


def test_a_shipment_is_told_to_the_channel_and_to_the_books_once(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", number="T7")
    for _ in range(4):
        desk.sync()
    (at_shop,), (in_books,) = desk.trade("shop").notices, desk.trade("erp").notices
    assert at_shop["order_id"] == "o1"
    assert in_books["order_id"] == "q1"
    assert [one["tracking"] for one in (at_shop, in_books)] == [[{"carrier": "Post", "number": "T7"}]] * 2
    assert at_shop["lines"] == [{"quantity": 2, "line_id": "o1-1", "sku": "SKU-1"}]
    assert desk.standing() == ("done", "")


def test_each_part_of_a_request_is_told_when_it_leaves(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.place(3)
    desk.sync()
    for units, number in ((1, "T1"), (2, "T2")):
        desk.trade("tpl").ship("shop-o1-1", {"SKU-1": units}, number=number)
        desk.sync()
    told_on = [(one["lines"][0]["quantity"], one["tracking"][0]["number"]) for one in desk.trade("shop").notices]
    assert told_on == [(1, "T1"), (2, "T2")]


def test_books_that_show_a_parcel_without_its_number_say_nothing_new(desk_of: OpenDesk) -> None:
    """An ERP books out what it was told of, and has no field for the number."""
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", number="T1")
    desk.sync()
    desk.trade("erp").ship("shop-o1-1", number="")
    for _ in range(2):
        desk.sync()
    assert [one["tracking"][0]["number"] for one in desk.trade("shop").notices] == ["T1"]
    order_id = desk.row().id
    with desk.database() as connection:
        left = store.shipped_units(connection, order_id, echoes=False)
    assert [units for _, _, units, _ in left] == [2]


def test_a_shipment_entered_on_the_channel_by_hand_is_not_told_there_again(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    number = desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", number="T7")
    desk.trade("shop").fulfill(number, "T7")
    for _ in range(3):
        desk.sync()
    assert desk.trade("shop").notices == []
    assert len(desk.trade("erp").notices) == 1


def test_a_parcel_without_a_carrier_or_a_number_is_told_all_the_same(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.place(2)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", number="")
    for _ in range(2):
        desk.sync()
    assert len(desk.trade("shop").notices) == 1


def test_a_shipment_nobody_takes_is_blocked_and_holds_up_no_other(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[TPL])
    desk.trade("shop").refuses["shipments.tell"] = "rejected"
    desk.place(1)
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1")
    desk.place(1, sku="SKU-2")
    for _ in range(2):
        desk.sync()
    assert desk.effects()["shipment", "shop", "blocked"] == 1
    assert desk.requests("tpl") == {"shop-o1-1": "shipped", "shop-o2-1": "accepted"}


def test_two_shipments_of_other_goods_are_two_though_they_share_a_number(desk_of: OpenDesk) -> None:
    desk = desk_of(others=("tpl",), routes=[Route("tpl", "tpl", ("WH1", "WH2"))])
    desk.trading.place("shop", {"SKU-1": 1, "SKU-2": 1})
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", {"SKU-1": 1}, number="T7")
    desk.sync()
    [notice] = desk.trade("shop").notices
    shown = {"id": "f1", "lines": notice["lines"], "tracking": notice["tracking"]}
    desk.change("o1", fulfillments=[shown], fulfillment_status="partially_fulfilled")
    desk.sync()
    desk.trade("tpl").ship("shop-o1-1", {"SKU-2": 1}, number="T7")
    for _ in range(2):
        desk.sync()
    assert [[line["sku"] for line in one["lines"]] for one in desk.trade("shop").notices] == [["SKU-1"], ["SKU-2"]]


def test_two_places_that_write_the_same_for_a_number_have_each_shipped_their_own(desk_of: OpenDesk) -> None:
    routes = [Route("a", "tpl", ("WH1",), skus=("SKU-1",)), Route("b", "tpl2", ("WH2",), skus=("SKU-2",))]
    desk = desk_of(others=("tpl", "tpl2"), routes=routes)
    desk.trading.place("shop", {"SKU-1": 1, "SKU-2": 1})
    desk.sync()
    for name in ("tpl", "tpl2"):
        desk.trade(name).ship("shop-o1-1", number="N/A")
    for _ in range(3):
        desk.sync()
    assert desk.standing() == ("done", "")
    assert len(desk.trade("shop").notices) == 2


def test_what_left_under_an_edited_order_is_told_to_the_books_that_stay(
    desk_of: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The books were down while the 3PL did all that was asked of it: what it shipped is not in the old document."""
    desk = desk_of(others=("tpl",), routes=[TPL])
    number = desk.place(3)
    desk.sync()
    books = desk.trading.hub.connector("erp")
    push = books.push

    def down(call: Call) -> CallOutcome:
        if "cancel" in call.operation:
            raise RetriableError("the books are down")
        return push(call)

    with monkeypatch.context() as patched:
        patched.setattr(books, "push", down)
        desk.trade("shop").edit(number, 0, 2)
        for _ in range(3):
            desk.sync()
        desk.trade("tpl").ship("shop-o1-2", number="T2")
        for _ in range(2):
            desk.sync()
        assert desk.requests("erp") == {"shop-o1-1": "accepted"}
        assert desk.trade("erp").notices == []
    for _ in range(4):
        desk.sync()
    assert desk.requests("erp") == {"shop-o1-1": "canceled", "shop-o1-2": "accepted"}
    (told_on,) = desk.trade("erp").notices
    assert told_on["order_id"] == desk.trade("erp").requests["shop-o1-2"]["id"]
    assert desk.standing() == ("done", "")
