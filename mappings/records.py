"""Typed structs for one platform's records, holding only the wanted paths, and functions that reach into them.

What is not wanted never becomes an object; a leaf keeps the JSON value as it came, with numbers exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from mappings.paths import PathError, Step, parse_path, split_many

Getter: TypeAlias = Callable[[Any], Any]
"""Reaches a value from a record: UNSET when it was not there, None when it was null."""


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    is_list: bool = False
    is_leaf: bool = False

    def child(self, name: str) -> _Node:
        return self.children.setdefault(name, _Node())

    def attribute(self, name: str) -> str:
        return f"f{list(self.children).index(name)}"


class RecordShape:
    """Collects the wanted paths, then gives a decoder and getters for them."""

    def __init__(self) -> None:
        self._root = _Node()

    def want(self, path: str, each: str = "") -> None:
        """Note a path (inside every element of the list ``each``); PathError when it contradicts another."""
        each, path = (each, path) if each else split_many(path)
        start = self._walk(self._root, self._list_steps(each)) if each else self._root
        if each:
            _claim(start, each, is_list=True)
        leaf = self._walk(start, parse_path(path))
        if leaf.children:
            raise PathError(f"{path!r} is used as a value and as an object")
        leaf.is_leaf = True

    def decoder(self, name: str) -> msgspec.json.Decoder[Any]:
        """A decoder for records with every wanted path."""
        return msgspec.json.Decoder(_struct_type(name, self._root), float_hook=exact_number)

    def getter(self, path: str) -> Getter:
        """Reaches the value at a path, or the list of values at a path ``list[].x``."""
        each, inner = split_many(path)
        if each:
            return _collecting(self.list_getter(each), self.element_getter(each, inner))
        return _getter(self._root, parse_path(path))

    def list_getter(self, each: str) -> Getter:
        """Reaches the list at a path."""
        return _getter(self._root, self._list_steps(each))

    def element_getter(self, each: str, path: str) -> Getter:
        """Reaches a value from an element of the list ``each``."""
        node = self._root
        for step in self._list_steps(each):
            node = node.children[step.name]
        return _getter(node, parse_path(path))

    @staticmethod
    def _list_steps(each: str) -> tuple[Step, ...]:
        return parse_path(each.removesuffix("[]"))

    def _walk(self, node: _Node, steps: Sequence[Step]) -> _Node:
        for index, step in enumerate(steps):
            if node.is_leaf:
                raise PathError(f"{step.name!r} is asked for inside what is also used as a value")
            node = node.child(step.name)
            if node.is_list and not step.key and index < len(steps) - 1:
                raise PathError(f"{step.name!r} is used both as a list and as something else")
            if step.key:
                _claim(node, step.name, is_list=True)
                node.child(step.key).is_leaf = True
        return node


def _claim(node: _Node, name: str, *, is_list: bool) -> None:
    if node.is_leaf or (node.children and node.is_list is not is_list):
        raise PathError(f"{name!r} is used both as a list and as something else")
    node.is_list = is_list


def exact_number(text: str) -> Decimal | str:
    """A JSON number with a fraction or exponent, exactly; as text when it is beyond any decimal."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def _struct_type(name: str, node: _Node) -> Any:
    fields: list[tuple[str, Any, Any]] = []
    rename: dict[str, str] = {}
    for key, child in node.children.items():
        attribute = node.attribute(key)
        rename[attribute] = key
        fields.append((attribute, _field_type(f"{name}_{key}", child), UNSET))
    return msgspec.defstruct(name, fields, rename=rename, frozen=True, gc=False)


def _field_type(name: str, node: _Node) -> Any:
    if not node.children:
        return Any
    inner = _struct_type(name, node) | None
    wanted: Any = list.__class_getitem__(inner) if node.is_list else inner
    return wanted | None | UnsetType


def _getter(node: _Node, steps: Sequence[Step]) -> Getter:
    step, rest = steps[0], steps[1:]
    first: Getter = attrgetter(node.attribute(step.name))
    child = node.children[step.name]
    if step.key:
        first = _selecting(first, attrgetter(child.attribute(step.key)), step.value)
    return _chained(first, _getter(child, rest)) if rest else first


def _chained(first: Getter, second: Getter) -> Getter:
    def get(record: Any) -> Any:
        inner = first(record)
        # A null object tells nothing about what would be inside it.
        return UNSET if inner is UNSET or inner is None else second(inner)

    return get


def _collecting(items: Getter, inner: Getter) -> Getter:
    def get(record: Any) -> Any:
        elements = items(record)
        if elements is UNSET or elements is None:
            return elements
        found = [inner(element) for element in elements if element is not None]
        return [value for value in found if value is not UNSET and value is not None]

    return get


def _selecting(items: Getter, key: Getter, wanted: str) -> Getter:
    def get(record: Any) -> Any:
        elements = items(record)
        if elements is UNSET or elements is None:
            return UNSET
        for element in elements:
            if element is not None:
                value = key(element)
                if value == wanted or (type(value) is int and str(value) == wanted):
                    return element
        return UNSET

    return get
