"""What can be said against the transforms, value table, default and comparison of one mapped field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from msgspec import UNSET

from canonical.errors import Problem
from canonical.fields import FieldType, ValueKind
from canonical.hints import did_you_mean
from mappings.compare import NAMES, CompareError, comparison, default_comparison
from mappings.pipeline import names_of, read_names, write_names
from mappings.readers import BadValueError, read_decimal
from mappings.source import DataPath
from mappings.spec import FieldSpec, MappingSpec
from mappings.transforms import TRANSFORMS, Transform, split_name

_TABLE_KINDS = {ValueKind.FLAG: bool, ValueKind.TEXT: str, ValueKind.COUNT: int}
_TABLE_WRITERS = ("flag", "integer", "text")


def check_values(spec: MappingSpec, at: DataPath, field: FieldSpec, kind: FieldType) -> Iterator[Problem]:
    """Every problem with what happens to a field's value on its way in and out."""
    read = [] if field.read is UNSET else names_of(field.read)
    unknown = [*_names(spec, (*at, "read"), read, "read")]
    yield from unknown
    if not unknown and field.path:
        yield from _read_chain(spec, at, field, kind)
    yield from _table(spec, at, field, kind)
    if field.write is not UNSET:
        yield from _write_chain(spec, at, field, kind, readable=not unknown)
    yield from _default(spec, at, field, kind)
    try:
        comparison(field.compare or default_comparison(kind), kind.value)
    except CompareError as error:
        yield spec.problem((*at, "compare"), str(error), did_you_mean(field.compare, NAMES))


def _names(spec: MappingSpec, at: DataPath, names: Sequence[str], way: str) -> Iterator[Problem]:
    known = [name for name, one in TRANSFORMS.items() if (one.reader if way == "read" else one.writer)]
    for text in names:
        name, argument = split_name(text)
        transform = TRANSFORMS.get(name)
        if transform is None:
            yield spec.problem(at, f"unknown transform {text!r}", did_you_mean(name, known))
        elif name not in known:
            yield spec.problem(at, f"the transform {name!r} cannot {way}", _hint(transform, way))
        elif argument and argument not in transform.arguments:
            hint = did_you_mean(argument, transform.arguments) or "leave the brackets out"
            yield spec.problem(at, f"the transform {name!r} does not know {argument!r}", hint)


def _hint(transform: Transform, way: str) -> str:
    return f"to {way}, use {transform.inverse!r}"


def _read_chain(spec: MappingSpec, at: DataPath, field: FieldSpec, kind: FieldType) -> Iterator[Problem]:
    steps = [TRANSFORMS[split_name(text)[0]] for text in read_names(field, kind)]
    for first, second in pairwise(steps):
        if str(first.kind.value) not in second.reads:
            yield spec.problem((*at, "read"), f"{second.name!r} cannot take what {first.name!r} makes")
    if field.values is UNSET and steps[-1].kind is not kind.value:
        fitting = [name for name, one in TRANSFORMS.items() if one.reader and one.kind is kind.value]
        yield spec.problem(
            (*at, "read"),
            f"{steps[-1].name!r} makes a {steps[-1].kind.value}, but {kind.name} is a {kind.value.value}",
            f"fitting are: {', '.join(fitting)}",
        )


def _write_chain(
    spec: MappingSpec, at: DataPath, field: FieldSpec, kind: FieldType, *, readable: bool
) -> Iterator[Problem]:
    written = (*at, "write", "transform")
    named = field.write is not UNSET and field.write.transform is not UNSET
    if not (named or readable):
        return
    names = write_names(field, kind)
    unknown = [*_names(spec, written, names, "write")]
    yield from unknown
    if unknown:
        return
    if field.values is not UNSET:
        for name in names:
            if name not in _TABLE_WRITERS:
                hint = f"use one of: {', '.join(_TABLE_WRITERS)}"
                yield spec.problem(written, f"a value table cannot be written through {name!r}", hint)
        return
    for name in names:
        transform = TRANSFORMS[split_name(name)[0]]
        if transform.kind is not kind.value:
            message = f"{name!r} takes a {transform.kind.value}, but {kind.name} is a {kind.value.value}"
            yield spec.problem(written, message)


def _table(spec: MappingSpec, at: DataPath, field: FieldSpec, kind: FieldType) -> Iterator[Problem]:
    if field.values is UNSET:
        return
    wanted = _TABLE_KINDS.get(kind.value)
    if wanted is None:
        yield spec.problem((*at, "values"), f"a {kind.value.value} cannot have a value table")
        return
    for key, value in field.values.items():
        if type(value) is not wanted:
            yield spec.problem((*at, "values", key), f"{value!r} is not a {kind.value.value}")


def _default(spec: MappingSpec, at: DataPath, field: FieldSpec, kind: FieldType) -> Iterator[Problem]:
    if field.default is not UNSET and not _is_normal(field.default, kind.value):
        hint = "write the number in quotes, without zeros at the end" if kind.value is ValueKind.DECIMAL else ""
        yield spec.problem((*at, "default"), f"{field.default!r} is not a {kind.value.value}", hint)


def _is_normal(value: Any, kind: ValueKind) -> bool:
    if kind is ValueKind.DECIMAL:
        try:
            return isinstance(value, str) and read_decimal(value) == value
        except BadValueError:
            return False
    if kind is ValueKind.SET:
        return isinstance(value, list)
    return type(value) is _TABLE_KINDS.get(kind, str)
