"""The groups of a document mapping, outermost first: the record, and the elements of every list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType

from mappings.documents.kinds import DOCUMENTS
from mappings.documents.spec import DocumentSpec, Fields, ListSpec
from mappings.documents.structure import Kind, find_part
from mappings.source import DataPath
from mappings.spec import Conditions


@dataclass(frozen=True, slots=True)
class Layer:
    """One group of targets: where the file says it, how deep in lists it looks, and which struct it makes."""

    at: DataPath
    fields: Fields
    lists: Mapping[str, Sequence[ListSpec]]
    struct: type[msgspec.Struct] | None
    depth: int = 0
    outer_depth: int = 0
    each: str = ""
    when: Conditions | UnsetType = UNSET


def list_depth(each: str) -> int:
    """How many lists an ``each`` goes through."""
    return len(each.removesuffix("[]").split("[].")) if each else 0


def layers_of(spec: DocumentSpec) -> Iterator[Layer]:
    """Every group of a mapping; a group for an unknown target list has no struct and is not looked into."""
    struct = None if spec.writing else DOCUMENTS[spec.document]
    yield from _with_inner(Layer((), spec.body.fields, spec.body.lists, struct), reading=not spec.writing)


def _with_inner(layer: Layer, *, reading: bool) -> Iterator[Layer]:
    yield layer
    for name, portions in layer.lists.items():
        part = find_part(layer.struct, name) if layer.struct else None
        if reading and (part is None or part.kind is not Kind.LIST):
            continue
        for number, one in enumerate(portions):
            inner = Layer(
                (*layer.at, "lists", name, number),
                one.fields,
                one.lists,
                part.struct if part else None,
                layer.depth + list_depth(one.each),
                layer.depth,
                one.each,
                one.when,
            )
            yield from _with_inner(inner, reading=reading)
