"""The ``_fields`` parameter of WordPress: which members of an answer are kept, nested ones by dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Tree: TypeAlias = "dict[str, Tree | bool]"


def parse_fields(values: Sequence[str]) -> Tree | None:
    """Read comma lists of member names into a tree; None when nothing was asked."""
    names = [name.strip() for value in values for name in value.split(",") if name.strip()]
    if not names:
        return None
    tree: Tree = {}
    for name in names:
        _insert(tree, name.split("."))
    return tree


def select(value: Any, tree: Tree) -> Any:
    """Keep only what the tree names; a list below a named member is emptied by a nested name, as WordPress does."""
    if isinstance(value, list):
        return []
    if not isinstance(value, Mapping):
        return value
    return {
        name: select(item, branch) if isinstance(branch := tree[name], dict) else item
        for name, item in value.items()
        if name in tree
    }


def is_flat(tree: Tree) -> bool:
    """Whether only whole members are named, nothing inside them."""
    return all(branch is True for branch in tree.values())


def _insert(tree: Tree, names: list[str]) -> None:
    head, rest = names[0], names[1:]
    held = tree.get(head)
    if not rest or held is True:
        tree[head] = True
        return
    if not isinstance(held, dict):
        held = {}
        tree[head] = held
    _insert(held, rest)
