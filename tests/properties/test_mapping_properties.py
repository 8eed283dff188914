"""Properties of mappings: there and back keeps every value, comparisons are relations, no bytes break the decoder."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from canonical.errors import ConfigError, SkippableError
from canonical.fields import FIELDS, ScopeKind, ValueKind
from canonical.money import exponent, round_to
from canonical.value import Value, decimal_text
from mappings.compare import comparison, default_comparison
from mappings.compiled import CompiledMapping
from mappings.compiler import compile_mapping
from mappings.loader import load_mappings
from mappings.model import MappingContext
from mappings.source import parse_yaml

LOCATIONS = {"gid://shopify/Location/1": "WH1", "2": "WH2"}
SHIPPED = [
    (platform, entity)
    for platform in ("memory", "shopify", "tryton", "woocommerce")
    for entity in ("inventory", "variant")
]
KINDS = {"woocommerce": "product", "shopify": "", "tryton": "product", "memory": "item"}


@cache
def mapping(platform: str, entity: str, currency: str = "EUR") -> CompiledMapping:
    (spec,) = (spec for spec in load_mappings(platform, None) if spec.entity == entity)
    return compile_mapping(spec, MappingContext(currency, LOCATIONS))


decimals = st.decimals(-(10**9), 10**9, allow_nan=False, places=4).map(decimal_text)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40)
VALUES: dict[ValueKind, st.SearchStrategy[Any]] = {
    ValueKind.DECIMAL: decimals,
    ValueKind.COUNT: st.integers(-1000, 10**6),
    ValueKind.FLAG: st.booleans(),
    ValueKind.SET: st.lists(texts.map(str.strip).filter(bool), max_size=5).map(lambda one: sorted(set(one))),
    ValueKind.TEXT: texts,
    ValueKind.HTML: texts.map(lambda text: f"<p>{text}</p>"),
}


def _record(platform: str, path: str, written: Any) -> dict[str, Any]:
    """A record that holds what was written where the field is read, at the second location."""
    node: Any = written
    for step in reversed(path.split(".")):
        name, bracket, selector = step.rstrip("]").partition("[")
        key, _, value = selector.partition("=")
        if key:
            node = [{key: value, **node}]
        elif bracket:
            node = [{"location": {"id": "2"} if platform == "shopify" else "2", **node}]
        node = {name: node}
    return {"id": "1", "type": "simple", "status": "publish", **node}


@pytest.mark.parametrize(("platform", "entity"), SHIPPED)
@given(data=st.data())
def test_what_is_written_and_read_again_is_the_same(platform: str, entity: str, data: st.DataObject) -> None:
    compiled = mapping(platform, entity)
    for name, rule in compiled.fields.items():
        operation = rule.operation(KINDS[platform])
        if not operation or not rule.readable:
            continue
        wanted: Value = data.draw(VALUES[FIELDS[entity, name].value], label=name)
        scope = {ScopeKind.CURRENCY: "[EUR]", ScopeKind.LOCATION: "[WH2]", ScopeKind.NONE: ""}[rule.scope]
        written = compiled.encode({f"{name}{scope}": wanted}, KINDS[platform])[operation][rule.write_path]
        mapped = compiled.decode(msgspec.json.encode(_record(platform, rule.read_path, written)))
        assert mapped is not None
        assert compiled.same(name, mapped.slots[f"{name}{scope}"], wanted)


@given(decimals, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_an_amount_written_to_a_shop_is_rounded_once_and_then_stays(amount: str, currency: str) -> None:
    shopify = mapping("shopify", "variant", currency)
    slot = f"price[{currency}]"
    once = shopify.encode({slot: amount})["productVariantsBulkUpdate"]["price"]
    assert isinstance(once, str)
    assert Decimal(once) == round_to(Decimal(amount), exponent(currency))
    back = shopify.decode(msgspec.json.encode({"id": "1", "price": once}))
    assert back is not None
    assert shopify.encode({slot: back.slots[slot]})["productVariantsBulkUpdate"]["price"] == once


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_a_json_number_and_the_same_text_read_alike(number: Decimal) -> None:
    memory = mapping("memory", "variant")
    as_number = memory.decode(f'{{"id": "1", "price": {number:f}}}'.encode())
    as_text = memory.decode(f'{{"id": "1", "price": "{number:f}"}}'.encode())
    assert as_number is not None
    assert as_text is not None
    assert as_number.slots == as_text.slots == {"price[EUR]": decimal_text(number)}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(("platform", "entity"), SHIPPED)
@given(data=st.data())
def test_no_record_makes_the_decoder_fail(platform: str, entity: str, data: st.DataObject) -> None:
    compiled = mapping(platform, entity)
    names = sorted({path.partition(".")[0].partition("[")[0] for path in compiled.read_paths})
    record = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, json_values)))
    try:
        mapped = compiled.decode(msgspec.json.encode(record))
    except SkippableError as error:
        mapped, reason = None, error.reason
    else:
        reason = "invalid_value"
    assert reason == "invalid_value"
    if mapped is not None:
        assert mapped.external_id
        msgspec.json.encode(mapped.slots)


@given(st.binary(max_size=200))
@example(b'{"id":" ","":""}')
@example(b'{"id":null}')
@example(b"\xff")
def test_no_bytes_make_the_decoder_fail(raw: bytes) -> None:
    try:
        mapped = mapping("shopify", "variant").decode(raw)
    except SkippableError as error:
        assert error.reason == "invalid_value"
    else:
        assert mapped is None or mapped.external_id.strip()


@given(st.integers(1, 200))
def test_a_record_cut_anywhere_is_skipped(cut: int) -> None:
    whole = msgspec.json.encode({"id": "1", "sku": "A", "price": "10.00", "product": {"id": "2", "title": "Shoe"}})
    with pytest.raises(SkippableError):
        mapping("shopify", "variant").decode(whole[: -1 - cut % (len(whole) - 1)])


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: f"{field.entity}.{field.name}")
@given(data=st.data())
def test_comparisons_are_reflexive_and_symmetric(field: Any, data: st.DataObject) -> None:
    same = comparison(default_comparison(field), field.value, "EUR")
    values = VALUES[field.value] | st.none()
    first, second = data.draw(values), data.draw(values)
    assert same(first, first)
    assert same(first, second) is same(second, first)


@given(st.text(max_size=80))
def test_any_text_is_yaml_or_a_configuration_error_with_a_file(text: str) -> None:
    try:
        document = parse_yaml(text, "a.yaml")
    except ConfigError as error:
        files = {problem.file for problem in error.problems}
    else:
        files = {document.file}
    assert files == {"a.yaml"}
