"""Reading: every kind of source, list feature and absence, and the errors of records that do not fit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from time import perf_counter
from typing import Any

import pytest

from canonical.errors import SkippableError
from canonical.fulfillment import Tracking
from canonical.order import AdjustmentKind, Order, OrderLine, ShippingLine, Tax
from canonical.status import OrderStatus
from tests.unit.mappings.documents.conftest import Reads, raw

SOURCES: list[tuple[Any, dict[str, Any], str]] = [
    ("a.b", {"a": {"b": "x"}}, "x"),
    ({"path": "a.b"}, {"a": {"b": 12}}, "12"),
    ("a.b", {"a": None}, ""),
    ("a.b", {"a": []}, ""),
    ("a.b", {}, ""),
    ("meta[key=gift].value", {"meta": [{"key": "x", "value": "no"}, {"key": "gift", "value": "yes"}]}, "yes"),
    ("meta[key=7].value", {"meta": [{"key": 7, "value": "seven"}]}, "seven"),
    ("meta[key=gift].value", {"meta": []}, ""),
    ("^a", {"a": "x"}, "x"),
    ({"first": ["a", "b", "c"]}, {"a": None, "b": "  ", "c": "x"}, "x"),
    ({"first": ["a", "b"]}, {}, ""),
    ({"first": ["a[].x", "b"]}, {"a": [{"x": None}, {"x": "y"}, {"x": "z"}], "b": "w"}, "y"),
    ({"first": ["a[].x", "b"]}, {"a": [], "b": "w"}, "w"),
    ({"path": "a", "when": {"b[].x": {"present": False}}}, {"a": "x", "b": [{"x": ""}]}, "x"),
    ({"join": ["a", "b", "c"]}, {"a": " Ann ", "b": None, "c": "van  Lee"}, "Ann van Lee"),
    ({"join": ["names[].n"]}, {"names": [{"n": "Ann"}, {"n": ""}, {"n": "Lee"}]}, "Ann Lee"),
    ({"join": ["a", "b"], "default": "nobody"}, {"a": "", "b": None}, "nobody"),
    ({"value": "fixed"}, {}, "fixed"),
    ({"path": "a", "default": "none"}, {"a": None}, "none"),
    ({"path": "a", "default": "none"}, {"a": ""}, "none"),
    ({"path": "a", "default": "none"}, {"a": "x"}, "x"),
    ({"path": "a", "values": {"1": "one", "*": "many"}}, {"a": 1}, "one"),
    ({"path": "a", "values": {"1": "one", "*": "many"}}, {"a": "2"}, "many"),
    ({"path": "a", "values": {"true": "yes", "false": "no"}}, {"a": False}, "no"),
    ({"path": "a", "values": {"ups": "UPS", "*": "*"}}, {"a": "dhl"}, "dhl"),
    ({"path": "a", "values": {"ups": "UPS", "*": "*"}}, {"a": "*"}, "*"),
    ({"path": "a", "read": "lower", "values": {"ups": "UPS", "*": "other"}}, {"a": "Ups"}, "UPS"),
    ({"path": "a", "when": {"b": {"equals": 1}}}, {"a": "x", "b": 1}, "x"),
    ({"path": "a", "when": {"b": {"equals": 1}}, "default": "d"}, {"a": "x", "b": 2}, ""),
    ({"path": "a", "when": {"b": {"in": ["p", "q"]}, "c": {"present": True}}}, {"a": "x", "b": "q", "c": 0}, "x"),
    ({"path": "a", "when": {"b": {"present": False}}}, {"a": "x", "b": " "}, "x"),
    ({"path": "a", "when": {"b": {"not_in": ["p"]}}}, {"a": "x"}, "x"),
]


@pytest.mark.parametrize(("source", "record", "wanted"), SOURCES, ids=lambda one: json.dumps(one)[:40])
def test_a_text_comes_from_any_kind_of_source(reads: Reads, source: Any, record: dict[str, Any], wanted: str) -> None:
    assert reads({"note": source}).decode(raw(**record)).note == wanted


NUMBERS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"sum": ["a", "b"]}, {"a": "1.10", "b": 2.05}, "3.15"),
    ({"sum": ["a", "b"]}, {"a": "1.10", "b": None}, "1.10"),
    ({"sum": ["parts[].x"]}, {"parts": [{"x": "0.1"}, {"x": 0.2}, {}]}, "0.3"),
    ({"sum": ["a", "parts[].inner[].x"]}, {"a": 1, "parts": [{"inner": [{"x": 2}]}, {"inner": [{"x": 3}]}]}, "6"),
    ({"sum": ["parts[].x"]}, {"parts": []}, "0"),
    ({"difference": ["a", "b", "c"]}, {"a": "10.00", "b": "2.50", "c": 1}, "6.50"),
    ({"difference": ["a", "b"]}, {"a": "10.00"}, "10.00"),
    ({"product": ["a", "b"]}, {"a": "1.105", "b": 3}, "3.315"),
    ({"quotient": ["a", "b"]}, {"a": 10, "b": 3}, "3.333333333333"),
    ({"quotient": ["a", "b"], "read": "round(2)"}, {"a": 10, "b": 4}, "2.5"),
    ({"sum": ["a"], "default": 7}, {}, "7"),
    ({"sum": ["a"], "read": ["negate", "absolute"]}, {"a": "5"}, "5"),
]


@pytest.mark.parametrize(("source", "record", "wanted"), NUMBERS, ids=lambda one: json.dumps(one)[:40])
def test_arithmetic_is_exact(reads: Reads, source: Any, record: dict[str, Any], wanted: str) -> None:
    assert reads({"presentment_total": source}).decode(raw(**record)).presentment_total == Decimal(wanted)


@pytest.mark.parametrize("source", [{"sum": ["a", "b"]}, {"difference": ["a", "b"]}, {"product": ["b", "c"]}])
def test_arithmetic_with_nothing_is_nothing(reads: Reads, source: Any) -> None:
    assert reads({"presentment_total": source}).decode(raw(b=None, c=2)).presentment_total is None


def test_a_whole_order_is_read(reads: Reads) -> None:
    order = reads(
        {"customer.name": {"join": ["buyer.first", "buyer.last"]}, "shipping_address.city": "ship.city"},
        {"adjustments": [{"each": "fees", "fields": {"kind": {"value": "fee"}, "amount": "total", "title": "name"}}]},
    ).decode(
        raw(
            buyer={"first": "Ann", "last": "Lee"},
            ship={"city": ""},
            lines=[{"id": 1, "qty": 2, "price": 4.5}],
            fees=[{"total": "1", "name": "gift wrap"}],
        )
    )
    assert isinstance(order, Order)
    assert (order.id, order.total, order.status) == ("17", Decimal("10.00"), OrderStatus.OPEN)
    assert order.placed_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert order.lines == (OrderLine(id="1", quantity=2, amount=Decimal("4.5")),)
    assert order.customer.name == "Ann Lee"
    assert order.shipping_address is None
    assert [(one.kind, one.title) for one in order.adjustments] == [(AdjustmentKind.FEE, "gift wrap")]


def test_lists_are_chained_filtered_and_nested(reads: Reads) -> None:
    taxes = [{"each": "taxes", "fields": {"amount": {"path": "cents", "read": "minor(^cur)"}, "title": "../id"}}]
    one = {"id": "id", "quantity": "qty", "amount": "price"}
    mapping = reads(
        lists={
            "lines": [
                {"each": "goods", "when": {"qty": {"not_in": [0]}}, "fields": one, "lists": {"taxes": taxes}},
                {"each": "gifts[]", "fields": {**one, "amount": {"value": 0}}},
            ]
        }
    )
    goods = [{"id": "a", "qty": 0, "price": 1}, {"id": "b", "qty": 1, "price": 2, "taxes": [{"cents": 19}]}]
    lines = mapping.decode(raw(goods=goods, gifts=[{"id": "c", "qty": 1}])).lines
    assert [line.id for line in lines] == ["b", "c"]
    assert lines[0].taxes == (Tax(amount=Decimal("0.19"), title="b"),)


def test_each_goes_through_lists_of_lists(reads: Reads) -> None:
    fields = {
        "line_id": "line",
        "quantity": "qty",
        "id": "../id",
        "location": {"path": "../place.id", "read": "location"},
        "on_hold": {"path": "../../held", "read": "flag"},
    }
    mapping = reads(lists={"assignments": [{"each": "jobs[].lines", "fields": fields}]})
    jobs = [
        {"id": "j1", "place": {"id": "2"}, "lines": [{"line": "a", "qty": 1}, {"line": "b", "qty": 2}]},
        {"id": "j2", "place": {"id": "unknown"}, "lines": [{"line": "a", "qty": 3}]},
        {"id": "j3", "lines": None},
    ]
    found = mapping.decode(raw(jobs=jobs, held=True)).assignments
    assert [(one.id, one.line_id, one.quantity, one.location) for one in found] == [
        ("j1", "a", 1, "WH2"),
        ("j1", "b", 2, "WH2"),
        ("j2", "a", 3, ""),
    ]
    assert all(one.on_hold for one in found)
    assert {"jobs[].lines[].line", "jobs[].place.id", "jobs[].id", "held"} <= set(mapping.read_paths)


def test_an_element_may_be_the_value_itself(reads: Reads) -> None:
    shipment = {
        "each": "parcels",
        "fields": {"id": "id"},
        "lists": {"tracking": [{"each": "numbers", "fields": {"number": ".", "carrier": "../by"}}]},
    }
    mapping = reads(lists={"fulfillments": [shipment]})
    (found,) = mapping.decode(raw(parcels=[{"id": 1, "by": "DHL", "numbers": ["A", 5]}])).fulfillments
    assert found.tracking == (Tracking(carrier="DHL", number="A"), Tracking(carrier="DHL", number="5"))
    assert "parcels[].numbers" in mapping.read_paths


def test_a_list_may_have_one_element_of_the_record_itself(reads: Reads) -> None:
    once = {"fields": {"amount": "shipping", "title": "method"}, "when": {"shipping": {"present": True}}}
    mapping = reads(lists={"shipping": [once]})
    assert mapping.decode(raw(shipping="4.90", method="Post")).shipping == (
        ShippingLine(amount=Decimal("4.90"), title="Post"),
    )
    assert mapping.decode(raw(shipping=None)).shipping == ()


def test_texts_come_from_a_list_a_text_or_every_element(reads: Reads) -> None:
    assert reads({"tags": "tags"}).decode(raw(tags=["b", "a"])).tags == ("b", "a")
    assert reads({"tags": {"path": "tags", "read": "comma_set"}}).decode(raw(tags="b, a,,b")).tags == ("a", "b")
    assert reads({"tags": "labels[].name"}).decode(raw(labels=[{"name": "x"}, {"name": None}])).tags == ("x",)


def test_a_field_that_must_be_set_may_be_blank_where_the_mapping_says_so(reads: Reads) -> None:
    assert reads({"currency": {"path": "cur", "default": ""}}).decode(raw(cur=None)).currency == ""


def test_a_fraction_in_json_stays_exact(reads: Reads) -> None:
    body = raw().replace(b'"10.00"', b"0.1000000000000000055511")
    assert reads().decode(body).total == Decimal("0.1000000000000000055511")


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"total": "ten"}, "orders 17: total: 'ten' is not a number"),
    ({"total": True}, "orders 17: total: True is not a number"),
    ({"total": "NaN"}, "orders 17: total: 'NaN' is not a number"),
    ({"total": None}, "orders 17: total: there is no value at total"),
    ({"cur": " "}, "orders 17: currency: there is no value at cur"),
    ({"at": "yesterday"}, "orders 17: placed_at: 'yesterday' is not an instant in ISO 8601"),
    ({"lines": None}, "orders 17: lines: there is no value at lines"),
    ({"lines": {}}, "orders 17: lines: lines is an object, not a list"),
    ({"lines": [None]}, "orders 17: lines: element 0 of lines is null"),
    ({"lines": [5]}, "orders 17: lines[0].id: 'id' is looked for in a number, not in an object"),
    (
        {"lines": [{"id": 1, "qty": 1, "price": 1}, {"id": 2, "qty": "1.5", "price": 1}]},
        "orders 17: lines[1].quantity: '1.5' is not a whole number",
    ),
    ({"lines": [{"id": 1, "qty": 1}]}, "orders 17: lines[0].amount: there is no value at price"),
    ({"id": ""}, "orders (without an id): id: there is no value at id"),
    ({"id": {"a": 1}}, "orders (without an id): id: {'a': 1} is not a text"),
]


@pytest.mark.parametrize(("changes", "said"), FAULTS, ids=lambda one: str(one)[:50])
def test_what_does_not_fit_is_told_with_record_and_field(reads: Reads, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SkippableError) as error:
        reads().decode(raw(**changes))
    assert str(error.value) == said
    assert error.value.reason in ("invalid_value", "fraction")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"x"', b"{", b"\xff", b"[" * 5000])
def test_what_is_no_object_is_refused(reads: Reads, body: bytes) -> None:
    with pytest.raises(SkippableError, match="orders"):
        reads().decode(body)
    assert reads().identify(body) == ""


def test_a_value_outside_its_table_is_refused(reads: Reads) -> None:
    mapping = reads({"status": {"path": "state", "values": {"new": "open"}, "strict": True}})
    assert mapping.decode(raw(state="new")).status is OrderStatus.OPEN
    with pytest.raises(SkippableError, match=r"orders 17: status: 'odd' is not in the table of values"):
        mapping.decode(raw(state="odd"))
    with pytest.raises(SkippableError, match="is not a single value"):
        mapping.decode(raw(state=["new"]))


@pytest.mark.parametrize(
    ("source", "changes", "wanted"),
    [
        ("id", {}, "17"),
        ("id", {"id": 5}, "5"),
        ("id", {"id": None}, ""),
        ("id", {"id": [1]}, ""),
        ("id", {"id": "  "}, ""),
        ({"path": "id", "read": "gid_number"}, {"id": "gid://x/Order/9"}, "9"),
        ({"path": "id", "read": "prefix(o-)"}, {}, "o-17"),
        ({"first": ["uuid", "id"]}, {}, "17"),
        ("keys.main", {"keys": {"main": "k"}}, "k"),
    ],
)
def test_a_record_is_identified_as_it_is_read(reads: Reads, source: Any, changes: dict[str, Any], wanted: str) -> None:
    mapping = reads({"id": source, "number": {"value": "n"}})
    body = raw(**changes)
    assert mapping.identify(memoryview(body)) == wanted
    if wanted:
        assert mapping.decode(memoryview(body)).id == wanted


def test_read_paths_are_in_catalog_form_and_once_each(reads: Reads) -> None:
    mapping = reads({"note": {"first": ["meta[key=a].value", "cur"], "when": {"kind": {"equals": "x"}}}})
    assert mapping.read_paths == (
        "id",
        "at",
        "cur",
        "total",
        "meta[key=a].value",
        "kind",
        "lines[].id",
        "lines[].qty",
        "lines[].price",
    )


def test_a_list_of_which_nothing_is_read_is_still_asked_for(reads: Reads) -> None:
    lists = {"tracking": [{"each": "boxes", "fields": {"carrier": {"value": "UPS"}}}]}
    mapping = reads(lists={"fulfillments": [{"each": "shipped", "fields": {"id": "id"}, "lists": lists}]})
    assert "shipped[].boxes" in mapping.read_paths


def test_a_mapping_that_reads_does_not_write(reads: Reads) -> None:
    mapping = reads()
    with pytest.raises(TypeError):
        mapping.encode(mapping.decode(raw()))


def test_a_thousand_orders_take_well_below_a_second(reads: Reads) -> None:
    mapping = reads({"customer.name": {"join": ["a.b", "a.c"]}}, {"adjustments": [{"each": "fees", "fields": FEE}]})
    lines = [{"id": number, "qty": 1, "price": "9.90"} for number in range(5)]
    body = raw(lines=lines, a={"b": "Ann", "c": "Lee"}, fees=[{"total": "1.00"}])
    best = min(_seconds(mapping.decode, body) for _ in range(3))
    assert best < 1.0


FEE = {"kind": {"value": "fee"}, "amount": "total"}


def _seconds(decode: Any, body: bytes) -> float:
    started = perf_counter()
    for _ in range(1000):
        decode(body)
    return perf_counter() - started
