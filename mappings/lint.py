"""Holds mappings against what the platforms offer and what the configuration wants moved: all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from msgspec import UNSET

from canonical.errors import Problem
from canonical.fields import FIELDS, FieldKind
from canonical.hints import did_you_mean
from mappings.check import check_spec
from mappings.lint_catalog import Catalog, check_against
from mappings.lossy import check_lossy
from mappings.source import Place
from mappings.spec import MappingSpec

_NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class OwnedField:
    """A field somebody owns: read from the owner's platform, written to those of the targets."""

    entity: str
    field: str
    owner: str
    targets: tuple[str, ...] = ()
    place: Place = _NOWHERE

    def problem(self, message: str, hint: str = "") -> Problem:
        """A finding about this line of the ownership table."""
        return Problem(message, self.place.file, self.place.line, self.place.column, hint)


def lint(
    specs: Iterable[MappingSpec], catalogs: Mapping[str, Catalog], owned: Iterable[OwnedField] = ()
) -> list[Problem]:
    """Everything wrong with these mappings: paths and operations the platform does not have, transforms that do not
    fit, lossy pairs (as warnings where only the value table is), and owned fields nobody reads or writes.
    """
    known = {(spec.platform, spec.entity): spec for spec in specs}
    problems: list[Problem] = []
    for spec in known.values():
        found = check_spec(spec)
        problems += found
        if spec.platform not in catalogs:
            hint = did_you_mean(spec.platform, catalogs)
            problems.append(spec.problem(("platform",), f"unknown platform {spec.platform!r}", hint))
        else:
            problems += check_against(spec, catalogs[spec.platform])
        if not found:
            problems += check_lossy(spec)
    for one in owned:
        problems += _unmapped(one, known)
    return sorted(dict.fromkeys(problems), key=lambda one: (one.file, one.line, one.column, one.message))


def _unmapped(one: OwnedField, known: Mapping[tuple[str, str], MappingSpec]) -> Iterator[Problem]:
    for platform in (one.owner, *one.targets):
        reading = platform == one.owner
        spec = known.get((platform, one.entity))
        if spec is None:
            yield one.problem(f"{platform} has no mapping for {one.entity}", f"{one.entity}.{one.field} needs one")
        elif reading and not _can_read(spec, one):
            hint = did_you_mean(one.field, [name for name, field in spec.body.fields.items() if field.path])
            yield one.problem(f"{one.entity}.{one.field} is owned, but {spec.file} does not read it", hint)
        if spec is not None and platform in one.targets and not _can_write(spec, one):
            hint = "add a `write:` to the mapping, or take the target out of the flow"
            yield one.problem(f"{one.entity}.{one.field} goes to {platform}, but {spec.file} cannot write it", hint)


def _can_read(spec: MappingSpec, one: OwnedField) -> bool:
    mapped = spec.body.fields.get(one.field)
    return bool(mapped and mapped.path) or one.field in dict(spec.body.match)


def _can_write(spec: MappingSpec, one: OwnedField) -> bool:
    kind = FIELDS.get((spec.entity, one.field))
    mapped = spec.body.fields.get(one.field)
    return bool(mapped and mapped.write is not UNSET) or bool(kind and kind.kind is FieldKind.IDENTITY)
