"""The GraphQL endpoint: parse, validate, weigh, execute, and tell the cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    NoDeprecatedCustomRule,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from connectors.shopify.simulator.context import Context
from connectors.shopify.simulator.cost import Bucket, CostMeter
from connectors.shopify.simulator.schemas import schema_of
from connectors.simulation import SimRequest, SimResponse, json_response

READ_MUTATIONS = frozenset({"bulkOperationRunQuery", "bulkOperationCancel"})
_DOCUMENTS = 512
_DEPRECATED = "x-shopify-api-deprecated-reason"
_VERSIONING = "https://shopify.dev/api/usage/versioning#deprecation-practices"
_RATE_LIMITS = "https://shopify.dev/api/usage/rate-limits"


@dataclass(frozen=True, slots=True)
class Call:
    """One GraphQL request as it was sent."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A parsed document with its validation errors and the deprecated fields it uses."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...]
    deprecated: tuple[str, ...] = ()


def read_call(request: SimRequest) -> Call | None:
    """The GraphQL request in a body, None when there is none."""
    if request.headers.get("content-type", "").startswith("application/graphql"):
        return Call(request.body.decode("utf-8", "replace"), {}, None)
    try:
        given = msgspec.json.decode(request.body)
    except msgspec.MsgspecError:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        return None
    variables = given.get("variables")
    return Call(given["query"], variables if isinstance(variables, dict) else {}, given.get("operationName"))


@lru_cache(maxsize=_DOCUMENTS)
def prepare(text: str, version: str) -> Prepared:
    """Parse and validate a document once."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return Prepared(None, (error,))
    schema = schema_of(version)
    errors = tuple(validate(schema, document))
    deprecated = () if errors else validate(schema, document, [NoDeprecatedCustomRule])
    return Prepared(document, errors, tuple(problem.message for problem in deprecated))


def operation_of(call: Call, version: str) -> OperationDefinitionNode | None:
    """The operation a request would execute."""
    document = prepare(call.query, version).document
    return None if document is None else get_operation_ast(document, call.operation_name)


def root_fields(operation: OperationDefinitionNode | None) -> tuple[str, ...]:
    """The names of the root fields."""
    if operation is None:
        return ()
    return tuple(node.name.value for node in operation.selection_set.selections if isinstance(node, FieldNode))


def writes(operation: OperationDefinitionNode | None) -> bool:
    """Whether an operation changes the merchant's data."""
    if operation is None or operation.operation is not OperationType.MUTATION:
        return False
    return any(name not in READ_MUTATIONS for name in root_fields(operation))


def answer(call: Call, context: Context, bucket: Bucket) -> SimResponse:
    """Answer one request."""
    prepared = prepare(call.query, context.version)
    if prepared.document is None or prepared.errors:
        return json_response({"errors": [_shown(error) for error in prepared.errors]})
    operation = get_operation_ast(prepared.document, call.operation_name)
    if operation is None:
        return json_response({"errors": [{"message": "No operation named " + repr(call.operation_name)}]})
    meter = CostMeter(context.schema, prepared.document, call.variables)
    requested = meter.requested(operation)
    bucket.refill(context.platform.clock.now())
    refusal = _refusal(requested, bucket, context)
    if refusal is not None:
        return refusal
    result = execute_sync(
        context.schema,
        prepared.document,
        context_value=context,
        variable_values=dict(call.variables),
        operation_name=call.operation_name,
    )
    actual = min(requested, meter.actual(operation, result.data))
    bucket.available -= actual
    if operation.operation is OperationType.QUERY:
        _log_reads(operation, result.data, context)
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [_shown(error) for error in result.errors]
    body["extensions"] = {"cost": _cost(requested, actual, bucket)}
    if context.warnings:
        body["extensions"]["search"] = [{"warnings": context.warnings}]
    return json_response(body, headers={_DEPRECATED: _VERSIONING} if prepared.deprecated else None)


def _refusal(requested: int, bucket: Bucket, context: Context) -> SimResponse | None:
    switches = context.platform.switches
    limit = switches.single_query_max or int(bucket.maximum)
    if requested > limit:
        message = f"Query cost is {requested}, which exceeds the single query max cost limit ({limit})."
        extensions = {"code": "MAX_COST_EXCEEDED", "cost": requested, "maxCost": limit, "documentation": _RATE_LIMITS}
        return json_response({"errors": [{"message": message, "extensions": extensions}]})
    if requested > bucket.available:
        error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": _RATE_LIMITS}}
        body = {"errors": [error], "extensions": {"cost": _cost(requested, None, bucket)}}
        return json_response(body, switches.throttle_status)
    return None


def _cost(requested: int, actual: int | None, bucket: Bucket) -> dict[str, Any]:
    return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": bucket.status()}


def _log_reads(operation: OperationDefinitionNode, data: Mapping[str, Any] | None, context: Context) -> None:
    for node in operation.selection_set.selections:
        if isinstance(node, FieldNode):
            value = (data or {}).get((node.alias or node.name).value)
            context.platform.log.read(node.name.value, rows=_rows(value))


def _rows(value: Any) -> int:
    if isinstance(value, list):
        return sum(entry is not None for entry in value)
    if isinstance(value, dict):
        return next((len(value[key]) for key in ("nodes", "edges") if isinstance(value.get(key), list)), 1)
    return 0 if value is None else 1


def _shown(error: GraphQLError) -> dict[str, Any]:
    """An error as the platform writes it."""
    shown: dict[str, Any] = dict(error.formatted)
    shown.setdefault("extensions", {})
    return shown
