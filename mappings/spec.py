"""What a mapping file says, as written: the YAML's shape in frozen structs.

The JSON Schema of mapping files is generated from these structs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from canonical.errors import Problem
from mappings.source import DataPath, Place

Scalar: TypeAlias = str | int | float | bool
Names: TypeAlias = str | list[str]


class _Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parts of a mapping file."""


class Condition(_Spec, frozen=True):
    """What the value at a path must be; exactly one of the four."""

    equals: Annotated[Scalar, Meta(description="The value must be this.")] | UnsetType = UNSET
    in_: Annotated[list[Scalar], Meta(description="The value must be one of these.")] | UnsetType = msgspec.field(
        name="in", default=UNSET
    )
    not_in: Annotated[list[Scalar], Meta(description="The value must be none of these.")] | UnsetType = UNSET
    present: Annotated[bool, Meta(description="There must be (or not be) a value that is not null.")] | UnsetType = (
        UNSET
    )


Conditions: TypeAlias = dict[str, Condition]


class WriteSpec(_Spec, frozen=True):
    """How a field is written."""

    operation: Annotated[str | dict[str, str], Meta(description="The write operation; or one for each kind.")]
    path: Annotated[str, Meta(description="The write path of the operation.")]
    transform: (
        Annotated[Names, Meta(description="Transform to the platform's value; the inverse of `read` by default.")]
        | UnsetType
    ) = UNSET


class LocationScope(_Spec, frozen=True):
    """The scope is a location."""

    location: Annotated[str, Meta(description="Path of the platform's location id, inside the list element.")]


class StockSpec(_Spec, frozen=True):
    """What a stock figure means (rules for whoever reads or writes it)."""

    deducts: Annotated[
        Literal["creation", "never"] | list[str],
        Meta(description="When the platform takes its own orders off: at creation, never, or in these statuses."),
    ] = "creation"
    basis: Annotated[
        Literal["none", "accepted", "allocated", "shipped"],
        Meta(description="Which event of an order is already taken off this figure."),
    ] = "none"
    settle_seconds: Annotated[float, Meta(ge=0, description="How long after the event the figure may lag.")] = 0.0


class FieldSpec(_Spec, frozen=True):
    """One canonical field."""

    path: Annotated[str, Meta(description="Where the value is; inside the element when `each` is given.")] = ""
    each: Annotated[str, Meta(description="Path of a list; every element gives one scope of the field.")] = ""
    scope: (
        Annotated[Literal["currency"] | LocationScope, Meta(description="What the field's scope is.")] | UnsetType
    ) = UNSET
    read: Annotated[Names, Meta(description="Transform, or transforms in order.")] | UnsetType = UNSET
    values: (
        Annotated[
            dict[str, Scalar],
            Meta(description="Platform value to canonical value; `*` stands for every other value when reading."),
        ]
        | UnsetType
    ) = UNSET
    default: Annotated[Scalar | list[str], Meta(description="Taken when the platform says null.")] | UnsetType = UNSET
    null_is: Annotated[Scalar, Meta(description="The platform's value for null, in both directions.")] | UnsetType = (
        UNSET
    )
    write: WriteSpec | UnsetType = UNSET
    compare: Annotated[str, Meta(description="How two values are compared, for example decimal(2) or html.")] = ""
    clear: Annotated[bool, Meta(description="Whether an empty value of the owner may empty this field.")] = False
    when: Annotated[Conditions, Meta(description="The field is read only when all of these hold.")] | UnsetType = UNSET
    redacted_when: (
        Annotated[Conditions, Meta(description="When all of these hold, the platform hides the value.")] | UnsetType
    ) = UNSET
    stock: StockSpec | UnsetType = UNSET


class KeySpec(_Spec, frozen=True):
    """A match key."""

    path: Annotated[str, Meta(description="Where the key is.")]
    read: Annotated[Names, Meta(description="Transform, or transforms in order.")] | UnsetType = UNSET


class KindSpec(_Spec, frozen=True):
    """The external kind, read from the record."""

    path: Annotated[str, Meta(description="Where the kind is.")]
    values: Annotated[dict[str, str], Meta(description="Platform value to kind.")]


class MappingBody(_Spec, frozen=True):
    """A mapping file: one entity of one platform, both directions."""

    platform: Annotated[str, Meta(description="The connector's name.")]
    entity: Annotated[str, Meta(description="The canonical entity.")]
    resource: Annotated[str, Meta(description="The connector's resource whose records these are.")]
    id: Annotated[str, Meta(description="Path of the platform's id.")]
    kind: Annotated[str | KindSpec, Meta(description="The external kind, or where to read it.")]
    fields: dict[str, FieldSpec]
    parent: Annotated[str, Meta(description="Path of the id of the record this one belongs to.")] = ""
    version: Annotated[str, Meta(description="Path of an optimistic-lock token.")] = ""
    when: Annotated[Conditions, Meta(description="Only records for which all of these hold are ours.")] = msgspec.field(
        default_factory=dict
    )
    match: Annotated[
        dict[Literal["sku", "gtin"], str | KeySpec], Meta(description="What records are recognized by.")
    ] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappingSpec:
    """A mapping as loaded: what it says, and which line of which file says it."""

    body: MappingBody
    file: str
    places: Mapping[DataPath, Place] = field(default_factory=dict, repr=False)

    @property
    def platform(self) -> str:
        """The platform it is for."""
        return self.body.platform

    @property
    def entity(self) -> str:
        """The entity it is for."""
        return self.body.entity

    def place(self, path: DataPath) -> Place:
        """Where the part at a path, or its nearest ancestor, was written."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return Place(self.file)

    def problem(self, path: DataPath, message: str, hint: str = "", severity: str = "error") -> Problem:
        """A finding about the part at a path."""
        place = self.place(path)
        return Problem(message, place.file, place.line, place.column, hint, severity)
