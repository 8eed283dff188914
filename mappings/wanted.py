"""What a mapping asks the platform for, and what the scope of each field is."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import UNSET

from canonical.fields import ScopeKind
from mappings.source import DataPath
from mappings.spec import FieldSpec, KeySpec, KindSpec, LocationScope, MappingBody


@dataclass(frozen=True, slots=True)
class Wanted:
    """A path a mapping reads, inside the record or inside every element of a list; ``at`` is where the file says so."""

    path: str
    each: str
    at: DataPath


def wanted_paths(body: MappingBody) -> list[Wanted]:
    """Every path a mapping reads, in the order of the file, doubles included."""
    wanted = [Wanted(path, "", (key,)) for key, path in _tops(body) if path]
    if isinstance(body.kind, KindSpec):
        wanted.append(Wanted(body.kind.path, "", ("kind", "path")))
    wanted += [Wanted(path, "", ("when", path)) for path in body.when]
    for match, key in body.match.items():
        at: DataPath = ("match", match, "path") if isinstance(key, KeySpec) else ("match", match)
        wanted.append(Wanted(key.path if isinstance(key, KeySpec) else key, "", at))
    for name, field in body.fields.items():
        wanted += _wanted_by_field(name, field)
    return wanted


def _tops(body: MappingBody) -> tuple[tuple[str, str], ...]:
    return (("id", body.id), ("parent", body.parent), ("version", body.version))


def _wanted_by_field(name: str, field: FieldSpec) -> list[Wanted]:
    each, at = field.each.removesuffix("[]"), ("fields", name)
    wanted: list[Wanted] = []
    if isinstance(field.scope, LocationScope):
        wanted.append(Wanted(field.scope.location, each, (*at, "scope", "location")))
    if field.path:
        wanted.append(Wanted(field.path, each, (*at, "path")))
    for key, conditions in (("when", field.when), ("redacted_when", field.redacted_when)):
        if conditions is not UNSET:
            wanted += [Wanted(path, each, (*at, key, path)) for path in conditions]
    return wanted


def scope_kind(field: FieldSpec) -> ScopeKind:
    """What the mapping says the field's scope is; none for one figure per account."""
    if field.scope is UNSET:
        return ScopeKind.NONE
    return ScopeKind.LOCATION if isinstance(field.scope, LocationScope) else ScopeKind.CURRENCY
