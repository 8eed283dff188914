"""Rows into calls and back to rows; sizes that follow the shop; ids to parents."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.base import WriteRow
from connectors.conformance.world import MemoryState
from connectors.woocommerce import batching
from connectors.woocommerce.batching import BatchSize, Target, parse_target
from connectors.woocommerce.parents import Parents
from connectors.woocommerce.paths import field_name, field_names

ROWS = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.sampled_from(["", "0", "70", "71"]),
        st.dictionaries(st.sampled_from(["regular_price", "stock_quantity"]), st.integers(0, 2), min_size=1),
    ),
    max_size=30,
)


@given(ROWS, st.integers(1, 7))
def test_every_row_is_in_one_call_under_its_own_record(drawn: list[Any], size: int) -> None:
    rows = [
        WriteRow(number, "products", f"{parent}{record}", values, parent_id=parent)
        for number, (record, parent, values) in enumerate(drawn, 1)
    ]
    by_number = {row.number: row for row in rows}
    seen: list[int] = []
    for call in batching.pack(rows, size):
        items = json.loads(call.body)["update"]
        assert 1 <= len(items) <= size
        for item, numbers in zip(items, batching.rows_by_entry(call, len(items)), strict=True):
            seen += numbers
            for number in numbers:
                row = by_number[number]
                assert str(item["id"]) == str(int(row.external_id))
                assert parse_target(call.target).parent_id == ("" if row.parent_id == "0" else row.parent_id)
                assert {name: item[name] for name in row.values} == row.values
    assert sorted(seen) == sorted(by_number)


def test_a_target_survives_its_text_form() -> None:
    for target in (Target(""), Target("17"), Target("17", (2, 1)), Target("", (1, 3))):
        assert parse_target(str(target)) == target
    assert str(Target("17", (1, 1))) == "17"


def test_a_size_never_leaves_its_bounds() -> None:
    size = BatchSize(100)
    for _ in range(20):
        size.shrink()
    assert size.now == 1
    for _ in range(60):
        size.grow(size.now)
    assert size.now == 100


def test_small_calls_do_not_prove_that_large_ones_work() -> None:
    size = BatchSize(100)
    size.shrink()
    for _ in range(20):
        size.grow(3)
    assert size.now == 50


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(100, 105))))
def test_the_last_parent_learned_is_the_one_that_counts(pairs: list[tuple[int, int]]) -> None:
    parents = Parents(MemoryState())
    for variation, parent in pairs:
        parents.learn(variation, parent)
    expected = dict(pairs)
    assert {number: parents.parent_of(number) for number in range(1, 31)} == {
        number: expected.get(number) for number in range(1, 31)
    }


def test_that_a_shop_has_no_variations_is_remembered_until_one_shows_up() -> None:
    state = MemoryState()
    assert Parents(state).may_exist
    Parents(state).rule_out()
    assert not Parents(state).may_exist
    Parents(state).rule_in()
    assert Parents(state).may_exist


def test_lists_are_asked_for_as_a_whole_and_each_name_once() -> None:
    assert [field_name(path) for path in ("sku", "dimensions.width", "tags[].name", "meta_data[key=_a.b].value")] == [
        "sku", "dimensions.width", "tags", "meta_data"
    ]  # fmt: skip
    assert field_names(["tags[].name", "sku", "tags[].id"], ["id", "sku"]) == "id,sku,tags"
