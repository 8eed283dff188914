"""What a document mapping says, as written: the YAML's shape in frozen structs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from canonical.errors import Problem
from mappings.source import DataPath, Place
from mappings.spec import Conditions, Names, Scalar

Paths: TypeAlias = list[str]
Constant: TypeAlias = Scalar | list[str]

SOURCES = ("path", "first", "join", "value", "sum", "difference", "product", "quotient")
"""The kinds of source, of which each target has exactly one."""


class _Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parts of a document mapping."""


class SourceSpec(_Spec, frozen=True):
    """Where the value of one target comes from; exactly one of the first eight keys."""

    path: Annotated[str, Meta(description="Where the value is.")] | UnsetType = UNSET
    first: Annotated[Paths, Meta(description="The first of these paths that holds a value.")] | UnsetType = UNSET
    join: Annotated[Paths, Meta(description="Texts, with single spaces between them.")] | UnsetType = UNSET
    value: Annotated[Constant, Meta(description="Always this.")] | UnsetType = UNSET
    sum: Annotated[Paths, Meta(description="Numbers, added.")] | UnsetType = UNSET
    difference: Annotated[Paths, Meta(description="The first number less the others.")] | UnsetType = UNSET
    product: Annotated[Paths, Meta(description="Numbers, multiplied.")] | UnsetType = UNSET
    quotient: Annotated[Paths, Meta(description="The first number by the others, to 12 places.")] | UnsetType = UNSET
    read: Annotated[Names, Meta(description="Transform, or transforms in order.")] | UnsetType = UNSET
    values: (
        Annotated[dict[str, Scalar], Meta(description="Source value to target value; `*` is every other value.")]
        | UnsetType
    ) = UNSET
    strict: Annotated[bool, Meta(description="Values that the table does not name are refused on purpose.")] = False
    default: Annotated[Constant, Meta(description="Taken when there is no value.")] | UnsetType = UNSET
    when: Annotated[Conditions, Meta(description="The target is set only when all of these hold.")] | UnsetType = UNSET

    @property
    def kinds(self) -> list[str]:
        """The kinds of source that are given; one, when the mapping is right."""
        return [name for name in SOURCES if getattr(self, name) is not UNSET]


Fields: TypeAlias = dict[str, str | SourceSpec]


class ListSpec(_Spec, frozen=True):
    """Elements of a target list: one for each element of a source list, or just one."""

    each: Annotated[str, Meta(description="Path of the source list; without it, one element is made.")] = ""
    when: Annotated[Conditions, Meta(description="Only elements for which all of these hold.")] | UnsetType = UNSET
    fields: Annotated[Fields, Meta(description="Target path to source, inside the element.")] = msgspec.field(
        default_factory=dict
    )
    lists: Annotated[dict[str, list[ListSpec]], Meta(description="Lists inside the element.")] = msgspec.field(
        default_factory=dict
    )


class DocumentBody(_Spec, frozen=True):
    """A document mapping: one document of one platform, in one direction."""

    platform: Annotated[str, Meta(description="The connector's name.")]
    document: Annotated[str, Meta(description="The canonical document.")]
    fields: Annotated[Fields, Meta(description="Target path to source.")]
    resource: Annotated[str, Meta(description="Reading: the connector's resource.")] = ""
    operation: Annotated[str, Meta(description="Writing: the effect of the connector.")] = ""
    lists: Annotated[dict[str, list[ListSpec]], Meta(description="Target list to its source lists.")] = msgspec.field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """A document mapping as loaded: what it says, and which line of which file says it."""

    body: DocumentBody
    file: str
    places: Mapping[DataPath, Place] = field(default_factory=dict, repr=False)

    @property
    def platform(self) -> str:
        """The platform it is for."""
        return self.body.platform

    @property
    def document(self) -> str:
        """The document it is for."""
        return self.body.document

    @property
    def writing(self) -> bool:
        """Whether it makes a platform's document of a canonical one."""
        return bool(self.body.operation)

    def problem(self, path: DataPath, message: str, hint: str = "", severity: str = "error") -> Problem:
        """A finding about the part at a path, or about its nearest ancestor that was written."""
        found = (self.places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.places)
        place = next(found, Place(self.file))
        return Problem(message, place.file, place.line, place.column, hint, severity)


def source_of(source: str | SourceSpec) -> SourceSpec:
    """A source, its short form written out."""
    return SourceSpec(path=source) if isinstance(source, str) else source
