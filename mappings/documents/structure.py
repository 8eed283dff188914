"""What a canonical document consists of: its fields, their kinds, and which of them it must have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache

import msgspec
from msgspec import inspect


class Kind(Enum):
    """What a field holds."""

    TEXT = "text"
    DECIMAL = "decimal"
    INTEGER = "integer"
    FLAG = "flag"
    INSTANT = "instant"
    CHOICE = "choice"
    TEXTS = "texts"
    GROUP = "group"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Part:
    """One field: its kind, whether it must be set, its choices, and the struct inside a group or list."""

    name: str
    kind: Kind
    required: bool
    choices: tuple[str, ...] = ()
    struct: type[msgspec.Struct] | None = None

    @property
    def about(self) -> str:
        """What the field takes, in words."""
        return f"one of {', '.join(self.choices)}" if self.choices else _WORDS[self.kind]


_WORDS = {
    Kind.TEXT: "a text",
    Kind.DECIMAL: "an exact number",
    Kind.INTEGER: "a whole number",
    Kind.FLAG: "true or false",
    Kind.INSTANT: "an instant",
    Kind.CHOICE: "a choice",
    Kind.TEXTS: "a list of texts",
    Kind.GROUP: "a group of fields",
    Kind.LIST: "a list of groups",
}
_LEAVES: Mapping[type[inspect.Type], Kind] = {
    inspect.StrType: Kind.TEXT,
    inspect.DecimalType: Kind.DECIMAL,
    inspect.IntType: Kind.INTEGER,
    inspect.BoolType: Kind.FLAG,
    inspect.DateTimeType: Kind.INSTANT,
}


@cache
def parts_of(struct: type[msgspec.Struct]) -> Mapping[str, Part]:
    """The fields of a canonical struct by name."""
    info = inspect.type_info(struct)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{struct} is not a struct")
    return {field.name: _part(field.name, _bare(field.type), required=field.required) for field in info.fields}


def find_part(struct: type[msgspec.Struct], path: str) -> Part | None:
    """The field at a dotted path through groups, or None."""
    head, _, rest = path.partition(".")
    part = parts_of(struct).get(head)
    if not rest or part is None:
        return part
    return find_part(part.struct, rest) if part.kind is Kind.GROUP and part.struct else None


@cache
def paths_of(struct: type[msgspec.Struct]) -> Mapping[str, Kind]:
    """Every path of a canonical document in the form of a field catalog, such as ``lines[].sku``, with its kind."""
    return dict(_paths(struct, ""))


def _paths(struct: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, Kind]]:
    for name, part in parts_of(struct).items():
        if part.struct is None:
            yield f"{prefix}{name}", part.kind
        else:
            yield from _paths(part.struct, f"{prefix}{name}{'[].' if part.kind is Kind.LIST else '.'}")


def _bare(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        (kind,) = (one for one in kind.types if not isinstance(one, inspect.NoneType))
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _part(name: str, kind: inspect.Type, *, required: bool) -> Part:
    if isinstance(kind, inspect.EnumType):
        return Part(name, Kind.CHOICE, required, tuple(str(one.value) for one in kind.cls))
    if isinstance(kind, inspect.StructType):
        return Part(name, Kind.GROUP, required, struct=kind.cls)
    if isinstance(kind, inspect.VarTupleType):
        item = _bare(kind.item_type)
        if isinstance(item, inspect.StructType):
            return Part(name, Kind.LIST, required, struct=item.cls)
        return Part(name, Kind.TEXTS, required)
    return Part(name, _LEAVES[type(kind)], required)
