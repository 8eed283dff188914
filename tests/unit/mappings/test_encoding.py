"""Canonical values into a platform's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from canonical.errors import SkippableError
from canonical.inventory import Basis
from canonical.value import REDACTED
from mappings.compiled import StockRule

CATALOG = """\
fields:
  title: {path: t, write: {operation: op, path: name}}
  price: {path: p, scope: currency, write: {operation: op, path: price, transform: money}}
  compare_at_price: {path: q, scope: currency, clear: true, null_is: "", write: {operation: op, path: was}}
  weight: {path: w, read: weight(g), write: {operation: other, path: grams}}
  sellable: {path: s, values: {live: true, dead: false}, write: {operation: op, path: state}}
  tags: {path: g}
"""
STOCK = """\
fields:
  stock:
    each: levels
    path: q
    scope: {location: place}
    stock: {deducts: [paid], basis: allocated, settle_seconds: 90}
    write: {operation: set, path: quantity}
"""
BY_KIND = """\
platform: acme
entity: variant
resource: r
id: id
kind: {path: type, values: {simple: product, variation: variation}}
fields:
  title: {path: t, write: {operation: {product: products}, path: name}}
  description: {path: d, write: {operation: {product: products, variation: variations}, path: text}}
"""


def reason(mapping: Any, slots: Any, kind: str = "") -> str:
    with pytest.raises(SkippableError) as caught:
        mapping.encode(slots, kind)
    return caught.value.reason


def test_slots_become_values_by_operation_and_write_path(compiled: Any) -> None:
    slots = {"title": "x", "price[EUR]": "10.1", "sellable": False, "weight": "0.5"}
    assert compiled(CATALOG).encode(slots) == {
        "op": {"name": "x", "price": "10.10", "state": "dead"},
        "other": {"grams": "500"},
    }


def test_nothing_to_write_is_nothing(compiled: Any) -> None:
    assert compiled(CATALOG).encode({}) == {}


def test_an_empty_value_is_written_only_where_the_mapping_allows_it(compiled: Any) -> None:
    mapping = compiled(CATALOG)
    assert mapping.encode({"compare_at_price[EUR]": None}) == {"op": {"was": ""}}
    assert reason(mapping, {"price[EUR]": None}) == "clear_not_allowed"


@pytest.mark.parametrize("slot", ["tags", "description", "unheard_of", "price[USD]", "title[de]", "price"])
def test_what_nothing_writes_is_refused(compiled: Any, slot: str) -> None:
    assert reason(compiled(CATALOG), {slot: "1"}) == "not_writable"


@pytest.mark.parametrize(
    ("slot", "value"), [("price[EUR]", "ten"), ("price[EUR]", True), ("sellable", "live"), ("sellable", [])]
)
def test_a_value_that_does_not_fit_is_refused(compiled: Any, slot: str, value: Any) -> None:
    assert reason(compiled(CATALOG), {slot: value}) == "invalid_value"


def test_a_redacted_value_is_never_written(compiled: Any) -> None:
    assert reason(compiled(CATALOG), {"title": REDACTED}) == "redacted"


def test_stock_is_written_one_location_at_a_time(compiled: Any) -> None:
    mapping = compiled(STOCK, "inventory")
    assert mapping.encode({"stock[WH2]": 4}) == {"set": {"quantity": 4}}
    assert reason(mapping, {"stock[WH9]": 4}) == "unknown_location"
    with pytest.raises(ValueError, match="one scope at a time"):
        mapping.encode({"stock[WH1]": 4, "stock[WH2]": 4})


def test_the_operation_may_depend_on_the_kind(compiled: Any) -> None:
    mapping = compiled("", head=BY_KIND)
    assert mapping.encode({"description": "x"}, "variation") == {"variations": {"text": "x"}}
    assert mapping.encode({"description": "x", "title": "y"}, "product") == {"products": {"text": "x", "name": "y"}}
    assert reason(mapping, {"title": "y"}, "variation") == "not_writable"
    assert reason(mapping, {"title": "y"}) == "not_writable"


def test_the_rule_of_a_field_tells_what_the_file_says(compiled: Any) -> None:
    rule = compiled(STOCK, "inventory").fields["stock"]
    assert (rule.read_path, rule.write_path, rule.operation("any"), rule.compare) == (
        "levels[].q",
        "quantity",
        "set",
        "integer",
    )
    assert rule.stock == StockRule(("paid",), Basis.ALLOCATED, timedelta(seconds=90))
    assert rule.file.endswith("acme/inventory.yaml")
    assert (rule.line, rule.column) == (7, 3)
    assert rule.readable
    assert rule.writable
    tags = compiled(CATALOG).fields["tags"]
    assert (tags.writable, tags.stock, tags.operation()) == (False, None, "")


def test_a_field_may_be_written_without_being_read(compiled: Any) -> None:
    mapping = compiled("fields: {title: {write: {operation: op, path: name}}}\n")
    assert mapping.encode({"title": "x"}) == {"op": {"name": "x"}}
    assert not mapping.fields["title"].readable
    assert mapping.decode(b'{"id": 1, "name": "y"}').slots == {}


def test_a_table_writes_the_type_its_transform_names(compiled: Any) -> None:
    mapping = compiled(
        """\
        fields:
          sellable:
            path: s
            values: {"1": true, "0": false}
            write: {operation: op, path: s, transform: integer}
          title:
            path: t
            values: {"true": yes it is, "false": no}
            write: {operation: op, path: t, transform: flag}
        """
    )
    assert mapping.encode({"sellable": True, "title": "no"}) == {"op": {"s": 1, "t": False}}


def test_values_are_compared_as_the_field_says(compiled: Any) -> None:
    mapping = compiled(CATALOG)
    assert mapping.same("price", "10.999", "11")
    assert mapping.same("price[EUR]", "10.999", "11")
    assert not mapping.same("price", None, "0")
    assert mapping.same("tags", ["a", "b"], ["b", "a"])
    assert not mapping.same("title", REDACTED, dict(REDACTED))
