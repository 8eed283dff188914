"""Holds document mappings against what the platforms offer: resources, paths and effects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from canonical.errors import Problem
from canonical.hints import did_you_mean
from mappings.documents.check import check_document
from mappings.documents.spec import DocumentSpec
from mappings.documents.wanted import check_paths


@dataclass(frozen=True, slots=True)
class Offer:
    """What a platform offers to document mappings.

    ``paths`` are the readable paths by resource, ``documents`` the documents whose records a resource holds,
    ``effects`` the canonical document that each effect is made from.
    """

    paths: Mapping[str, Collection[str]] = field(default_factory=dict)
    documents: Mapping[str, Collection[str]] = field(default_factory=dict)
    effects: Mapping[str, str] = field(default_factory=dict)


def lint_documents(specs: Iterable[DocumentSpec], offers: Mapping[str, Offer]) -> list[Problem]:
    """Everything wrong with these mappings, by themselves and against their platforms, in the order of the files."""
    problems: list[Problem] = []
    for spec in specs:
        problems += check_document(spec)
        offer = offers.get(spec.platform)
        if offer is None:
            hint = did_you_mean(spec.platform, offers)
            problems.append(spec.problem(("platform",), f"unknown platform {spec.platform!r}", hint))
        else:
            problems += _operation(spec, offer) if spec.writing else _resource(spec, offer)
    return sorted(dict.fromkeys(problems), key=lambda one: (one.file, one.line, one.column, one.message))


def _operation(spec: DocumentSpec, offer: Offer) -> Iterator[Problem]:
    operation = spec.body.operation
    if operation not in offer.effects:
        hint = did_you_mean(operation, offer.effects)
        yield spec.problem(("operation",), f"{spec.platform} has no effect {operation!r}", hint)
    elif offer.effects[operation] != spec.document:
        message = f"{operation} is made from a {offer.effects[operation]}, not from a {spec.document}"
        fitting = [name for name, document in offer.effects.items() if document == spec.document]
        yield spec.problem(("operation",), message, f"fitting are: {', '.join(fitting)}" if fitting else "")


def _resource(spec: DocumentSpec, offer: Offer) -> Iterator[Problem]:
    resource = spec.body.resource
    if resource not in offer.paths:
        hint = did_you_mean(resource, offer.paths)
        yield spec.problem(("resource",), f"{spec.platform} has no resource {resource!r}", hint)
        return
    if spec.document not in offer.documents.get(resource, ()):
        fitting = [name for name, documents in offer.documents.items() if spec.document in documents]
        hint = f"fitting are: {', '.join(fitting)}" if fitting else ""
        yield spec.problem(("resource",), f"{resource} holds no {spec.document}", hint)
    yield from check_paths(spec, offer.paths[resource], resource)
