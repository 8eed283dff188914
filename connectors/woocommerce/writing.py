"""Writes: one batch a call, one outcome a row; the answer is the re-read."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from canonical.errors import AmbiguousError, ProtocolError
from connectors.base import Call, CallOutcome, RowOutcome, RowStatus, WriteRow
from connectors.http import Answer
from connectors.woocommerce import batching
from connectors.woocommerce.batching import VARIATIONS, BatchSize
from connectors.woocommerce.client import Client, Head
from connectors.woocommerce.records import filled
from connectors.woocommerce.verdict import NotThereError, RefusedError, TooLargeError


class _Entry(msgspec.Struct):
    id: int


class _Body(msgspec.Struct):
    update: list[_Entry]


class _ItemError(msgspec.Struct):
    code: str | int = ""
    message: str = ""


class _Item(msgspec.Struct):
    id: int = 0
    type: str = ""
    parent_id: int = 0
    error: _ItemError | None = None


class _Answer(msgspec.Struct):
    update: list[msgspec.Raw]


class ProductWriter:
    """Packs rows into batches and sends them."""

    def __init__(self, client: Client, batch_size: int) -> None:
        self._client = client
        self._size = BatchSize(batch_size)

    def pack(self, rows: Sequence[WriteRow]) -> list[Call]:
        """The fewest calls for these rows at the size the shop takes now."""
        return batching.pack(rows, self._size.now)

    def push(self, call: Call) -> CallOutcome:
        """Send one call; AmbiguousError when its answer was lost or does not account for every entry."""
        asked = [entry.id for entry in msgspec.json.decode(call.body, type=_Body).update]
        if len(asked) > max(1, self._size.now):
            return _all(call, RowStatus.UNTOUCHED, f"not sent: the shop now takes {self._size.now} records a call")
        try:
            answer = self._client.batch(_path(call), call.body, call.operation)
        except (TooLargeError, RefusedError) as error:
            if isinstance(error, TooLargeError):
                self._size.shrink()
            status = RowStatus.REJECTED if len(asked) == 1 else RowStatus.UNTOUCHED
            return _all(call, status, str(error.args[0]))
        except NotThereError as error:
            return _all(call, RowStatus.REJECTED, f"the product of these variations is gone: {error.args[0]}")
        except AmbiguousError:
            self._size.shrink()
            raise
        outcomes = _outcomes(call, asked, answer)
        self._size.grow(len(asked))
        return outcomes


def _path(call: Call) -> str:
    if call.operation == VARIATIONS:
        return f"products/{batching.parse_target(call.target).parent_id}/variations/batch"
    return call.operation


def _all(call: Call, status: RowStatus, message: str) -> CallOutcome:
    return {number: RowOutcome(status, message) for number in call.rows}


def _outcomes(call: Call, asked: Sequence[int], answer: Answer) -> CallOutcome:
    items = _items(answer)
    if len(items) != len(asked):
        raise AmbiguousError(f"{answer.place}: {len(asked)} records were sent, the answer tells of {len(items)}")
    outcomes: dict[int, RowOutcome] = {}
    rows = batching.rows_by_entry(call, len(asked))
    parent_id = int(batching.parse_target(call.target).parent_id or 0)
    for number, raw, numbers in zip(asked, items, rows, strict=True):
        outcome = _outcome(number, raw, parent_id, answer)
        outcomes.update(dict.fromkeys(numbers, outcome))
    return outcomes


def _items(answer: Answer) -> list[msgspec.Raw]:
    try:
        return answer.decode(_Answer).update
    except ProtocolError as error:
        raise AmbiguousError(str(error.args[0]), hint=error.hint) from error


def _outcome(number: int, raw: msgspec.Raw, parent_id: int, answer: Answer) -> RowOutcome:
    try:
        item = msgspec.json.decode(raw, type=_Item)
    except msgspec.ValidationError as error:
        raise AmbiguousError(f"{answer.place}: the answer for {number} has another shape: {error}") from error
    if item.error is not None:
        return RowOutcome(RowStatus.REJECTED, f"{item.error.code}: {answer.redact(item.error.message)}")
    if item.id != number:
        raise AmbiguousError(f"{answer.place}: the answer tells of {item.id} where {number} was sent")
    record = filled(raw, Head(item.id, item.type, item.parent_id), parent_id) if parent_id else bytes(raw)
    return RowOutcome(RowStatus.APPLIED, record=record)
