"""What can be said against a document mapping without knowing the platform."""

from __future__ import annotations

from collections.abc import Iterator

from canonical.errors import Problem
from canonical.hints import did_you_mean
from mappings.documents.check_sources import check_conditions, check_source
from mappings.documents.check_targets import check_targets, missing_targets
from mappings.documents.kinds import DOCUMENTS, WRITTEN
from mappings.documents.layers import Layer, layers_of
from mappings.documents.reach import parse_reach
from mappings.documents.spec import DocumentSpec, source_of
from mappings.documents.structure import find_part, paths_of
from mappings.documents.wanted import check_paths
from mappings.paths import PathError


def check_document(spec: DocumentSpec) -> list[Problem]:
    """Every problem of a document mapping that shows without a field catalog, in the order of the file."""
    if spec.document not in DOCUMENTS:
        hint = did_you_mean(spec.document, DOCUMENTS)
        return [spec.problem(("document",), f"unknown document {spec.document!r}", hint)]
    problems = list(_direction(spec))
    if not problems:
        for layer in layers_of(spec):
            problems += _layer(spec, layer)
        if spec.writing:
            name = DOCUMENTS[spec.document].__name__
            problems += check_paths(spec, paths_of(DOCUMENTS[spec.document]), name)
    return sorted(dict.fromkeys(problems), key=lambda one: (one.file, one.line, one.column, one.message))


def _direction(spec: DocumentSpec) -> Iterator[Problem]:
    writes = spec.document in WRITTEN
    wanted, other = ("operation", "resource") if writes else ("resource", "operation")
    way = "written" if writes else "read"
    if getattr(spec.body, other):
        yield spec.problem((other,), f"{spec.document} is {way}; it has an {wanted}" if writes else _reads(spec))
    elif not getattr(spec.body, wanted):
        yield spec.problem((), f"{spec.document} is {way}, so the key {wanted!r} must be there")


def _reads(spec: DocumentSpec) -> str:
    return f"{spec.document} is read; it has a resource"


def _layer(spec: DocumentSpec, layer: Layer) -> Iterator[Problem]:
    yield from check_targets(spec, layer)
    yield from missing_targets(spec, layer)
    if layer.each:
        try:
            parse_reach(layer.each.removesuffix("[]"), layer.outer_depth)
        except PathError as error:
            yield spec.problem((*layer.at, "each"), str(error))
    yield from check_conditions(spec, (*layer.at, "when"), layer.when, layer.depth)
    for name, one in layer.fields.items():
        part = find_part(layer.struct, name) if layer.struct else None
        yield from check_source(spec, (*layer.at, "fields", name), source_of(one), part, layer.depth)
