"""What can be said against a mapping without knowing the platform: names, paths, scopes and combinations."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from canonical.errors import Problem
from canonical.fields import ENTITIES, FIELDS, FieldKind, FieldType, ScopeKind, ValueKind, field_type
from canonical.hints import did_you_mean
from mappings.check_values import check_values
from mappings.conditions import operators
from mappings.paths import PathError, check_list_path, check_value_path
from mappings.records import RecordShape
from mappings.source import DataPath
from mappings.spec import Conditions, FieldSpec, KindSpec, LocationScope, MappingSpec
from mappings.wanted import scope_kind, wanted_paths


def check_spec(spec: MappingSpec) -> list[Problem]:
    """Every problem of a mapping that shows without a field catalog, in the order of the file."""
    if spec.entity not in ENTITIES:
        return [spec.problem(("entity",), f"unknown entity {spec.entity!r}", did_you_mean(spec.entity, ENTITIES))]
    problems = [*_tops(spec), *_paths(spec), *_all_conditions(spec), *_writes(spec)]
    known = [name for entity, name in FIELDS if entity == spec.entity]
    for name, field in spec.body.fields.items():
        if name in known:
            problems += _field(spec, name, field)
        else:
            hint = did_you_mean(name, known)
            problems.append(spec.problem(("fields", name), f"{spec.entity} has no field {name!r}", hint))
    return sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))


def _tops(spec: MappingSpec) -> Iterator[Problem]:
    for key, value in (("resource", spec.body.resource), ("id", spec.body.id), ("kind", spec.body.kind)):
        if not value:
            yield spec.problem((key,), f"{key!r} is empty")


def _paths(spec: MappingSpec) -> Iterator[Problem]:
    shape = RecordShape()
    sets: set[DataPath] = {("fields", name, "path") for name in spec.body.fields if _is_set(spec.entity, name)}
    for name, field in spec.body.fields.items():
        if field.each and (said := check_list_path(field.each)):
            yield spec.problem(("fields", name, "each"), said)
    for wanted in wanted_paths(spec.body):
        if said := check_value_path(wanted.path, many=wanted.at in sets):
            yield spec.problem(wanted.at, said)
        elif not (wanted.each and check_list_path(wanted.each)):
            try:
                shape.want(wanted.path, wanted.each)
            except PathError as error:
                yield spec.problem(wanted.at, str(error))


def _is_set(entity: str, name: str) -> bool:
    kind = FIELDS.get((entity, name))
    return kind is not None and kind.value is ValueKind.SET


def _all_conditions(spec: MappingSpec) -> Iterator[Problem]:
    yield from _conditions(spec, ("when",), spec.body.when)
    for name, field in spec.body.fields.items():
        for key, conditions in (("when", field.when), ("redacted_when", field.redacted_when)):
            if conditions is not UNSET:
                yield from _conditions(spec, ("fields", name, key), conditions)


def _conditions(spec: MappingSpec, at: DataPath, conditions: Conditions) -> Iterator[Problem]:
    for path, condition in conditions.items():
        if len(operators(condition)) != 1:
            yield spec.problem((*at, path), "a condition says exactly one of: equals, in, not_in, present")


def _writes(spec: MappingSpec) -> Iterator[Problem]:
    """Two fields that write the same path would overwrite each other."""
    kind = spec.body.kind
    kinds = set(kind.values.values()) if isinstance(kind, KindSpec) else {kind}
    taken: dict[tuple[str, str], str] = {}
    for name, field in spec.body.fields.items():
        if field.write is UNSET:
            continue
        at: DataPath = ("fields", name, "write")
        operation = field.write.operation
        for key in () if isinstance(operation, str) else operation:
            if key not in kinds:
                yield spec.problem((*at, "operation", key), f"no record has the kind {key!r}", did_you_mean(key, kinds))
        for one in [operation] if isinstance(operation, str) else operation.values():
            if not one or not field.write.path:
                yield spec.problem(at, "a write needs an operation and a path")
            other = taken.setdefault((one, field.write.path), name)
            if other != name:
                yield spec.problem(at, f"{other} already writes {field.write.path} of {one}")


def _field(spec: MappingSpec, name: str, field: FieldSpec) -> Iterator[Problem]:
    at: DataPath = ("fields", name)
    kind = field_type(spec.entity, name)
    if not field.path and field.write is UNSET:
        yield spec.problem(at, f"{name} has neither a path to read nor a write")
    if field.write is not UNSET and kind.kind in (FieldKind.EVIDENCE, FieldKind.IDENTITY):
        yield spec.problem((*at, "write"), f"{name} is {kind.kind.value}: it is read, never written")
    yield from _scope(spec, at, field, kind)
    yield from _stock(spec, at, field, kind)
    yield from check_values(spec, at, field, kind)


def _scope(spec: MappingSpec, at: DataPath, field: FieldSpec, kind: FieldType) -> Iterator[Problem]:
    scope = scope_kind(field)
    if scope not in (kind.scope, ScopeKind.NONE):
        known = "no scope" if kind.scope is ScopeKind.NONE else f"the scope {kind.scope.value}"
        yield spec.problem((*at, "scope"), f"{kind.name} has {known}, not {scope.value}")
    elif kind.scope is ScopeKind.CURRENCY and scope is ScopeKind.NONE:
        yield spec.problem(at, f"{kind.name} is an amount of money", "add `scope: currency`")
    if field.each and not isinstance(field.scope, LocationScope):
        yield spec.problem(
            (*at, "each"), "every element needs a scope", "add `scope: {location: <path in the element>}`"
        )
    if isinstance(field.scope, LocationScope) and not field.each:
        yield spec.problem((*at, "scope"), "a location scope is for lists", "name the list with `each:`")


def _stock(spec: MappingSpec, at: DataPath, field: FieldSpec, kind: FieldType) -> Iterator[Problem]:
    if kind.kind is FieldKind.COUNTER and field.stock is UNSET:
        yield spec.problem(at, f"nobody can tell what {kind.name} means here", "add `stock:` with deducts and basis")
    if kind.kind is not FieldKind.COUNTER and field.stock is not UNSET:
        yield spec.problem((*at, "stock"), f"{kind.name} is not a counter; `stock:` does not belong here")
