"""Selections of GraphQL fields: made from paths, merged, priced and written out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from canonical.errors import ConfigError
from connectors.manifest import FieldSpec

NODES = "nodes"
_CONNECTION_COST = 2
_OBJECT_COST = 1
_LIST_MARK = re.compile(r"\[[^\]]*\]")


@dataclass(slots=True)
class Selection:
    """Fields asked of one object; ``lists`` holds list arguments, whose entries add up when selections merge."""

    fields: dict[str, Selection] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_connection(self) -> bool:
        """Whether this is a paged list of records."""
        return NODES in self.fields

    def merge(self, other: Selection) -> None:
        """Add everything the other selection asks for."""
        for name, values in other.lists.items():
            known = self.lists.setdefault(name, [])
            known.extend(value for value in values if value not in known)
        for name, child in other.fields.items():
            self.fields.setdefault(name, Selection()).merge(child)

    def add(self, path: str) -> None:
        """Ask for a chain of plain fields, such as ``product.title``."""
        here = self
        for name in path.split("."):
            here = here.fields.setdefault(name, Selection())

    def connections(self) -> dict[str, Selection]:
        """The paged lists directly under this object."""
        return {name: child for name, child in self.fields.items() if child.is_connection}


def plain_path(path: str) -> str:
    """A path without its list marks: the chain of field names alone."""
    return _LIST_MARK.sub("", path)


def select(paths: Iterable[str], catalog: Mapping[str, FieldSpec], always: Iterable[str] = ()) -> Selection:
    """The selection that fetches these paths; ConfigError for one that the catalog does not have.

    A path that ends above the catalog's paths, such as ``inventoryLevels.nodes``, asks for all that lies below it.
    """
    chosen = Selection()
    for path in ("id", *always):
        chosen.add(path)
    for path in paths:
        for found in matching(path, catalog):
            spec = catalog[found]
            if spec.select:
                chosen.merge(parse_selection(spec.select))
            else:
                chosen.add(plain_path(found))
    name_holders(chosen)
    return chosen


def name_holders(selection: Selection) -> None:
    """Ask for the id of every entry of a paged list, and of every object that holds one: more of it is read by that."""
    for child in selection.fields.values():
        named = child.fields[NODES] if child.is_connection else child
        if child.is_connection or child.connections():
            fields = {"id": Selection(), **named.fields}
            named.fields.clear()
            named.fields.update(fields)
        name_holders(named)


def connection_names(selection: Selection) -> set[str]:
    """The names of all paged lists, however deep."""
    found: set[str] = set()
    for name, child in selection.fields.items():
        if child.is_connection:
            found |= {name} | connection_names(child.fields[NODES])
        else:
            found |= connection_names(child)
    return found


def matching(path: str, catalog: Mapping[str, FieldSpec]) -> list[str]:
    """The catalog's paths that a path asks for; ConfigError when there are none."""
    if path in catalog:
        return [path] if catalog[path].read else []
    stem = plain_path(path)
    below = [name for name in catalog if plain_path(name).startswith(f"{stem}.") and catalog[name].read]
    if not below:
        raise ConfigError(f"shopify has no field {path!r}; see its fields.yaml")
    return below


@lru_cache(maxsize=512)
def parse_selection(text: str) -> Selection:
    """Read the text of a selection: fields, nesting and lists of strings as arguments."""
    from graphql.language import OperationDefinitionNode, parse

    definition = parse("{" + text + "}").definitions[0]
    if not isinstance(definition, OperationDefinitionNode):
        raise ConfigError(f"not a selection: {text}")
    return _of(definition.selection_set)


def _of(node: object) -> Selection:
    from graphql.language import FieldNode, InlineFragmentNode, ListValueNode, SelectionSetNode, StringValueNode

    result = Selection()
    if not isinstance(node, SelectionSetNode):
        return result
    for part in node.selections:
        if isinstance(part, InlineFragmentNode) and part.type_condition is not None:
            result.fields[f"... on {part.type_condition.name.value}"] = _of(part.selection_set)
            continue
        if not isinstance(part, FieldNode):
            raise ConfigError("a selection in fields.yaml holds plain fields only")
        child = _of(part.selection_set)
        for argument in part.arguments or ():
            if not isinstance(argument.value, ListValueNode):
                raise ConfigError(f"{part.name.value}: only lists of texts are taken as arguments")
            values = [entry.value for entry in argument.value.values if isinstance(entry, StringValueNode)]
            child.lists[argument.name.value] = values
        result.fields[part.name.value] = child
    return result


def cost(selection: Selection, sizes: Mapping[str, int]) -> int:
    """Points of everything under one object: 1 an object, 2 and its records a connection, nothing a plain value."""
    total = 0
    for name, child in selection.fields.items():
        if child.is_connection:
            total += _CONNECTION_COST + sizes[name] * (_OBJECT_COST + cost(child.fields[NODES], sizes))
        elif child.fields:
            total += _OBJECT_COST + cost(child, sizes)
    return total


def paged_text(selection: Selection, sizes: Mapping[str, int]) -> str:
    """Write a selection for paged reads; ``sizes`` gives the page size of each connection in it."""
    return " ".join(_paged_field(name, child, sizes) for name, child in selection.fields.items())


def _paged_field(name: str, child: Selection, sizes: Mapping[str, int]) -> str:
    if child.is_connection:
        nodes = paged_text(child.fields[NODES], sizes)
        return f"{name}(first: {sizes[name]}) {{ nodes {{ {nodes} }} pageInfo {{ hasNextPage endCursor }} }}"
    head = name + _arguments(child)
    return f"{head} {{ {paged_text(child, sizes)} }}" if child.fields else head


def bulk_text(selection: Selection) -> str:
    """Write a selection for a bulk operation, which pages by itself and wants edges."""
    parts = []
    for name, child in selection.fields.items():
        if child.is_connection:
            parts.append(f"{name} {{ edges {{ node {{ {bulk_text(child.fields[NODES])} }} }} }}")
        elif child.fields:
            parts.append(f"{name}{_arguments(child)} {{ {bulk_text(child)} }}")
        else:
            parts.append(name)
    return " ".join(parts)


def _arguments(selection: Selection) -> str:
    if not selection.lists:
        return ""
    written = (f"{name}: [{', '.join(_quoted(value) for value in values)}]" for name, values in selection.lists.items())
    return f"({', '.join(written)})"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
