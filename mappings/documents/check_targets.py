"""What can be said against the targets of a document mapping: those that do not exist, clash, or are never set."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canonical.errors import Problem
from canonical.hints import did_you_mean
from mappings.documents.layers import Layer
from mappings.documents.spec import DocumentSpec
from mappings.documents.structure import Kind, find_part, parts_of

_PLATFORM_TARGET = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*(?:\.[A-Za-z_][A-Za-z0-9_\-]*)*")


def check_targets(spec: DocumentSpec, layer: Layer) -> Iterator[Problem]:
    """Targets that are not there, are of another kind, or lie inside one another."""
    for key, names in (("fields", layer.fields), ("lists", layer.lists)):
        for name in names:
            yield from _clashes(spec, layer, key, name)
            if layer.struct is not None:
                yield from _canonical(spec, layer, key, name)
            elif _PLATFORM_TARGET.fullmatch(name) is None:
                yield spec.problem((*layer.at, key, name), f"{name!r} is no target; use a.b")


def missing_targets(spec: DocumentSpec, layer: Layer) -> Iterator[Problem]:
    """Fields that the document must have and nothing sets."""
    if layer.struct is None:
        return
    given = {name.partition(".")[0] for name in (*layer.fields, *layer.lists)}
    for name, part in parts_of(layer.struct).items():
        if part.required and name not in given:
            yield spec.problem(layer.at, f"{layer.struct.__name__} needs {name!r} ({part.about}), which nothing sets")


def _canonical(spec: DocumentSpec, layer: Layer, key: str, name: str) -> Iterator[Problem]:
    struct, at = layer.struct, (*layer.at, key, name)
    part = find_part(struct, name) if struct else None
    if struct is None or (part is not None and (part.kind is Kind.LIST) is (key == "lists") and not _is_group(part)):
        return
    if part is None:
        known = [one for one in _known(struct) if (_kind(struct, one) is Kind.LIST) is (key == "lists")]
        yield spec.problem(at, f"{struct.__name__} has no field {name!r}", did_you_mean(name, known))
    elif _is_group(part):
        inner = parts_of(part.struct) if part.struct else {}
        yield spec.problem(at, f"{name!r} is a group; set {name}.{next(iter(inner))} and so on")
    elif key == "fields":
        yield spec.problem(at, f"{name!r} is a list of groups", "put it under `lists:`")
    else:
        yield spec.problem(at, f"{name!r} takes {part.about}, not a list of groups", "put it under `fields:`")


def _is_group(part: object) -> bool:
    return getattr(part, "kind", None) is Kind.GROUP


def _known(struct: type) -> Iterator[str]:
    for name, part in parts_of(struct).items():
        if part.kind is Kind.GROUP and part.struct:
            yield from (f"{name}.{inner}" for inner in _known(part.struct))
        else:
            yield name


def _kind(struct: type, path: str) -> Kind | None:
    part = find_part(struct, path)
    return part.kind if part else None


def _clashes(spec: DocumentSpec, layer: Layer, key: str, name: str) -> Iterator[Problem]:
    at = (*layer.at, key, name)
    if key == "lists" and name in layer.fields:
        yield spec.problem(at, f"{name!r} is set under `fields:` as well")
    for other in (*layer.fields, *layer.lists):
        if name.startswith(f"{other}."):
            yield spec.problem(at, f"{name!r} lies inside {other!r}, which is set as well")
