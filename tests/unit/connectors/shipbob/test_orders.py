"""Orders at ShipBob: made once under their reference, canceled while they can be, found when an answer is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from canonical.errors import AmbiguousError, RetriableError, SkippableError
from canonical.party import Address, Customer
from connectors.base import Effect, RowStatus
from connectors.shipbob.simulator.simulator import CHANNEL, OTHER_CHANNEL
from connectors.simulation import Fault, SimRequest
from tests.unit.connectors.shipbob.stage import MAPPINGS, Stage, linked, made, request

NOBODY = {"customer": Customer()}


def test_a_request_becomes_an_order_of_our_channel(stage: Stage) -> None:
    outcome = stage.create({"TEA": 2, "CUP": 1}, shipping_method="Express", note="Happy birthday 🎂")
    assert outcome.status is RowStatus.APPLIED
    (order,) = stage.orders()
    assert (order["id"], order["reference_id"], order["order_number"]) == (made(outcome), "shop-1-1", "#1001")
    assert order["channel"]["id"] == CHANNEL
    assert [(line["reference_id"], line["quantity"]) for line in order["products"]] == [("TEA", 2), ("CUP", 1)]
    assert (order["shipping_method"], order["gift_message"]) == ("Express", "Happy birthday 🎂")
    assert order["purchase_date"] == "2026-11-02T07:30:00Z"
    assert order["recipient"]["address"] == {
        "address1": "1 Main St",
        "city": "Chicago",
        "state": "IL",
        "zip_code": "60607",
        "country": "US",
    }


def test_the_answer_is_the_record_that_a_lookup_gives(stage: Stage) -> None:
    outcome = stage.create()
    (page,) = stage.connector.lookup("orders", (), [str(made(outcome))])
    assert outcome.record is not None
    assert bytes(outcome.record) == bytes(page.records[0])


def test_a_place_is_asked_for_by_the_centers_own_id(stage: Stage) -> None:
    order = made(stage.create(location="WH2"))
    stage.settle()
    assert stage.account.shown(order)["shipments"][0]["location"]["id"] == 20


def test_names_that_are_no_latin_letters_arrive_whole(stage: Stage) -> None:
    name = "李小龙 🥋𠜎"
    stage.create(shipping_address=Address(name=name, street="1 Main St", city="香港", country="HK"))
    (order,) = stage.orders()
    assert order["recipient"]["name"] == name
    assert order["recipient"]["address"]["city"] == "香港"


def test_a_second_order_of_the_same_reference_is_the_first(stage: Stage) -> None:
    first, second = stage.create(), stage.create()
    assert made(first) == made(second)
    assert second.status is RowStatus.APPLIED
    assert len(stage.orders()) == 1


@pytest.mark.parametrize("filtered", ["prefix", "exact", "ignored"])
def test_an_order_whose_reference_only_begins_alike_is_not_ours(stage: Stage, filtered: str) -> None:
    stage.account.switches.reference_filter = filtered  # type: ignore[assignment]
    longer = made(stage.create(reference="shop-1-12"))
    call = stage.compose(reference="shop-1-1")
    stage.account.faults.add(Fault("timeout_before", only="write"))
    with pytest.raises(AmbiguousError):
        stage.push(call)
    resolved = stage.resolve(call)
    assert resolved is not None
    assert resolved.status is RowStatus.UNTOUCHED
    assert made(stage.push(call)) != longer


def test_an_order_is_found_behind_pages_of_others(stage: Stage) -> None:
    for number in range(25):
        stage.account.admin.order(f"shop-1-1{number:02d}", {"TEA": 1}, CHANNEL)
    call = stage.compose(reference="shop-1-1")
    stage.account.faults.add(Fault("timeout_after", only="write"))
    with pytest.raises(AmbiguousError):
        stage.push(call)
    found = stage.resolve(call)
    assert found is not None
    assert found.status is RowStatus.APPLIED
    assert len(stage.orders()) == 26


def test_a_canceled_order_is_not_the_live_one(stage: Stage) -> None:
    order = made(stage.create())
    stage.account.admin.cancel(order)
    again = stage.create()
    assert again.status is RowStatus.REJECTED
    assert again.reason == "reference_canceled"
    assert str(order) in again.message
    assert made(stage.create(reference="shop-1-2")) != order


def test_a_lost_order_that_was_canceled_meanwhile_is_told_as_canceled(stage: Stage) -> None:
    call = stage.compose()
    stage.account.faults.add(Fault("timeout_after", only="write"))
    with pytest.raises(AmbiguousError):
        stage.push(call)
    stage.account.admin.cancel(stage.orders()[0]["id"])
    found = stage.resolve(call)
    assert found is not None
    assert (found.status, found.reason) == (RowStatus.REJECTED, "reference_canceled")


def test_canceled_orders_that_are_not_listed_are_not_taken_for_none(stage: Stage) -> None:
    stage.account.switches.lists_canceled = False
    stage.account.admin.cancel(made(stage.create()))
    with pytest.raises(AmbiguousError):
        stage.create()


def test_a_reference_of_another_channel_is_taken(stage: Stage) -> None:
    other = stage.account.admin.order("shop-1-1", {"TEA": 1}, OTHER_CHANNEL)
    outcome = stage.create()
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "reference_taken")
    assert str(other) in outcome.message


def test_where_references_are_the_channels_own_another_channels_order_is_none_of_ours(stage: Stage) -> None:
    stage.account.switches.reference_scope = "channel"
    other = stage.account.admin.order("shop-1-1", {"TEA": 1}, OTHER_CHANNEL)
    call = stage.compose()
    stage.account.faults.add(Fault("timeout_before", only="write"))
    with pytest.raises(AmbiguousError):
        stage.push(call)
    resolved = stage.resolve(call)
    assert resolved is not None
    assert resolved.status is RowStatus.UNTOUCHED
    assert made(stage.push(call)) != other


def test_an_order_that_the_list_does_not_show_yet_is_not_known(stage: Stage) -> None:
    stage.account.switches.listing_lag_seconds = 60
    order = made(stage.create())
    with pytest.raises(AmbiguousError):
        stage.create()
    stage.clock.advance(60)
    assert made(stage.create()) == order


def test_a_repeated_reference_is_found_whatever_the_refusal_says(stage: Stage) -> None:
    stage.account.switches.duplicate_words = "nope"
    assert made(stage.create()) == made(stage.create())


def test_an_unknown_sku_is_refused_and_makes_no_product(stage: Stage) -> None:
    outcome = stage.create({"TEA": 1, "TYPO": 1})
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "unmatched_line")
    assert "TYPO" in outcome.message
    assert "TEA" not in outcome.message
    assert stage.orders() == []
    assert len(stage.account.account.products) == 2


def test_a_sku_that_only_looks_alike_is_not_known(stage: Stage) -> None:
    assert stage.create({"TE": 1}).reason == "unmatched_line"
    assert stage.create({"tea": 1}).reason == "unmatched_line"


def test_new_products_are_made_where_the_setting_allows_it(stage: Stage) -> None:
    connector = stage.connect(unknown_products="create")
    outcome = connector.push(stage.compose({"NEW": 1}))[0]
    assert outcome.status is RowStatus.APPLIED
    assert stage.account.admin.variant("NEW").name == "The NEW"
    assert stage.calls("product") == 0


def test_what_a_channel_calls_a_product_is_a_name_of_it(stage: Stage) -> None:
    stage.account.admin.variant("TEA").references[CHANNEL] = "GREEN-TEA"
    assert stage.create({"GREEN-TEA": 1}).status is RowStatus.APPLIED


def test_linked_products_are_looked_up_by_their_ids_many_at_once(stage: Stage) -> None:
    variants = {f"S{number}": stage.stock(f"S{number}", {8: 9}) for number in range(120)}
    connector = stage.connect(page_size=250)
    outcome = connector.push(stage.compose(lines=linked(variants)))[0]
    assert outcome.status is RowStatus.APPLIED
    assert stage.calls("product") == 3
    assert "variant_id" not in json.dumps(stage.account.account.orders[made(outcome)].body)


def test_the_products_of_many_orders_are_looked_up_at_once(stage: Stage) -> None:
    variants = {f"S{number}": stage.stock(f"S{number}", {8: 9}) for number in range(40)}
    calls = [
        stage.compose(reference=f"shop-{number}-1", lines=linked({sku: variant}))
        for number, (sku, variant) in enumerate(variants.items())
    ]
    connector = stage.connect(page_size=250)
    connector.foresee([*calls, stage.compose_cancel()])
    assert stage.orders() == []
    assert {connector.push(call)[0].status for call in calls} == {RowStatus.APPLIED}
    assert stage.calls("product") == 1


def test_nothing_is_looked_up_beforehand_where_products_may_be_made(stage: Stage) -> None:
    connector = stage.connect(unknown_products="create")
    connector.foresee([stage.compose(lines=linked({"TEA": stage.account.admin.variant("TEA").id}))] * 2)
    assert stage.calls("product") == 0


def test_a_link_to_a_product_that_was_renamed_there_does_not_count(stage: Stage) -> None:
    lines = linked({"TEA": stage.account.admin.variant("TEA").id})
    stage.account.admin.rename("TEA", new_sku="OOLONG")
    assert stage.create(lines=lines).reason == "unmatched_line"


def test_an_order_of_five_hundred_lines_reads_the_catalog_instead_of_asking_for_each(stage: Stage) -> None:
    for number in range(500):
        stage.stock(f"S{number}", {8: 3})
    connector = stage.connect(page_size=250)
    outcome = connector.push(stage.compose({f"S{number}": 1 for number in range(500)}))[0]
    assert outcome.status is RowStatus.APPLIED
    assert stage.calls("product") <= 3
    stage.settle()
    target = stage.target(made(outcome))
    assert len(target.lines) == 500
    stage.account.admin.ship_all(made(outcome))
    (shipment,) = stage.target(made(outcome)).shipments
    assert sum(line.quantity for line in shipment.lines) == 500


def test_known_skus_are_not_asked_for_again_for_a_while(stage: Stage) -> None:
    stage.create(reference="shop-1-1")
    asked = stage.calls("product")
    stage.create(reference="shop-1-2")
    assert stage.calls("product") == asked
    stage.clock.advance(601)
    stage.create(reference="shop-1-3")
    assert stage.calls("product") > asked


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"shipping_address": None}, "missing_address"),
        ({"shipping_address": Address(name="Ada", city="Chicago", country="US")}, "missing_address"),
        ({"shipping_address": Address(name="Ada", street="1 Main St", city="Chicago")}, "missing_address"),
        ({"shipping_address": Address(street="1 Main St", city="C", country="US"), **NOBODY}, "missing_address"),
        ({"lines": ()}, "invalid_value"),
        ({"location": "MOON"}, "unknown_location"),
        ({"note": "x" * 501}, "invalid_value"),
        ({"order_number": "x" * 401}, "invalid_value"),
    ],
)
def test_what_shipbob_cannot_take_is_refused_before_anything_is_sent(
    stage: Stage, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(SkippableError) as refused:
        stage.create(**change)
    assert refused.value.reason == reason
    assert stage.sent == []


@pytest.mark.parametrize("reference", ["a,b", " ", "x" * 301])
def test_a_reference_that_could_not_be_found_again_is_refused(stage: Stage, reference: str) -> None:
    with pytest.raises(SkippableError):
        stage.compose(reference=reference)


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_line_of_no_units_is_refused(stage: Stage, quantity: int) -> None:
    with pytest.raises(SkippableError):
        stage.compose({"TEA": quantity})


def test_a_field_that_an_order_does_not_have_is_refused(stage: Stage) -> None:
    document = {**MAPPINGS["fulfillment_request"].encode(request({"TEA": 1}, "r")), "colour": "red"}
    with pytest.raises(SkippableError, match="colour"):
        stage.connector.compose(Effect("order.create", "r", document), str)


def test_an_operation_that_there_is_not_is_refused(stage: Stage) -> None:
    with pytest.raises(SkippableError) as refused:
        stage.connector.compose(Effect("order.paint", "r", {}), str)
    assert refused.value.reason == "unknown_operation"


def test_an_order_is_canceled_as_a_whole(stage: Stage) -> None:
    order = made(stage.create())
    outcome = stage.cancel(target=str(order))
    assert outcome.status is RowStatus.APPLIED
    assert stage.account.shown(order)["status"] == "Cancelled"
    assert outcome.record is not None
    assert json.loads(bytes(outcome.record))["status"] == "Cancelled"


def test_an_order_whose_id_is_not_known_is_canceled_by_its_reference(stage: Stage) -> None:
    order, longer = made(stage.create()), made(stage.create(reference="shop-1-12"))
    assert made(stage.cancel()) == order
    assert stage.account.shown(longer)["status"] == "Processing"


def test_canceling_twice_is_canceling_once(stage: Stage) -> None:
    made(stage.create())
    assert stage.cancel().status is RowStatus.APPLIED
    sent = stage.calls("order.cancel")
    assert stage.cancel().status is RowStatus.APPLIED
    assert stage.calls("order.cancel") == sent


def test_an_order_under_another_reference_is_not_canceled_by_its_id(stage: Stage) -> None:
    order = made(stage.create())
    outcome = stage.cancel(reference="shop-9-1", target=str(order))
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "unknown_order")
    assert stage.account.shown(order)["status"] == "Processing"


def test_a_cancellation_comes_too_late_once_the_goods_were_picked(stage: Stage) -> None:
    order = made(stage.create())
    stage.settle()
    stage.account.admin.pick(stage.account.admin.shipments(order)[0])
    outcome = stage.cancel(target=str(order))
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "cancel_refused")
    assert "cancellable" in outcome.message


def test_a_cancellation_comes_too_late_once_the_goods_left(stage: Stage) -> None:
    order = made(stage.create())
    stage.settle()
    stage.account.admin.ship_all(order)
    outcome = stage.cancel(target=str(order))
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "cancel_refused")
    assert stage.calls("order.cancel") == 0


def test_an_order_of_which_a_part_was_picked_is_canceled_in_part_and_says_so(stage: Stage) -> None:
    order = made(stage.create({"TEA": 12}))
    stage.settle()
    first, second = stage.account.admin.shipments(order)
    stage.account.admin.pick(first)
    outcome = stage.cancel(target=str(order))
    assert (outcome.status, outcome.reason) == (RowStatus.REJECTED, "cancel_refused")
    assert "in part" in outcome.message
    assert str(first) in outcome.message
    assert str(second) not in outcome.message
    assert [one["status"] for one in stage.account.shown(order)["shipments"]] == ["Processing", "Cancelled"]


def test_a_lost_cancellation_is_found_by_the_orders_status(stage: Stage) -> None:
    order = made(stage.create())
    call = stage.compose_cancel(target=str(order))
    stage.account.faults.add(Fault("timeout_before", only="write"))
    with pytest.raises(AmbiguousError):
        stage.push(call)
    found = stage.resolve(call)
    assert found is not None
    assert found.status is RowStatus.UNTOUCHED
    stage.account.faults.add(Fault("timeout_after", only="write"))
    with pytest.raises(AmbiguousError):
        stage.push(call)
    found = stage.resolve(call)
    assert found is not None
    assert found.status is RowStatus.APPLIED


def test_a_cancellation_of_nothing_that_is_known_is_untouched_when_it_is_looked_for(stage: Stage) -> None:
    found = stage.resolve(stage.compose_cancel(reference="shop-7-1"))
    assert found is not None
    assert found.status is RowStatus.UNTOUCHED


def test_a_refusal_that_cannot_be_looked_into_means_that_nothing_was_done(stage: Stage) -> None:
    stage.create()
    lists = Fault("status", times=99, only="read", when=_lists_orders)
    stage.account.faults.add(lists)
    with pytest.raises(RetriableError) as error:
        stage.create()
    assert not isinstance(error.value, AmbiguousError)


def _lists_orders(request: SimRequest) -> bool:
    return request.path.endswith("/order")
