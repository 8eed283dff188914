"""Bulk reads: start the operation, wait for it, download its result line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from canonical.clock import Clock, parse_instant
from canonical.errors import FatalError, RetriableError
from connectors.base import JSON
from connectors.http import Answer
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import BULK_POLL, BULK_RUN, LEVELS, MUTATION_COST, ORDERS, Wanted
from connectors.shopify.memory import Memory
from connectors.shopify.shapes import Data, UserError
from connectors.shopify.stitch import Stitcher
from connectors.shopify.verdict import DOWNLOAD_SUFFIX

_CHILD_TYPES = {
    LEVELS: "InventoryLevel",
    "variants": "ProductVariant",
    "lineItems": "LineItem",
    "fulfillmentOrders": "FulfillmentOrder",
}
_FIRST_WAIT, _GROWTH, _LONGEST_WAIT = 1.0, 1.5, 30.0
_LONGEST_FIRST_WAIT = 60.0
_PATIENCE = 4 * 3600.0
_BUSY = frozenset({"OPERATION_IN_PROGRESS", "LIMIT_REACHED"})


class _Operation(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    status: str
    created_at: str = ""
    completed_at: str | None = None
    error_code: str | None = None
    object_count: str | int = 0
    root_object_count: str | int = 0
    url: str | None = None


class _Run(msgspec.Struct, frozen=True, rename="camel"):
    bulk_operation: _Operation | None = None
    user_errors: list[UserError] = []


class _Started(msgspec.Struct, frozen=True):
    run: _Run | None


class _Polled(msgspec.Struct, frozen=True):
    operation: _Operation | None


@dataclass(slots=True)
class BulkRead:
    """One bulk operation: its records, and afterwards whether all of them came."""

    client: ShopifyClient
    wanted: Wanted
    clock: Clock
    memory: Memory
    query: str = ""
    complete: bool = False
    roots: int = 0

    def start(self) -> tuple[str, Answer]:
        """Start the operation; gives its id and the answer that says so."""
        grouped = self.wanted.resource in self.memory.sizes.loose
        variables: dict[str, JSON] = {"query": self.wanted.bulk(self.query), "group": grouped}
        answer = self.client.query(f"{self.wanted.resource}.bulk_run", BULK_RUN, variables, MUTATION_COST)
        run = answer.decode(Data[_Started]).data.run
        if run is None or (run.bulk_operation is None and not run.user_errors):
            raise RetriableError(f"{answer.place}: Shopify did not start the bulk operation", hint="try again later")
        if run.bulk_operation is None:
            raise _refused(answer, run.user_errors)
        return run.bulk_operation.id, answer

    def records(self, operation_id: str) -> Iterator[bytes]:
        """Wait for the operation and yield its records; ``complete`` tells afterwards whether none is missing."""
        operation = self._wait(operation_id)
        nested = {_CHILD_TYPES[name]: name for name in self.wanted.selection.connections()}
        stitcher = Stitcher(nested)
        if operation.url:
            lines = self.client.download(operation.url, self.wanted.resource + DOWNLOAD_SUFFIX)
            yield from stitcher.records(lines)
        self.roots = stitcher.roots
        whole = stitcher.lines == int(operation.object_count) and stitcher.roots == int(operation.root_object_count)
        self.complete = whole and stitcher.orphans == 0
        self._remember(operation, stitcher)

    def _wait(self, operation_id: str) -> _Operation:
        """Ask with growing pauses; the first pause is what the last operation of this shop took."""
        known = self.memory.sizes.bulk_seconds
        pause = _FIRST_WAIT if known is None else min(max(_FIRST_WAIT, known + _FIRST_WAIT), _LONGEST_FIRST_WAIT)
        waited = 0.0
        while waited < _PATIENCE:
            self.clock.sleep(pause)
            waited += pause
            pause = min(max(_FIRST_WAIT, waited * (_GROWTH - 1.0)), _LONGEST_WAIT)
            operation = self._poll(operation_id)
            if operation.status == "COMPLETED":
                return operation
            if operation.status not in ("CREATED", "RUNNING", "CANCELING"):
                raise _failed(operation)
        raise RetriableError(
            f"bulk operation {operation_id} has not ended after {waited:.0f} s", hint="try again later"
        )

    def _poll(self, operation_id: str) -> _Operation:
        answer = self.client.query(f"{self.wanted.resource}.bulk_poll", BULK_POLL, {"id": operation_id}, 1)
        operation = answer.decode(Data[_Polled]).data.operation
        if operation is None:
            raise RetriableError(f"{answer.place}: {operation_id} is unknown to Shopify", hint="read again")
        return operation

    def _remember(self, operation: _Operation, stitcher: Stitcher) -> None:
        sizes = self.memory.sizes
        if self.wanted.resource == ORDERS:
            sizes.orders = sizes.orders if self.query else stitcher.roots
        else:
            sizes.records = stitcher.roots
        if stitcher.orphans and self.wanted.resource not in sizes.loose:
            sizes.loose.append(self.wanted.resource)
        if operation.created_at and operation.completed_at and self.wanted.resource != ORDERS:
            took = parse_instant(operation.completed_at) - parse_instant(operation.created_at)
            sizes.bulk_seconds = max(0.0, took.total_seconds())
        self.memory.keep()


def _refused(answer: Answer, errors: list[UserError]) -> Exception:
    said = f"{answer.place}: {'; '.join(error.message for error in errors)}"
    if any(error.code in _BUSY for error in errors):
        return RetriableError(said, hint="another bulk operation of this app is running; try again when it has ended")
    return FatalError(said, hint="Shopify does not take this bulk query; map fewer fields or raise bulk_from")


def _failed(operation: _Operation) -> Exception:
    said = f"bulk operation {operation.id} ended as {operation.status}"
    code = operation.error_code or ""
    if code == "ACCESS_DENIED":
        return FatalError(f"{said}: {code}", hint="grant the app the missing read scopes; see `crossdock doctor`")
    hint = "nothing of it is used; it is read again" + (", or map fewer fields" if code == "TIMEOUT" else "")
    return RetriableError(f"{said}{': ' + code if code else ''}", hint=hint)
