"""Lines of a bulk result, put together again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.errors import RetriableError
from connectors.shopify.stitch import Stitcher, gid_type

NESTED = {"InventoryLevel": "inventoryLevels"}


def item(number: int) -> dict[str, Any]:
    return {"id": f"gid://shopify/InventoryItem/{number}", "sku": f"S{number}"}


def level(number: int, place: int) -> dict[str, Any]:
    return {"id": f"gid://shopify/InventoryLevel/{place}?inventory_item_id={number}", "location": {"id": f"L{place}"}}


def line(fields: dict[str, Any], parent: int | None = None) -> bytes:
    named = fields if parent is None else {**fields, "__parentId": f"gid://shopify/InventoryItem/{parent}"}
    return json.dumps(named).encode()


def stitched(lines: list[bytes], **more: Any) -> tuple[list[Any], Stitcher]:
    stitcher = Stitcher(NESTED, **more)
    return [json.loads(record) for record in stitcher.records(lines)], stitcher


def test_children_go_under_their_parents_and_lose_the_mark() -> None:
    records, stitcher = stitched([line(item(1)), line(level(1, 7), 1), line(item(2))])
    assert records == [
        {**item(1), "inventoryLevels": {"nodes": [level(1, 7)]}},
        {**item(2), "inventoryLevels": {"nodes": []}},
    ]
    assert (stitcher.lines, stitcher.roots, stitcher.orphans) == (3, 2, 0)


def test_escaped_slashes_in_ids_are_read_as_slashes() -> None:
    child = line(level(1, 7), 1).replace(b"/", b"\\/")
    records, stitcher = stitched([line(item(1)), child])
    assert records[0]["inventoryLevels"]["nodes"] == [level(1, 7)]
    assert stitcher.orphans == 0


def test_a_child_without_an_open_parent_is_counted_and_left_out() -> None:
    records, stitcher = stitched([line(item(1)), line(item(2)), line(level(1, 7), 1)], window=1)
    assert [record["inventoryLevels"]["nodes"] for record in records] == [[], []]
    assert stitcher.orphans == 1


def test_a_child_of_a_kind_nobody_asked_for_is_counted() -> None:
    stray = {"id": "gid://shopify/Metafield/1", "__parentId": "gid://shopify/InventoryItem/1"}
    assert stitched([line(item(1)), line(stray)])[1].orphans == 1


def test_records_without_nested_lists_pass_through_as_they_are() -> None:
    lines = [line(item(number)) for number in range(3)]
    stitcher = Stitcher({})
    assert list(stitcher.records(lines)) == lines
    assert stitcher.roots == 3


def test_a_cut_line_is_not_an_end() -> None:
    with pytest.raises(RetriableError, match="cut or damaged"):
        stitched([line(item(1)), line(item(2))[:-5]])


def test_no_more_parents_are_kept_open_than_the_window_holds() -> None:
    stitcher = Stitcher(NESTED, window=10)
    taken = 0

    def lines() -> Any:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield line(item(number))

    records = stitcher.records(lines())
    for given_so_far, _ in enumerate(records):
        assert taken - given_so_far <= 11


@given(st.data())
def test_any_order_with_children_after_their_parents_gives_the_same_records(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(0, 3), max_size=12))
    waiting = [(number, place) for number, places in enumerate(sizes) for place in range(places)]
    lines: list[bytes] = []
    opened: list[int] = []
    todo = list(range(len(sizes)))
    while todo or waiting:
        ready = [pair for pair in waiting if pair[0] in opened]
        if todo and (not ready or data.draw(st.booleans())):
            opened.append(todo.pop(0))
            lines.append(line(item(opened[-1])))
        else:
            pair = data.draw(st.sampled_from(ready))
            waiting.remove(pair)
            lines.append(line(level(*pair), pair[0]))
    records, stitcher = stitched(lines)
    assert [record["sku"] for record in records] == [f"S{number}" for number in range(len(sizes))]
    found = [{node["id"] for node in record["inventoryLevels"]["nodes"]} for record in records]
    assert found == [{level(number, place)["id"] for place in range(size)} for number, size in enumerate(sizes)]
    assert stitcher.orphans == 0


def test_the_type_of_a_global_id() -> None:
    assert gid_type("gid://shopify/InventoryLevel/1?inventory_item_id=2") == "InventoryLevel"
    assert gid_type("no gid") == ""


def test_a_mark_that_does_not_stand_last_is_taken_out_too() -> None:
    child = {"__parentId": "gid://shopify/InventoryItem/1", **level(1, 7)}
    records, _ = stitched([line(item(1)), json.dumps(child, separators=(",", ":")).encode()])
    assert records[0]["inventoryLevels"]["nodes"] == [level(1, 7)]


def test_a_text_that_looks_like_a_mark_is_left_alone() -> None:
    text = {"id": "gid://shopify/InventoryLevel/7", "note": '","__parentId":"gid://shopify/InventoryItem/9'}
    child = json.dumps({**text, "__parentId": "gid://shopify/InventoryItem/1"}, separators=(",", ":")).encode()
    records, _ = stitched([line(item(1)), child])
    assert records[0]["inventoryLevels"]["nodes"] == [text]
