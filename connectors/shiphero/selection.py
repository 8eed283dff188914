"""Selections: from the paths that are asked for to the text of a GraphQL selection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from canonical.errors import ConfigError
from connectors.manifest import FieldSpec

Tree: TypeAlias = "dict[str, Tree]"
"""Fields asked of one object, each with what is asked below it."""

_PAGE_INFO = "pageInfo { hasNextPage endCursor }"


def select(paths: Iterable[str], catalog: Mapping[str, FieldSpec], always: Iterable[str] = ()) -> Tree:
    """The tree that fetches these paths; ConfigError for one that the catalog does not have.

    A path that ends above the catalog's paths asks for all that lies below it. The ``select`` of a field names the
    paths that one of our own is made from.
    """
    chosen: Tree = {}
    for path in (*always, *paths):
        for found in _matches(path, catalog):
            for wanted in (catalog[found].select or found).split():
                _add(chosen, wanted)
    _with_ids(chosen)
    return chosen


def selection_text(tree: Tree, size: int) -> str:
    """The text of a selection; each list in pages has so many records of the first page."""
    return " ".join(_field_text(name, below, size) for name, below in tree.items())


def _field_text(name: str, below: Tree, size: int) -> str:
    if not below:
        return name
    if "edges" in below:
        node = selection_text(below["edges"]["node"], size)
        return f"{name}(first: {size}) {{ edges {{ node {{ {node} }} }} {_PAGE_INFO} }}"
    return f"{name} {{ {selection_text(below, size)} }}"


def _add(tree: Tree, path: str) -> None:
    for name in path.replace("[]", "").split("."):
        tree = tree.setdefault(name, {})


def _with_ids(tree: Tree) -> None:
    """Ask for the id of whatever holds a list in pages, and of the records in it."""
    tree.setdefault("id", {})
    for below in tree.values():
        if "edges" in below:
            _with_ids(below["edges"]["node"])
        elif any("edges" in deeper for deeper in below.values()):
            _with_ids(below)


def _matches(path: str, catalog: Mapping[str, FieldSpec]) -> list[str]:
    if path in catalog:
        return [path]
    stem = path.replace("[]", "")
    below = [name for name in catalog if name.replace("[]", "").startswith(f"{stem}.")]
    if not below:
        raise ConfigError(f"shiphero has no field {path!r}; see its fields.yaml")
    return below
