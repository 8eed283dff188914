"""The way of one value: transforms in order, then the value table; and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import UNSET

from canonical.fields import FieldType
from canonical.value import Value
from mappings.model import JSON
from mappings.readers import BadValueError
from mappings.spec import FieldSpec, KeySpec, Names, Scalar
from mappings.transforms import (
    DEFAULT_READ,
    TRANSFORMS,
    Reader,
    Setting,
    Writer,
    split_name,
)

ANY_VALUE = "*"
"""The key of a value table that stands for every value it does not name."""


def names_of(names: Names) -> list[str]:
    """One transform name or several, as a list."""
    return [names] if isinstance(names, str) else list(names)


def read_names(field: FieldSpec, kind: FieldType) -> list[str]:
    """The transforms a field is read through; with a value table none unless named."""
    if field.read is not UNSET:
        return names_of(field.read)
    return [] if field.values is not UNSET else [DEFAULT_READ[kind.value]]


def write_names(field: FieldSpec, kind: FieldType) -> list[str]:
    """The transforms a field is written through: those named, or the inverse of the last one it is read through."""
    if field.write is not UNSET and field.write.transform is not UNSET:
        return names_of(field.write.transform)
    if field.values is not UNSET:
        return []
    last, argument = split_name(read_names(field, kind)[-1])
    inverse = TRANSFORMS[last].inverse
    return [f"{inverse}({argument})" if argument else inverse]


def field_reader(field: FieldSpec, kind: FieldType, currency: str) -> Reader:
    """Platform value to normal form, for a field."""
    read = _readers(read_names(field, kind), currency)
    if field.values is not UNSET:
        read = _table_reader(read, field.values)
    return read if field.null_is is UNSET else _null_reader(read, field)


def key_reader(name: str, key: str | KeySpec) -> Reader:
    """Platform value to a match key; trimmed, and a GTIN checked, unless the mapping says otherwise."""
    if isinstance(key, KeySpec) and key.read is not UNSET:
        return _readers(names_of(key.read), "")
    return _readers(["gtin" if name == "gtin" else "trim"], "")


def field_writer(field: FieldSpec, kind: FieldType, currency: str) -> Writer:
    """Normal form to platform value, for a field; null becomes ``null_is``."""
    write = _writers(write_names(field, kind), currency)
    if field.values is not UNSET:
        write = _table_writer(write, field.values, write_names(field, kind), currency)
    empty: JSON = None if field.null_is is UNSET else field.null_is
    return lambda value: empty if value is None else write(value)


def _readers(names: Sequence[str], currency: str) -> Reader:
    readers: list[Reader] = []
    for text in names:
        name, argument = split_name(text)
        make = TRANSFORMS[name].reader
        if make is not None:
            readers.append(make(Setting(currency, argument)))
    return _chain(readers)


def _writers(names: Sequence[str], currency: str) -> Writer:
    writers: list[Any] = []
    for text in names:
        name, argument = split_name(text)
        make = TRANSFORMS[name].writer
        if make is not None:
            writers.append(make(Setting(currency, argument)))
    return _chain(writers)


def _chain(steps: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    if not steps:
        return lambda value: value
    if len(steps) == 1:
        return steps[0]
    first, rest = steps[0], _chain(steps[1:])
    return lambda value: rest(first(value))


def _table_key(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        raise BadValueError("invalid_value", "a list or object is not in the value table")
    return str(value)


def _table_reader(read: Reader, table: dict[str, Scalar]) -> Reader:
    missing = object()
    other: Any = table.get(ANY_VALUE, missing)

    def look_up(value: Any) -> Value:
        key = _table_key(read(value))
        found: Any = table.get(key, other)
        if found is missing:
            raise BadValueError("invalid_value", f"{key[:40]!r} is not in the value table")
        return found  # type: ignore[no-any-return]

    return look_up


def _table_writer(write: Writer, table: dict[str, Scalar], names: Sequence[str], currency: str) -> Writer:
    """Back through the table; a named transform reads the table's key as what it writes (``flag``: true)."""
    typed = _readers(names, currency)
    inverse: dict[tuple[type, Any], str] = {}
    for key, value in table.items():
        if key != ANY_VALUE:
            inverse.setdefault((type(value), value), key)

    def look_up(value: Value) -> JSON:
        key = None if isinstance(value, (list, dict)) else inverse.get((type(value), value))
        if key is None:
            raise BadValueError("invalid_value", f"{value!r} is not in the value table")
        return write(typed(key))

    return look_up


def _null_reader(read: Reader, field: FieldSpec) -> Reader:
    null_is = field.null_is
    default: Any = None if field.default is UNSET else field.default

    def look(value: Any) -> Value:
        if type(value) is type(null_is) and value == null_is:
            return default  # type: ignore[no-any-return]
        return read(value)

    return look
