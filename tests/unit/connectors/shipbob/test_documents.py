"""How the shipped mappings read orders, stock and products of ShipBob."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from canonical.errors import SkippableError
from canonical.fulfillment import ShippedLine, TargetOrder, Tracking
from canonical.inventory import Basis
from canonical.status import FulfillmentStatus, RequestStatus
from connectors.shipbob.records import order_record
from connectors.shipbob.simulator.simulator import CHANNEL
from mappings.compiler import compile_mapping
from mappings.loader import load_mappings
from mappings.model import MappingContext
from tests.unit.connectors.shipbob.stage import MAPPINGS, Stage

ENTITIES = {
    spec.entity: compile_mapping(spec, MappingContext("EUR", {"8": "WH1", "20": "WH2"}))
    for spec in load_mappings("shipbob", None)
}


def order(stage: Stage, lines: dict[str, int], **more: Any) -> int:
    return stage.account.admin.order("shop-1-1", lines, CHANNEL, **more)


def test_an_order_counts_as_accepted_once_its_goods_are_committed(stage: Stage) -> None:
    number = order(stage, {"TEA": 2})
    assert stage.target(number).status is RequestStatus.SENT
    stage.clock.advance(30)
    target = stage.target(number)
    assert target.status is RequestStatus.ACCEPTED
    assert (target.reference, target.number, target.closed) == ("shop-1-1", "shop-1-1", False)
    assert target.lines == (ShippedLine(quantity=2, sku="TEA"),)
    assert target.shipments == ()


def test_figures_hold_an_order_from_then_on_and_their_lag(stage: Stage) -> None:
    number = order(stage, {"TEA": 2})
    stage.clock.advance(30)
    assert stage.target(number).status is RequestStatus.ACCEPTED
    assert fulfillable(stage, "TEA", 8) == 10
    rule = ENTITIES["inventory"].fields["stock"].stock
    assert rule is not None
    stage.clock.advance(rule.settle.total_seconds())
    assert fulfillable(stage, "TEA", 8) == 8


def test_an_order_that_waits_for_goods_is_not_in_the_figures(stage: Stage) -> None:
    number = order(stage, {"CUP": 6}, location_id=20)
    stage.settle()
    target = stage.target(number)
    assert target.status is RequestStatus.SENT
    assert stage.account.shown(number)["status"] == "Exception"
    assert fulfillable(stage, "CUP", 8) == 4


@pytest.mark.parametrize(("keeps", "status"), [(True, RequestStatus.ON_HOLD), (False, RequestStatus.SENT)])
def test_a_held_order_counts_as_held_only_with_its_goods(stage: Stage, keeps: bool, status: RequestStatus) -> None:
    number = order(stage, {"TEA": 2})
    stage.settle()
    (shipment,) = stage.account.admin.shipments(number)
    stage.account.admin.hold(shipment, keeps=keeps)
    assert stage.target(number).status is status
    stage.settle()
    assert fulfillable(stage, "TEA", 8) == (8 if keeps else 10)
    stage.account.admin.release(shipment)
    assert stage.target(number).status is RequestStatus.ACCEPTED


def test_an_order_under_review_has_only_been_sent_until_its_goods_are_there(stage: Stage) -> None:
    number = order(stage, {"TEA": 2})
    (shipment,) = stage.account.admin.shipments(number)
    stage.account.admin.review(shipment)
    stage.settle()
    assert stage.account.shown(number)["status"] == "ImportReview"
    assert stage.target(number).status is RequestStatus.SENT
    stage.account.admin.release(shipment)
    assert stage.target(number).status is RequestStatus.ACCEPTED


def test_goods_that_are_found_missing_take_an_order_out_of_the_figures(stage: Stage) -> None:
    number = order(stage, {"TEA": 2})
    stage.settle()
    assert stage.target(number).status is RequestStatus.ACCEPTED
    stage.account.admin.miss(stage.account.admin.shipments(number)[0])
    assert stage.target(number).status is RequestStatus.SENT
    stage.settle()
    assert fulfillable(stage, "TEA", 8) == 10


def test_a_shipped_order_tells_its_parcel(stage: Stage) -> None:
    number = order(stage, {"TEA": 2})
    stage.settle()
    (shipment,) = stage.account.admin.shipments(number)
    stage.account.admin.ship(shipment, "9400 1")
    target = stage.target(number)
    assert (target.status, target.closed) == (RequestStatus.SHIPPED, True)
    (sent,) = target.shipments
    assert (sent.id, sent.location, sent.status) == (str(shipment), "WH1", FulfillmentStatus.FULFILLED)
    assert sent.lines == (ShippedLine(quantity=2, sku="TEA"),)
    assert sent.tracking == (Tracking(carrier="USPS", number="9400 1", url="https://track.example/9400 1"),)
    assert sent.shipped_at == stage.clock.now()
    assert target.updated_at == stage.clock.now()


def test_a_label_alone_is_no_shipment(stage: Stage) -> None:
    number = order(stage, {"TEA": 2})
    stage.settle()
    stage.account.admin.label(stage.account.admin.shipments(number)[0], "9400 1")
    target = stage.target(number)
    assert (target.status, target.shipments) == (RequestStatus.ACCEPTED, ())


def test_a_parcel_without_a_carrier_is_told_by_its_number(stage: Stage) -> None:
    number = order(stage, {"TEA": 1})
    stage.settle()
    stage.account.admin.ship(stage.account.admin.shipments(number)[0], "X1", carrier=None)
    (sent,) = stage.target(number).shipments
    assert [(one.carrier, one.number) for one in sent.tracking] == [("", "X1")]


def test_a_shipment_without_any_number_is_a_shipment(stage: Stage) -> None:
    number = order(stage, {"TEA": 1})
    stage.settle()
    stage.account.admin.ship(stage.account.admin.shipments(number)[0])
    (sent,) = stage.target(number).shipments
    assert sent.tracking == ()
    assert stage.target(number).status is RequestStatus.SHIPPED


def test_freight_is_told_by_its_own_number() -> None:
    tracking = {"carrier": None, "scac": "ODFL", "tracking_number": None, "pro_number": "77 1", "tracking_url": None}
    shown = shown_order(shipments=[shown_shipment(tracking=tracking)])
    (sent,) = read(shown).shipments
    assert sent.tracking == (Tracking(carrier="ODFL", number="77 1"),)


def test_an_order_spread_over_centers_ships_in_parts(stage: Stage) -> None:
    number = order(stage, {"TEA": 12, "CUP": 1})
    stage.settle()
    first, second = stage.account.admin.shipments(number)
    stage.account.admin.ship(second, "B")
    target = stage.target(number)
    assert target.status is RequestStatus.PARTIALLY_SHIPPED
    assert [one.id for one in target.shipments] == [str(second)]
    stage.account.admin.ship(first, "A")
    target = stage.target(number)
    assert target.status is RequestStatus.SHIPPED
    assert {one.location for one in target.shipments} == {"WH1", "WH2"}
    units = sorted((line.sku, line.quantity) for one in target.shipments for line in one.lines)
    assert units == [("CUP", 1), ("TEA", 2), ("TEA", 10)]


def test_delivery_changes_nothing_of_what_was_shipped(stage: Stage) -> None:
    number = order(stage, {"TEA": 1})
    stage.settle()
    stage.account.admin.ship_all(number)
    before = stage.target(number)
    stage.clock.advance(86_400)
    stage.account.admin.deliver(stage.account.admin.shipments(number)[0])
    after = stage.target(number)
    assert (after.status, after.shipments) == (before.status, before.shipments)
    assert after.updated_at == stage.clock.now()


def test_a_canceled_order_is_canceled_and_its_shipment_stays(stage: Stage) -> None:
    number = order(stage, {"TEA": 1})
    stage.settle()
    stage.account.admin.cancel(number)
    target = stage.target(number)
    assert target.status is RequestStatus.CANCELED
    assert [one.status for one in target.shipments] == [FulfillmentStatus.CANCELED]


def test_a_canceled_shipment_takes_no_units_from_the_one_that_replaced_it() -> None:
    gone = shown_shipment(id=1, status="Cancelled")
    shown = shown_order(shipments=[gone, shown_shipment(id=2)])
    units = [(one.id, [line.quantity for line in one.lines]) for one in read(shown).shipments]
    assert units == [("2", [3]), ("1", [])]


def test_a_bundle_is_counted_in_bundles(stage: Stage) -> None:
    stage.account.admin.bundle("SET", {"TEA": 2, "CUP": 1})
    number = order(stage, {"SET": 3, "TEA": 1})
    stage.settle()
    stage.account.admin.ship_all(number)
    (sent,) = stage.target(number).shipments
    assert sorted((line.sku, line.quantity) for line in sent.lines) == [("SET", 3), ("TEA", 1)]


def test_a_bundle_spread_over_centers_is_counted_in_each(stage: Stage) -> None:
    stage.account.admin.receive("CUP", 20, 2)
    stage.account.admin.bundle("SET", {"TEA": 2, "CUP": 1})
    number = order(stage, {"SET": 6})
    stage.settle()
    assert stage.account.shown(number)["status"] == "Processing"
    stage.account.admin.ship_all(number)
    units = [(one.location, one.lines) for one in stage.target(number).shipments]
    assert [(place, lines[0].quantity) for place, lines in sorted(units)] == [("WH1", 4), ("WH2", 2)]


def test_a_pack_of_one_item_is_counted_in_packs(stage: Stage) -> None:
    stage.account.admin.bundle("PACK", {"TEA": 3})
    number = order(stage, {"PACK": 2})
    stage.settle()
    stage.account.admin.ship_all(number)
    (sent,) = stage.target(number).shipments
    assert sent.lines == (ShippedLine(quantity=2, sku="PACK"),)


def test_units_that_cannot_be_told_are_not_guessed() -> None:
    items = [{"id": 1, "quantity": 5, "quantity_committed": 5}, {"id": 2, "quantity": 3, "quantity_committed": 3}]
    shown = shown_order(
        shipments=[shown_shipment(products=[{"id": 1, "reference_id": "SET", "inventory_items": items}])]
    )
    shown["products"] = [{"id": 1, "reference_id": "SET", "quantity": 2}]
    with pytest.raises(SkippableError, match="quantity"):
        read(shown)


def test_an_order_of_the_dashboard_without_a_reference_is_read_too() -> None:
    assert read(shown_order(reference_id=None)).reference == ""


def test_a_status_that_nobody_knows_is_refused() -> None:
    with pytest.raises(SkippableError, match="Teleported"):
        read(shown_order(status="Teleported"))


def test_numbers_keep_their_digits() -> None:
    raw = b'{"id":1,"reference_id":"r","products":[{"unit_price":19.90,"quantity":1}],"shipments":[]}'
    assert b'"unit_price":19.90' in order_record(raw)


def test_stock_is_what_a_new_order_may_have_by_center(stage: Stage) -> None:
    order(stage, {"TEA": 2})
    stage.settle()
    mapped = ENTITIES["inventory"].decode(msgspec.json.encode(level(stage, "TEA")))
    assert mapped is not None
    assert (mapped.kind, mapped.sku) == ("inventory", "TEA")
    assert mapped.slots == {
        "stock[WH1]": 8,
        "on_hand[WH1]": 10,
        "committed[WH1]": 2,
        "stock[WH2]": 5,
        "on_hand[WH2]": 5,
        "committed[WH2]": 0,
    }
    rule = ENTITIES["inventory"].fields["stock"].stock
    assert rule is not None
    assert rule.basis is Basis.ALLOCATED


def test_a_variant_is_known_by_its_sku(stage: Stage) -> None:
    record = next(one for one in stage.pull("products") if one["sku"] == "TEA")
    mapped = ENTITIES["variant"].decode(msgspec.json.encode(record))
    assert mapped is not None
    assert (mapped.kind, mapped.external_id, mapped.sku) == ("variant", str(record["id"]), "TEA")
    assert mapped.parent_id == str(record["product"]["id"])
    assert mapped.slots == {"title": "The TEA"}


def fulfillable(stage: Stage, sku: str, center: int) -> int:
    return next(
        int(one["fulfillable_quantity"]) for one in level(stage, sku)["locations"] if one["location_id"] == center
    )


def level(stage: Stage, sku: str) -> dict[str, Any]:
    return next(one for one in stage.pull("inventory") if one["sku"] == sku)


def read(shown: dict[str, Any]) -> TargetOrder:
    found = MAPPINGS["target_order"].decode(order_record(msgspec.json.encode(shown)))
    assert isinstance(found, TargetOrder)
    return found


def shown_order(**more: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "reference_id": "shop-1-1",
        "order_number": "1",
        "status": "Fulfilled",
        "created_date": "2026-11-02T08:00:00Z",
        "products": [{"id": 1, "reference_id": "TEA", "quantity": 3}],
        "shipments": [],
        **more,
    }


def shown_shipment(**more: Any) -> dict[str, Any]:
    items = [{"id": 5, "quantity": 3, "quantity_committed": 3}]
    return {
        "id": 1,
        "status": "Completed",
        "last_update_at": "2026-11-02T09:00:00Z",
        "actual_fulfillment_date": "2026-11-02T09:00:00Z",
        "products": [{"id": 1, "reference_id": "TEA", "inventory_items": items}],
        **more,
    }
