"""The way of one value: taken from its source, through transforms and table, into the target's kind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec import UNSET

from mappings.conditions import Test, all_of, compile_condition
from mappings.documents.fitting import fit_for
from mappings.documents.reach import Frame, Get, getter, is_absent
from mappings.documents.sources import taker
from mappings.documents.spec import SourceSpec
from mappings.documents.steps import invalid
from mappings.documents.structure import Part
from mappings.documents.transforms import Step, make_step
from mappings.model import MappingContext
from mappings.pipeline import ANY_VALUE, names_of
from mappings.spec import Conditions, Scalar


def compile_value(source: SourceSpec, part: Part | None, context: MappingContext, depth: int, *, writing: bool) -> Get:
    """What makes the value of one target from a frame; None when the target is to be left out."""
    take, fit = taker(source, depth), fit_for(part)
    names = [] if source.read is UNSET else names_of(source.read)
    steps: list[Step] = [make_step(name, context, depth, writing=writing) for name in names]
    if source.values is not UNSET:
        steps.append(_table(source.values))
    default: Any = None if source.default is UNSET else fit(source.default)

    def get(frame: Frame) -> Any:
        value = take(frame)
        if is_absent(value):
            return default
        for step in steps:
            value = step(value, frame)
            if is_absent(value):
                return default
        return fit(value)

    test = None if source.when is UNSET else compile_test(source.when, depth)
    return get if test is None else partial(_guarded, test, get)


def compile_test(conditions: Conditions, depth: int) -> Test | None:
    """A test of a frame: whether all of these hold; ``present`` takes a blank text or empty list for nothing."""
    tests = []
    for path, condition in conditions.items():
        get = getter(path, depth)
        tests.append(compile_condition(path, get if condition.present is UNSET else partial(_present, get), condition))
    return all_of(tests)


def table_key(value: Any) -> str:
    """What a value is called in a table: flags are true and false, numbers their digits."""
    if type(value) is bool:
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        raise invalid(value, "a single value that a table can hold")
    return str(value)


def _guarded(test: Test, get: Get, frame: Frame) -> Any:
    return get(frame) if test(frame) else None


def _present(get: Get, frame: Frame) -> Any:
    value = get(frame)
    return None if is_absent(value) or value == [] else value


def _table(table: Mapping[str, Scalar]) -> Step:
    missing = object()
    other: Any = table.get(ANY_VALUE, missing)
    keeps = other == ANY_VALUE

    def look_up(value: Any, frame: Frame) -> Any:
        key = table_key(value)
        found: Any = table.get(key, other) if key != ANY_VALUE else other
        if found is missing:
            raise invalid(key, "in the table of values")
        return value if keeps and key not in table else found

    return look_up
