"""What a query costs and the leaky bucket it is paid from.

An object costs 1, a scalar nothing, a mutation 10, a connection 2 and its page size times what one node costs; an
interface costs its dearest selection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_object_type,
    value_from_ast_untyped,
)

MUTATION_COST = 10
_CONNECTION_COST = 2
_UNSIZED_PAGE = 250


def named(definition: GraphQLField) -> GraphQLNamedType:
    """The type a field returns, without lists and non-null."""
    return get_named_type(definition.type)


class CostMeter:
    """Reckons one operation, before it runs by what it asks for, afterwards by what it got."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = dict(variables)
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}

    def requested(self, operation: OperationDefinitionNode) -> int:
        """The most the operation can cost."""
        return self._operation(operation, None)

    def actual(self, operation: OperationDefinitionNode, data: Mapping[str, Any] | None) -> int:
        """What the operation did cost."""
        return self._operation(operation, data or {})

    def _operation(self, operation: OperationDefinitionNode, data: Mapping[str, Any] | None) -> int:
        defaults = {
            d.variable.name.value: value_from_ast_untyped(d.default_value)
            for d in operation.variable_definitions or ()
            if d.default_value is not None
        }
        self._variables = {**defaults, **self._variables}
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        if operation.operation is OperationType.MUTATION:
            return MUTATION_COST * sum(1 for _ in self._fields(operation.selection_set, root))
        return self._selection(operation.selection_set, root, data)

    def _selection(self, selection: SelectionSetNode | None, parent: GraphQLNamedType, data: Any) -> int:
        if selection is None:
            return 0
        total, dearest = 0, 0
        for node in selection.selections:
            if isinstance(node, FieldNode):
                total += self._field(node, parent, data)
                continue
            inner, condition = self._fragment(node)
            cost = self._selection(inner, condition or parent, data)
            if is_abstract_type(parent):
                dearest = max(dearest, cost)
            else:
                total += cost
        return total + dearest

    def _field(self, node: FieldNode, parent: GraphQLNamedType, data: Any) -> int:
        definition = getattr(parent, "fields", {}).get(node.name.value)
        if definition is None or not is_composite_type(named(definition)):
            return 0
        returned = named(definition)
        value = None if data is None else (data or {}).get((node.alias or node.name).value)
        if data is not None and value is None:
            return 0
        if returned.name.endswith("Connection"):
            return _CONNECTION_COST + self._connection(node, definition, returned, value)
        many = self._many(node, definition)
        if many is not None:
            entries = [None] * many if value is None else [entry for entry in value if entry is not None]
            return sum(1 + self._selection(node.selection_set, returned, entry) for entry in entries)
        entry = value[0] if isinstance(value, list) and value else value
        return 1 + self._selection(node.selection_set, returned, entry)

    def _connection(self, node: FieldNode, definition: GraphQLField, returned: GraphQLNamedType, value: Any) -> int:
        per_key = []
        for child in self._fields(node.selection_set, returned):
            if child.name.value in ("nodes", "edges"):
                per_key.append(self._page(child, returned, self._size(node, definition), value))
        return max(per_key, default=0)

    def _page(self, child: FieldNode, connection: GraphQLNamedType, size: int, value: Any) -> int:
        assert isinstance(connection, GraphQLObjectType)
        wrapped = named(connection.fields[child.name.value])
        if value is None:
            return size * self._one(child, wrapped, None)
        return sum(self._one(child, wrapped, entry) for entry in value.get((child.alias or child.name).value, ()))

    def _one(self, child: FieldNode, wrapped: GraphQLNamedType, entry: Any) -> int:
        if child.name.value == "nodes":
            return 1 + self._selection(child.selection_set, wrapped, entry)
        return max(1, self._selection(child.selection_set, wrapped, entry))

    def _many(self, node: FieldNode, definition: GraphQLField) -> int | None:
        """How many objects a list by ids returns; other lists count as one object."""
        ids = self._argument(node, "ids")
        return len(ids) if "ids" in definition.args and isinstance(ids, list) else None

    def _size(self, node: FieldNode, definition: GraphQLField) -> int:
        for name in ("first", "last"):
            size = self._argument(node, name)
            if isinstance(size, int):
                return size
        return _UNSIZED_PAGE

    def _argument(self, node: FieldNode, name: str) -> Any:
        found = next((argument for argument in node.arguments or () if argument.name.value == name), None)
        return None if found is None else value_from_ast_untyped(found.value, self._variables)

    def _fields(self, selection: SelectionSetNode | None, parent: GraphQLNamedType) -> Iterator[FieldNode]:
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                yield node
            else:
                inner, condition = self._fragment(node)
                yield from self._fields(inner, condition or parent)

    def _fragment(self, node: Any) -> tuple[SelectionSetNode, GraphQLNamedType | None]:
        if isinstance(node, FragmentSpreadNode):
            definition = self._fragments[node.name.value]
            return definition.selection_set, self._schema.type_map.get(definition.type_condition.name.value)
        assert isinstance(node, InlineFragmentNode)
        named = node.type_condition.name.value if node.type_condition else ""
        found = self._schema.type_map.get(named)
        return node.selection_set, found if found is not None and is_object_type(found) else None


@dataclass(slots=True)
class Bucket:
    """A leaky bucket of points that restores continuously; the plan says how fast."""

    maximum: float = 2000.0
    restore_rate: float = 100.0
    available: float = field(default=-1.0)
    at: datetime | None = None

    def refill(self, now: datetime) -> None:
        """Take in what was restored since it was last looked at."""
        if self.available < 0:
            self.available = self.maximum
        if self.at is not None:
            restored = (now - self.at).total_seconds() * self.restore_rate
            self.available = min(self.maximum, self.available + max(0.0, restored))
        self.at = now

    def status(self) -> dict[str, float]:
        """What every answer tells about it."""
        return {
            "maximumAvailable": float(self.maximum),
            "currentlyAvailable": float(int(self.available)),
            "restoreRate": float(self.restore_rate),
        }
