"""Counting stock: inventory documents that carry our reference, so that none is booked twice or forgotten.

A document is created as a draft, gets a note with the reference, and is confirmed last: one that changed stock
always carries its reference. The draft keeps the figures the server found when it was made, and confirming books the
difference to those, not to what is there by then. So those figures are compared with what we read before, and a
draft of an interrupted call is only confirmed while they still hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from canonical.errors import SkippableError
from canonical.money import to_decimal
from canonical.value import decimal_text
from connectors.base import Call, CallOutcome, RowOutcome, RowStatus, WriteRow
from connectors.tryton.client import TrytonClient
from connectors.tryton.stock import StockReader, Warehouse
from connectors.tryton.wire import Row, exact

OPERATION = "stock.inventory"
PREFIX = "crossdock-"
"""Begins the text of the note by which a document is found again."""

_INVENTORY = "model.stock.inventory"
_NOTE = "model.ir.note"
_UNTOUCHED = RowOutcome(RowStatus.UNTOUCHED, "nothing of this document was booked")


class _Line(msgspec.Struct):
    """One count: units wanted in the warehouse, and units expected there now, as decimal text."""

    row: int
    product: int
    quantity: str
    expected: str | None = None


class _Body(msgspec.Struct):
    """A call: the counts of one warehouse, and rows that could not be put into it."""

    warehouse: str
    lines: list[_Line]
    refused: dict[int, str]


@dataclass(frozen=True, slots=True)
class _Figures:
    """Units in a warehouse as a whole, and in the storage location itself, where counts are booked."""

    whole: Mapping[int, Decimal]
    storage: Mapping[int, Decimal]

    def to_count(self, line: _Line) -> Decimal:
        """Units to count in the storage location so that the warehouse as a whole holds what is wanted."""
        return to_decimal(line.quantity) - (self.whole[line.product] - self.storage[line.product])


@dataclass(frozen=True, slots=True)
class _Document:
    """An inventory document as the server holds it: counted and found units by product."""

    id: int
    state: str
    token: str
    counted: Mapping[int, Decimal]
    found: Mapping[int, Decimal]


def pack(rows: Sequence[WriteRow], size: int, new_key: Callable[[], str]) -> list[Call]:
    """Compose one document per warehouse and so many rows."""
    return [_call(part, new_key()) for part in _parts(rows, size)]


class Counts:
    """Books the counts of calls."""

    def __init__(self, client: TrytonClient, stock: StockReader) -> None:
        self._client = client
        self._stock = stock

    def push(self, call: Call) -> CallOutcome:
        """Read, compare, create, compare again, confirm, read again."""
        body = msgspec.json.decode(call.body, type=_Body)
        refused = {number: _rejected(why) for number, why in body.refused.items()}
        warehouse = self._stock.places.warehouse(body.warehouse)
        if not body.lines or warehouse is None or not warehouse.storage:
            why = f"no warehouse with a storage location has the id {body.warehouse!r}"
            return {**{line.row: _rejected(why) for line in body.lines}, **refused}
        figures = self._figures(warehouse, body.lines)
        if bad := dict(_unfit(body.lines, figures)):
            return {**_around(body.lines, bad), **refused}
        return {**self._book(warehouse, body.lines, figures, call.key), **refused}

    def resolve(self, call: Call) -> CallOutcome | None:
        """Find the document of an interrupted call: booked, a draft to finish or delete, or none."""
        body = msgspec.json.decode(call.body, type=_Body)
        refused = {number: _rejected(why) for number, why in body.refused.items()}
        warehouse = self._stock.places.warehouse(body.warehouse)
        if not body.lines or warehouse is None:
            return {**{line.row: _UNTOUCHED for line in body.lines}, **refused}
        documents = self._documents(call.key) or self._adopted(warehouse, body.lines, call.key)
        outcome = self._settled(documents, warehouse, body.lines)
        return None if outcome is None else {**outcome, **refused}

    def _book(self, warehouse: Warehouse, lines: list[_Line], figures: _Figures, reference: str) -> CallOutcome:
        try:
            number = self._create(warehouse, lines, figures)
        except SkippableError as error:
            return _refused_by_server(lines, error)
        self._mark(number, reference)
        document = self._read([number])[0]
        if moved := {line.row: _stale(line) for line in lines if not _unmoved(line, figures, document)}:
            self._tried(self._delete, document)
            return _around(lines, moved)
        try:
            self._confirm(document)
        except SkippableError as error:
            self._tried(self._delete, document)
            return _refused_by_server(lines, error)
        return self._applied(lines)

    def _mark(self, document: int, reference: str) -> None:
        self._client.call(f"{_NOTE}.create", [{"resource": f"stock.inventory,{document}", "message": reference}])

    def _create(self, warehouse: Warehouse, lines: list[_Line], figures: _Figures) -> int:
        counted = [{"product": line.product, "quantity": float(figures.to_count(line))} for line in lines]
        values = {
            "company": self._client.session().context["company"],
            "location": warehouse.storage,
            "empty_quantity": "keep",
            "lines": [["create", counted]],
        }
        return int(self._client.call(f"{_INVENTORY}.create", [values]).result[0])

    def _settled(self, documents: list[_Document], warehouse: Warehouse, lines: list[_Line]) -> CallOutcome | None:
        done = any(document.state == "done" for document in documents)
        for draft in (document for document in documents if document.state == "draft"):
            figures = self._figures(warehouse, lines)
            if not done and not dict(_unfit(lines, figures)) and _fits(draft, lines, figures):
                done = self._tried(self._confirm, draft)
            if not done and not self._tried(self._delete, draft):
                return None
        return self._applied(lines) if done else {line.row: _UNTOUCHED for line in lines}

    def _tried(self, action: Callable[[_Document], None], document: _Document) -> bool:
        """Whether the server did it."""
        try:
            action(document)
        except SkippableError:
            return False
        return True

    def _documents(self, reference: str) -> list[_Document]:
        """The documents whose note holds exactly the reference."""
        notes = self._client.read(
            f"{_NOTE}.search_read", [["message", "=", reference]], 0, None, None, ["message", "resource"]
        ).result
        kinds = [str(note["resource"]).partition(",") for note in notes if note["message"] == reference]
        return self._read([int(number) for kind, _, number in kinds if kind == "stock.inventory"])

    def _adopted(self, warehouse: Warehouse, lines: list[_Line], reference: str) -> list[_Document]:
        """A draft cut off before it got its reference: our own, without any note, counting exactly these lines."""
        domain = [
            ["state", "=", "draft"],
            ["location", "=", warehouse.storage],
            ["create_uid", "=", self._client.session().user],
        ]
        drafts = self._client.read(f"{_INVENTORY}.search_read", domain, 0, None, None, ["state"]).result
        if not drafts:
            return []
        resources = [f"stock.inventory,{row['id']}" for row in drafts]
        notes = self._client.read(f"{_NOTE}.search_read", [["resource", "in", resources]], 0, None, None, ["resource"])
        noted = {str(note["resource"]) for note in notes.result}
        without = [row["id"] for row in drafts if f"stock.inventory,{row['id']}" not in noted]
        figures = self._figures(warehouse, lines)
        found = [document for document in self._read(without) if _counts(document, lines, figures)][:1]
        for document in found:
            self._mark(document.id, reference)
        return found

    def _read(self, ids: list[int]) -> list[_Document]:
        if not ids:
            return []
        names = ["state", "_timestamp", "lines.product", "lines.quantity", "lines.expected_quantity"]
        rows = self._client.read(f"{_INVENTORY}.search_read", [["id", "in", ids]], 0, None, None, names).result
        return [_document(row) for row in rows if row["id"] in ids]

    def _confirm(self, document: _Document) -> None:
        guard = {"_timestamp": {f"stock.inventory,{document.id}": document.token}}
        self._client.call(f"{_INVENTORY}.confirm", [document.id], context=guard)

    def _delete(self, document: _Document) -> None:
        self._client.call(f"{_INVENTORY}.delete", [document.id])

    def _figures(self, warehouse: Warehouse, lines: list[_Line]) -> _Figures:
        products = [line.product for line in lines]
        return _Figures(
            self._stock.quantities(warehouse.id, products),
            self._stock.quantities(warehouse.storage, products, inside=False),
        )

    def _applied(self, lines: list[_Line]) -> CallOutcome:
        """All rows booked, each with the record as it is now."""
        pages = self._stock.of_ids([line.product for line in lines])
        records = {msgspec.json.decode(record)["id"]: record for page in pages for record in page.records}
        return {line.row: RowOutcome(RowStatus.APPLIED, record=records.get(line.product)) for line in lines}


def _unfit(lines: list[_Line], figures: _Figures) -> Iterator[tuple[int, RowOutcome]]:
    """Rows that cannot be counted as things are, with the reason."""
    for line in lines:
        if line.product not in figures.whole or line.product not in figures.storage:
            yield line.row, _rejected(f"no goods with the id {line.product}")
        elif line.expected is not None and figures.whole[line.product] != to_decimal(line.expected):
            yield line.row, _stale(line)
        elif figures.to_count(line) < 0:
            yield line.row, _rejected("more units than wanted lie outside of the storage location; move them first")


def _unmoved(line: _Line, figures: _Figures, document: _Document) -> bool:
    """Whether the server found in the storage location what we had read just before."""
    return document.found.get(line.product) == figures.storage[line.product]


def _counts(document: _Document, lines: list[_Line], figures: _Figures) -> bool:
    """Whether a document counts exactly what a call wants."""
    wanted = {line.product: figures.to_count(line) for line in lines if line.product in figures.whole}
    return dict(document.counted) == wanted and len(wanted) == len(lines)


def _fits(document: _Document, lines: list[_Line], figures: _Figures) -> bool:
    """Whether confirming the document now would still bring the warehouse to what the call wants."""
    return _counts(document, lines, figures) and all(_unmoved(line, figures, document) for line in lines)


def _around(lines: list[_Line], judged: Mapping[int, RowOutcome]) -> dict[int, RowOutcome]:
    return {line.row: judged.get(line.row, _UNTOUCHED) for line in lines}


def _refused_by_server(lines: list[_Line], error: SkippableError) -> dict[int, RowOutcome]:
    """The server names no row: with one it is that row, with several nobody knows."""
    outcome = _rejected(str(error)) if len(lines) == 1 else RowOutcome(RowStatus.UNTOUCHED, str(error))
    return {line.row: outcome for line in lines}


def _rejected(why: str) -> RowOutcome:
    return RowOutcome(RowStatus.REJECTED, why)


def _stale(line: _Line) -> RowOutcome:
    return RowOutcome(RowStatus.STALE, f"the warehouse does not hold {line.expected or 'what was read'} any more")


def _document(row: Row) -> _Document:
    lines: list[dict[str, Any]] = row["lines."]
    return _Document(
        row["id"],
        row["state"],
        row["_timestamp"],
        {line["product"]: exact(line["quantity"]) for line in lines if line["quantity"] is not None},
        {line["product"]: exact(line["expected_quantity"] or 0.0) for line in lines},
    )


def _parts(rows: Sequence[WriteRow], size: int) -> Iterator[list[WriteRow]]:
    """Rows of one warehouse, each product once, so many together."""
    open_parts: dict[str, list[WriteRow]] = {}
    for row in rows:
        part = open_parts.setdefault(row.scope_id, [])
        if len(part) >= size or any(row.external_id == other.external_id for other in part):
            yield part
            part = open_parts[row.scope_id] = []
        part.append(row)
    yield from open_parts.values()


def _call(rows: list[WriteRow], key: str) -> Call:
    body = _Body(rows[0].scope_id, [], {})
    for row in rows:
        try:
            body.lines.append(_line(row))
        except ValueError as problem:
            body.refused[row.number] = str(problem)
    numbers = tuple(row.number for row in rows)
    return Call(OPERATION, msgspec.json.encode(body), numbers, "stock", target=body.warehouse, key=PREFIX + key)


def _line(row: WriteRow) -> _Line:
    expected = row.expected.get("quantity")
    quantity = _units(row.values.get("quantity"))
    if quantity < 0:
        raise ValueError("a count cannot be below zero")
    known = None if expected is None else decimal_text(_units(expected))
    return _Line(row.number, int(row.external_id), decimal_text(quantity), known)


def _units(value: Any) -> Decimal:
    if isinstance(value, float):
        return exact(value)
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return to_decimal(value)
    raise ValueError(f"not a quantity: {value!r}")
