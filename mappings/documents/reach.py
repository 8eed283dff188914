"""Paths of document mappings, and functions that follow them.

A frame holds the record and the elements around the place that is looked from: the record first, the element last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from mappings.paths import PathError, Step, parse_path
from mappings.readers import BadValueError

Frame: TypeAlias = tuple[Any, ...]
Get: TypeAlias = Callable[[Frame], Any]
"""Reaches a value from a frame; None when it is not there or null."""

_WHOLE, _AROUND, _ITSELF = "^", "../", "."


@dataclass(frozen=True, slots=True)
class Reach:
    """A path as read: the level of the frame it starts from, the lists it goes through, and the way from there."""

    level: int
    lists: tuple[tuple[Step, ...], ...]
    steps: tuple[Step, ...]


def parse_reach(text: str, depth: int) -> Reach:
    """Read a path that is looked from an element ``depth`` lists deep; PathError says what is wrong with it."""
    level, rest = depth, text
    if rest.startswith(_WHOLE):
        level, rest = 0, rest[1:]
    while rest.startswith(_AROUND):
        level, rest = level - 1, rest[len(_AROUND) :]
    if level < 0:
        raise PathError(f"{text!r} leads out of the record: there is nothing around it")
    if rest == _ITSELF:
        return Reach(level, (), ())
    *lists, last = (parse_path(part) for part in rest.split("[]."))
    if any(step.is_list and not step.key for steps in (*lists, last) for step in steps):
        raise PathError(f"{text!r} ends in a list; leave the [] out, or add the value wanted from each element")
    if any(steps[-1].key for steps in (*lists, last)):
        raise PathError(f"{text!r} leads to a list element; add the value wanted from it")
    return Reach(level, tuple(lists), last)


def getter(text: str, depth: int) -> Get:
    """Reaches the value at a path; for ``list[].x`` the list of values that are there."""
    reach = parse_reach(text, depth)
    level, steps = reach.level, reach.steps
    if reach.lists:
        return _collecting(reach)
    if not steps:
        return lambda frame: frame[level]
    if len(steps) > 1 or steps[0].key:
        return lambda frame: follow(frame[level], steps)
    name = steps[0].name

    def get(frame: Frame) -> Any:
        value = frame[level]
        return value.get(name) if type(value) is dict else follow(value, steps)

    return get


def follow(value: Any, steps: tuple[Step, ...]) -> Any:
    """Go from a value along steps; BadValueError where something else than an object or list is in the way."""
    for step in steps:
        if value is None:
            return None
        if type(value) is not dict:
            if value == []:
                return None  # some platforms write an empty object as an empty list
            raise BadValueError("invalid_value", f"{step.name!r} is looked for in {_kind(value)}, not in an object")
        value = value.get(step.name)
        if step.key:
            value = _selected(value, step)
    return value


def elements(value: Any, name: str) -> list[Any] | None:
    """A list as it is, None for nothing; BadValueError for all else and for a null among its elements."""
    if value is None:
        return None
    if type(value) is not list:
        raise BadValueError("invalid_value", f"{name} is {_kind(value)}, not a list")
    if None in value:
        raise BadValueError("invalid_value", f"element {value.index(None)} of {name} is null")
    return value


def frames(each: str, depth: int) -> Callable[[Frame], list[Frame] | None]:
    """The frames of every element of a list (of every list in every element, for ``a[].b``); None without the list."""
    reach = parse_reach(each.removesuffix("[]"), depth)
    level, first, *inner = reach.level, *reach.lists, reach.steps
    name = _name(first)

    def expand(frame: Frame) -> list[Frame] | None:
        found = elements(follow(frame[level], first), name)
        if found is None:
            return None
        reached = [(*frame, element) for element in found]
        for steps in inner:
            reached = [(*one, deeper) for one in reached for deeper in elements(follow(one[-1], steps), each) or ()]
        return reached

    return expand


def _collecting(reach: Reach) -> Get:
    level, lists, steps = reach.level, reach.lists, reach.steps
    first = _name(lists[0])

    def collect(frame: Frame) -> Any:
        found = elements(follow(frame[level], lists[0]), first)
        if found is None:
            return None
        for inner in lists[1:]:
            found = [deeper for one in found for deeper in elements(follow(one, inner), _name(inner)) or ()]
        return list(_values(found, steps))

    return collect


def _values(found: list[Any], steps: tuple[Step, ...]) -> Iterator[Any]:
    for element in found:
        value = follow(element, steps)
        if not is_absent(value):
            yield value


def is_absent(value: Any) -> bool:
    """Whether there is no value: null, or a blank text."""
    return value is None or (type(value) is str and not value.strip())


def _selected(value: Any, step: Step) -> Any:
    for element in elements(value, step.name) or ():
        if type(element) is dict:
            key = element.get(step.key)
            if key == step.value or (type(key) is int and str(key) == step.value):
                return element
    return None


def _name(steps: tuple[Step, ...]) -> str:
    return ".".join(step.name for step in steps)


def _kind(value: Any) -> str:
    names = {str: "a text", bool: "a flag", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
