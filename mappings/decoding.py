"""Takes one platform record apart: typed structs, functions made once, every bad value an issue of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from canonical.errors import SkippableError
from canonical.value import REDACTED, Value
from mappings.conditions import Test
from mappings.model import Issue, Mapped
from mappings.readers import BadValueError
from mappings.records import Getter
from mappings.transforms import Reader


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
    id_decoder: msgspec.json.Decoder[Any]
    only_id: Getter
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


def decode_record(entity: str, reader: RecordReader, raw: bytes | memoryview) -> Mapped | None:
    """Map one record; None when it is not ours, SkippableError when it cannot be told what it is."""
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
        except BadValueError as fault:
            _fault(slot, fault, slots, issues)
    for guarded in reader.guarded:
        _take(guarded, guarded.slot, record, slots, issues)
    for listed in reader.lists:
        _take_list(listed, record, slots, scopes, issues)
    return Mapped(
        entity,
        reader.kind if reader.kind_of is None else _kind(reader, record),
        external_id,
        "" if reader.parent is None else _parent(reader.parent(record)),
        "" if reader.sku is None else _key(reader.sku, record, issues),
        "" if reader.gtin is None else _key(reader.gtin, record, issues),
        slots,
        scopes,
        "" if reader.version is None else _token(reader.version(record)),
        tuple(issues),
    )


def identify_record(reader: RecordReader, raw: bytes | memoryview) -> str:
    """A record's id alone, which costs a tenth of mapping it; empty where ``decode_record`` would find none."""
    try:
        return _id(reader.only_id(reader.id_decoder.decode(raw)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes | memoryview) -> Any:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise SkippableError("invalid_value", f"the record has another shape: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SkippableError("invalid_value", f"the record is not valid JSON: {error}") from error


def _id(value: Any) -> str:
    text = _token(value)
    return "" if text.isspace() else text


def _identifier(value: Any) -> str:
    text = _id(value)
    if not text:
        raise SkippableError("invalid_value", "the record has no id")
    return text


def _token(value: Any) -> str:
    if type(value) is str:
        return value
    return "" if value is UNSET or value is None or isinstance(value, (bool, list, dict)) else str(value)


def _parent(value: Any) -> str:
    text = _token(value)
    return "" if text == "0" else text


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
    except BadValueError as fault:
        issues.append(Issue(key.slot, fault.reason, fault.detail))
        return "" if fault.kept is None else str(fault.kept)


def _fault(slot: str, fault: BadValueError, slots: dict[str, Value], issues: list[Issue]) -> None:
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
    except BadValueError as fault:
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
