"""Turns a document mapping into functions, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from canonical.errors import ConfigError
from mappings.documents.check import check_document
from mappings.documents.kinds import DOCUMENTS
from mappings.documents.layers import list_depth
from mappings.documents.mapping import DocumentMapping
from mappings.documents.reach import frames
from mappings.documents.sources import paths_in
from mappings.documents.spec import DocumentSpec, Fields, ListSpec, SourceSpec, source_of
from mappings.documents.structure import find_part, parts_of
from mappings.documents.tree import Group, Portion, target
from mappings.documents.values import compile_test, compile_value
from mappings.documents.wanted import wanted_paths
from mappings.model import MappingContext
from mappings.records import exact_number

Lists = Mapping[str, Sequence[ListSpec]]


def compile_document(spec: DocumentSpec, context: MappingContext) -> DocumentMapping:
    """Compile a document mapping for one connection; ConfigError with every problem when it makes no sense."""
    problems = [problem for problem in check_document(spec) if problem.severity == "error"]
    if problems:
        raise ConfigError(problems)
    return _Compiler(spec, context).compiled()


class _Compiler:
    def __init__(self, spec: DocumentSpec, context: MappingContext) -> None:
        self.spec = spec
        self.context = context
        self.writing = spec.writing

    def compiled(self) -> DocumentMapping:
        body, struct = self.spec.body, DOCUMENTS[self.spec.document]
        reading = not self.writing
        source = source_of(body.fields["id"]) if reading else None
        return DocumentMapping(
            platform=body.platform,
            document=body.document,
            resource=body.resource,
            operation=body.operation,
            read_paths=tuple(dict.fromkeys(one.path for one in wanted_paths(body))) if reading else (),
            struct=struct,
            group=self.group(body.fields, body.lists, struct if reading else None, 0),
            id_of=self.value(source, "id", struct, 0) if source else None,
            quick_id=_quick_id(source) if source else None,
        )

    def group(self, fields: Fields, lists: Lists, struct: type[msgspec.Struct] | None, depth: int) -> Group:
        return Group(
            values=tuple(
                (target(name), self.value(source_of(one), name, struct, depth)) for name, one in fields.items()
            ),
            lists=tuple(
                (target(name), tuple(self.portion(one, name, struct, depth) for one in portions))
                for name, portions in lists.items()
            ),
            required=_required(fields, lists, struct),
            keeps_empty=not self.writing,
        )

    def value(self, source: SourceSpec, name: str, struct: type[msgspec.Struct] | None, depth: int) -> Any:
        part = find_part(struct, name) if struct else None
        return compile_value(source, part, self.context, depth, writing=self.writing)

    def portion(self, spec: ListSpec, name: str, struct: type[msgspec.Struct] | None, depth: int) -> Portion:
        part = find_part(struct, name) if struct else None
        inner = depth + list_depth(spec.each)
        return Portion(
            frames(spec.each, depth) if spec.each else None,
            None if spec.when is UNSET else compile_test(spec.when, inner),
            self.group(spec.fields, spec.lists, part.struct if part else None, inner),
        )


def _required(fields: Fields, lists: Lists, struct: type[msgspec.Struct] | None) -> tuple[tuple[str, str], ...]:
    """The fields that must be set, each with the paths it is made of."""
    origins: dict[str, str] = {}
    for name, one in fields.items():
        origins[name] = ", ".join(path for _, path, _ in paths_in(source_of(one)))
    for name, portions in lists.items():
        origins[name] = ", ".join(portion.each for portion in portions)
    parts = parts_of(struct) if struct else {}
    return tuple((name, origins.get(name, name)) for name, part in parts.items() if part.required)


def _quick_id(source: SourceSpec) -> Callable[[bytes | memoryview], Any] | None:
    """A decoder that makes nothing of a record but the top-level keys its id needs; None when it needs more."""
    paths = [path for _, path, _ in paths_in(source)]
    if source.when is not UNSET or (source.read is not UNSET and "(" in str(source.read)):
        return None
    if not all(path.isidentifier() for path in paths):
        return None
    kind = msgspec.defstruct("RecordId", [(path, Any, None) for path in paths], gc=False)
    decode = msgspec.json.Decoder(kind, float_hook=exact_number).decode
    return lambda raw: msgspec.structs.asdict(decode(raw))
