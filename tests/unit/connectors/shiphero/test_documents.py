"""The shipped mappings: what the warehouse's records mean in canonical terms, and what it is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from canonical.errors import SkippableError
from canonical.fulfillment import Fulfillment, ShippedLine, TargetOrder, Tracking
from canonical.inventory import Basis
from canonical.party import Address, Customer
from canonical.request import CancelRequest, FulfillmentRequest, RequestCharge, RequestLine
from canonical.status import FulfillmentStatus, RequestStatus
from connectors.base import Effect, RowStatus
from connectors.registry import fields_of, manifest_of
from connectors.simulation import Ticker
from mappings.compiler import compile_mapping
from mappings.loader import load_mappings
from mappings.model import MappingContext
from tests.unit.connectors.shiphero.stage import Stage, stage

REQUEST = FulfillmentRequest(
    reference="shop-1001-1",
    channel="shop",
    order_id="1001",
    order_number="#1001",
    placed_at=datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
    currency="USD",
    lines=(
        RequestLine(line_id="11", sku="SKU-00001", quantity=3, title="Item", amount=Decimal("10.00")),
        RequestLine(line_id="12", sku="SKU-00002", quantity=1),
    ),
    charges=(RequestCharge(kind="shipping", amount=Decimal(4)),),
    total=Decimal("14.00"),
    location="WH2",
    shipping_method="Express",
    customer=Customer(name="Zoë 🦊 漢字", email="zoe@example.com", phone="+1 555"),
    shipping_address=Address(name="Zoë 🦊 漢字", street="1 Main St", city="Reno", postal_code="89501", country="US"),
    note="ring twice",
)


def documents(scene: Stage) -> list[TargetOrder]:
    mapping = scene.mapping("target_order")
    pages = scene.connector.pull("orders", mapping.read_paths)
    found: list[Any] = [mapping.decode(record) for page in pages for record in page.records]
    return found


def sent(scene: Stage, request: FulfillmentRequest) -> dict[str, Any]:
    mapping = scene.mapping("fulfillment_request")
    encoded: dict[str, Any] = dict(mapping.encode(request))
    call = scene.connector.compose(Effect("order_create", request.reference, encoded), str)
    assert scene.push(call).status is RowStatus.APPLIED
    return next(row for row in scene.hero.state.all("Order") if row["partner_order_id"] == request.reference)


def test_a_request_becomes_an_order_and_is_read_back_as_ours(clock: Ticker) -> None:
    scene = stage(clock)
    row = sent(scene, REQUEST)
    assert row["order_number"] == "shop-1001-1"
    assert row["shop_name"] == "shop"
    assert row["packing_note"] == "#1001 ring twice"
    assert row["total_price"] == "14.00"
    assert row["shipping_lines"]["title"] == "Express"
    assert row["shipping_address"]["first_name"] == "Zoë 🦊 漢字"
    assert row["shipping_address"]["phone"] == "+1 555"
    assert [line["price"] for line in row["line_items"]] == ["3.333333", "0"]
    assert {line["warehouse_id"] for line in row["line_items"]} == {scene.hero.admin.warehouse_id("WH2")}
    clock.advance(10)
    [document] = documents(scene)
    assert document == TargetOrder(
        id=row["id"],
        reference="shop-1001-1",
        status=RequestStatus.ACCEPTED,
        number="shop-1001-1",
        lines=(
            ShippedLine(quantity=3, line_id="11", sku="SKU-00001"),
            ShippedLine(quantity=1, line_id="12", sku="SKU-00002"),
        ),
        updated_at=document.updated_at,
    )


def test_a_request_for_no_place_in_particular_names_none(clock: Ticker) -> None:
    import msgspec

    scene = stage(clock)
    row = sent(scene, msgspec.structs.replace(REQUEST, location=""))
    assert [line["warehouse_id"] for line in row["line_items"]] == [None, None]


def test_a_place_that_this_account_does_not_have_is_refused(clock: Ticker) -> None:
    import msgspec

    scene = stage(clock)
    with pytest.raises(SkippableError, match="WH9"):
        sent(scene, msgspec.structs.replace(REQUEST, location="WH9"))


def test_parcels_come_back_with_their_units_and_numbers(clock: Ticker) -> None:
    scene = stage(clock)
    row = sent(scene, REQUEST)
    clock.advance(60)
    first = scene.hero.admin.ship(row["id"], {"SKU-00001": 2}, tracking="1Z9", parcels=2, warehouse="WH2")
    [document] = documents(scene)
    assert document.status is RequestStatus.PARTIALLY_SHIPPED
    assert document.closed
    assert document.shipments == (
        Fulfillment(
            id=first,
            lines=(ShippedLine(quantity=2, line_id="11", sku="SKU-00001"),),
            tracking=(
                Tracking(carrier="ups", number="1Z9", url="https://track.example/1Z9"),
                Tracking(carrier="ups", number="1Z9-1", url="https://track.example/1Z9-1"),
            ),
            location="WH2",
            shipped_at=clock.now(),
        ),
    )
    scene.hero.admin.ship(row["id"], carrier=None, tracking="X")
    [document] = documents(scene)
    assert document.status is RequestStatus.SHIPPED
    assert document.shipments[1].tracking == (Tracking(number="X", url="https://track.example/X"),)


def test_a_parcel_without_a_number_is_a_parcel(clock: Ticker) -> None:
    scene = stage(clock)
    order = scene.hero.admin.order("a", {"SKU-00001": 1})
    scene.hero.admin.ship(order, carrier="", tracking="")
    [document] = documents(scene)
    assert document.status is RequestStatus.SHIPPED
    assert document.shipments[0].tracking == (Tracking(),)


def test_labels_that_were_taken_back_cancel_their_shipment(clock: Ticker) -> None:
    scene = stage(clock)
    order = scene.hero.admin.order("a", {"SKU-00001": 1})
    shipment = scene.hero.admin.ship(order)
    scene.hero.admin.take_back(shipment)
    [document] = documents(scene)
    assert document.status is RequestStatus.ACCEPTED
    assert document.shipments[0].status is FulfillmentStatus.CANCELED
    assert document.shipments[0].tracking == ()


@pytest.mark.parametrize(
    ("act", "status", "closed"),
    [
        (lambda admin, order: admin.hold(order), RequestStatus.ON_HOLD, False),
        (lambda admin, order: admin.status(order, "Tote Complete"), RequestStatus.ACCEPTED, False),
        (lambda admin, order: admin.cancel(order), RequestStatus.CANCELED, True),
    ],
)
def test_the_states_of_an_order(clock: Ticker, act: Any, status: RequestStatus, closed: bool) -> None:
    scene = stage(clock)
    order = scene.hero.admin.order("a", {"SKU-00001": 1})
    act(scene.hero.admin, order)
    [document] = documents(scene)
    assert (document.status, document.closed) == (status, closed)


def test_a_cancellation_is_sent(clock: Ticker) -> None:
    scene = stage(clock)
    order = scene.hero.admin.order("a", {"SKU-00001": 1})
    encoded = scene.mapping("cancel_request").encode(CancelRequest(reference="a", target_id=order, reason="edited"))
    assert encoded == {"order_id": order, "reason": "edited"}
    outcome = scene.push(scene.connector.compose(Effect("order_cancel", "a", encoded, order), str))
    assert outcome.status is RowStatus.APPLIED


def test_stock_is_what_can_be_promised_by_warehouse(clock: Ticker) -> None:
    scene = stage(clock)
    order = scene.hero.admin.order("a", {"SKU-00001": 4})
    scene.hero.admin.allocate(order)
    specs = {spec.entity: spec for spec in load_mappings("shiphero", None)}
    places = {row["id"]: row["identifier"] for row in scene.hero.state.all("Warehouse")}
    mapping = compile_mapping(specs["inventory"], MappingContext("USD", places))
    rule = mapping.fields["stock"].stock
    assert rule is not None
    assert rule.basis is Basis.ALLOCATED
    pages = scene.connector.pull("inventory", mapping.read_paths)
    decoded = [mapping.decode(record) for page in pages for record in page.records]
    found = {one.sku: one for one in decoded if one is not None}
    slots = found["SKU-00001"].slots
    assert {name: value for name, value in slots.items() if name.startswith("stock")} == {
        "stock[WH1]": 7,
        "stock[WH2]": 5,
    }
    assert slots["on_hand[WH1]"] == 11
    assert slots["committed[WH1]"] == 4


def test_the_mappings_ask_for_nothing_that_the_connector_does_not_have() -> None:
    from mappings.documents import load_documents

    catalog, manifest = fields_of("shiphero"), manifest_of("shiphero")
    for spec in load_documents("shiphero", None):
        if spec.writing:
            assert manifest.effects[spec.body.operation].document == spec.document
        else:
            assert spec.document in manifest.resources[spec.body.resource].documents
    for entity in load_mappings("shiphero", None):
        mapping = compile_mapping(entity, MappingContext("USD"))
        assert entity.entity in manifest.resources[mapping.resource].entities
        names = {path.replace("[]", "") for path in catalog.resources[mapping.resource]}
        assert {path.replace("[]", "") for path in mapping.read_paths} <= names
