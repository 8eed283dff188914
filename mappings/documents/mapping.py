"""A document mapping, ready to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import msgspec

from canonical.errors import SkippableError
from mappings.documents.reach import Get
from mappings.documents.tree import Group, MisfitError
from mappings.model import JSON
from mappings.readers import BadValueError
from mappings.records import exact_number

_RECORD = msgspec.json.Decoder(float_hook=exact_number)


@dataclass(frozen=True, slots=True)
class DocumentMapping:
    """One document of one connection: decode the platform's records, or encode canonical requests for it.

    A mapping that reads has a ``resource`` and ``read_paths`` (every platform path it reads, in the form of the field
    catalog); one that writes has an ``operation``.
    """

    platform: str
    document: str
    resource: str
    operation: str
    read_paths: tuple[str, ...]
    struct: type[msgspec.Struct]
    group: Group = field(repr=False)
    id_of: Get | None = field(default=None, repr=False)
    quick_id: Callable[[bytes | memoryview], Any] | None = field(default=None, repr=False)

    def identify(self, raw: bytes | memoryview) -> str:
        """A record's id without mapping the rest of it; empty when it cannot be told."""
        if self.id_of is None:
            return ""
        try:
            record = _RECORD.decode(raw) if self.quick_id is None else self.quick_id(raw)
            return self._id(record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""

    def decode(self, raw: bytes | memoryview) -> Any:
        """The canonical document of a record; SkippableError, naming record and field, when it does not fit."""
        if self.id_of is None:
            raise TypeError(f"{self.operation} is written, not read")
        record = self._record(raw)
        try:
            return msgspec.convert(self.group.build((record,)), self.struct)
        except MisfitError as fault:
            raise self._skipped(record, fault.reason, str(fault)) from fault
        except msgspec.ValidationError as error:
            raise self._skipped(record, "invalid_value", _said(error)) from error

    def encode(self, struct: msgspec.Struct) -> dict[str, JSON]:
        """The platform's document of a canonical one; SkippableError, naming it and the field, when it does not fit."""
        if not isinstance(struct, self.struct) or not self.operation:
            raise TypeError(f"{self.operation or self.resource} does not take a {type(struct).__name__}")
        try:
            return self.group.build((plain(struct),))
        except MisfitError as fault:
            name = str(getattr(struct, "reference", ""))
            raise SkippableError(fault.reason, f"{self.operation} {name}: {fault}", ref=name) from fault

    def _record(self, raw: bytes | memoryview) -> Any:
        try:
            record = _RECORD.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SkippableError("invalid_value", f"{self.resource}: not valid JSON: {error}") from error
        if type(record) is not dict:
            raise SkippableError("invalid_value", f"{self.resource}: the record is no object")
        return record

    def _id(self, record: Any) -> str:
        if type(record) is not dict or self.id_of is None:
            return ""
        try:
            return str(self.id_of((record,)) or "")
        except BadValueError:
            return ""

    def _skipped(self, record: Any, reason: str, message: str) -> SkippableError:
        name = self._id(record)
        return SkippableError(reason, f"{self.resource} {name or '(without an id)'}: {message}", ref=name)


def plain(value: Any) -> Any:
    """A canonical value as plain data, defaults included: structs as objects, choices as their texts."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value.value if isinstance(value, Enum) else value


def _said(error: msgspec.ValidationError) -> str:
    """What msgspec says, with the place first."""
    message, found, place = str(error).rpartition(" - at `$.")
    return f"{place.rstrip('`')}: {message}" if found else str(error)
