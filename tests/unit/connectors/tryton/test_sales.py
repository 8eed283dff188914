"""Sales on the simulator: what the real server does not do on demand, and what doctor says about it."""

from __future__ import annotations

from typing import Any

import pytest

from canonical.errors import FatalError, SkippableError
from canonical.party import Address
from canonical.status import RequestStatus
from connectors.base import Finding, RowStatus
from connectors.simulation import SimTransport
from connectors.tryton.simulator import TrytonSimulator
from tests.servers.tryton.server import PASSWORD, USER
from tests.servers.tryton.trade import Trade, line
from tests.servers.tryton.world import Wire, World


@pytest.fixture
def trade(world: World) -> Trade:
    return Trade(world)


def findings(trade: Trade, **settings: Any) -> dict[str, Finding]:
    return {finding.check: finding for finding in trade.connect(**settings).check()}


def test_a_server_whose_queue_is_not_worked_off_is_told_to_process(trade: Trade) -> None:
    trade.world.simulator.clerk.process_later()
    connector = trade.connect()
    assert trade.made(connector, trade.request("later", [line("MUG-01")])).status is RequestStatus.ACCEPTED
    left = trade.connect(sale_state="confirmed")
    assert trade.made(left, trade.request("left", [line("MUG-01")])).status is RequestStatus.SENT


@pytest.mark.parametrize("button", ["quote", "confirm"])
def test_a_question_stops_a_sale_unless_it_is_allowed(trade: Trade, button: str) -> None:
    trade.world.simulator.clerk.ask(f"sale.sale.{button}", "credit_limit", "Over the limit?")
    connector = trade.connect()
    call = trade.order(connector, trade.request("asked", [line("MUG-01")]))
    outcome = connector.push(call)[0]
    assert outcome.status is RowStatus.REJECTED
    assert "Over the limit?" in outcome.message
    assert "credit_limit" in outcome.message
    allowed = trade.connect(allowed_warnings="other, credit_limit")
    assert allowed.push(call)[0].status is RowStatus.APPLIED
    assert len(trade.sales("asked")) == 1


def test_a_sale_with_a_posted_invoice_takes_a_credit_note(trade: Trade) -> None:
    connector = trade.connect()
    order = trade.made(connector, trade.request("posted", [line("MUG-01")]))
    trade.world.simulator.clerk.post_invoice(int(order.id))
    outcome = connector.push(trade.cancel(connector, "posted", order.id))[0]
    assert outcome.reason == "cancel_refused"
    assert "credit note" in outcome.message


def test_a_shipment_canceled_by_hand_holds_the_sale(trade: Trade) -> None:
    connector = trade.connect()
    order = trade.made(connector, trade.request("held", [line("MUG-01")]))
    trade.world.simulator.clerk.cancel_shipment(trade.shipments("held")[0]["id"])
    assert trade.read(connector, order.id).status is RequestStatus.ON_HOLD


def test_services_are_sold_without_a_shipment_and_called_off(trade: Trade) -> None:
    connector = trade.connect()
    order = trade.made(connector, trade.request("wrapped", [line("WRAP", 2, "2.00")]))
    assert order.status is RequestStatus.ACCEPTED
    assert trade.shipments("wrapped") == []
    assert connector.push(trade.cancel(connector, "wrapped"))[0].status is RowStatus.APPLIED
    assert trade.read(connector, order.id).status is RequestStatus.CANCELED


def test_a_region_is_kept_whether_tryton_has_it_or_not(trade: Trade) -> None:
    trade.world.simulator.clerk.add_part("US", "IL", "Illinois")
    connector = trade.connect(sale_state="draft")
    for region in ("IL", "Illinois", "OH"):
        place = Address(street="1 Main", city="Town", region=region, country="US")
        trade.made(connector, trade.request(f"in-{region}", [line("MUG-01")], shipping_address=place))
    rows = trade.rpc.rows("party.address", [], "city", "subdivision")
    assert [(one["city"], one["subdivision"] is not None) for one in rows] == [("Town", True), ("Town OH", False)]


def test_without_a_web_shop_no_order_is_taken_and_none_is_read(trade: Trade) -> None:
    connector = trade.connect(web_shop=0)
    with pytest.raises(SkippableError, match="set web_shop"):
        trade.order(connector, trade.request("none", [line("MUG-01")]))
    with pytest.raises(FatalError, match="which web shop"):
        list(connector.pull("sales", ()))


def test_doctor_names_what_orders_lack(trade: Trade) -> None:
    guest = trade.rpc.rows("web.shop", [], "guest_party")[0]["guest_party"]
    good = findings(trade, taxes=trade.taxes, charge_products=f"*={trade.world.product_ids['WRAP']}")
    assert [one.message for one in good.values() if not one.ok or one.warning] == ["the password travels in clear"]
    assert "Web shop" in findings(trade, web_shop=0)["sales"].advice
    assert "no web shop 77" in findings(trade, web_shop=77)["sales"].message
    assert not findings(trade, guest_party=guest)["guests"].ok
    assert "no party 888" in findings(trade, guest_party=888)["guests"].message
    assert "999999" in findings(trade, charge_products="tip=999999")["charge products"].message
    assert not findings(trade, taxes="0.20=1")["taxes"].ok
    assert findings(trade)["taxes"].warning
    assert findings(trade, sale_state="draft")["sale state"].warning
    assert "Second" in findings(trade, warehouse=0)["sale warehouse"].advice
    assert "no warehouse 77" in findings(trade, warehouse=77)["sale warehouse"].message


def test_doctor_names_modules_that_are_missing(world: World) -> None:
    bare = TrytonSimulator(clock=world.clock, username=USER, password=PASSWORD, sells=False)
    world.wire = Wire(SimTransport(bare))
    plain = {finding.check: finding for finding in world.connect().check()}
    assert "sales" not in plain
    asked = {finding.check: finding for finding in world.connect(web_shop=1).check()}
    assert "web_shop and sale" in asked["sales"].advice
