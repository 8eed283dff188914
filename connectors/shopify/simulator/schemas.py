"""The schema of each version: our subset, with a resolver on every field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_directive_values,
    get_named_type,
)

from connectors.shopify.simulator import bulk, inventory, order_mutations, products, staged, variants, webhooks
from connectors.shopify.simulator.access import denied, needed
from connectors.shopify.simulator.connections import MAX_PAGE
from connectors.shopify.simulator.context import Context, failed
from connectors.shopify.simulator.money import read_decimal
from connectors.shopify.simulator.reads import Resolver
from connectors.shopify.simulator.resolving import resolver_of

_AREAS = ("common", "inventory", "catalog", "orders", "fulfillment", "bulk", "webhooks")
_BOUND = re.compile(r"#\s*(since|until)\s+(\d{4}-\d{2})\s*$")
_LONG_ARRAYS = frozenset({"productSet"})
MUTATION: Mapping[str, Resolver] = {
    **inventory.MUTATIONS,
    **variants.MUTATIONS,
    **products.MUTATIONS,
    **order_mutations.MUTATIONS,
    **bulk.MUTATIONS,
    **staged.MUTATIONS,
    **webhooks.MUTATIONS,
}


def schema_text(version: str) -> str:
    """The SDL of one version."""
    folder = files("connectors.shopify.simulator").joinpath("schema")
    texts = [folder.joinpath(f"{area}.graphql").read_text("utf-8") for area in _AREAS]
    return "\n".join(line for text in texts for line in text.splitlines() if _has(line, version))


@cache
def schema_of(version: str) -> GraphQLSchema:
    """The executable schema of one version."""
    schema = build_schema(schema_text(version))
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInterfaceType):
            kind.resolve_type = _typename
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, definition in kind.fields.items():
                definition.resolve = _executable(kind.name, name, definition)
    for name in ("Money", "Decimal"):
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        scalar.parse_value = scalar.coerce_input_value = read_decimal  # type: ignore[method-assign]
    return schema


def _typename(value: Any, info: Any, abstract: Any) -> str:
    return str(value.TYPENAME)


def _has(line: str, version: str) -> bool:
    bound = _BOUND.search(line)
    if bound is None:
        return True
    return version >= bound[2] if bound[1] == "since" else version <= bound[2]


def _executable(typename: str, field: str, definition: GraphQLField) -> Any:
    resolver = MUTATION[field] if typename == "Mutation" else resolver_of(typename, field)
    scopes = needed(typename, field, get_named_type(definition.type).name)
    mutation = typename == "Mutation"

    def resolve(value: Any, info: GraphQLResolveInfo[Context], **args: Any) -> Any:
        context: Context = info.context
        if scopes and not context.scopes.intersection(scopes):
            raise denied(field, scopes)
        if mutation:
            context.key = _key(info)
        if args and field not in _LONG_ARRAYS:
            _check_arrays(args)
        return resolver(value, context, args)

    return resolve


def _key(info: GraphQLResolveInfo[Context]) -> str | None:
    directive = info.schema.get_directive("idempotent")
    assert directive is not None
    values = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    return None if values is None else str(values["key"])


def _check_arrays(value: Any) -> None:
    if isinstance(value, list):
        if len(value) > MAX_PAGE:
            message = f"The input array size of {len(value)} is greater than the maximum allowed of {MAX_PAGE}."
            raise failed(message, "MAX_INPUT_SIZE_EXCEEDED")
        for entry in value:
            _check_arrays(entry)
    elif isinstance(value, dict):
        for entry in value.values():
            _check_arrays(entry)
