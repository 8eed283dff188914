"""Bulk operations: started by a mutation, finished while they are polled, their result served as a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from graphql import DocumentNode, GraphQLError, OperationType, execute_sync, get_operation_ast, parse, validate

from connectors.shopify.simulator.bulk_records import FINISHED, BulkOperation
from connectors.shopify.simulator.context import Args, Context, user_error
from connectors.shopify.simulator.reads import Resolver
from connectors.shopify.simulator.store import Table
from connectors.shopify.simulator.switches import Switches
from connectors.shopify.simulator.walker import BulkQueryError, compile_query, write

RESULT_PATH = "/bulk-results"
_KEPT = timedelta(days=7)
_FORGOTTEN_AFTER = timedelta(seconds=60)
_FIRST_NUMBER = 720_000


class BulkRunner:
    """The operations of one shop; ``fail_next`` lets the next one end badly."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self.table: Table[BulkOperation] = Table()
        self.fail_next: str | None = None

    def open(self, kind: str, query: str, context: Context) -> BulkOperation:
        """A new operation, its work still to be done."""
        number = (self.table.numbers[-1] if self.table.numbers else _FIRST_NUMBER) + 1
        token = hashlib.sha256(f"{number} {context.now.isoformat()}".encode()).hexdigest()[:24]
        operation = BulkOperation(number, context.now, kind, query, token)
        self.table.add(operation)
        for old in self.table.numbers[: -self._switches.bulk_concurrent]:
            self.table.rows[old].result = self.table.rows[old].partial = b""
        return operation

    def full(self, kind: str, context: Context) -> bool:
        """Whether as many operations of this kind run as may at once; what nobody polls ends by itself."""
        running = [row for row in self.table if row.kind == kind and row.status not in FINISHED]
        for row in running:
            if context.now - row.created_at > timedelta(seconds=self._switches.bulk_seconds) + _FORGOTTEN_AFTER:
                self._finish(row, context)
        return sum(row.status not in FINISHED for row in running) >= self._switches.bulk_concurrent

    def poll(self, operation: BulkOperation, context: Context) -> None:
        """Somebody looks: the operation gets on."""
        if operation.status in FINISHED:
            return
        operation.polls += 1
        operation.status = "RUNNING"
        waited = (context.now - operation.created_at).total_seconds()
        if operation.polls >= self._switches.bulk_polls and waited >= self._switches.bulk_seconds:
            self._finish(operation, context)

    def fill(self, operation: BulkOperation, text: bytes, objects: int, roots: int) -> None:
        """Keep what an operation produces, or half of it when it is to fail."""
        operation.object_count, operation.root_count = objects, roots
        if self.fail_next is None:
            operation.result = text
            return
        operation.error_code, self.fail_next = self.fail_next, None
        operation.partial = text[: text.rfind(b"\n", 0, len(text) // 2) + 1]

    def cancel(self, operation: BulkOperation, context: Context) -> None:
        """End it without a result."""
        if operation.status not in FINISHED:
            operation.status, operation.completed_at = "CANCELED", context.now

    def url(self, operation: BulkOperation, context: Context) -> str | None:
        """Where the result lies; an empty result has no file."""
        if operation.status != "COMPLETED" or not operation.result or self._gone(operation, context.now):
            return None
        return f"{context.base_url}{RESULT_PATH}/{operation.number}/{operation.token}.jsonl"

    def partial_url(self, operation: BulkOperation, context: Context) -> str | None:
        """Where the part lies that a failed operation wrote."""
        if operation.status != "FAILED" or not operation.partial or self._gone(operation, context.now):
            return None
        return f"{context.base_url}{RESULT_PATH}/{operation.number}/{operation.token}.jsonl"

    def download(self, path: str, now: datetime) -> bytes | None:
        """The file of a result address, None when there is none any more."""
        number, _, name = path.removeprefix(f"{RESULT_PATH}/").partition("/")
        operation = self.table.get(int(number)) if number.isdigit() else None
        if operation is None or name != f"{operation.token}.jsonl" or self._gone(operation, now):
            return None
        return (operation.result if operation.status == "COMPLETED" else operation.partial) or None

    @staticmethod
    def _gone(operation: BulkOperation, now: datetime) -> bool:
        return operation.completed_at is not None and now - operation.completed_at > _KEPT

    def _finish(self, operation: BulkOperation, context: Context) -> None:
        """End it: at the time its work took, or, where polls decide, now."""
        operation.status = "FAILED" if operation.error_code else "COMPLETED"
        worked = operation.created_at + timedelta(seconds=self._switches.bulk_seconds)
        operation.completed_at = context.now if self._switches.bulk_polls > 1 else min(context.now, worked)


def run_query(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Start a bulk query; what it reads is what the shop holds now."""
    runner, text = context.platform.bulk, args["query"]
    if runner.full("QUERY", context):
        return _refused("LIMIT_REACHED", "Bulk operations limit reached. Please try again later.", context)
    try:
        document = _checked(text, context, OperationType.QUERY)
        streams = compile_query(context.schema, document, replace(context, unpaged=True))
    except BulkQueryError as error:
        return _refused("INVALID", str(error), context)
    except GraphQLError as error:
        if (error.extensions or {}).get("code") != "ACCESS_DENIED":
            return _refused("INVALID", error.message, context)
        streams, runner.fail_next = (), "ACCESS_DENIED"
    operation = runner.open("QUERY", text, context)
    order = "adjacent" if args.get("groupObjects") else context.platform.switches.bulk_order
    written = write(streams, order)
    runner.fill(operation, bytes(written.text), written.objects, written.roots)
    context.platform.log.read("bulkOperationRunQuery", rows=written.objects)
    return {"bulkOperation": operation, "userErrors": []}


def run_mutation(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Run one mutation once per line of an uploaded file."""
    runner, text = context.platform.bulk, args["mutation"]
    upload = context.platform.staged.text(args["stagedUploadPath"])
    error = None
    if runner.full("MUTATION", context):
        error = user_error(None, "Bulk operations limit reached. Please try again later.", "LIMIT_REACHED")
    elif upload is None:
        error = user_error(["stagedUploadPath"], "The JSONL file could not be found.", "NO_SUCH_FILE")
    if error is not None or upload is None:
        return {"bulkOperation": None, "userErrors": [error]}
    try:
        document = _checked(text, context, OperationType.MUTATION)
        lines = [msgspec.json.decode(line, type=dict[str, Any]) for line in upload.splitlines() if line.strip()]
    except GraphQLError as problem:
        return {"bulkOperation": None, "userErrors": [user_error(["mutation"], problem.message, "INVALID_MUTATION")]}
    except msgspec.MsgspecError as problem:
        return {"bulkOperation": None, "userErrors": [user_error(None, str(problem), "INVALID_STAGED_UPLOAD_FILE")]}
    operation = runner.open("MUTATION", text, context)
    context.platform.log.write("bulkOperationRunMutation", rows=len(lines))
    results = [_run_line(document, line, number, context) for number, line in enumerate(lines)]
    runner.fill(operation, b"".join(results), len(lines), len(lines))
    return {"bulkOperation": operation, "userErrors": []}


def cancel(_: Any, context: Context, args: Args) -> dict[str, Any]:
    """Cancel an operation that still runs."""
    operation = context.platform.find("BulkOperation", args["id"])
    context.platform.log.read("bulkOperationCancel")
    if operation is None:
        return {"bulkOperation": None, "userErrors": [user_error(["id"], "Bulk operation does not exist")]}
    context.platform.bulk.cancel(operation, context)
    return {"bulkOperation": operation, "userErrors": []}


def _refused(code: str, message: str, context: Context) -> dict[str, Any]:
    context.platform.log.read("bulkOperationRunQuery")
    return {"bulkOperation": None, "userErrors": [user_error(["query"], message, code)]}


def _checked(text: str, context: Context, kind: OperationType) -> DocumentNode:
    document = parse(text)
    problems = validate(context.schema, document)
    if problems:
        raise problems[0]
    operation = get_operation_ast(document)
    if operation is None or operation.operation is not kind:
        raise GraphQLError(f"A single {kind.value} is expected.")
    return document


def _run_line(document: DocumentNode, variables: dict[str, Any], number: int, context: Context) -> bytes:
    result = execute_sync(context.schema, document, context_value=context, variable_values=variables)
    line: dict[str, Any] = {"data": result.data, "__lineNumber": number}
    if result.errors:
        line["errors"] = [error.formatted for error in result.errors]
    return msgspec.json.encode(line) + b"\n"


MUTATIONS: Mapping[str, Resolver] = {
    "bulkOperationRunQuery": run_query,
    "bulkOperationRunMutation": run_mutation,
    "bulkOperationCancel": cancel,
}
