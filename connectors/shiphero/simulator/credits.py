"""Credits: what a request costs, and the bucket it is paid from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_list_type,
    value_from_ast_untyped,
)

from connectors.shiphero.simulator.switches import Switches

DEFAULT_PAGE = 100
"""Records of a page that says no size."""


class Meter:
    """Counts what an operation asks for: each record of a page, and each entry of a list, is worth one credit."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = dict(variables)
        self._fragments = {
            part.name.value: part for part in document.definitions if isinstance(part, FragmentDefinitionNode)
        }

    def asked(self, operation: OperationDefinitionNode) -> int:
        """The most that an operation can cost."""
        root = self._schema.get_root_type(operation.operation)
        return 1 + self._selection(operation.selection_set, root)

    def _selection(self, selection: SelectionSetNode | None, parent: Any) -> int:
        total = 0
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                total += self._field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                total += self._selection(node.selection_set, parent)
            elif isinstance(node, FragmentSpreadNode):
                total += self._selection(self._fragments[node.name.value].selection_set, parent)
        return total

    def _field(self, node: FieldNode, parent: Any) -> int:
        definition = getattr(parent, "fields", {}).get(node.name.value)
        if definition is None or node.selection_set is None:
            return 0
        kind = get_named_type(definition.type)
        inner = self._selection(node.selection_set, kind)
        if isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection"):
            return self._size(node) * (1 + inner)
        entry = is_list_type(definition.type) and not kind.name.endswith("Edge")
        return inner + (1 if entry else 0)

    def _size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value = value_from_ast_untyped(argument.value, self._variables)
                return int(value) if isinstance(value, int) else DEFAULT_PAGE
        return DEFAULT_PAGE


def came(data: Any) -> int:
    """What an operation cost by the rows that came."""
    if isinstance(data, list):
        return sum(1 + came(entry) for entry in data if entry is not None)
    return sum(came(value) for value in data.values()) if isinstance(data, dict) else 0


class Bucket:
    """The account's credits."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._spent = 0.0
        self._at: datetime | None = None
        self.refusals = 0

    def left(self, now: datetime) -> float:
        """Credits that are there now."""
        if self._at is not None:
            self._spent -= (now - self._at).total_seconds() * self._switches.credits_per_second
            self._spent = max(0.0, self._spent)
        self._at = now
        return self._switches.credits - self._spent

    def spend(self, cost: float) -> None:
        """Take credits."""
        self._spent += cost

    def drain(self, now: datetime) -> None:
        """Someone else on the account has spent everything."""
        self.left(now)
        self._spent = self._switches.credits

    def refusal(self, cost: float, now: datetime) -> dict[str, Any] | None:
        """The error for a request that the credits do not suffice for."""
        left = self.left(now)
        if cost <= left:
            return None
        self.refusals += 1
        seconds = math.ceil((cost - left) / self._switches.credits_per_second)
        error: dict[str, Any] = {"message": "There are not enough credits for this operation", "code": 30}
        if self._switches.throttle_tells == "text":
            figures = f"which requires {cost:g} credits, but only {int(left)} left"
            error["message"] = f"There are not enough credits for this, {figures}. In {seconds} seconds it can be made"
        if self._switches.throttle_tells == "fields":
            error |= {"required_credits": cost, "remaining_credits": int(left), "time_remaining": f"{seconds} seconds"}
        return error

    def quota(self, now: datetime) -> dict[str, Any]:
        """What the platform tells of it."""
        return {
            "credits_remaining": int(self.left(now)),
            "increment_rate": int(self._switches.credits_per_second),
            "max_available": int(self._switches.credits),
            "is_expired": False,
            "time_remaining": "",
        }
