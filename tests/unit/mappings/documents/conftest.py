"""Document mappings written by tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mappings.documents import DocumentMapping, DocumentSpec, compile_document, load_documents
from mappings.model import MappingContext

Load = Callable[..., DocumentSpec]
Reads = Callable[..., DocumentMapping]
Writes = Callable[..., DocumentMapping]

CONTEXT = MappingContext("EUR", {"L1": "WH1", "2": "WH2", "L3": "WH1"})

ORDER: Mapping[str, Any] = {
    "id": "id",
    "number": "id",
    "placed_at": {"path": "at", "read": "utc"},
    "updated_at": {"path": "at", "read": "utc"},
    "currency": "cur",
    "total": "total",
    "status": {"value": "open"},
    "payment_status": {"value": "paid"},
}
LINES: Mapping[str, Any] = {"lines": [{"each": "lines", "fields": {"id": "id", "quantity": "qty", "amount": "price"}}]}
RECORD: Mapping[str, Any] = {"id": "17", "at": "2026-01-05T10:00:00", "cur": "EUR", "total": "10.00", "lines": []}


def raw(**changes: Any) -> bytes:
    """An order as the platform sends it."""
    return json.dumps({**RECORD, **changes}).encode()


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load one document mapping of the platform ``acme`` from a text."""

    def build(text: str, document: str = "order") -> DocumentSpec:
        folder = tmp_path / "shipped" / "acme" / "documents"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{document}.yaml").write_text(text, "utf-8")
        (spec,) = (one for one in load_documents("acme", None, tmp_path / "shipped") if one.document == document)
        return spec

    return build


@pytest.fixture
def reads(load: Load) -> Reads:
    """Compile a mapping of orders: that of ``ORDER`` and ``LINES``, with changes."""

    def build(fields: Mapping[str, Any] | None = None, lists: Mapping[str, Any] | None = None) -> DocumentMapping:
        body = {
            "platform": "acme",
            "document": "order",
            "resource": "orders",
            "fields": {**ORDER, **(fields or {})},
            "lists": {**LINES, **(lists or {})},
        }
        return compile_document(load(json.dumps(body)), CONTEXT)

    return build


@pytest.fixture
def writes(load: Load) -> Writes:
    """Compile a mapping of fulfillment requests for an effect."""

    def build(
        fields: Mapping[str, Any], lists: Mapping[str, Any] | None = None, document: str = "fulfillment_request"
    ) -> DocumentMapping:
        body = {
            "platform": "acme",
            "document": document,
            "operation": "order.create",
            "fields": dict(fields),
            "lists": dict(lists or {}),
        }
        return compile_document(load(json.dumps(body), document), CONTEXT)

    return build
