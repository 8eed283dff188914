"""Sales are called off and shipped, once, in the simulator and in a real server alike."""

from __future__ import annotations

from decimal import Decimal

import pytest

from canonical.errors import AmbiguousError
from canonical.fulfillment import TargetOrder
from canonical.status import FulfillmentStatus, RequestStatus
from connectors.base import RowStatus
from connectors.tryton.connector import TrytonConnector
from tests.servers.tryton.trade import PLACED, Trade, line
from tests.servers.tryton.world import World

pytest_plugins = ["tests.servers.tryton.plugin"]
pytestmark = [pytest.mark.xdist_group("tryton"), pytest.mark.timeout(400)]

SHIP_STEPS = ("stock.shipment.out.write", "stock.move.write", "assign_try", "pick", "pack", "ir.note.create", "do")


@pytest.fixture
def trade(world: World) -> Trade:
    return Trade(world)


def two_and_three(trade: Trade, connector: TrytonConnector, name: str) -> TargetOrder:
    """An order of two mugs and three of another kind."""
    return trade.made(connector, trade.request(name, [line("MUG-10", 2, "21.00"), line("MUG-11", 3, "31.50")]))


def forecast(trade: Trade, connector: TrytonConnector, sku: str) -> Decimal:
    """Units of a product that are promised to nobody."""
    return Decimal(trade.figures(connector, sku)[1])


@pytest.mark.parametrize("state", ["draft", "quotation", "confirmed", "processing"])
def test_a_sale_is_called_off_in_whatever_state_and_its_goods_are_free_again(trade: Trade, state: str) -> None:
    connector = trade.connect(sale_state=state)
    free = forecast(trade, connector, "MUG-10")
    name = f"off-{state}"
    order = two_and_three(trade, connector, name)
    outcome = connector.push(trade.cancel(connector, name, order.id))[0]
    assert outcome.status is RowStatus.APPLIED, outcome.message
    assert trade.told(outcome).status is RequestStatus.CANCELED
    assert trade.read(connector, order.id).status is RequestStatus.CANCELED
    assert forecast(trade, connector, "MUG-10") == free
    assert connector.push(trade.cancel(connector, name))[0].status is RowStatus.APPLIED
    again = trade.order(connector, trade.request(name, [line("MUG-10", 2, "21.00"), line("MUG-11", 3, "31.50")]))
    assert connector.push(again)[0].reason == "reference_canceled"


@pytest.mark.parametrize("reached", [False, True])
@pytest.mark.parametrize("step", ["shipment.out.cancel", "invoice.cancel", "invoice.exception.execute"])
def test_a_cancellation_whose_answer_was_lost_is_finished(trade: Trade, step: str, *, reached: bool) -> None:
    connector = trade.connect()
    name = f"lost-{step}-{reached}"
    order = two_and_three(trade, connector, name)
    call = trade.cancel(connector, name, order.id)
    trade.world.wire.cut(step, reached=reached)
    with pytest.raises(AmbiguousError):
        connector.push(call)
    found = (trade.connect().resolve(call) or {})[0]
    begun = reached or step != "shipment.out.cancel"
    assert found.status is (RowStatus.APPLIED if begun else RowStatus.UNTOUCHED)
    expected = RequestStatus.CANCELED if begun else RequestStatus.ACCEPTED
    assert trade.read(connector, order.id).status is expected


def test_a_sale_that_was_packed_is_not_called_off(trade: Trade) -> None:
    connector = trade.connect()
    order = two_and_three(trade, connector, "packed")
    (shipment,) = trade.shipments("packed")
    for step in ("assign_try", "pick", "pack"):
        trade.rpc.call(f"stock.shipment.out.{step}", [shipment["id"]])
    outcome = connector.push(trade.cancel(connector, "packed", order.id))[0]
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "cancel_refused")
    assert "packed" in outcome.message
    assert trade.read(connector, order.id).status is RequestStatus.ACCEPTED


def test_a_sale_that_is_being_picked_is_called_off(trade: Trade) -> None:
    connector = trade.connect()
    free = forecast(trade, connector, "MUG-10")
    two_and_three(trade, connector, "picked")
    (shipment,) = trade.shipments("picked")
    for step in ("assign_try", "pick"):
        trade.rpc.call(f"stock.shipment.out.{step}", [shipment["id"]])
    assert connector.push(trade.cancel(connector, "picked"))[0].status is RowStatus.APPLIED
    assert forecast(trade, connector, "MUG-10") == free


def test_a_sale_that_is_not_there_cannot_be_called_off(trade: Trade) -> None:
    connector = trade.connect()
    assert connector.push(trade.cancel(connector, "never"))[0].reason == "unknown_order"


def test_a_shipment_made_elsewhere_is_booked_with_its_units_and_the_rest_waits(trade: Trade) -> None:
    connector = trade.connect()
    held = Decimal(trade.figures(connector, "MUG-11")[0])
    order = two_and_three(trade, connector, "part")
    call = trade.notice(connector, "wms-1", order.id, MUG_11=2)
    outcome = connector.push(call)[0]
    assert outcome.status is RowStatus.APPLIED, outcome.message
    told = trade.told(outcome)
    assert told.status is RequestStatus.PARTIALLY_SHIPPED
    (shipped,) = told.shipments
    assert [(one.sku, one.quantity) for one in shipped.lines] == [("MUG-11", 2)]
    assert (shipped.status, shipped.location) == (FulfillmentStatus.FULFILLED, "WH1")
    assert shipped.shipped_at is not None
    assert shipped.shipped_at.date() == PLACED.date()
    assert Decimal(trade.figures(connector, "MUG-11")[0]) == held - 2
    assert connector.push(call)[0].status is RowStatus.APPLIED
    assert Decimal(trade.figures(connector, "MUG-11")[0]) == held - 2
    rest = connector.push(trade.notice(connector, "wms-2", order.id, MUG_10=2, MUG_11=1))[0]
    assert trade.told(rest).status is RequestStatus.SHIPPED
    assert sorted((one["reference"], one["state"]) for one in trade.shipments("part")) == [
        ("wms-1", "done"),
        ("wms-2", "done"),
    ]
    notes = trade.rpc.rows("ir.note", [["message", "=", "DHL T-wms-1"]], "resource")
    assert len(notes) == 1


def test_more_than_is_open_is_refused(trade: Trade) -> None:
    connector = trade.connect()
    order = two_and_three(trade, connector, "more")
    outcome = connector.push(trade.notice(connector, "wms-more", order.id, MUG_10=3))[0]
    assert outcome.status is RowStatus.REJECTED
    assert "MUG-10" in outcome.message
    assert [one["reference"] for one in trade.shipments("more")] == [None]
    assert connector.push(trade.notice(connector, "wms-none", "999999", MUG_10=1))[0].reason == "unknown_order"


def test_goods_that_the_books_do_not_have_are_booked_all_the_same(trade: Trade) -> None:
    connector = trade.connect()
    order = trade.made(connector, trade.request("short", [line("SHIRT-M", 40, "820.00")]))
    assert connector.push(trade.notice(connector, "wms-short", order.id, SHIRT_M=40))[0].status is RowStatus.APPLIED
    trade.world.merchant.set_stock("SHIRT-M", "WH1", 5)


@pytest.mark.parametrize("reached", [False, True])
@pytest.mark.parametrize("step", SHIP_STEPS)
def test_a_booking_whose_answer_was_lost_is_finished_once(trade: Trade, step: str, *, reached: bool) -> None:
    connector = trade.connect()
    name = f"cut-{step}-{reached}"
    held = Decimal(trade.figures(connector, "MUG-11")[0])
    order = two_and_three(trade, connector, name)
    call = trade.notice(connector, f"wms-{name}", order.id, MUG_11=1)
    trade.world.wire.cut(step, reached=reached)
    with pytest.raises(AmbiguousError):
        connector.push(call)
    found = (trade.connect().resolve(call) or {})[0]
    if step == SHIP_STEPS[0] and not reached:
        assert found.status is RowStatus.UNTOUCHED
        assert connector.push(call)[0].status is RowStatus.APPLIED
    else:
        assert found.status is RowStatus.APPLIED, found.message
    assert Decimal(trade.figures(connector, "MUG-11")[0]) == held - 1
    assert trade.read(connector, order.id).status is RequestStatus.PARTIALLY_SHIPPED


def test_a_shipment_made_by_hand_is_read_back_by_what_changed(trade: Trade) -> None:
    connector = trade.connect()
    order = two_and_three(trade, connector, "hand")
    cursor = list(connector.pull("sales", ()))[-1].cursor or ""
    trade.world.let_pass(3600)
    if trade.world.behind is not None:
        pages = list(connector.changed_since("sales", (), cursor))
        cursor = pages[-1].cursor or cursor
        assert trade.seen(connector, cursor) == []
    (shipment,) = trade.shipments("hand")
    trade.rpc.call("stock.shipment.out.write", [shipment["id"]], {"reference": "by hand"})
    assert order.id in trade.seen(connector, cursor)
    trade.world.merchant.ship(shipment["id"])
    assert order.id in trade.seen(connector, cursor)
    assert trade.read(connector, order.id).status is RequestStatus.SHIPPED
