"""Checks plain data against msgspec types and reports every difference at once, each with its path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import inspect

from canonical.hints import did_you_mean
from mappings.source import DataPath, Plain


@dataclass(frozen=True, slots=True)
class ShapeProblem:
    """One difference between data and type."""

    path: DataPath
    message: str
    hint: str = ""


def check_shape(data: Plain, type_: Any) -> list[ShapeProblem]:
    """Every place where the data is not of the type; empty when ``msgspec.convert`` would take it."""
    return list(_check(data, inspect.type_info(type_), ()))


def _check(data: Any, wanted: inspect.Type, path: DataPath) -> Iterator[ShapeProblem]:
    if isinstance(wanted, inspect.Metadata):
        wanted = wanted.type
    if isinstance(wanted, inspect.UnionType):
        yield from _check_union(data, wanted, path)
    elif isinstance(wanted, inspect.StructType):
        yield from _check_struct(data, wanted, path)
    elif isinstance(wanted, inspect.DictType):
        yield from _check_dict(data, wanted, path)
    elif isinstance(wanted, inspect.ListType):
        yield from _check_list(data, wanted, path)
    elif isinstance(wanted, inspect.LiteralType):
        if data not in wanted.values or isinstance(data, bool):
            known = [str(value) for value in wanted.values]
            yield ShapeProblem(path, f"{_named(path)} cannot be {_shown(data)}", did_you_mean(str(data), known))
    else:
        yield from _check_scalar(data, wanted, path)


def _check_struct(data: Any, wanted: inspect.StructType, path: DataPath) -> Iterator[ShapeProblem]:
    if not isinstance(data, dict):
        yield _not(path, data, "a group of keys")
        return
    fields = {field.encode_name: field for field in wanted.fields}
    for key, value in data.items():
        if key in fields:
            yield from _check(value, fields[key].type, (*path, key))
        else:
            yield ShapeProblem((*path, key), f"unknown key {key!r}", did_you_mean(key, fields))
    for key, field in fields.items():
        if field.required and key not in data:
            yield ShapeProblem(path, f"the key {key!r} is missing")


def _check_dict(data: Any, wanted: inspect.DictType, path: DataPath) -> Iterator[ShapeProblem]:
    if not isinstance(data, dict):
        yield _not(path, data, "a group of keys")
        return
    for key, value in data.items():
        inner = (*path, key)
        if isinstance(wanted.key_type, inspect.LiteralType) and key not in wanted.key_type.values:
            known = [str(value) for value in wanted.key_type.values]
            yield ShapeProblem(inner, f"unknown key {key!r}", did_you_mean(key, known))
        else:
            yield from _check(value, wanted.value_type, inner)


def _check_list(data: Any, wanted: inspect.ListType, path: DataPath) -> Iterator[ShapeProblem]:
    if not isinstance(data, list):
        yield _not(path, data, "a list")
        return
    for index, item in enumerate(data):
        yield from _check(item, wanted.item_type, (*path, index))


def _check_union(data: Any, wanted: inspect.UnionType, path: DataPath) -> Iterator[ShapeProblem]:
    members = [_bare(member) for member in wanted.types]
    fitting = [member for member in members if _kind_fits(data, member)]
    if not fitting:
        yield _not(path, data, " or ".join(dict.fromkeys(_wanted_name(member) for member in members)))
        return
    found = [list(_check(data, member, path)) for member in fitting]
    yield from min(found, key=len)


def _bare(wanted: inspect.Type) -> inspect.Type:
    return wanted.type if isinstance(wanted, inspect.Metadata) else wanted


def _kind_fits(data: Any, wanted: inspect.Type) -> bool:
    if isinstance(wanted, (inspect.StructType, inspect.DictType)):
        return isinstance(data, dict)
    if isinstance(wanted, inspect.ListType):
        return isinstance(data, list)
    if isinstance(wanted, inspect.LiteralType):
        return isinstance(data, str)
    if isinstance(wanted, inspect.UnionType):
        return any(_kind_fits(data, _bare(member)) for member in wanted.types)
    return not list(_check_scalar(data, wanted, ()))


_SCALARS: Mapping[type[inspect.Type], tuple[str, Callable[[Any], bool]]] = {
    inspect.StrType: ("a text", lambda data: isinstance(data, str)),
    inspect.BoolType: ("true or false", lambda data: isinstance(data, bool)),
    inspect.IntType: ("a whole number", lambda data: isinstance(data, int) and not isinstance(data, bool)),
    inspect.FloatType: ("a number", lambda data: isinstance(data, (int, float)) and not isinstance(data, bool)),
    inspect.NoneType: ("null", lambda data: data is None),
    inspect.AnyType: ("anything", lambda data: True),
}


def _check_scalar(data: Any, wanted: inspect.Type, path: DataPath) -> Iterator[ShapeProblem]:
    name, fits = _SCALARS[type(wanted)]
    if not fits(data):
        hint = "write it in quotes" if name == "a text" and isinstance(data, (int, float)) else ""
        yield _not(path, data, name, hint)
        return
    if isinstance(wanted, (inspect.IntType, inspect.FloatType)):
        yield from _check_bounds(data, wanted, path)


def _check_bounds(
    data: int | float, wanted: inspect.IntType | inspect.FloatType, path: DataPath
) -> Iterator[ShapeProblem]:
    held = (
        ("at least", wanted.ge, wanted.ge is None or data >= wanted.ge),
        ("above", wanted.gt, wanted.gt is None or data > wanted.gt),
        ("at most", wanted.le, wanted.le is None or data <= wanted.le),
        ("below", wanted.lt, wanted.lt is None or data < wanted.lt),
    )
    for word, bound, holds in held:
        if not holds:
            yield ShapeProblem(path, f"{_named(path)} must be {word} {bound:g}")


def _wanted_name(wanted: inspect.Type) -> str:
    if isinstance(wanted, (inspect.StructType, inspect.DictType)):
        return "a group of keys"
    if isinstance(wanted, inspect.ListType):
        return "a list"
    if isinstance(wanted, inspect.LiteralType):
        return _listed(repr(value) for value in wanted.values)
    return _SCALARS[type(wanted)][0]


def _listed(words: Iterable[str]) -> str:
    return " or ".join(words)


def _not(path: DataPath, data: Any, wanted: str, hint: str = "") -> ShapeProblem:
    return ShapeProblem(path, f"{_named(path)} must be {wanted}, not {_shown(data)}", hint)


def _named(path: DataPath) -> str:
    return ".".join(str(part) for part in path) if path else "the file"


def _shown(data: Any) -> str:
    if isinstance(data, (dict, list)):
        return "a group of keys" if isinstance(data, dict) else "a list"
    return "empty" if data is None else repr(data)
