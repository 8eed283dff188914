"""Builds the target's tree from compiled values and lists; a fault carries the place it happened at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from mappings.conditions import Test
from mappings.documents.reach import Frame, Get
from mappings.readers import BadValueError

Expand: TypeAlias = Callable[[Frame], list[Frame] | None]


class MisfitError(ValueError):
    """A value that does not fit, and where in the target it was to go."""

    def __init__(self, reason: str, at: str, detail: str) -> None:
        super().__init__(f"{at}: {detail}" if at else detail)
        self.reason = reason
        self.at = at
        self.detail = detail

    def inside(self, place: str) -> MisfitError:
        """The same fault, seen from the group around it."""
        return MisfitError(self.reason, f"{place}.{self.at}" if self.at else place, self.detail)


@dataclass(frozen=True, slots=True)
class Target:
    """Where something goes: the groups on the way, and the key in the last of them."""

    text: str
    groups: tuple[str, ...]
    key: str

    def put(self, tree: dict[str, Any], value: Any) -> None:
        """Set it in a tree."""
        for group in self.groups:
            tree = tree.setdefault(group, {})
        tree[self.key] = value


def target(text: str) -> Target:
    """A target from its dotted path."""
    *groups, key = text.split(".")
    return Target(text, tuple(groups), key)


@dataclass(frozen=True, slots=True)
class Portion:
    """The elements that one source list gives to a target list; one element when there is nothing to go through."""

    expand: Expand | None
    test: Test | None
    group: Group


@dataclass(frozen=True, slots=True)
class Group:
    """How one group of targets is made: its values, its lists, and the fields it cannot be without.

    ``required`` names each such field with what it is made of.
    """

    values: tuple[tuple[Target, Get], ...]
    lists: tuple[tuple[Target, tuple[Portion, ...]], ...]
    required: tuple[tuple[str, str], ...] = ()
    keeps_empty: bool = True

    def build(self, frame: Frame) -> dict[str, Any]:
        """The tree of one record or element; MisfitError with the place of the first fault."""
        tree: dict[str, Any] = {}
        for goal, get in self.values:
            try:
                value = get(frame)
            except BadValueError as fault:
                raise MisfitError(fault.reason, goal.text, fault.detail) from fault
            if value is not None:
                if goal.groups:
                    goal.put(tree, value)
                else:
                    tree[goal.key] = value
        for goal, portions in self.lists:
            items = _items(goal, portions, frame)
            if items or (items is not None and self.keeps_empty):
                goal.put(tree, items)
        for name, origin in self.required:
            if name not in tree:
                raise MisfitError("invalid_value", name, f"there is no value at {origin}")
        return tree


def _items(goal: Target, portions: tuple[Portion, ...], frame: Frame) -> list[dict[str, Any]] | None:
    """The elements of a target list; None when none of its source lists is there."""
    items: list[dict[str, Any]] | None = None
    for portion in portions:
        try:
            found = [frame] if portion.expand is None else portion.expand(frame)
        except BadValueError as fault:
            raise MisfitError(fault.reason, goal.text, fault.detail) from fault
        if found is None:
            continue
        items = [] if items is None else items
        for inner in found:
            place = f"{goal.text}[{len(items)}]"
            try:
                if portion.test is None or portion.test(inner):
                    items.append(portion.group.build(inner))
            except BadValueError as fault:
                raise MisfitError(fault.reason, place, fault.detail) from fault
            except MisfitError as fault:
                raise fault.inside(place) from fault
    return items
