"""Writes: as few calls as the shop allows, one outcome a row, and never a second write by itself."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from canonical.errors import AmbiguousError, DataError
from connectors.base import RowStatus, WriteRow
from connectors.http import ReadOnlyError
from connectors.simulation import CatalogItem, Fault, SimRequest

APPLIED, REJECTED, UNTOUCHED = RowStatus.APPLIED, RowStatus.REJECTED, RowStatus.UNTOUCHED


def statuses(outcomes: dict[int, Any]) -> dict[int, RowStatus]:
    return {number: outcome.status for number, outcome in outcomes.items()}


def test_a_thousand_changed_quantities_are_exactly_ten_write_calls(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1000))
    outcomes = woo.push_all(world.connect(), world.rows({"stock_quantity": 3}, world.skus(1000)))
    assert set(statuses(outcomes).values()) == {APPLIED}
    assert world.shop.log.writes() == 10
    assert len(world.shop.log.effects()) == 1000
    assert {world.shop.quantity(sku) for sku in world.skus(1000)} == {3}


def test_101_records_are_two_calls(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(101))
    calls = world.connect().pack(world.rows({"stock_quantity": 3}, world.skus(101)), woo.no_key)
    assert [len(call.rows) for call in calls] == [100, 1]


def test_price_and_stock_of_one_record_are_one_save(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(2))
    rows = [
        *world.rows({"stock_quantity": 4}, world.skus(2), 1),
        *world.rows({"regular_price": "12.30"}, world.skus(1), 3),
    ]
    outcomes = woo.push_all(world.connect(), rows)
    assert set(outcomes) == {1, 2, 3}
    assert len(world.shop.log.effects()) == 2
    assert json.loads(outcomes[1].record) == json.loads(outcomes[3].record)
    assert (world.shop.price("S00000"), world.shop.quantity("S00000")) == (Decimal("12.30"), 4)
    assert (world.shop.price("S00001"), world.shop.quantity("S00001")) == (Decimal("9.50"), 4)


def test_a_bad_row_between_merged_ones_is_the_one_that_is_rejected(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(3))
    good, gone = world.skus(1), WriteRow(9, "products", "999999", {"stock_quantity": 1})
    rows = [
        *world.rows({"stock_quantity": 4}, good, 1),
        gone,
        *world.rows({"regular_price": "1.00"}, good, 3),
        *world.rows({"stock_quantity": 8}, ["S00002"], 4),
    ]
    assert statuses(woo.push_all(world.connect(), rows)) == {1: APPLIED, 3: APPLIED, 9: REJECTED, 4: APPLIED}


def test_rows_that_contradict_each_other_both_go_out_in_their_order(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1))
    sku = world.skus(1)
    rows = [*world.rows({"stock_quantity": 4}, sku, 1), *world.rows({"stock_quantity": 6}, sku, 2)]
    outcomes = woo.push_all(world.connect(), rows)
    assert [json.loads(outcomes[number].record)["stock_quantity"] for number in (1, 2)] == [4, 6]


def test_variations_go_out_one_call_for_each_parent(make_world: Any, woo: Any) -> None:
    catalog = [CatalogItem(f"V{n}", "V", Decimal(1), {"WH1": n}, product=f"P{n % 2}") for n in range(6)]
    world = make_world([*catalog, *woo.items(1)], wc_version="9.9.5", variation_extras=False)
    skus = [*(f"V{n}" for n in range(6)), "S00000"]
    outcomes = woo.push_all(world.connect(), world.rows({"stock_quantity": 50}, skus))
    assert set(statuses(outcomes).values()) == {APPLIED}
    assert world.shop.log.writes("variations/batch") == 2
    assert world.shop.log.writes("products/batch") == 1
    assert {world.shop.quantity(sku) for sku in skus} == {50}
    shown = json.loads(outcomes[1].record)
    assert (shown["type"], str(shown["parent_id"])) == ("variation", world.shop.parent_of("V0"))


def test_the_answer_shows_what_the_platform_made_of_a_value(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1))
    values = {"description": '<p onclick="x()">Fine &amp; <script>bad</script></p>', "regular_price": "10.999"}
    outcomes = woo.push_all(world.connect(), world.rows(values, world.skus(1)))
    shown = json.loads(outcomes[1].record)
    assert (shown["description"], shown["regular_price"]) == ("<p>Fine &amp; bad</p>", "10.999")


def test_a_refused_value_is_told_with_code_and_field_and_stops_nobody(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(2))
    rows = [*world.rows({"stock_quantity": 2.5}, ["S00000"], 1), *world.rows({"stock_quantity": 2}, ["S00001"], 2)]
    outcomes = woo.push_all(world.connect(), rows)
    assert statuses(outcomes) == {1: REJECTED, 2: APPLIED}
    assert "rest_invalid_param" in outcomes[1].message
    assert "stock_quantity" in outcomes[1].message


def test_nothing_but_the_given_values_changes(make_world: Any, woo: Any) -> None:
    world = make_world([CatalogItem("T", "T", Decimal(1), {"WH1": 1}, description="<p>x</p>", tags=("b",))])
    before = world.shop.snapshot()
    woo.push_all(world.connect(), world.rows({"regular_price": "2.00"}, ["T"]))
    after = world.shop.snapshot()
    record = world.shop.id_of("T")
    assert {name for name in after[record] if after[record][name] != before[record][name]} == {
        "price", "price_html", "regular_price"
    }  # fmt: skip


def test_a_dry_run_sends_nothing(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1))
    connector = world.connect(read_only=True)
    (call,) = connector.pack(world.rows({"stock_quantity": 3}, world.skus(1)), woo.no_key)
    with pytest.raises(ReadOnlyError):
        connector.push(call)
    assert world.shop.log.entries == []


@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before", "late_effect", "drop", "status_after", "html"])
def test_a_lost_answer_is_unknown_and_never_sent_twice(make_world: Any, woo: Any, kind: Any) -> None:
    world = make_world(woo.items(1))
    connector = world.connect()
    world.shop.faults.add(Fault(kind, only="write"))
    (call,) = connector.pack(world.rows({"stock_quantity": 3}, world.skus(1)), woo.no_key)
    with pytest.raises(AmbiguousError):
        connector.push(call)
    assert connector.resolve(call) is None
    world.clock.advance(60)
    world.shop.run_due()
    assert world.shop.log.writes() == 1
    expected = 3 if kind in ("timeout_after", "late_effect", "status_after") else 10
    assert world.shop.quantity("S00000") == expected


def test_half_an_answer_is_an_unknown_outcome(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(2))
    world.shop.faults.add(Fault("truncated", only="write"))
    with pytest.raises(AmbiguousError):
        woo.push_all(world.connect(), world.rows({"stock_quantity": 3}, world.skus(2)))


def test_a_web_page_with_status_200_is_an_unknown_outcome_of_a_write(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(2))
    world.shop.faults.add(Fault("html", only="write", status=200))
    with pytest.raises(AmbiguousError):
        woo.push_all(world.connect(), world.rows({"stock_quantity": 3}, world.skus(2)))


@pytest.mark.parametrize("cut", ["short", "other", "none"])
def test_an_answer_that_does_not_account_for_every_record_is_unknown(make_world: Any, woo: Any, cut: str) -> None:
    world = make_world(woo.items(3))
    connector = world.connect()
    (call,) = connector.pack(world.rows({"stock_quantity": 3}, world.skus(3)), woo.no_key)
    answer_of = world.shop.answer

    def answer(request: SimRequest) -> Any:
        response = answer_of(request)
        body = json.loads(response.body)
        changed = {"short": {"update": body["update"][:2]}, "other": {"update": body["update"][::-1]}, "none": []}[cut]
        return type(response)(response.status, response.headers, json.dumps(changed).encode())

    world.shop.answer = answer
    with pytest.raises(AmbiguousError):
        connector.push(call)


@pytest.mark.parametrize("effect", ["fitted", "all", "none"])
def test_a_shop_that_is_too_slow_gets_smaller_batches_until_they_fit(make_world: Any, woo: Any, effect: Any) -> None:
    world = make_world(woo.items(400), slow_batch_items=30, slow_batch_effect=effect)
    connector = world.connect()
    rows = world.rows({"stock_quantity": 3}, world.skus(400))
    sizes: list[int] = []
    while len(sizes) < 60 and rows:
        call = connector.pack(rows, woo.no_key)[0]
        sizes.append(len(call.rows))
        try:
            done = connector.push(call)
        except AmbiguousError:
            continue
        rows = [row for row in rows if row.number not in done]
    assert sizes[:3] == [100, 50, 25]
    assert not rows
    assert {world.shop.quantity(sku) for sku in world.skus(400)} == {3}


def test_a_batch_size_grows_back_when_the_shop_is_well_again(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(200), slow_batch_items=60, slow_batch_effect="none")
    connector = world.connect()
    rows = world.rows({"stock_quantity": 3}, world.skus(200))
    with pytest.raises(AmbiguousError):
        connector.push(connector.pack(rows, woo.no_key)[0])
    world.shop.switches.slow_batch_items = None
    sizes = []
    for _ in range(5):
        call = connector.pack(rows, woo.no_key)[0]
        sizes.append(len(call.rows))
        connector.push(call)
    assert sizes == [50, 50, 50, 50, 100]


def test_calls_packed_before_the_shop_slowed_down_are_handed_back_unsent(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(200), slow_batch_items=60, slow_batch_effect="none")
    connector = world.connect()
    first, second = connector.pack(world.rows({"stock_quantity": 3}, world.skus(200)), woo.no_key)
    with pytest.raises(AmbiguousError):
        connector.push(first)
    writes = world.shop.log.writes()
    assert set(statuses(dict(connector.push(second))).values()) == {UNTOUCHED}
    assert world.shop.log.writes() == writes


def test_a_shop_with_a_lower_limit_refuses_without_effect_and_gets_smaller_calls(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(100), batch_limit=60)
    connector = world.connect()
    rows = world.rows({"stock_quantity": 3}, world.skus(100))
    outcomes = woo.push_all(connector, rows)
    assert set(statuses(outcomes).values()) == {UNTOUCHED}
    assert "413" in outcomes[1].message or "too_large" in outcomes[1].message
    assert world.shop.log.effects() == []
    assert set(statuses(woo.push_all(connector, rows)).values()) == {APPLIED}


def test_a_site_that_allows_more_takes_larger_batches(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(250), batch_limit=250)
    outcomes = woo.push_all(world.connect(batch_size=250), world.rows({"stock_quantity": 3}, world.skus(250)))
    assert set(statuses(outcomes).values()) == {APPLIED}
    assert world.shop.log.writes() == 1


def test_variations_of_a_product_that_is_gone_are_rejected_and_the_others_go_on(make_world: Any, woo: Any) -> None:
    catalog = [CatalogItem(f"V{n}", "V", Decimal(1), {"WH1": n}, product=f"P{n % 2}") for n in range(4)]
    world = make_world(catalog)
    rows = world.rows({"stock_quantity": 50}, ["V0", "V1", "V2", "V3"])
    with world.shop.turn():
        world.shop.store.delete(world.shop.store.products[int(world.shop.parent_of("V0"))])
    assert statuses(woo.push_all(world.connect(), rows)) == {1: REJECTED, 3: REJECTED, 2: APPLIED, 4: APPLIED}


def test_a_call_refused_as_a_whole_is_judged_row_by_row(make_world: Any, woo: Any) -> None:
    """Whatever the shop dislikes, the engine halves the call until one row stands alone."""
    world = make_world(woo.items(3))
    connector = world.connect()
    world.shop.faults.add(Fault("status", times=2, status=400, only="write"))
    rows = world.rows({"stock_quantity": 3}, world.skus(3))
    assert set(statuses(woo.push_all(connector, rows)).values()) == {UNTOUCHED}
    assert statuses(woo.push_all(connector, rows[:1])) == {1: REJECTED}
    assert statuses(woo.push_all(connector, rows[1:])) == {2: APPLIED, 3: APPLIED}


def test_an_id_of_another_platform_is_named(make_world: Any, woo: Any) -> None:
    with pytest.raises(DataError, match="gid://"):
        make_world().connect().pack([WriteRow(1, "products", "gid://shop/1", {})], woo.no_key)


def test_nested_and_keyed_paths_land_where_they_belong(make_world: Any, woo: Any) -> None:
    world = make_world(woo.items(1))
    values = {"dimensions.length": "3", "dimensions.width": "4", "meta_data[key=_bin].value": "A-7"}
    outcomes = woo.push_all(world.connect(), world.rows(values, world.skus(1)))
    shown = json.loads(outcomes[1].record)
    assert shown["dimensions"] == {"length": "3", "width": "4", "height": ""}
    assert [(entry["key"], entry["value"]) for entry in shown["meta_data"]] == [("_bin", "A-7")]
