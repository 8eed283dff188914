"""The simulated account itself: what it does without being asked, and how it says no."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Environment
from connectors.conformance.world import MemoryState
from connectors.shipbob.connector import connect
from connectors.shipbob.simulator import ShipBobSimulator
from connectors.shipbob.simulator.access import Token
from connectors.shipbob.simulator.loading import load
from connectors.shipbob.simulator.simulator import CHANNEL, OTHER_CHANNEL, TOKEN
from connectors.simulation import CatalogItem, SimRequest, SimResponse, serve
from tests.unit.connectors.shipbob.stage import Stage, made, records_of

PERSON = {"name": "Ada", "address": {"address1": "1 Main St", "city": "Chicago", "country": "US"}}


def ask(stage: Stage, path: str, body: Any = None, **headers: str) -> SimResponse:
    """One request of somebody else's client."""
    path, _, query = path.partition("?")
    named = {"authorization": f"Bearer {TOKEN}", "shipbob_channel_id": str(CHANNEL), **headers}
    content = b"" if body is None else json.dumps(body).encode()
    method = "POST" if body is not None or path.endswith(":cancel") else "GET"
    pairs = tuple((name, value) for name, _, value in (part.partition("=") for part in query.split("&")) if name)
    return stage.account.handle(SimRequest(method, f"/2026-01/{path}", pairs, named, content))


def body(**more: Any) -> dict[str, Any]:
    lines = [{"reference_id": "TEA", "name": "Tea", "quantity": 1}]
    found = {
        "reference_id": "r-1",
        "type": "DTC",
        "shipping_method": "Standard",
        "recipient": PERSON,
        "products": lines,
    }
    return {name: value for name, value in {**found, **more}.items() if value is not None}


@pytest.mark.parametrize(
    "more",
    [
        {"reference_id": None},
        {"recipient": None},
        {"recipient": {"name": "Ada", "address": {"city": "Chicago", "country": "US"}}},
        {"products": []},
        {"products": [{"reference_id": "TEA", "name": "Tea", "quantity": 0}]},
        {"products": [{"name": "Tea", "quantity": 1}]},
        {"type": "Gift"},
        {"colour": "red"},
        {"reference_id": "x" * 301},
    ],
)
def test_an_order_that_is_not_well_formed_is_refused(stage: Stage, more: dict[str, Any]) -> None:
    answer = ask(stage, "order", body(**more))
    assert answer.status == 400
    assert all(isinstance(messages, list) for messages in json.loads(answer.body).values())
    assert stage.orders() == []


def test_a_reference_is_taken_for_ever(stage: Stage) -> None:
    assert ask(stage, "order", body()).status == 201
    assert ask(stage, "order", body()).status == 422
    stage.account.admin.cancel(stage.orders()[0]["id"])
    assert ask(stage, "order", body()).status == 422


@pytest.mark.parametrize(("scope", "status"), [("account", 422), ("channel", 201)])
def test_a_reference_of_another_channel_is_taken_by_switch(stage: Stage, scope: str, status: int) -> None:
    stage.account.switches.reference_scope = scope  # type: ignore[assignment]
    stage.account.admin.order("r-1", {"TEA": 1}, OTHER_CHANNEL)
    assert ask(stage, "order", body()).status == status


def test_an_unknown_reference_makes_a_product_that_nobody_has_yet(stage: Stage) -> None:
    lines = [{"reference_id": "NEW", "name": "New thing", "quantity": 1}]
    assert ask(stage, "order", body(products=lines)).status == 201
    assert stage.account.admin.variant("NEW").references == {CHANNEL: "NEW"}
    stage.settle()
    assert stage.orders()[0]["status"] == "Exception"
    stage.account.admin.receive("NEW", 8, 1)
    assert stage.orders()[0]["status"] == "Processing"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer other"}, 401),
        ({"authorization": "Bearer weak"}, 403),
        ({"shipbob_channel_id": ""}, 400),
        ({"shipbob_channel_id": str(OTHER_CHANNEL)}, 403),
    ],
)
def test_who_may_not_write_does_not(stage: Stage, headers: dict[str, str], status: int) -> None:
    stage.account.access.tokens["weak"] = Token(CHANNEL, frozenset({"orders_read"}))
    assert ask(stage, "order", body(), **headers).status == status
    assert stage.orders() == []


@pytest.mark.parametrize(
    "path", ["order/1", "order/x", "shipment/1", "product/1", "return/1", "planet", "order/1/moons"]
)
def test_what_is_not_there_is_not_found(stage: Stage, path: str) -> None:
    assert ask(stage, path).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "order?Limit=251",
        "order?Page=0",
        "order?IDs=a",
        "order?SortOrder=Up",
        "order?StartDate=soon",
        "product?Cursor=!",
    ],
)
def test_a_question_that_is_not_well_formed_is_refused(stage: Stage, path: str) -> None:
    assert ask(stage, path).status == 400


def test_a_call_beyond_the_window_is_refused_until_there_is_room(stage: Stage) -> None:
    left = [ask(stage, "channel").headers["x-remaining-calls"] for _ in range(150)]
    assert (left[0], left[-1]) == ("149", "0")
    refused = ask(stage, "channel")
    assert (refused.status, refused.headers["x-retry-after"]) == (429, "60")
    assert json.loads(refused.body)["statusCode"] == 429
    stage.clock.advance(60)
    assert ask(stage, "channel").status == 200


def test_goods_are_committed_after_a_while_and_told_after_another(stage: Stage) -> None:
    ask(stage, "order", body())
    assert committed(stage) == (0, 0)
    stage.clock.advance(30)
    assert committed(stage) == (1, 0)
    stage.clock.advance(60)
    assert committed(stage) == (1, 1)


def committed(stage: Stage) -> tuple[int, int]:
    """What the shipment of the only order holds, and what the levels tell."""
    (order,) = stage.orders()
    items = order["shipments"][0]["products"][0]["inventory_items"]
    level = next(
        one for one in json.loads(ask(stage, "inventory-level/locations").body)["items"] if one["sku"] == "TEA"
    )
    return items[0]["quantity_committed"], sum(place["committed_quantity"] for place in level["locations"])


def test_without_splitting_an_order_waits_for_the_rest_with_what_there_is(stage: Stage) -> None:
    stage.account.switches.splits = False
    stage.account.admin.order("r", {"TEA": 12}, CHANNEL)
    stage.settle()
    (shipment,) = stage.orders()[0]["shipments"]
    assert (shipment["status"], shipment["status_details"][0]["id"]) == ("Exception", 308)
    assert shipment["products"][0]["inventory_items"][0]["quantity_committed"] == 10
    stage.account.admin.receive("TEA", 8, 2)
    (shipment,) = stage.orders()[0]["shipments"]
    assert (shipment["status"], shipment["location"]["id"]) == ("Processing", 8)


def test_what_no_center_has_waits_in_a_shipment_of_its_own(stage: Stage) -> None:
    stage.account.admin.order("r", {"TEA": 17}, CHANNEL)
    stage.settle()
    (order,) = stage.orders()
    found = [(one["status"], one["products"][0]["inventory_items"][0]["quantity"]) for one in order["shipments"]]
    assert sorted(found) == [("Exception", 2), ("Processing", 5), ("Processing", 10)]
    assert order["status"] == "Exception"


def test_goods_leave_the_levels_when_they_leave_the_center(stage: Stage) -> None:
    order = made(stage.create())
    stage.settle()
    stage.account.admin.ship_all(order)
    level = stage.account.snapshot()["levels"][f"{stage.account.admin.variant('TEA').inventory_id}@8"]
    assert level == {"on_hand": 8, "committed": 0}


@pytest.mark.parametrize("act", ["pick", "ship"])
def test_goods_that_are_not_there_are_not_picked(stage: Stage, act: str) -> None:
    order = stage.account.admin.order("r", {"CUP": 9}, CHANNEL, location_id=8)
    stage.account.switches.splits = False
    with pytest.raises(ValueError, match="no goods"):
        getattr(stage.account.admin, act)(stage.account.admin.shipments(order)[0])


def test_a_canceled_order_gives_its_goods_back(stage: Stage) -> None:
    order = made(stage.create())
    stage.settle()
    answer = ask(stage, f"order/{order}:cancel")
    assert json.loads(answer.body)["status"] == "Success"
    assert all(level["committed"] == 0 for level in stage.account.snapshot()["levels"].values())
    assert ask(stage, f"order/{order}:cancel").status == 422
    assert ask(stage, "order/5:cancel").status == 404


def test_an_order_of_another_channel_cannot_be_canceled(stage: Stage) -> None:
    order = stage.account.admin.order("r", {"TEA": 1}, OTHER_CHANNEL)
    assert ask(stage, f"order/{order}:cancel").status == 403


def test_a_return_puts_its_units_back_once_it_is_completed(stage: Stage) -> None:
    order = made(stage.create())
    stage.settle()
    stage.account.admin.ship_all(order)
    number = stage.account.admin.send_back(stage.account.admin.shipments(order)[0], {"TEA": 2})
    steps = [stage.account.admin.process_return(number) for _ in range(3)]
    assert steps == ["Arrived", "Processing", "Completed"]
    assert stage.account.snapshot()["levels"][f"{stage.account.admin.variant('TEA').inventory_id}@8"]["on_hand"] == 10
    shown = json.loads(ask(stage, f"return/{number}").body)
    assert [one["status"] for one in shown["status_history"]] == ["AwaitingArrival", *steps]


def test_returns_are_paged_by_number(stage: Stage) -> None:
    order = made(stage.create())
    shipment = stage.account.admin.shipments(order)[0]
    numbers = [stage.account.admin.send_back(shipment, {"TEA": 1}) for _ in range(3)]
    first = ask(stage, "return?Limit=2&SortOrder=Asc")
    assert (first.headers["total-count"], first.headers["total-pages"]) == ("3", "2")
    assert "Cursor=2" in json.loads(first.body)["next"]
    second = json.loads(ask(stage, "return?Limit=2&SortOrder=Asc&Cursor=2").body)
    assert ([one["id"] for one in second["items"]], second["next"]) == (numbers[2:], None)


def test_returns_are_found_by_what_they_are_of_and_when(stage: Stage) -> None:
    order = made(stage.create())
    (shipment,) = stage.account.admin.shipments(order)
    first = stage.account.admin.send_back(shipment, {"TEA": 1})
    stage.clock.advance(3600)
    second = stage.account.admin.send_back(shipment, {"CUP": 1})
    stage.account.admin.call_off_return(second)
    item = stage.account.admin.variant("CUP").inventory_id
    for query, expected in {
        "": [second, first],
        f"Ids={first}": [first],
        "Status=AwaitingArrival": [first],
        "Status=cancelled,Completed": [second],
        f"ReferenceIds=RMA-{first}": [first],
        f"OriginalShipmentIds={shipment}": [second, first],
        "FulfillmentCenterIds=20": [],
        f"InventoryIds={item}": [second],
        f"StartDate={stage.clock.now().isoformat().replace('+00:00', 'Z')}": [second],
        "CompletedStartDate=2020-01-01T00:00:00Z": [],
    }.items():
        found = json.loads(ask(stage, f"return?{query}").body)["items"]
        assert [one["id"] for one in found] == expected, query


def test_messages_are_signed_as_the_standard_says(stage: Stage) -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdefghijklmn").decode()
    topics = ["order.shipped", "order.shipment.on_hold", "return.created"]
    made_up = ask(stage, "webhook", {"topics": topics, "url": "https://hook.example/1", "secret": secret})
    assert json.loads(made_up.body)["secret"] == secret
    order = made(stage.create())
    stage.settle()
    (shipment,) = stage.account.admin.shipments(order)
    stage.account.admin.hold(shipment)
    stage.account.admin.release(shipment)
    stage.account.admin.ship(shipment, "T1")
    stage.account.admin.deliver(shipment)
    stage.account.admin.send_back(shipment, {"TEA": 1})
    messages = stage.account.admin.messages()
    assert [one.headers["x-webhook-topic"] for one in messages] == topics[1:2] + topics[:1] + topics[2:]
    assert len({one.headers["webhook-id"] for one in messages}) == 3
    for one in messages:
        signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
        digest = hmac.new(b"0123456789abcdefghijklmn", signed, hashlib.sha256).digest()
        assert one.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
        assert one.url == "https://hook.example/1"
    assert json.loads(messages[1].body)["tracking"]["tracking_number"] == "T1"
    assert stage.account.admin.messages() == []


@pytest.mark.parametrize(
    "wish", [{"topics": [], "url": "https://a"}, {"topics": ["x"], "url": "https://a"}, {"topics": ["order.shipped"]}]
)
def test_a_subscription_to_nothing_is_refused(stage: Stage, wish: dict[str, Any]) -> None:
    assert ask(stage, "webhook", wish).status == 422


def test_it_can_be_served_over_http(stage: Stage) -> None:
    order = made(stage.create())
    with serve(stage.account) as served:
        environment = Environment("wms", stage.clock, MemoryState(), allow_private_network=True)
        connector = connect({"token": TOKEN, "api_base": served.base_url}, environment)
        assert [one["id"] for one in records_of(connector.pull("orders", ()))] == [order]
        call = stage.compose_cancel(target=str(order))
        assert connector.push(call)[0].message == ""
        connector.close()
    assert stage.account.shown(order)["status"] == "Cancelled"


def test_a_catalog_is_loaded_with_its_goods(stage: Stage) -> None:
    account = ShipBobSimulator(clock=stage.clock)
    items = [CatalogItem(f"S{size}", "Shoe", Decimal(1), {"WH1": 3, "WH2": 1}, product="SHOE") for size in (41, 42)]
    load(account, items)
    assert len(account.account.products) == 1
    inventory = account.admin.variant("S42").inventory_id
    assert account.snapshot()["levels"][f"{inventory}@20"] == {"on_hand": 1, "committed": 0}
