"""A mapping, ready to run: platform records to canonical terms and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from canonical.errors import SkippableError
from canonical.fields import ScopeKind
from canonical.inventory import Basis
from canonical.slot import parse_slot
from canonical.value import REDACTED, Slots, Value
from mappings.compare import Comparison
from mappings.conditions import Test
from mappings.model import JSON, Issue, Mapped
from mappings.records import Getter
from mappings.transforms import Reader, ValueFault, Writer


@dataclass(frozen=True, slots=True)
class StockRule:
    """What a stock figure means: when the platform takes its own orders off, and what the owner has taken off.

    ``deducts`` is ``creation``, ``never``, or the order statuses in which the platform takes units off.
    """

    deducts: str | tuple[str, ...] = "creation"
    basis: Basis = Basis.NONE
    settle: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What a mapping says of one canonical field, and where it says it.

    ``operations`` is the write operation by external kind; the key is empty when one serves every kind.
    """

    name: str
    read_path: str
    write_path: str
    operations: Mapping[str, str]
    compare: str
    scope: ScopeKind
    clear: bool = False
    stock: StockRule | None = None
    file: str = ""
    line: int = 0
    column: int = 0

    @property
    def readable(self) -> bool:
        """Whether records of the platform carry the field."""
        return bool(self.read_path)

    @property
    def writable(self) -> bool:
        """Whether the field can be written at all."""
        return bool(self.operations)

    def operation(self, kind: str = "") -> str:
        """The operation that writes the field of a record of this kind; empty when there is none."""
        return self.operations.get(kind) or self.operations.get("", "")


@dataclass(frozen=True, slots=True)
class FieldReader:
    """How one slot is taken from a record (or from an element of a list)."""

    slot: str
    get: Getter
    read: Reader
    default: Value = None
    when: Test | None = None
    redacted: Test | None = None


@dataclass(frozen=True, slots=True)
class ListReader:
    """How the fields of every element of a list become slots, one scope for each element."""

    get: Getter
    location: Getter
    locations: Mapping[str, str]
    fields: tuple[FieldReader, ...]


@dataclass(frozen=True, slots=True)
class RecordReader:
    """How a record is taken apart."""

    decoder: msgspec.json.Decoder[Any]
    id: Getter
    parent: Getter | None
    version: Getter | None
    kind: str
    kind_of: Getter | None
    kinds: Mapping[str, str]
    when: Test | None
    sku: FieldReader | None
    gtin: FieldReader | None
    plain: tuple[tuple[str, Getter, Reader, Value], ...]
    guarded: tuple[FieldReader, ...]
    lists: tuple[ListReader, ...]


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """One entity of one connection: decode its records, encode values for it, compare two values of a field."""

    platform: str
    entity: str
    resource: str
    read_paths: tuple[str, ...]
    fields: Mapping[str, FieldRule]
    reader: RecordReader = field(repr=False)
    writers: Mapping[str, Writer] = field(repr=False)
    comparisons: Mapping[str, Comparison] = field(repr=False)
    scopes: Mapping[str, frozenset[str]] = field(repr=False)

    def decode(self, raw: bytes | memoryview) -> Mapped | None:
        """Map one record; None when the mapping's ``when`` says it is not ours.

        A bad value becomes an issue. SkippableError only when the bytes are no JSON object of the expected shape,
        carry no id, or lack what ``when`` must judge.
        """
        reader = self.reader
        record = _decoded(reader.decoder, raw)
        if reader.when is not None and not reader.when(record):
            return None
        external_id = _identifier(reader.id(record))
        slots: dict[str, Value] = {}
        scopes: dict[str, str] = {}
        issues: list[Issue] = []
        for slot, get, read, default in reader.plain:
            value = get(record)
            if value is UNSET:
                continue
            if value is None:
                slots[slot] = default
                continue
            try:
                slots[slot] = read(value)
            except ValueFault as fault:
                _fault(slot, fault, slots, issues)
        for guarded in reader.guarded:
            _take(guarded, guarded.slot, record, slots, issues)
        for listed in reader.lists:
            _take_list(listed, record, slots, scopes, issues)
        return Mapped(
            self.entity,
            reader.kind if reader.kind_of is None else _kind(reader, record),
            external_id,
            "" if reader.parent is None else _token(reader.parent(record)),
            "" if reader.sku is None else _key(reader.sku, record, issues),
            "" if reader.gtin is None else _key(reader.gtin, record, issues),
            slots,
            scopes,
            "" if reader.version is None else _token(reader.version(record)),
            tuple(issues),
        )

    def encode(self, slots: Slots, kind: str = "") -> dict[str, dict[str, JSON]]:
        """Values of one record for writing: operation to write path to platform value.

        SkippableError: ``not_writable`` for a slot nothing writes, ``clear_not_allowed`` for an empty value without
        ``clear: true``, ``redacted``, ``unknown_location``, or ``invalid_value``. Slots of several scopes of one
        field are encoded one scope at a time.
        """
        calls: dict[str, dict[str, JSON]] = {}
        for text, value in slots.items():
            rule, operation = self._target(text, kind)
            paths = calls.setdefault(operation, {})
            if rule.write_path in paths:
                raise ValueError(f"{text} and another slot both write {rule.write_path}; encode one scope at a time")
            paths[rule.write_path] = self._written(text, rule, value)
        return calls

    def same(self, field: str, a: Value, b: Value) -> bool:
        """Whether two values of a field count as equal; null equals null only, redacted equals nothing."""
        compare = self.comparisons.get(field) or self.comparisons[parse_slot(field).field]
        return compare(a, b)

    def _target(self, text: str, kind: str) -> tuple[FieldRule, str]:
        slot = parse_slot(text)
        rule = self.fields.get(slot.field)
        operation = rule.operation(kind) if rule else ""
        if rule is None or not operation:
            raise SkippableError("not_writable", f"{self.platform} has no way to write {text}")
        if slot.scope not in self.scopes[slot.field]:
            reason = "unknown_location" if rule.scope is ScopeKind.LOCATION else "not_writable"
            raise SkippableError(reason, f"{text} has a scope this connection does not have")
        return rule, operation

    def _written(self, text: str, rule: FieldRule, value: Value) -> JSON:
        if value == REDACTED:
            raise SkippableError("redacted", f"{text} is redacted and is never written")
        if value is None and not rule.clear:
            raise SkippableError("clear_not_allowed", f"{text} is empty")
        try:
            return self.writers[rule.name](value)
        except ValueFault as fault:
            raise SkippableError(fault.reason, f"{text}: {fault.detail}") from fault


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes | memoryview) -> Any:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise SkippableError("invalid_value", f"the record has another shape: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SkippableError("invalid_value", f"the record is not valid JSON: {error}") from error


def _identifier(value: Any) -> str:
    text = _token(value)
    if not text:
        raise SkippableError("invalid_value", "the record has no id")
    return text


def _token(value: Any) -> str:
    if type(value) is str:
        return value
    return "" if value is UNSET or value is None or isinstance(value, (bool, list, dict)) else str(value)


def _kind(reader: RecordReader, record: Any) -> str:
    value = _token(reader.kind_of(record)) if reader.kind_of else ""
    kind = reader.kinds.get(value)
    if kind is None:
        raise SkippableError("invalid_value", f"the kind {value!r} is not in the mapping's `kind` table")
    return kind


def _key(key: FieldReader, record: Any, issues: list[Issue]) -> str:
    value = key.get(record)
    if value is UNSET or value is None:
        return ""
    try:
        return str(key.read(value))
    except ValueFault as fault:
        issues.append(Issue(key.slot, fault.reason, fault.detail))
        return "" if fault.kept is None else str(fault.kept)


def _fault(slot: str, fault: ValueFault, slots: dict[str, Value], issues: list[Issue]) -> None:
    issues.append(Issue(slot, fault.reason, fault.detail))
    if fault.kept is not None:
        slots[slot] = fault.kept


def _take(reader: FieldReader, slot: str, record: Any, slots: dict[str, Value], issues: list[Issue]) -> None:
    if reader.when is not None and not reader.when(record):
        return
    if reader.redacted is not None and reader.redacted(record):
        slots[slot] = dict(REDACTED)
        return
    value = reader.get(record)
    if value is UNSET:
        return
    if value is None:
        slots[slot] = reader.default
        return
    try:
        slots[slot] = reader.read(value)
    except ValueFault as fault:
        _fault(slot, fault, slots, issues)


def _take_list(
    listed: ListReader, record: Any, slots: dict[str, Value], scopes: dict[str, str], issues: list[Issue]
) -> None:
    elements = listed.get(record)
    if elements is UNSET or elements is None:
        return
    for element in elements:
        if element is None:
            continue
        place = _token(listed.location(element))
        code = listed.locations.get(place)
        if code is None:
            issues.append(Issue(f"{listed.fields[0].slot}[{place or '?'}]", "unknown_location", place))
            continue
        for reader in listed.fields:
            slot = f"{reader.slot}[{code}]"
            if slot in scopes:
                issues.append(Issue(slot, "invalid_value", f"{place} and {scopes[slot]} are the same location"))
                continue
            scopes[slot] = place
            _take(reader, slot, element, slots, issues)
