"""What can be said against the source of one target: its kind, paths, transforms, table, default and conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, UnsetType

from canonical.errors import Problem
from canonical.hints import did_you_mean
from mappings.conditions import operators
from mappings.documents.fitting import fit_for
from mappings.documents.reach import parse_reach
from mappings.documents.sources import paths_in
from mappings.documents.spec import SOURCES, DocumentSpec, SourceSpec
from mappings.documents.structure import Kind, Part
from mappings.documents.transforms import READING, WRITING, Takes, Transform, split_call
from mappings.paths import PathError
from mappings.pipeline import ANY_VALUE, names_of
from mappings.readers import BadValueError
from mappings.source import DataPath
from mappings.spec import Conditions

_FEWEST = {"first": 1, "join": 1, "sum": 1, "difference": 2, "product": 2, "quotient": 2}


def check_source(
    spec: DocumentSpec, at: DataPath, source: SourceSpec, part: Part | None, depth: int
) -> Iterator[Problem]:
    """Every problem of one source; ``part`` is the canonical field it is for, where it is for one."""
    yield from _kind(spec, at, source)
    for kind, path, number in paths_in(source):
        place = (*at, kind) if number is None else (*at, kind, number)
        yield from _path(spec, place, path, depth)
    if source.read is not UNSET:
        yield from _transforms(spec, (*at, "read"), source, depth)
    yield from check_conditions(spec, (*at, "when"), source.when, depth)
    if part is None or part.kind not in (Kind.GROUP, Kind.LIST):
        yield from _constants(spec, at, source, part)
    yield from _table(spec, at, source, part)


def check_conditions(
    spec: DocumentSpec, at: DataPath, conditions: Conditions | UnsetType, depth: int
) -> Iterator[Problem]:
    """Every problem of a set of conditions."""
    for path, condition in ({} if conditions is UNSET else conditions).items():
        yield from _path(spec, (*at, path), path, depth)
        if len(operators(condition)) != 1:
            yield spec.problem((*at, path), "a condition says exactly one of: equals, in, not_in, present")


def _kind(spec: DocumentSpec, at: DataPath, source: SourceSpec) -> Iterator[Problem]:
    if len(source.kinds) != 1:
        given = f", not {' and '.join(source.kinds)}" if source.kinds else ""
        hint = "to take one away that the shipped mapping gives, set it to null" if source.kinds else ""
        yield spec.problem(at, f"a source is exactly one of {', '.join(SOURCES)}{given}", hint)
        return
    (kind,) = source.kinds
    if kind in _FEWEST and len(getattr(source, kind)) < _FEWEST[kind]:
        yield spec.problem((*at, kind), f"{kind!r} needs at least {_FEWEST[kind]} paths")


def _path(spec: DocumentSpec, at: DataPath, path: str, depth: int) -> Iterator[Problem]:
    try:
        parse_reach(path, depth)
    except PathError as error:
        yield spec.problem(at, str(error))


def _transforms(spec: DocumentSpec, at: DataPath, source: SourceSpec, depth: int) -> Iterator[Problem]:
    known, other = (WRITING, READING) if spec.writing else (READING, WRITING)
    for number, text in enumerate([] if source.read is UNSET else names_of(source.read)):
        place = at if isinstance(source.read, str) else (*at, number)
        name, argument = split_call(text)
        if name in known:
            yield from _argument(spec, place, known[name], argument, depth)
        elif name in other:
            way = "writing" if spec.writing else "reading"
            instead = other[name].instead
            yield spec.problem(place, f"the transform {name!r} is not for {way}", f"use {instead!r}" if instead else "")
        else:
            yield spec.problem(place, f"unknown transform {text!r}", did_you_mean(name, known))


def _argument(spec: DocumentSpec, at: DataPath, transform: Transform, argument: str, depth: int) -> Iterator[Problem]:
    name, takes = transform.name, transform.takes
    if takes is Takes.NOTHING and argument:
        yield spec.problem(at, f"the transform {name!r} takes nothing in brackets")
    elif takes is Takes.CURRENCY and argument:
        yield from _path(spec, at, argument, depth)
    elif takes is Takes.TEXT and not argument:
        yield spec.problem(at, f"the transform {name!r} needs {takes.value} in brackets", f"write {name}(…)")
    elif takes is Takes.PLACES and not (argument.isascii() and argument.isdigit() and int(argument) <= 12):
        yield spec.problem(at, f"the transform {name!r} needs {takes.value} in brackets", f"write {name}(2)")


def _constants(spec: DocumentSpec, at: DataPath, source: SourceSpec, part: Part | None) -> Iterator[Problem]:
    """Values that the mapping itself gives must be what the field takes."""
    given: list[tuple[DataPath, Any]] = []
    if source.default is not UNSET:
        given.append(((*at, "default"), source.default))
    if source.value is not UNSET and source.read is UNSET and source.values is UNSET:
        given.append(((*at, "value"), source.value))
    if source.values is not UNSET:
        given += [((*at, "values", key), one) for key, one in source.values.items() if (key, one) != ("*", ANY_VALUE)]
    fit = fit_for(part)
    for place, value in given:
        try:
            fit(value)
        except BadValueError as error:
            hint = did_you_mean(str(value), part.choices) if part else ""
            name = f"{at[-1]}: " if at else ""
            yield spec.problem(place, f"{name}{error.detail}", hint)


def _table(spec: DocumentSpec, at: DataPath, source: SourceSpec, part: Part | None) -> Iterator[Problem]:
    """A table for a choice says what becomes of all other values, be it that they are refused."""
    if source.values is UNSET:
        if source.strict:
            yield spec.problem((*at, "strict"), "there is no table of values to be strict about")
    elif source.strict and ANY_VALUE in source.values:
        yield spec.problem((*at, "strict"), 'a table with "*" refuses nothing', "take one of the two out")
    elif not source.strict and ANY_VALUE not in source.values and part is not None and part.choices:
        message = f"a record in which {at[-1]} is anything else than the table says is refused"
        hint = 'add "*": …, or `strict: true` where that is meant'
        yield spec.problem((*at, "values"), message, hint, severity="warning")
