"""Records into canonical terms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from canonical.errors import SkippableError
from canonical.value import REDACTED
from mappings.compiled import CompiledMapping
from mappings.model import Issue, Mapped

PRICE = "fields: {price: {path: price, scope: currency}}\n"
STOCK = """\
match: {sku: sku}
fields:
  stock:
    each: levels.nodes
    path: quantities[name=available].quantity
    scope: {location: location.id}
    read: stock
    stock: {deducts: creation, basis: accepted}
  on_hand:
    each: levels.nodes
    path: quantities[name=on_hand].quantity
    scope: {location: location.id}
"""


def decode(mapping: CompiledMapping, record: Any) -> Mapped:
    mapped = mapping.decode(msgspec.json.encode(record))
    assert mapped is not None
    return mapped


def test_a_number_with_a_fraction_is_read_exactly(compiled: Any) -> None:
    mapped = compiled(PRICE).decode(b'{"id": 1, "price": 10.10, "other": [{"deep": 1.5}]}')
    assert mapped.slots == {"price[EUR]": "10.1"}
    assert compiled(PRICE).decode(b'{"id": 1, "price": 0.1000000000000000055}').slots == {
        "price[EUR]": "0.1000000000000000055"
    }


def test_missing_and_null_are_told_apart(compiled: Any) -> None:
    mapping = compiled(PRICE)
    assert decode(mapping, {"id": 1}).slots == {}
    assert decode(mapping, {"id": 1, "price": None}).slots == {"price[EUR]": None}


def test_a_null_object_says_nothing_about_its_inside(compiled: Any) -> None:
    mapping = compiled("fields: {title: {path: product.title}}\n")
    assert decode(mapping, {"id": 1, "product": None}).slots == {}
    assert decode(mapping, {"id": 1, "product": {}}).slots == {}
    assert decode(mapping, {"id": 1, "product": {"title": "x"}}).slots == {"title": "x"}


def test_a_bad_value_is_an_issue_and_the_others_go_on(compiled: Any) -> None:
    mapping = compiled("fields: {price: {path: price, scope: currency}, title: {path: title}}\n")
    mapped = decode(mapping, {"id": 1, "price": "ten", "title": "x"})
    assert mapped.slots == {"title": "x"}
    assert mapped.issues == (Issue("price[EUR]", "invalid_value", "'ten' is not a number"),)


@pytest.mark.parametrize("price", [b"1e999999999999999999999999", b"1e5000", b"[1]", b'{"a": 1}', b"true"])
def test_a_monstrous_value_is_an_issue_too(compiled: Any, price: bytes) -> None:
    mapped = compiled(PRICE).decode(b'{"id": 1, "price": ' + price + b"}")
    assert [issue.reason for issue in mapped.issues] == ["invalid_value"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"id": 1, "price": "1',
        b"null",
        b"[]",
        b"12",
        b'{"price": "1"}',
        b'{"id": null}',
        b'{"id": ""}',
        b'{"id": true}',
        b'{"id": {"a": 1}}',
        b'{"id": "\xff"}',
        b'{"id": 1, "price": ' + b"[" * 100_000,
        b"<html>",
    ],
)
def test_bytes_that_are_no_record_are_skipped_with_a_reason(compiled: Any, raw: bytes) -> None:
    with pytest.raises(SkippableError) as caught:
        compiled(PRICE).decode(raw)
    assert caught.value.reason == "invalid_value"


def test_an_object_where_a_list_belongs_is_no_record_of_ours(compiled: Any) -> None:
    with pytest.raises(SkippableError, match="another shape"):
        compiled(STOCK, "inventory").decode(b'{"id": 1, "levels": {"nodes": {}}}')


def test_records_are_read_from_views_as_well(compiled: Any) -> None:
    page = b'[{"id": 1, "price": 2}]'
    assert compiled(PRICE).decode(memoryview(page)[1:-1]).slots == {"price[EUR]": "2"}


def test_identity_parent_version_and_kind(compiled: Any) -> None:
    mapping = compiled(
        """\
        parent: parent_id
        version: stamp
        match: {sku: code, gtin: ean}
        fields: {title: {path: title}}
        """
    )
    record = {"id": 7, "parent_id": 3, "stamp": 1.25, "code": " A-1 ", "ean": "4006381333931", "title": "x"}
    assert decode(mapping, record) == Mapped(
        "variant", "thing", "7", "3", "A-1", "4006381333931", {"title": "x"}, {}, "1.25"
    )
    bare = decode(mapping, {"id": "7", "parent_id": 0, "code": None})
    assert (bare.parent_id, bare.sku, bare.gtin, bare.version) == ("", "", "", "")


def test_a_wrong_gtin_is_kept_and_reported(compiled: Any) -> None:
    mapped = decode(compiled("match: {gtin: ean}\nfields: {title: {path: t}}\n"), {"id": 1, "ean": "123"})
    assert mapped.gtin == "123"
    assert [(issue.slot, issue.reason) for issue in mapped.issues] == [("gtin", "invalid_value")]


def test_a_match_key_that_is_no_text_is_reported_and_empty(compiled: Any) -> None:
    mapped = decode(compiled("match: {sku: code}\nfields: {title: {path: t}}\n"), {"id": 1, "code": ["A"]})
    assert mapped.sku == ""
    assert [(issue.slot, issue.reason) for issue in mapped.issues] == [("sku", "invalid_value")]


def test_a_match_key_may_name_its_own_transform(compiled: Any) -> None:
    mapping = compiled("match: {sku: {path: code, read: text}}\nfields: {title: {path: t}}\n")
    assert decode(mapping, {"id": 1, "code": " A "}).sku == " A "


def test_every_element_of_a_list_becomes_one_scope(compiled: Any) -> None:
    mapped = decode(
        compiled(STOCK, "inventory"),
        {
            "id": 1,
            "sku": "A",
            "levels": {
                "nodes": [
                    {"location": {"id": "L1"}, "quantities": [{"name": "on_hand", "quantity": 9}, None]},
                    None,
                    {"location": {"id": 2}, "quantities": [{"name": "available", "quantity": -1}]},
                ]
            },
        },
    )
    assert mapped.slots == {"on_hand[WH1]": 9, "stock[WH2]": -1}
    assert mapped.scopes["stock[WH1]"] == "L1"
    assert mapped.scopes["stock[WH2]"] == "2"
    assert [(issue.slot, issue.reason) for issue in mapped.issues] == [("stock[WH2]", "negative_stock")]


def test_an_unknown_location_is_reported_once_and_read_nowhere(compiled: Any) -> None:
    record = {"id": 1, "levels": {"nodes": [{"location": {"id": "L9"}}, {"location": None}, {}]}}
    mapped = decode(compiled(STOCK, "inventory"), record)
    assert mapped.slots == {}
    assert [str(issue.slot) for issue in mapped.issues] == ["stock[L9]", "stock[?]", "stock[?]"]
    assert {issue.reason for issue in mapped.issues} == {"unknown_location"}


def test_two_places_with_the_same_code_never_overwrite_each_other(compiled: Any) -> None:
    level = {"quantities": [{"name": "available", "quantity": 5}]}
    nodes = [{"location": {"id": "L1"}, **level}, {"location": {"id": "L3"}, "quantities": []}]
    mapped = decode(compiled(STOCK, "inventory"), {"id": 1, "levels": {"nodes": nodes}})
    assert mapped.slots == {"stock[WH1]": 5}
    assert {issue.reason for issue in mapped.issues} == {"invalid_value"}


@pytest.mark.parametrize("levels", [None, {}, {"nodes": None}, {"nodes": []}])
def test_a_list_that_was_not_read_gives_no_slots(compiled: Any, levels: Any) -> None:
    assert decode(compiled(STOCK, "inventory"), {"id": 1, "levels": levels}).slots == {}


def test_one_figure_for_the_whole_account_has_no_scope(compiled: Any) -> None:
    mapping = compiled("fields: {stock: {path: qty, stock: {basis: none}}}\n", "inventory")
    assert decode(mapping, {"id": 1, "qty": "12.0"}).slots == {"stock": 12}
    fraction = decode(mapping, {"id": 1, "qty": Decimal("12.5")})
    assert fraction.slots == {}
    assert [issue.reason for issue in fraction.issues] == ["fraction"]


def test_a_value_table_reads_texts_numbers_and_flags(compiled: Any) -> None:
    mapping = compiled('fields: {sellable: {path: s, values: {live: true, "1": true, "false": false}}}\n')
    assert decode(mapping, {"id": 1, "s": "live"}).slots == {"sellable": True}
    assert decode(mapping, {"id": 1, "s": 1}).slots == {"sellable": True}
    assert decode(mapping, {"id": 1, "s": False}).slots == {"sellable": False}
    assert decode(mapping, {"id": 1, "s": "gone"}).issues[0].reason == "invalid_value"
    assert decode(mapping, {"id": 1, "s": ["live"]}).issues[0].reason == "invalid_value"


def test_a_star_in_a_value_table_stands_for_every_other_value(compiled: Any) -> None:
    mapping = compiled('fields: {sellable: {path: s, values: {live: true, "*": false}}}\n')
    assert decode(mapping, {"id": 1, "s": "gone"}).slots == {"sellable": False}


def test_a_default_stands_for_null_but_never_for_what_was_not_read(compiled: Any) -> None:
    mapping = compiled('fields: {title: {path: t, default: unnamed, null_is: ""}, tags: {path: g, default: [b, a]}}\n')
    assert decode(mapping, {"id": 1, "t": None, "g": None}).slots == {"title": "unnamed", "tags": ["a", "b"]}
    assert decode(mapping, {"id": 1, "t": ""}).slots == {"title": "unnamed"}
    assert decode(mapping, {"id": 1}).slots == {}


def test_an_empty_text_is_null_where_the_mapping_says_so(compiled: Any) -> None:
    mapping = compiled('fields: {price: {path: price, scope: currency, null_is: ""}}\n')
    assert decode(mapping, {"id": 1, "price": ""}).slots == {"price[EUR]": None}
    assert decode(compiled(PRICE), {"id": 1, "price": ""}).issues[0].reason == "invalid_value"


def test_transforms_run_in_their_order(compiled: Any) -> None:
    mapping = compiled("fields: {price: {path: p, scope: currency, read: [trim, decimal]}}\n")
    assert decode(mapping, {"id": 1, "p": " 1.50 "}).slots == {"price[EUR]": "1.5"}


def test_a_set_is_collected_from_the_elements_of_a_list(compiled: Any) -> None:
    mapping = compiled("fields: {tags: {path: 'tags[].name'}}\n")
    record = {"id": 1, "tags": [{"id": 1, "name": "b"}, {"name": "a"}, {"name": None}, {}, None]}
    assert decode(mapping, record).slots == {"tags": ["a", "b"]}
    assert decode(mapping, {"id": 1}).slots == {}
    assert decode(mapping, {"id": 1, "tags": None}).slots == {"tags": None}


def test_records_that_are_not_ours_give_nothing(compiled: Any) -> None:
    mapping = compiled(
        """\
        when:
          type: {in: [simple, variation]}
          status: {not_in: [trash]}
          parent.id: {present: false}
          n: {equals: 1}
        fields: {title: {path: t}}
        """
    )
    ours = {"id": 1, "type": "simple", "status": "draft", "n": 1, "t": "x"}
    assert decode(mapping, ours).slots == {"title": "x"}
    changes: list[dict[str, Any]] = [
        *({"type": "bundle"}, {"status": "trash"}, {"parent": {"id": 3}}),
        *({"n": "1"}, {"n": True}, {"n": []}),
    ]
    for change in changes:
        assert mapping.decode(msgspec.json.encode({**ours, **change})) is None


def test_a_record_without_what_a_condition_judges_is_skipped_not_dropped(compiled: Any) -> None:
    mapping = compiled("when: {type: {equals: simple}}\nfields: {title: {path: t}}\n")
    with pytest.raises(SkippableError, match="type is not in the record"):
        mapping.decode(b'{"id": 1, "t": "x"}')


def test_a_field_may_be_read_under_a_condition_only(compiled: Any) -> None:
    mapping = compiled("fields: {title: {path: t, when: {shown: {equals: true}}, default: none}}\n")
    assert decode(mapping, {"id": 1, "t": "x", "shown": True}).slots == {"title": "x"}
    assert decode(mapping, {"id": 1, "t": None, "shown": True}).slots == {"title": "none"}
    assert decode(mapping, {"id": 1, "shown": True}).slots == {}
    assert decode(mapping, {"id": 1, "t": "x", "shown": False}).slots == {}
    assert decode(mapping, {"id": 1, "t": [1], "shown": True}).issues[0].reason == "invalid_value"


def test_a_hidden_value_is_redacted_whatever_stands_there(compiled: Any) -> None:
    mapping = compiled("fields: {title: {path: t, redacted_when: {hidden: {equals: true}}}}\n")
    assert decode(mapping, {"id": 1, "t": None, "hidden": True}).slots == {"title": REDACTED}
    assert decode(mapping, {"id": 1, "t": "x", "hidden": False}).slots == {"title": "x"}


def test_conditions_inside_a_list_judge_the_element(compiled: Any) -> None:
    mapping = compiled(
        """\
        fields:
          stock:
            each: levels
            path: qty
            scope: {location: place}
            when: {active: {equals: true}}
            stock: {}
        """,
        "inventory",
    )
    levels = [{"place": "L1", "qty": 1, "active": True}, {"place": 2, "qty": 2, "active": False}]
    assert decode(mapping, {"id": 1, "levels": levels}).slots == {"stock[WH1]": 1}


def test_the_external_kind_is_read_through_its_table(compiled: Any) -> None:
    head = "platform: acme\nentity: variant\nresource: r\nid: id\nkind: {path: type, values: {simple: product}}\n"
    mapping = compiled("fields: {title: {path: t}}\n", head=head)
    assert decode(mapping, {"id": 1, "type": "simple"}).kind == "product"
    with pytest.raises(SkippableError, match="'other' is not in"):
        mapping.decode(b'{"id": 1, "type": "other"}')


def test_without_a_currency_amounts_have_no_scope(compiled: Any) -> None:
    assert decode(compiled(PRICE, currency=""), {"id": 1, "price": "1"}).slots == {"price": "1"}


def test_the_connector_is_asked_for_every_path_once(compiled: Any) -> None:
    assert compiled(STOCK, "inventory").read_paths == (
        "id",
        "sku",
        "levels.nodes[].location.id",
        "levels.nodes[].quantities[name=available].quantity",
        "levels.nodes[].quantities[name=on_hand].quantity",
    )
