"""Turns a mapping file into functions, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import UNSET, UnsetType

from canonical.errors import ConfigError
from canonical.fields import ScopeKind, field_type
from canonical.inventory import Basis
from canonical.value import Value
from mappings.check import check_spec
from mappings.compare import comparison, default_comparison
from mappings.compiled import CompiledMapping, FieldRule, StockRule
from mappings.conditions import Test, all_of, compile_condition
from mappings.decoding import FieldReader, ListReader, RecordReader
from mappings.model import MappingContext
from mappings.paths import join_each
from mappings.pipeline import field_reader, field_writer, key_reader
from mappings.records import RecordShape
from mappings.spec import Conditions, FieldSpec, KeySpec, KindSpec, LocationScope, MappingSpec
from mappings.wanted import scope_kind, wanted_paths


def compile_mapping(spec: MappingSpec, context: MappingContext) -> CompiledMapping:
    """Compile a mapping for one connection; ConfigError with every problem when it makes no sense."""
    problems = check_spec(spec)
    if problems:
        raise ConfigError(problems)
    return _Compiler(spec, context).compiled()


class _Compiler:
    def __init__(self, spec: MappingSpec, context: MappingContext) -> None:
        self.spec = spec
        self.body = spec.body
        self.context = context
        self.paths: dict[str, None] = {}
        self.shape = RecordShape()
        for wanted in wanted_paths(self.body):
            self.shape.want(wanted.path, wanted.each)
            self.paths[join_each(wanted.each, wanted.path)] = None
        self.types = {name: field_type(self.body.entity, name) for name in self.body.fields}

    def compiled(self) -> CompiledMapping:
        body, fields = self.body, self.body.fields
        return CompiledMapping(
            platform=body.platform,
            entity=body.entity,
            resource=body.resource,
            read_paths=tuple(self.paths),
            fields={name: self.rule(name, field) for name, field in fields.items()},
            reader=self.reader(),
            writers={
                name: field_writer(field, self.types[name], self.context.currency)
                for name, field in fields.items()
                if field.write is not UNSET
            },
            comparisons={
                name: comparison(self.compare(name, field), self.types[name].value, self.context.currency)
                for name, field in fields.items()
            },
            scopes={name: self.scopes(field) for name, field in fields.items()},
        )

    def rule(self, name: str, field: FieldSpec) -> FieldRule:
        place = self.spec.place(("fields", name))
        operation = "" if field.write is UNSET else field.write.operation
        return FieldRule(
            name=name,
            read_path=join_each(field.each, field.path) if field.path else "",
            write_path="" if field.write is UNSET else field.write.path,
            operations=({"": operation} if operation else {}) if isinstance(operation, str) else operation,
            compare=self.compare(name, field),
            scope=scope_kind(field),
            clear=field.clear,
            stock=_stock_rule(field),
            file=place.file,
            line=place.line,
            column=place.column,
        )

    def compare(self, name: str, field: FieldSpec) -> str:
        return field.compare or default_comparison(self.types[name])

    def scopes(self, field: FieldSpec) -> frozenset[str]:
        kind = scope_kind(field)
        if kind is ScopeKind.LOCATION:
            return frozenset(self.context.locations.values())
        return frozenset((self.context.currency if kind is ScopeKind.CURRENCY else "",))

    def reader(self) -> RecordReader:
        body, shape = self.body, self.shape
        only_id = RecordShape()
        only_id.want(body.id)
        name = f"{body.platform}_{body.entity}".replace("-", "_")
        single = [
            self.field_reader(name, field) for name, field in body.fields.items() if field.path and not field.each
        ]
        kind = body.kind if isinstance(body.kind, KindSpec) else None
        return RecordReader(
            decoder=shape.decoder(name),
            id_decoder=only_id.decoder(f"{name}_id"),
            only_id=only_id.getter(body.id),
            id=shape.getter(body.id),
            parent=shape.getter(body.parent) if body.parent else None,
            version=shape.getter(body.version) if body.version else None,
            kind="" if kind else str(body.kind),
            kind_of=shape.getter(kind.path) if kind else None,
            kinds=kind.values if kind else {},
            when=self.test(body.when),
            sku=self.key("sku"),
            gtin=self.key("gtin"),
            plain=tuple((r.slot, r.get, r.read, r.default) for r in single if r.when is None and r.redacted is None),
            guarded=tuple(r for r in single if r.when is not None or r.redacted is not None),
            lists=self.list_readers(),
        )

    def field_reader(self, name: str, field: FieldSpec) -> FieldReader:
        get = self.shape.element_getter(field.each, field.path) if field.each else self.shape.getter(field.path)
        scoped = scope_kind(field) is ScopeKind.CURRENCY and self.context.currency
        return FieldReader(
            slot=f"{name}[{self.context.currency}]" if scoped else name,
            get=get,
            read=field_reader(field, self.types[name], self.context.currency),
            default=None if field.default is UNSET else _normal_default(field.default),
            when=self.test(field.when, field.each),
            redacted=self.test(field.redacted_when, field.each),
        )

    def list_readers(self) -> tuple[ListReader, ...]:
        groups: dict[tuple[str, str], list[FieldReader]] = {}
        for name, field in self.body.fields.items():
            if field.each and isinstance(field.scope, LocationScope):
                key = (field.each.removesuffix("[]"), field.scope.location)
                groups.setdefault(key, []).append(self.field_reader(name, field))
        return tuple(
            ListReader(
                self.shape.list_getter(each),
                self.shape.element_getter(each, location),
                dict(self.context.locations),
                tuple(readers),
            )
            for (each, location), readers in groups.items()
        )

    def key(self, name: str) -> FieldReader | None:
        key: Any = self.body.match.get(name)  # type: ignore[call-overload]
        if key is None:
            return None
        path = key.path if isinstance(key, KeySpec) else key
        return FieldReader(name, self.shape.getter(path), key_reader(name, key))

    def test(self, conditions: Conditions | UnsetType, each: str = "") -> Test | None:
        if conditions is UNSET:
            return None
        return all_of(
            [
                compile_condition(
                    path, self.shape.element_getter(each, path) if each else self.shape.getter(path), condition
                )
                for path, condition in conditions.items()
            ]
        )


def _stock_rule(field: FieldSpec) -> StockRule | None:
    if field.stock is UNSET:
        return None
    deducts = field.stock.deducts
    return StockRule(
        deducts if isinstance(deducts, str) else tuple(deducts),
        Basis(field.stock.basis),
        timedelta(seconds=field.stock.settle_seconds),
    )


def _normal_default(value: Any) -> Value:
    return sorted(set(value)) if isinstance(value, list) else value
