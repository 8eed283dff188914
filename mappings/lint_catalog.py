"""Holds one mapping against what its platform offers: paths, operations, and the types of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import UNSET

from canonical.errors import Problem
from canonical.fields import FIELDS, FieldType
from canonical.hints import did_you_mean
from mappings.paths import join_each, split_many
from mappings.pipeline import read_names, write_names
from mappings.source import DataPath
from mappings.spec import FieldSpec, MappingSpec
from mappings.transforms import TRANSFORMS, split_name
from mappings.wanted import wanted_paths

Catalog: TypeAlias = Mapping[str, Any]
"""A field catalog as plain data: ``{"resources": {resource: {path: type}}, "writes": {operation: {path: type}}}``."""

_TABLE_TYPES = frozenset(("text", "flag", "integer", "id"))


def plain_catalog(data: Mapping[str, Any]) -> Catalog:
    """A catalog from the data of a connector's ``fields.yaml``, of which only the types matter here."""
    return {
        part: {
            name: {path: entry["type"] if isinstance(entry, Mapping) else entry for path, entry in paths.items()}
            for name, paths in data.get(part, {}).items()
        }
        for part in ("resources", "writes")
    }


def check_against(spec: MappingSpec, catalog: Catalog) -> Iterator[Problem]:
    """Every path, operation and type of a mapping that its platform does not have."""
    resources = catalog["resources"]
    if spec.body.resource not in resources:
        hint = did_you_mean(spec.body.resource, resources)
        yield spec.problem(("resource",), f"{spec.platform} has no resource {spec.body.resource!r}", hint)
        return
    paths = resources[spec.body.resource]
    for wanted in wanted_paths(spec.body):
        path = join_each(wanted.each, wanted.path)
        if _type_of(path, paths) is None:
            hint = _near(wanted.path, wanted.each, paths)
            yield spec.problem(wanted.at, f"{spec.body.resource} has no path {path!r}", hint)
    for name, field in spec.body.fields.items():
        yield from _field_types(spec, name, field, paths)
        if field.write is not UNSET:
            yield from _write_types(spec, name, field, catalog["writes"])


def _type_of(path: str, paths: Mapping[str, str]) -> str | None:
    """The catalog type of a path; an entry for ``list[].x`` serves every ``list[key=value].x`` too."""
    if path in paths:
        return paths[path]
    head, bracket, tail = path.rpartition("=")
    if not bracket or "]" not in tail:
        return None
    return paths.get(head[: head.rindex("[")] + "[]" + tail[tail.index("]") + 1 :])


def _near(path: str, each: str, paths: Mapping[str, str]) -> str:
    if not each:
        return did_you_mean(path, paths)
    start = f"{each}[]."
    inside = [known.removeprefix(start) for known in paths if known.startswith(start)]
    return did_you_mean(path, inside) if inside else did_you_mean(f"{start}{path}", paths)


def _known(names: Iterable[str]) -> bool:
    return all(split_name(name)[0] in TRANSFORMS for name in names)


def _field_types(spec: MappingSpec, name: str, field: FieldSpec, paths: Mapping[str, str]) -> Iterator[Problem]:
    kind, found = FIELDS.get((spec.entity, name)), _type_of(join_each(field.each, field.path), paths)
    if kind is None or found is None:
        return
    found = "list" if split_many(field.path)[0] else found
    names, at = read_names(field, kind), ("fields", name)
    if not names:
        if found not in _TABLE_TYPES:
            yield spec.problem((*at, "values"), f"{field.path} is a {found}; a value table cannot take it")
    elif _known(names) and found not in TRANSFORMS[split_name(names[0])[0]].reads:
        message = f"{field.path} is a {found}, which the transform {names[0]!r} cannot read"
        yield spec.problem((*at, "read") if field.read is not UNSET else (*at, "path"), message, _readers(found, kind))


def _readers(found: str, kind: FieldType) -> str:
    names = [name for name, one in TRANSFORMS.items() if one.reader and found in one.reads and one.kind is kind.value]
    return f"fitting are: {', '.join(names)}" if names else f"nothing turns a {found} into a {kind.value.value}"


def _write_types(spec: MappingSpec, name: str, field: FieldSpec, writes: Mapping[str, Any]) -> Iterator[Problem]:
    if field.write is UNSET:
        return
    at: DataPath = ("fields", name, "write")
    operation = field.write.operation
    named = (
        [((*at, "operation"), operation)]
        if isinstance(operation, str)
        else [((*at, "operation", kind), one) for kind, one in operation.items()]
    )
    for place, one in named:
        if one not in writes:
            yield spec.problem(place, f"{spec.platform} has no write operation {one!r}", did_you_mean(one, writes))
        elif field.write.path not in writes[one]:
            hint = did_you_mean(field.write.path, writes[one])
            yield spec.problem((*at, "path"), f"{one} cannot write {field.write.path!r}", hint)
        else:
            yield from _written_type(spec, name, field, writes[one][field.write.path])


def _written_type(spec: MappingSpec, name: str, field: FieldSpec, wanted: str) -> Iterator[Problem]:
    kind = FIELDS.get((spec.entity, name))
    if kind is None or field.write is UNSET or not _known(read_names(field, kind)):
        return
    names, at = write_names(field, kind), ("fields", name, "write", "transform")
    if not names:
        if wanted not in ("text", "id"):
            yield spec.problem(at, f"{field.write.path} is a {wanted}, not a text", f"add `transform: {wanted}`")
    elif _known(names) and wanted not in TRANSFORMS[split_name(names[-1])[0]].writes:
        message = f"{field.write.path} is a {wanted}, which the transform {names[-1]!r} does not write"
        fitting = [one.name for one in TRANSFORMS.values() if wanted in one.writes and one.kind is kind.value]
        yield spec.problem(at, message, f"fitting are: {', '.join(fitting)}" if fitting else "")
