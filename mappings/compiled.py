"""A mapping, ready to run: platform records to canonical terms and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from canonical.errors import SkippableError
from canonical.fields import ScopeKind
from canonical.inventory import Basis
from canonical.slot import parse_slot
from canonical.value import REDACTED, Slots, Value
from mappings.compare import Comparison
from mappings.decoding import RecordReader, decode_record, identify_record
from mappings.model import JSON, Mapped
from mappings.readers import BadValueError
from mappings.transforms import Writer


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
        return decode_record(self.entity, self.reader, raw)

    def identify(self, raw: bytes | memoryview) -> str:
        """A record's id without mapping the rest of it; empty when it cannot be told."""
        return identify_record(self.reader, raw)

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
        except BadValueError as fault:
            raise SkippableError(fault.reason, f"{text}: {fault.detail}") from fault
