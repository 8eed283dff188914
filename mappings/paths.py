"""Paths into a platform's records: ``a.b``, ``list[].x`` and ``list[key=value].x``, and nothing more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_NAME = r"[A-Za-z_][A-Za-z0-9_\-]*"
_STEP = re.compile(rf"(?P<name>{_NAME})(?P<list>\[(?:(?P<key>{_NAME})=(?P<value>[^\[\]=]+))?\])?")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: into an object, through a list, or to the one list element whose key has a value."""

    name: str
    is_list: bool = False
    key: str = ""
    value: str = ""


class PathError(ValueError):
    """The text is not a path."""


@lru_cache(maxsize=4096)
def parse_path(text: str) -> tuple[Step, ...]:
    """Read a path; PathError says what is wrong with it."""
    if not text:
        raise PathError("a path cannot be empty")
    return tuple(_parse_step(part, text) for part in _split(text))


def _split(text: str) -> Iterator[str]:
    depth = start = 0
    for index, char in enumerate(text):
        depth += (char == "[") - (char == "]")
        if char == "." and depth == 0:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def _parse_step(part: str, text: str) -> Step:
    match = _STEP.fullmatch(part)
    if match is None:
        raise PathError(f"{part!r} in {text!r} is not a step of a path; use a.b or list[key=value].x")
    return Step(match["name"], match["list"] is not None, match["key"] or "", match["value"] or "")


def check_value_path(text: str, *, many: bool = False) -> str:
    """What is wrong with a path that must lead to one value, or with ``many`` may collect one from every element of a
    list; empty when it is fine.
    """
    each, path = split_many(text) if many else ("", text)
    if each and (said := check_list_path(each)):
        return said
    try:
        steps = parse_path(path)
    except PathError as error:
        return str(error)
    if any(step.is_list and not step.key for step in steps):
        return f"{text!r} leads to many values; name the list with `each:` and the value inside it with `path:`"
    return f"{text!r} leads to a list element; add the value wanted from it" if steps[-1].is_list else ""


def check_list_path(text: str) -> str:
    """What is wrong with an ``each`` path, which must lead to a list; empty when it is fine."""
    try:
        steps = parse_path(text.removesuffix("[]"))
    except PathError as error:
        return str(error)
    return f"{text!r} must lead to one list" if any(step.is_list for step in steps) else ""


def split_many(path: str) -> tuple[str, str]:
    """The list and the path inside its elements, of a path ``list[].x``; an empty list for any other path."""
    each, found, inner = path.partition("[].")
    return (each, inner) if found else ("", path)


def join_each(each: str, path: str) -> str:
    """The whole path of a value inside every element of a list."""
    return f"{each.removesuffix('[]')}[].{path}" if each else path
