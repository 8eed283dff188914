"""Bulk results: a query compiled once into plain functions, then one JSON line per object."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_argument_values,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)

from connectors.shopify.simulator.access import denied, needed
from connectors.shopify.simulator.connections import Connection
from connectors.shopify.simulator.context import Context
from connectors.shopify.simulator.cost import named
from connectors.shopify.simulator.reads import Plain, Resolver
from connectors.shopify.simulator.resolving import Entry, resolver_of

MAX_CONNECTIONS = 5
MAX_DEPTH = 2
_PARENTS_PER_PAGE = 250
_NEWLINE = 10

Walk: TypeAlias = Callable[[Any], dict[str, Any]]


class BulkQueryError(Exception):
    """A query that cannot run as a bulk operation."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One connection: how to get its rows from their parent, what a line holds, and the connections inside."""

    rows: Callable[[Any], list[Any]]
    line: Walk
    inner: tuple[Stream, ...]


@dataclass(slots=True)
class Written:
    """What was counted while the lines were written."""

    objects: int = 0
    roots: int = 0
    text: bytearray = field(default_factory=bytearray)


def compile_query(schema: GraphQLSchema, document: DocumentNode, context: Context) -> tuple[Stream, ...]:
    """Compile a checked query; BulkQueryError names what keeps it from running in bulk."""
    compiler = _Compiler(schema, document, context)
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        raise BulkQueryError("Bulk operations take exactly one query.")
    if operations[0].variable_definitions:
        raise BulkQueryError("Bulk queries cannot use variables.")
    root = schema.query_type
    assert root is not None
    streams: list[Stream] = []
    compiler.walk(operations[0].selection_set, root, streams, depth=0)
    if not streams:
        raise BulkQueryError("Bulk queries must contain at least one connection.")
    if compiler.connections > MAX_CONNECTIONS:
        raise BulkQueryError(f"Bulk queries cannot contain more than {MAX_CONNECTIONS} connections.")
    return tuple(streams)


def write(streams: tuple[Stream, ...], order: str) -> Written:
    """Write all lines; ``order`` says where a child stands when it need not follow its parent at once."""
    written = Written()
    put, text = msgspec.json.Encoder().encode_into, written.text
    for stream in streams:
        rows = stream.rows(None)
        written.roots += len(rows)
        step = {"adjacent": 1, "page": _PARENTS_PER_PAGE}.get(order, max(1, len(rows)))
        for start in range(0, len(rows), step):
            for line in _lines(stream, rows[start : start + step], None):
                put(line, text, -1)
                text.append(_NEWLINE)
                written.objects += 1
    return written


def _lines(stream: Stream, rows: list[Any], parent: str | None) -> Iterator[dict[str, Any]]:
    line = stream.line
    for row in rows:
        found = line(row)
        if parent is not None:
            found["__parentId"] = parent
        yield found
    for row in rows if stream.inner else ():
        for inner in stream.inner:
            yield from _lines(inner, inner.rows(row), row.gid)


class _Compiler:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode, context: Context) -> None:
        self._schema = schema
        self._context = context
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self.connections = 0

    def walk(
        self, selection: SelectionSetNode | None, parent: GraphQLNamedType, streams: list[Stream], depth: int
    ) -> Walk:
        """Compile a selection; connections found in it go to ``streams``, the rest becomes part of the line."""
        parts: list[tuple[str, Walk | Callable[[Any], Any]]] = []
        for node in self._fields(selection, parent):
            compiled = self._field(node, parent, streams, depth)
            if compiled is not None:
                parts.append(((node.alias or node.name).value, compiled))

        def line(value: Any) -> dict[str, Any]:
            return {key: part(value) for key, part in parts}

        return line

    def _field(
        self, node: FieldNode, parent: GraphQLNamedType, streams: list[Stream], depth: int
    ) -> Callable[[Any], Any] | None:
        name = node.name.value
        if name == "__typename":
            return lambda value: parent.name
        assert isinstance(parent, GraphQLObjectType)
        definition = parent.fields[name]
        returned = named(definition)
        if name in ("node", "nodes") and parent is self._schema.query_type:
            raise BulkQueryError("Bulk queries cannot use the root fields node and nodes.")
        scopes = needed(parent.name, name, returned.name)
        if scopes and not self._context.scopes.intersection(scopes):
            raise denied(name, scopes)
        resolver = resolver_of(parent.name, name)
        args = get_argument_values(definition, node)
        if returned.name.endswith("Connection"):
            streams.append(self._stream(node, returned, resolver, args, depth + 1))
            return None
        many = is_list_type(get_nullable_type(definition.type))
        return self._value(node, returned, resolver, args, (streams, depth), many=many)

    def _value(
        self,
        node: FieldNode,
        returned: GraphQLNamedType,
        resolver: Resolver,
        args: dict[str, Any],
        outer: tuple[list[Stream], int],
        *,
        many: bool,
    ) -> Callable[[Any], Any]:
        context = self._context
        if is_leaf_type(returned):
            return _leaf(resolver, context, args)
        inside: list[Stream] = []
        inner = self.walk(node.selection_set, returned, inside, outer[1])
        if many and inside:
            raise BulkQueryError(f"Queries that contain a connection field within a list field ({node.name.value}).")
        for stream in inside:
            outer[0].append(_through(stream, lambda value: resolver(value, context, args)))

        def nested(value: Any) -> Any:
            found = resolver(value, context, args)
            if isinstance(found, list):
                return [None if entry is None else inner(entry) for entry in found]
            return None if found is None else inner(found)

        return nested

    def _stream(
        self, node: FieldNode, returned: GraphQLNamedType, resolver: Resolver, args: dict[str, Any], depth: int
    ) -> Stream:
        self.connections += 1
        if depth > MAX_DEPTH:
            raise BulkQueryError(f"Bulk queries cannot contain connections nested deeper than {MAX_DEPTH} levels.")
        streams: list[Stream] = []
        selection, kind = self._node_selection(node, returned)
        if not isinstance(kind, GraphQLObjectType) or "Node" not in {one.name for one in kind.interfaces}:
            raise BulkQueryError(f"Bulk queries take connections of nodes only, and {kind.name} is none.")
        line = self.walk(selection, kind, streams, depth)
        if streams and not any(_is_plain_id(found) for found in self._fields(selection, kind)):
            raise BulkQueryError(
                "The parent 'node' field for a nested connection must select the 'id' field without an alias."
            )
        return Stream(_all_rows(resolver, args, self._context), line, tuple(streams))

    def _node_selection(
        self, node: FieldNode, returned: GraphQLNamedType
    ) -> tuple[SelectionSetNode | None, GraphQLNamedType]:
        assert isinstance(returned, GraphQLObjectType)
        for child in self._fields(node.selection_set, returned):
            kind = named(returned.fields[child.name.value])
            if child.name.value == "nodes":
                return child.selection_set, kind
            if child.name.value == "edges":
                assert isinstance(kind, GraphQLObjectType)
                for inner in self._fields(child.selection_set, kind):
                    if inner.name.value == "node":
                        return inner.selection_set, named(kind.fields["node"])
        raise BulkQueryError("A connection of a bulk query must select its nodes.")

    def _fields(self, selection: SelectionSetNode | None, parent: GraphQLNamedType) -> Iterator[FieldNode]:
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self._fields(node.selection_set, parent)
            elif isinstance(node, FragmentSpreadNode):
                yield from self._fields(self._fragments[node.name.value].selection_set, parent)


def _leaf(resolver: Resolver, context: Context, args: dict[str, Any]) -> Callable[[Any], Any]:
    """Reading a scalar, without a detour where the resolver has none."""
    if isinstance(resolver, Plain | Entry):
        return resolver.get
    return lambda value: resolver(value, context, args)


def _is_plain_id(node: FieldNode) -> bool:
    return node.name.value == "id" and node.alias is None


def _through(stream: Stream, get: Callable[[Any], Any]) -> Stream:
    """A connection of an object inside the line: its rows hang on the line itself."""

    def rows(value: Any) -> list[Any]:
        found = get(value)
        return [] if found is None else stream.rows(found)

    return Stream(rows, stream.line, stream.inner)


def _all_rows(resolver: Resolver, args: dict[str, Any], context: Context) -> Callable[[Any], list[Any]]:
    def rows(value: Any) -> list[Any]:
        page: Connection = resolver(value, context, args)
        return page.nodes

    return rows
