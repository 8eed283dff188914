"""The GraphQL endpoint: parse, validate, weigh, execute; every answer has status 200."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    get_named_type,
    get_operation_ast,
    is_object_type,
    parse,
    validate,
)

from connectors.shiphero.simulator.connections import page
from connectors.shiphero.simulator.credits import Meter, came
from connectors.shiphero.simulator.errors import NOT_FOUND, RefusedError, shown
from connectors.shiphero.simulator.resolvers import ROOTS, Context
from connectors.simulation import SimRequest, SimResponse, json_response


@dataclass(frozen=True, slots=True)
class Call:
    """One GraphQL request as it was sent."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None


@cache
def schema() -> GraphQLSchema:
    """The schema, with a resolver on every root and on every list in pages."""
    built = build_schema(files("connectors.shiphero.simulator").joinpath("schema.graphql").read_text("utf-8"))
    for kind in built.type_map.values():
        if not is_object_type(kind) or kind.name.startswith("__"):
            continue
        for name, definition in kind.fields.items():
            if kind.name in ("Query", "Mutation"):
                definition.resolve = _root(name)
            elif get_named_type(definition.type).name.endswith("Connection"):
                definition.resolve = _paged(name)
    return built


def _root(name: str) -> Any:
    def resolve(_: Any, info: GraphQLResolveInfo[Context], **args: Any) -> Any:
        if args.get("analyze"):
            return {**info.context.result(None), "data": None}
        found = ROOTS[name](info.context, args)
        rows = found.get("data") if isinstance(found, dict) else None
        info.context.rows[name] = len(rows) if isinstance(rows, list) else 1
        return found

    return resolve


def _paged(name: str) -> Any:
    def resolve(owner: Any, info: GraphQLResolveInfo[Context], **args: Any) -> Any:
        rows = owner[name]
        return None if rows is None else page(rows, args, info.context.state.switches)

    return resolve


def read_call(request: SimRequest) -> Call | None:
    """The GraphQL request in a body, None when there is none."""
    try:
        given = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        return None
    variables = given.get("variables")
    return Call(given["query"], variables if isinstance(variables, dict) else {}, given.get("operationName"))


@lru_cache(maxsize=512)
def prepare(text: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """A document and what the schema says against it."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(schema(), document))


def operation_of(call: Call | None) -> OperationDefinitionNode | None:
    """The operation a request would execute."""
    document = prepare(call.query)[0] if call else None
    return get_operation_ast(document, call.operation_name) if document and call else None


def roots_of(operation: OperationDefinitionNode | None) -> list[str]:
    """The names of the roots that are asked for."""
    nodes = operation.selection_set.selections if operation else ()
    return [node.name.value for node in nodes if isinstance(node, FieldNode)]


def writes(operation: OperationDefinitionNode | None) -> bool:
    """Whether an operation changes something."""
    return operation is not None and operation.operation is OperationType.MUTATION


def answer(call: Call, context: Context) -> SimResponse:
    """Answer one request."""
    document, errors = prepare(call.query)
    operation = operation_of(call)
    if document is None or errors or operation is None:
        given = errors or (RefusedError("There is no operation of that name"),)
        return json_response({"errors": [shown(error, context.request_id) for error in given]})
    roots = roots_of(operation)
    if len(roots) != len(set(roots)) and not context.state.switches.aliases:
        return _refused([shown(RefusedError("One request may ask for a root only once"), context.request_id)], roots)
    context.cost = Meter(schema(), document, call.variables).asked(operation)
    now = context.state.clock.now()
    refusal = context.bucket.refusal(context.cost, now)
    if refusal is not None:
        return _refused([{**refusal, "operation": roots[0], "request_id": context.request_id}], roots)
    result = execute_sync(
        schema(),
        document,
        context_value=context,
        variable_values=dict(call.variables),
        operation_name=call.operation_name,
    )
    context.bucket.spend(context.cost if context.state.switches.charges_asked else 1 + came(result.data))
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [shown(error, context.request_id) for error in result.errors]
        if context.state.switches.absent == "answer" and _is_absent(body["errors"]):
            body["data"] = None
    if context.state.switches.tells_quota:
        body["extensions"] = {"throttling": {"cost": context.cost, "user_quota": context.bucket.quota(now)}}
    return json_response(body)


def _is_absent(errors: list[dict[str, Any]]) -> bool:
    return any(error.get("code") == NOT_FOUND for error in errors)


def _refused(errors: list[dict[str, Any]], roots: list[str]) -> SimResponse:
    return json_response({"errors": errors, "data": dict.fromkeys(roots)})
