"""Pairs of reading and writing that do not come back to the same value."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from canonical.errors import Problem
from canonical.fields import field_type
from mappings.pipeline import ANY_VALUE, read_names, write_names
from mappings.spec import FieldSpec, MappingSpec
from mappings.transforms import TRANSFORMS, split_name


def check_lossy(spec: MappingSpec) -> Iterator[Problem]:
    """Every field whose value table or transforms lose something; a warning where only the table does."""
    for name, field in spec.body.fields.items():
        if field.write is not UNSET and field.path:
            yield from _lossy_table(spec, name, field)
            yield from _lossy_pair(spec, name, field)


def _lossy_table(spec: MappingSpec, name: str, field: FieldSpec) -> Iterator[Problem]:
    seen: dict[object, str] = {}
    for key, value in ({} if field.values is UNSET else field.values).items():
        at = ("fields", name, "values", key)
        if key == ANY_VALUE:
            hint = "name every value, or leave the write out"
            yield spec.problem(at, f"{name} is written, but many values read as {value!r}", hint, "warning")
        elif value in seen:
            message = f"{key!r} and {seen[value]!r} both read as {value!r}; {seen[value]!r} is what is written back"
            yield spec.problem(at, message, "make the table one to one, or leave the write out", "warning")
        seen.setdefault(value, key)


def _lossy_pair(spec: MappingSpec, name: str, field: FieldSpec) -> Iterator[Problem]:
    kind = field_type(spec.entity, name)
    read, write = read_names(field, kind), write_names(field, kind)
    if not read or not write or field.values is not UNSET:
        return
    (last, unit), (first, written) = split_name(read[-1]), split_name(write[0])
    if TRANSFORMS[last].family != TRANSFORMS[first].family or unit != written:
        message = f"{name} is read with {read[-1]!r} but written with {write[0]!r}, which does not undo it"
        inverse = TRANSFORMS[last].inverse
        hint = f"write it with {f'{inverse}({unit})' if unit else inverse!r}"
        yield spec.problem(("fields", name, "write", "transform"), message, hint)
