from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.base import JSON, Call, RowStatus, WriteRow
from tests.servers.tryton.world import World


def _row(number: int, template: str, version: str = "", **values: JSON) -> WriteRow:
    return WriteRow(number, "products", f"{number}", values, parent_id=template, version=version)


def _pack(world: World, *rows: WriteRow) -> list[Call]:
    return world.connect().pack(rows, lambda: "unused")


def _templates(call: Call) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(call.body)["templates"]
    return found


def test_variants_of_one_template_are_one_write(world: World) -> None:
    (call,) = _pack(world, _row(1, "6", list_price="5.00"), _row(2, "6", list_price="5"), _row(3, "7", name="New"))
    assert [(one["id"], one["rows"]) for one in _templates(call)] == [(6, [1, 2]), (7, [3])]
    assert call.rows == (1, 2, 3)


def test_variants_that_want_different_prices_of_one_template_are_rejected_and_not_written(world: World) -> None:
    shirts = world.template_ids["SHIRT-S"]
    (call,) = _pack(world, _row(1, shirts, list_price="5"), _row(2, shirts, list_price="6"))
    before = world.simulator.snapshot()
    outcome = world.connect().push(call)
    assert {number: one.status for number, one in outcome.items()} == {1: RowStatus.REJECTED, 2: RowStatus.REJECTED}
    assert "two values are wanted" in outcome[1].message
    assert world.simulator.snapshot() == before


def test_a_rejected_template_does_not_keep_the_others_back(world: World) -> None:
    shirts, book = world.template_ids["SHIRT-S"], world.template_ids["BOOK"]
    (call,) = _pack(world, _row(1, shirts, list_price="5"), _row(2, shirts, list_price="6"), _row(3, book, name="Tome"))
    outcome = world.connect().push(call)
    assert outcome[3].status is RowStatus.APPLIED
    assert world.simulator.snapshot()["products"][world.product_ids["BOOK"]]["name"] == "Tome"


@pytest.mark.parametrize("value", [1.5, "a lot", True, ["1"]])
def test_a_price_that_is_not_exact_is_rejected(world: World, value: Any) -> None:
    (call,) = _pack(world, _row(1, world.template_ids["BOOK"], list_price=value))
    assert world.connect().push(call)[1].status is RowStatus.REJECTED


def test_a_row_without_its_template_is_rejected(world: World) -> None:
    (call,) = _pack(world, _row(1, "", list_price="5"))
    outcome = world.connect().push(call)
    assert outcome[1].status is RowStatus.REJECTED
    assert "template" in outcome[1].message


def test_a_name_is_never_emptied(world: World) -> None:
    (call,) = _pack(world, _row(1, world.template_ids["BOOK"], name="  "))
    assert world.connect().push(call)[1].status is RowStatus.REJECTED


def test_a_hundred_and_one_rows_are_two_calls(world: World) -> None:
    calls = _pack(world, *(_row(number, str(number), list_price="5") for number in range(1, 102)))
    assert [len(call.rows) for call in calls] == [100, 1]


def test_variants_of_a_template_are_never_torn_apart(world: World) -> None:
    rows = [_row(number, str(number), list_price="5") for number in range(1, 100)]
    calls = _pack(world, *rows, _row(100, "500", list_price="5"), _row(101, "500", list_price="5"))
    assert [call.rows[-1] for call in calls] == [99, 101]


def test_the_older_of_two_tokens_of_a_template_is_the_guard(world: World) -> None:
    first, second = "product.template,6=1793606400.00001", "product.template,6=1793606400.00009"
    (call,) = _pack(world, _row(1, "6", second, list_price="5"), _row(2, "6", first, list_price="5"))
    assert _templates(call)[0]["version"] == "1793606400.00001"


def test_a_lost_answer_is_left_to_reading_again(world: World) -> None:
    (call,) = _pack(world, _row(1, "6", list_price="5"))
    assert world.connect().resolve(call) is None
