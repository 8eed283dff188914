"""Orders are made and canceled once: looked up before, found after a lost answer, refused with a reason."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from canonical.errors import AmbiguousError, FatalError, RetriableError, SkippableError
from connectors.base import Effect, RowStatus
from connectors.shiphero.verdict import RefusedError
from connectors.simulation import Fault, SimTransport, Ticker
from tests.unit.connectors.shiphero.stage import ADDRESS, Stage, stage


def held(scene: Stage, reference: str) -> list[dict[str, Any]]:
    return [order for order in scene.hero.state.all("Order") if order["partner_order_id"] == reference]


def test_an_order_bears_our_reference_and_our_line(clock: Ticker) -> None:
    scene = stage(clock)
    outcome = scene.push(scene.order("shop-7-1"))
    assert outcome.status is RowStatus.APPLIED
    record = json.loads(bytes(outcome.record or b""))
    assert record["partner_order_id"] == "shop-7-1"
    assert record["line_items"]["edges"][0]["node"]["partner_line_item_id"] == "L1"
    [looked_up] = scene.connector.lookup("orders", ["state"], [record["id"]])
    assert json.loads(bytes(looked_up.records[0]))["id"] == record["id"]


def test_a_mapping_cannot_write_another_reference(clock: Ticker) -> None:
    scene = stage(clock)
    scene.push(scene.order("shop-7-1", partner_order_id="something else"))
    assert len(held(scene, "shop-7-1")) == 1


def test_the_customer_of_a_3pl_is_named(clock: Ticker) -> None:
    scene = stage(clock)
    connector = scene.connect(customer_account_id="Q3VzdG9tZXI6MQ==")
    document: dict[str, Any] = {
        "order_number": "r-1",
        "shipping_address": ADDRESS,
        "line_items": [{"partner_line_item_id": "1", "sku": "X", "quantity": 1, "price": "1"}],
    }
    outcome = connector.push(connector.compose(Effect("order_create", "r-1", document), str))[0]
    assert outcome.status is RowStatus.APPLIED
    assert held(scene, "r-1")[0]["account_id"] == "Q3VzdG9tZXI6MQ=="
    order = held(scene, "r-1")[0]["id"]
    call = connector.compose(Effect("order_cancel", "r-1", {"order_id": order}, order), str)
    assert connector.push(call)[0].status is RowStatus.APPLIED


@pytest.mark.parametrize("exact", [True, False])
def test_a_reference_that_begins_like_another_is_not_taken_for_it(clock: Ticker, exact: bool) -> None:
    scene = stage(clock, exact_reference=exact, listing_lag_seconds=0.0)
    scene.push(scene.order("shop-1-12"))
    outcome = scene.push(scene.order("shop-1-1"))
    assert outcome.message == ""
    assert len(held(scene, "shop-1-1")) == 1


def test_an_order_that_lists_do_not_show_yet_is_known_all_the_same(clock: Ticker) -> None:
    scene = stage(clock, listing_lag_seconds=60.0)
    scene.push(scene.order("shop-7-1"))
    assert scene.push(scene.order("shop-7-1")).status is RowStatus.APPLIED
    assert len(held(scene, "shop-7-1")) == 1


def test_a_fresh_process_finds_the_order_once_its_time_to_settle_is_over(clock: Ticker) -> None:
    scene = stage(clock, listing_lag_seconds=60.0)
    call = scene.order("shop-7-1")
    scene.hero.faults.add(Fault("timeout_after", only="write"))
    with pytest.raises(AmbiguousError):
        scene.push(call)
    del scene.__dict__["connector"]
    outcome = scene.resolve(call)
    assert outcome.status is RowStatus.APPLIED
    assert outcome.record is not None


@pytest.mark.parametrize("when", ["before", "after"])
def test_trouble_inside_leaves_it_open_whether_it_was_done(clock: Ticker, when: Any) -> None:
    scene = stage(clock)
    scene.hero.break_inside(when)
    call = scene.order("shop-7-1")
    with pytest.raises(AmbiguousError, match="may have taken effect"):
        scene.push(call)
    assert scene.resolve(call).status is (RowStatus.APPLIED if when == "after" else RowStatus.UNTOUCHED)


def test_a_reference_whose_order_was_canceled_there_asks_for_a_new_generation(clock: Ticker) -> None:
    scene = stage(clock)
    scene.push(scene.order("shop-7-1"))
    scene.hero.admin.cancel(held(scene, "shop-7-1")[0]["id"])
    outcome = scene.push(scene.order("shop-7-1"))
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "reference_canceled")
    assert len(held(scene, "shop-7-1")) == 1


def test_an_order_that_is_there_twice_is_said_to_be(clock: Ticker) -> None:
    scene = stage(clock)
    for _ in range(2):
        scene.hero.admin.order("twin", {"SKU-00001": 1})
    outcome = scene.push(scene.order("twin"))
    assert outcome.status is RowStatus.APPLIED
    assert "2 times" in outcome.message


@pytest.mark.parametrize("unique", [True, False])
def test_an_order_number_that_is_taken_is_refused_or_not(clock: Ticker, unique: bool) -> None:
    scene = stage(clock, unique_numbers=unique)
    scene.push(scene.order("shop-7-1"))
    outcome = scene.push(scene.order("shop-8-1", order_number="shop-7-1"))
    assert outcome.status is (RowStatus.REJECTED if unique else RowStatus.APPLIED)
    assert ("taken already" in outcome.message) is unique


@pytest.mark.parametrize("unknown", ["taken", "refused"])
def test_an_unknown_sku_is_refused_or_waits_there(clock: Ticker, unknown: str) -> None:
    scene = stage(clock, unknown_sku=unknown)
    outcome = scene.push(scene.order("shop-7-1", sku="no such 🦊"))
    if unknown == "refused":
        assert outcome.status is RowStatus.REJECTED
        assert "no such 🦊" in outcome.message
        return
    order = held(scene, "shop-7-1")[0]
    scene.hero.admin.allocate(order["id"])
    assert order["line_items"][0]["backorder_quantity"] == 2


def bad(**more: Any) -> dict[str, Any]:
    line = {"partner_line_item_id": "1", "sku": "SKU-00001", "quantity": 1, "price": "1"}
    return {"order_number": "1", "shipping_address": ADDRESS, "line_items": [line], **more}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (bad(shipping_address=None), "missing_address"),
        (bad(shipping_address={"first_name": "Ada"}), "missing_address"),
        (bad(shipping_address="1 Main St"), "missing_address"),
        (bad(order_number=""), "invalid_value"),
        (bad(line_items=[]), "invalid_value"),
        (bad(line_items="x"), "invalid_value"),
        (bad(line_items=["x"]), "invalid_value"),
        (bad(line_items=[{"sku": "", "quantity": 1}]), "invalid_value"),
        (bad(line_items=[{"sku": "A", "quantity": 0}]), "invalid_value"),
        (bad(line_items=[{"sku": "A", "quantity": "1"}]), "invalid_value"),
    ],
)
def test_a_document_that_no_order_can_be_made_of_is_refused_unsent(
    clock: Ticker, document: dict[str, Any], reason: str
) -> None:
    scene = stage(clock)
    with pytest.raises(SkippableError) as caught:
        scene.connector.compose(Effect("order_create", "r-1", document), str)
    assert caught.value.reason == reason
    assert scene.sent == []


def test_what_the_schema_does_not_take_is_refused_with_its_words(clock: Ticker) -> None:
    scene = stage(clock)
    outcome = scene.push(scene.order("shop-7-1", colour="red"))
    assert outcome.status is RowStatus.REJECTED
    assert "colour" in outcome.message
    assert held(scene, "shop-7-1") == []


def test_an_effect_that_does_not_exist_and_one_without_a_target_are_refused(clock: Ticker) -> None:
    scene = stage(clock)
    with pytest.raises(SkippableError, match="cannot do 'order_split'"):
        scene.connector.compose(Effect("order_split", "r", {}), str)
    with pytest.raises(SkippableError, match="names no order"):
        scene.connector.compose(Effect("order_cancel", "r", {}), str)
    with pytest.raises(SkippableError, match="needs a reference"):
        scene.connector.compose(Effect("order_create", "", bad()), str)


def test_no_fields_are_written(clock: Ticker) -> None:
    from connectors.base import WriteRow

    scene = stage(clock)
    assert scene.connector.pack([], str) == []
    with pytest.raises(FatalError, match="no field writes"):
        scene.connector.pack([WriteRow(1, "products", "x", {"name": "y"})], str)


def test_an_order_is_canceled_and_its_stock_given_back(clock: Ticker) -> None:
    scene = stage(clock)
    order = scene.hero.admin.order("a", {"SKU-00001": 4})
    scene.hero.admin.allocate(order)
    assert scene.hero.admin.stock("SKU-00001", "WH1") == {"on_hand": 11, "allocated": 4, "available": 7}
    outcome = scene.push(scene.cancellation(order))
    assert outcome.status is RowStatus.APPLIED
    assert json.loads(bytes(outcome.record or b""))["state"] == "canceled"
    assert scene.hero.admin.stock("SKU-00001", "WH1") == {"on_hand": 11, "allocated": 0, "available": 11}


def test_an_order_that_was_canceled_by_hand_counts_as_canceled(clock: Ticker) -> None:
    scene = stage(clock)
    order = scene.hero.admin.order("a", {"SKU-00001": 1})
    scene.hero.admin.cancel(order)
    outcome = scene.push(scene.cancellation(order))
    assert (outcome.status, outcome.message) == (RowStatus.APPLIED, "it was canceled already")
    assert "order_cancel" not in scene.operations()


def test_an_order_that_has_left_is_not_canceled(clock: Ticker) -> None:
    scene = stage(clock)
    order = scene.hero.admin.order("a", {"SKU-00001": 2})
    scene.hero.admin.ship(order, {"SKU-00001": 1})
    outcome = scene.push(scene.cancellation(order))
    assert outcome.status is RowStatus.REJECTED
    assert "shipped" in outcome.message
    scene.hero.admin.ship(order)
    outcome = scene.push(scene.cancellation(order))
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "already_shipped")
    assert scene.operations().count("order_cancel") == 1


@pytest.mark.parametrize("absent", ["field", "answer", "silent"])
def test_an_order_that_is_not_there_cannot_be_canceled(clock: Ticker, absent: str) -> None:
    scene = stage(clock, absent=absent)
    outcome = scene.push(scene.cancellation("T3JkZXI6OTk5OTk5"))
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "deleted_there")


def test_a_cancellation_whose_answer_was_lost_and_that_came_too_late_is_refused(clock: Ticker) -> None:
    scene = stage(clock)
    order = scene.hero.admin.order("a", {"SKU-00001": 2})
    call = scene.cancellation(order)
    scene.hero.faults.add(Fault("timeout_before", only="write"))
    with pytest.raises(AmbiguousError):
        scene.push(call)
    assert scene.resolve(call).status is RowStatus.UNTOUCHED
    scene.hero.admin.ship(order)
    assert scene.resolve(call).reason == "already_shipped"


def test_a_search_that_fails_says_that_nothing_was_done(clock: Ticker) -> None:
    scene = stage(clock)
    scene.hero.faults.add(
        Fault("status", times=99, only="read", when=lambda request: b"partner_order_id" in request.body)
    )
    with pytest.raises(RetriableError) as caught:
        scene.push(scene.order("shop-7-1"))
    assert not isinstance(caught.value, AmbiguousError)
    assert held(scene, "shop-7-1") == []


def test_an_order_that_is_done_but_cannot_be_read_to_its_end_counts_as_done(clock: Ticker) -> None:
    scene = stage(clock, credits=1_000_000.0)
    lines = [{"partner_line_item_id": f"{n}", "sku": f"S{n}", "quantity": 1, "price": "1"} for n in range(50)]
    call = scene.order("shop-7-1", line_items=lines)
    scene.hero.faults.add(Fault("status", times=99, when=lambda request: b"order_line_items" in request.body))
    outcome = scene.push(call)
    assert outcome.status is RowStatus.APPLIED
    assert outcome.record is None
    scene.hero.faults.clear()
    clock.advance(10)
    [found] = scene.orders()
    assert len(found["line_items"]["edges"]) == 50


class Answering(SimTransport):
    """Gives a fixed answer to every write, after it was done."""

    def __init__(self, scene: Stage, body: Any) -> None:
        super().__init__(scene.hero)
        self._body = body

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if b"mutation" in request.content:
            return httpx.Response(200, json=self._body, request=request)
        return answer


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"order_create": None}},
        {"data": {"order_create": {"order": None}}},
        {"data": {}},
        {"data": {"order_create": {"order": {"id": 7}}}},
        {"data": {"order_create": {"order": None}}, "errors": [{"message": "cannot resolve field"}]},
    ],
)
def test_an_answer_that_shows_no_order_leaves_it_open(clock: Ticker, body: Any) -> None:
    scene = stage(clock)
    connector = scene.connect(transport=Answering(scene, body))
    with pytest.raises(AmbiguousError):
        connector.push(scene.order("shop-7-1"))
    clock.advance(200)
    assert (connector.resolve(scene.order("shop-7-1")) or {})[0].status is RowStatus.APPLIED


def test_an_order_that_is_shown_counts_though_a_part_of_the_answer_failed(clock: Ticker) -> None:
    scene = stage(clock)
    order = {"id": "T3JkZXI6MTAwMQ==", "fulfillment_status": "pending"}
    body = {"data": {"order_create": {"order": order}}, "errors": [{"message": "holds could not be read"}]}
    outcome = scene.connect(transport=Answering(scene, body)).push(scene.order("shop-7-1"))[0]
    assert outcome.status is RowStatus.APPLIED


def test_a_refusal_is_no_ambiguity() -> None:
    assert not issubclass(RefusedError, RetriableError)
